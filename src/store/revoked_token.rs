//! JWT access tokens that were revoked before their time (RFC 7009), by the hash of their `jti`.

use sqlx::PgExecutor;

use super::{Error, token_hash};
use crate::base::{Time, TokenHash};

/// Revokes the token with that `jti` and announces it to every process. `expires_at` is the token's own end: then the row
/// is swept.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, jti_hash: &TokenHash, now: Time, expires_at: Time) -> Result<(), Error> {
    sqlx::query_scalar!(
        r#"
        with inserted as (
            insert into revoked_tokens (jti_hash, revoked_at, expires_at)
            values ($1, $2, $3)
            on conflict do nothing
            returning jti_hash
        )
        select count(announce('revoked_token', encode(jti_hash, 'hex'))) as "count!"
        from inserted
        "#,
        jti_hash.as_bytes(),
        now,
        expires_at
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Whether the token with that `jti` was revoked.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn contains(db: impl PgExecutor<'_>, jti_hash: &TokenHash) -> Result<bool, Error> {
    let revoked = sqlx::query_scalar!(
        r#"
        select exists (
            select
            from revoked_tokens
            where jti_hash = $1
        ) as "revoked!"
        "#,
        jti_hash.as_bytes()
    )
    .fetch_one(db)
    .await?;
    Ok(revoked)
}

/// All revoked tokens that have not expired, with their ends.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_live(db: impl PgExecutor<'_>, now: Time) -> Result<Vec<(TokenHash, Time)>, Error> {
    let rows = sqlx::query!(
        "
        select jti_hash, expires_at
        from revoked_tokens
        where expires_at > $1
        ",
        now
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok((token_hash(&row.jti_hash, "revoked_tokens.jti_hash")?, row.expires_at)))
        .collect()
}
