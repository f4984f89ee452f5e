//! Issuers whose assertions are taken as authorization grants.

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::Error;
use crate::{
    base::Time,
    model::trusted_issuer::{TrustTerms, TrustedIssuer},
};

struct Row {
    issuer: String,
    terms: Json<TrustTerms>,
    origin: Option<String>,
    created_at: Time,
    updated_at: Time,
}

/// All of them, by name.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<TrustedIssuer>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select issuer, terms as "terms: Json<TrustTerms>", origin, created_at, updated_at
        from trusted_issuers
        order by issuer
        "#
    )
    .fetch_all(db)
    .await?;
    let issuers = rows.into_iter().map(|row| TrustedIssuer {
        issuer: row.issuer,
        terms: row.terms.0,
        origin: row.origin,
        created_at: row.created_at,
        updated_at: row.updated_at,
    });
    Ok(issuers.collect())
}

/// Writes it, new or changed.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn put(db: impl PgExecutor<'_>, issuer: &TrustedIssuer) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into trusted_issuers (issuer, terms, origin, created_at, updated_at)
        values ($1, $2, $3, $4, $5)
        on conflict (issuer) do update
        set terms = excluded.terms,
            origin = excluded.origin,
            updated_at = excluded.updated_at
        ",
        issuer.issuer,
        Json(&issuer.terms) as _,
        issuer.origin,
        issuer.created_at,
        issuer.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets it.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, issuer: &str) -> Result<(), Error> {
    sqlx::query!("delete from trusted_issuers where issuer = $1", issuer)
        .execute(db)
        .await?;
    Ok(())
}
