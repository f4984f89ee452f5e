//! Deletes what has expired, in bounded batches, so that no sweep holds locks or grows the log for long. Several
//! processes may sweep at once: rows that another holds are passed over.

use sqlx::PgConnection;
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

/// Deletes at most `batch` expired rows of each table, one statement per table; outside a transaction each is one of its
/// own.
///
/// # Errors
/// [`Error::Unavailable`]; what was deleted before stays deleted.
pub async fn sweep(db: &mut PgConnection, now: Time, batch: u32) -> Result<Swept, Error> {
    // The rows are locked, so their place (ctid) holds still; going by place needs no plan that guesses how many there are.
    macro_rules! expired {
        ($statement:literal, $before:expr) => {
            sqlx::query!($statement, $before, i64::from(batch))
                .execute(&mut *db)
                .await?
                .rows_affected()
        };
    }
    let counts = [
        expired!(
            "
            delete from used_jtis
            where ctid = any (array(
                select ctid from used_jtis where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from revoked_tokens
            where ctid = any (array(
                select ctid from revoked_tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from access_tokens
            where ctid = any (array(
                select ctid from access_tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from authorization_codes
            where ctid = any (array(
                select ctid from authorization_codes where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now - CODE_RETENTION
        ),
        expired!(
            "
            delete from registrations
            where ctid = any (array(
                select ctid from registrations where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from email_links
            where ctid = any (array(
                select ctid from email_links where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from authorization_requests
            where ctid = any (array(
                select ctid from authorization_requests where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        // with their codes and refresh tokens
        expired!(
            "
            delete from grants
            where ctid = any (array(
                select ctid from grants where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from sessions
            where ctid = any (array(
                select ctid from sessions where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
        expired!(
            "
            delete from throttles
            where ctid = any (array(
                select ctid from throttles where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now
        ),
    ];
    Ok(Swept {
        rows: counts.iter().sum(),
        more: counts.iter().any(|count| *count >= u64::from(batch)),
    })
}
