//! Remembered consents.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::Error;
use crate::{
    base::{Time, id::UserId},
    model::Consent,
};

struct ConsentRow {
    user_id: Uuid,
    client_id: String,
    scopes: Vec<String>,
    resource_scopes: Vec<String>,
    claims: Vec<String>,
    granted_at: Time,
    updated_at: Time,
}

fn read(row: ConsentRow) -> Consent {
    Consent {
        user_id: UserId(row.user_id),
        client_id: row.client_id,
        scopes: row.scopes,
        resource_scopes: row.resource_scopes,
        claims: row.claims,
        granted_at: row.granted_at,
        updated_at: row.updated_at,
    }
}

/// What the user allowed the client.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find(db: impl PgExecutor<'_>, user_id: UserId, client_id: &str) -> Result<Option<Consent>, Error> {
    let row = sqlx::query_as!(
        ConsentRow,
        "
        select user_id, client_id, scopes, resource_scopes, claims, granted_at, updated_at
        from consents
        where user_id = $1
            and client_id = $2
        ",
        user_id.0,
        client_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(read))
}

/// Everything that the user allowed, last confirmed first.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<Consent>, Error> {
    let rows = sqlx::query_as!(
        ConsentRow,
        "
        select user_id, client_id, scopes, resource_scopes, claims, granted_at, updated_at
        from consents
        where user_id = $1
        order by updated_at desc, client_id
        ",
        user_id.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// Adds what `consent` allows to what was allowed before, also when two tabs do so at once.
///
/// # Errors
/// [`Error::Conflict`] if user or client are gone.
pub async fn widen(db: impl PgExecutor<'_>, consent: &Consent) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into consents as c (user_id, client_id, scopes, resource_scopes, claims, granted_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (user_id, client_id) do update
        set scopes = c.scopes || array(
                select name from unnest(excluded.scopes) as added (name) where name <> all (c.scopes)
            ),
            resource_scopes = c.resource_scopes || array(
                select name from unnest(excluded.resource_scopes) as added (name) where name <> all (c.resource_scopes)
            ),
            claims = c.claims || array(
                select name from unnest(excluded.claims) as added (name) where name <> all (c.claims)
            ),
            updated_at = excluded.updated_at
        ",
        consent.user_id.0,
        consent.client_id,
        &consent.scopes,
        &consent.resource_scopes,
        &consent.claims,
        consent.granted_at,
        consent.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the consent back; `false` if there was none. Grants are revoked by [`super::grant::revoke_for_client`].
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, user_id: UserId, client_id: &str) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from consents
        where user_id = $1
            and client_id = $2
        ",
        user_id.0,
        client_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
