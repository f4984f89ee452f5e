//! Opaque access tokens. JWT access tokens leave no row; see [`super::revoked_token`].

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::{Error, JsonObject};
use crate::{
    base::{
        Time, TokenHash,
        id::{GrantId, UserId},
    },
    model::{AccessToken, Confirmation},
};

/// The token of that hash if it is good: not expired, not revoked, its grant not revoked.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_live(db: impl PgExecutor<'_>, hash: &TokenHash, now: Time) -> Result<Option<AccessToken>, Error> {
    let row = sqlx::query!(
        r#"
        select
            t.grant_id,
            t.client_id,
            t.user_id,
            t.confirmation as "confirmation: Json<Confirmation>",
            t.scopes,
            t.audience,
            t.claims as "claims: JsonObject",
            t.issued_at,
            t.expires_at
        from access_tokens t
        left join grants g on g.id = t.grant_id
        where t.token_hash = $1
            and t.revoked_at is null
            and t.expires_at > $2
            and g.revoked_at is null
        "#,
        hash.as_bytes(),
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| AccessToken {
        jti: None,
        grant_id: row.grant_id.map(GrantId),
        client_id: row.client_id,
        user_id: row.user_id.map(UserId),
        confirmation: row.confirmation.map(|json| json.0).unwrap_or_default(),
        scope: row.scopes.into_iter().collect(),
        audience: row.audience,
        claims: row.claims.0,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
    }))
}

/// Inserts an opaque token.
///
/// # Errors
/// [`Error::Conflict`] if client, user or grant are gone.
pub async fn insert(db: impl PgExecutor<'_>, hash: &TokenHash, token: &AccessToken) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into access_tokens (
            token_hash, grant_id, client_id, user_id, scopes, audience, claims, issued_at, expires_at, confirmation
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ",
        hash.as_bytes(),
        token.grant_id.map(|id| id.0),
        token.client_id,
        token.user_id.map(|id| id.0),
        token.scope.as_slice(),
        &token.audience,
        Json(&token.claims) as _,
        token.issued_at,
        token.expires_at,
        super::confirmation(&token.confirmation) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes the token and announces it to every process; `false` if there is no live one.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn revoke(db: impl PgExecutor<'_>, hash: &TokenHash, now: Time) -> Result<bool, Error> {
    let revoked = sqlx::query_scalar!(
        r#"
        with revoked as (
            update access_tokens
            set revoked_at = $2
            where token_hash = $1
                and revoked_at is null
            returning token_hash
        )
        select count(announce('access_token', encode(token_hash, 'hex'))) as "count!"
        from revoked
        "#,
        hash.as_bytes(),
        now
    )
    .fetch_one(db)
    .await?;
    Ok(revoked == 1)
}
