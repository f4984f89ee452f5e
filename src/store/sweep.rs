//! Deletes what has expired, in bounded batches, so that no sweep holds locks or grows the log for long. Several
//! processes may sweep at once: rows that another holds are passed over.

use sqlx::PgConnection;
use time::Duration;

use super::Error;
use crate::base::Time;
use crate::domain::policy::REGISTRATION_WINDOW;

/// How long what is decided elsewhere is kept after its end: clients that come late hear that it has expired.
const DEFERRED_RETENTION: Duration = Duration::days(1);

/// How long the secret of an app is listed after its end, so that whoever wonders why the app fails finds the reason.
const SECRET_RETENTION: Duration = Duration::days(30);

/// How long a code is kept after its end: its second use must still be known, to revoke what it gave (RFC 6749 §4.1.2).
const CODE_RETENTION: Duration = Duration::days(1);

/// Which moments end what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// What has expired by then goes.
    pub now: Time,
    /// Lines of the audit trail from before go.
    pub trail: Time,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many rows went.
    pub rows: u64,
    /// Whether some table had a full batch: then another round finds more.
    pub more: bool,
}

/// Deletes at most `$batch` rows that ended by `$before`; how many there were. The rows are locked, so their place (ctid)
/// holds still; going by place needs no plan that guesses how many there are.
macro_rules! expired {
    ($db:expr, $statement:literal, $before:expr, $batch:expr) => {
        sqlx::query!($statement, $before, i64::from($batch))
            .execute(&mut *$db)
            .await?
            .rows_affected()
    };
}

/// Deletes at most `batch` rows of each table that have come to their end, one statement per table; outside a
/// transaction each is one of its own.
///
/// # Errors
/// [`Error::Unavailable`]; what was deleted before stays deleted.
pub async fn sweep(db: &mut PgConnection, ends: Ends, batch: u32) -> Result<Swept, Error> {
    let now = ends.now;
    let mut swept = Swept::default();
    let mut add = |counts: &[u64]| {
        swept.rows += counts.iter().sum::<u64>();
        swept.more |= counts.iter().any(|count| *count >= u64::from(batch));
    };
    add(&used_up(db, now, batch).await?);
    add(&tokens(db, now, batch).await?);
    add(&waiting(db, now, batch).await?);
    add(&sessions(db, now, batch).await?);
    add(&counters(db, now, batch).await?);
    add(&[trail(db, ends.trail, batch).await?]);
    Ok(swept)
}

/// What must not be used again: after its end it would be refused anyway.
async fn used_up(db: &mut PgConnection, now: Time, batch: u32) -> Result<[u64; 4], Error> {
    Ok([
        expired!(
            db,
            "
            delete from client_secrets
            where ctid = any (array(
                select ctid from client_secrets where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now - SECRET_RETENTION,
            batch
        ),
        expired!(
            db,
            "
            delete from initial_access_tokens
            where ctid = any (array(
                select ctid from initial_access_tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from used_jtis
            where ctid = any (array(
                select ctid from used_jtis where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from revoked_tokens
            where ctid = any (array(
                select ctid from revoked_tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
    ])
}

/// Codes and opaque access tokens.
async fn tokens(db: &mut PgConnection, now: Time, batch: u32) -> Result<[u64; 2], Error> {
    Ok([
        expired!(
            db,
            "
            delete from access_tokens
            where ctid = any (array(
                select ctid from access_tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from authorization_codes
            where ctid = any (array(
                select ctid from authorization_codes where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now - CODE_RETENTION,
            batch
        ),
    ])
}

/// What waited for somebody who did not come.
async fn waiting(db: &mut PgConnection, now: Time, batch: u32) -> Result<[u64; 5], Error> {
    Ok([
        expired!(
            db,
            "
            delete from deferred_authorizations
            where ctid = any (array(
                select ctid from deferred_authorizations where expires_at <= $1 order by expires_at limit $2
                for update skip locked
            ))
            ",
            now - DEFERRED_RETENTION,
            batch
        ),
        expired!(
            db,
            "
            delete from registrations
            where ctid = any (array(
                select ctid from registrations where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from email_links
            where ctid = any (array(
                select ctid from email_links where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from authorization_requests
            where ctid = any (array(
                select ctid from authorization_requests where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from pushed_requests
            where ctid = any (array(
                select ctid from pushed_requests where kept_until <= $1 order by kept_until limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
    ])
}

/// Grants, with their codes and refresh tokens, and sessions.
async fn sessions(db: &mut PgConnection, now: Time, batch: u32) -> Result<[u64; 2], Error> {
    Ok([
        expired!(
            db,
            "
            delete from grants
            where ctid = any (array(
                select ctid from grants where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from sessions
            where ctid = any (array(
                select ctid from sessions where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
    ])
}

/// Counters of failures that are forgotten, and what counts no more of what was done.
async fn counters(db: &mut PgConnection, now: Time, batch: u32) -> Result<[u64; 2], Error> {
    Ok([
        expired!(
            db,
            "
            delete from throttles
            where ctid = any (array(
                select ctid from throttles where expires_at <= $1 order by expires_at limit $2 for update skip locked
            ))
            ",
            now,
            batch
        ),
        expired!(
            db,
            "
            delete from registration_acts
            where ctid = any (array(
                select ctid from registration_acts where done_at <= $1 order by done_at limit $2 for update skip locked
            ))
            ",
            now - REGISTRATION_WINDOW,
            batch
        ),
    ])
}

/// Lines of the audit trail that were kept long enough.
async fn trail(db: &mut PgConnection, before: Time, batch: u32) -> Result<u64, Error> {
    Ok(expired!(
        db,
        "
            delete from audit_events
            where ctid = any (array(
                select ctid from audit_events where at <= $1 order by at limit $2 for update skip locked
            ))
            ",
        before,
        batch
    ))
}
