//! Deletes what has expired, in bounded batches, so that no sweep holds locks or grows the log for long. Several
//! processes may sweep at once: rows that another holds are passed over.

use sqlx::PgPool;
use time::Duration;

use super::Error;
use crate::base::Time;

/// How long a code is kept after its end: its second use must still be known, to revoke what it gave (RFC 6749 §4.1.2).
const CODE_RETENTION: Duration = Duration::days(1);

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many rows went.
    pub rows: u64,
    /// Whether some table had a full batch: then another round finds more.
    pub more: bool,
}

/// Deletes at most `batch` expired rows of each table.
///
/// # Errors
/// [`Error::Unavailable`]; what was deleted before stays deleted.
pub async fn sweep(pool: &PgPool, now: Time, batch: u32) -> Result<Swept, Error> {
    macro_rules! expired {
        ($statement:literal, $before:expr) => {
            sqlx::query!($statement, $before, i64::from(batch))
                .execute(pool)
                .await?
                .rows_affected()
        };
    }
    let counts = [
        expired!(
            "
            delete from used_jtis
            where jti_hash in (
                select jti_hash from used_jtis where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from revoked_tokens
            where jti_hash in (
                select jti_hash from revoked_tokens where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from access_tokens
            where token_hash in (
                select token_hash from access_tokens where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from authorization_codes
            where code_hash in (
                select code_hash from authorization_codes where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now - CODE_RETENTION
        ),
        expired!(
            "
            delete from registrations
            where id in (
                select id from registrations where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from email_links
            where link_hash in (
                select link_hash from email_links where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from authorization_requests
            where id in (
                select id from authorization_requests where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        // with their codes and refresh tokens
        expired!(
            "
            delete from grants
            where id in (
                select id from grants where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from sessions
            where id in (
                select id from sessions where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
        expired!(
            "
            delete from throttles
            where key_hash in (
                select key_hash from throttles where expires_at <= $1 limit $2 for update skip locked
            )
            ",
            now
        ),
    ];
    Ok(Swept {
        rows: counts.iter().sum(),
        more: counts.iter().any(|count| *count >= u64::from(batch)),
    })
}
