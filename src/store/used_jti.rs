//! `jti` values of client assertions, each good for one use (RFC 7523 §3).

use sqlx::PgExecutor;

use super::Error;
use crate::base::{Time, TokenHash};

/// Remembers the value until `expires_at`: `true` for its first use, `false` for every further one. The hash covers the
/// issuer too: two clients may use the same `jti`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, jti_hash: &TokenHash, now: Time, expires_at: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        insert into used_jtis as j (jti_hash, expires_at)
        values ($1, $2)
        on conflict (jti_hash) do update
        set expires_at = excluded.expires_at
        where j.expires_at <= $3
        ",
        jti_hash.as_bytes(),
        expires_at,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
