//! Counters of failed attempts, shared by all processes. See `domain::account::throttle` for the rules.

use std::time::Duration;

use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;

use super::{Error, Store};
use crate::base::Time;
use crate::domain::account::throttle::{Decision, Rule, ThrottleKey};

/// A counter as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Failures and attempts that have not ended yet, as of the last one.
    pub failures: u32,
    /// When the last one was.
    pub last_failed_at: Time,
    /// The next attempt may come then.
    pub blocked_until: Time,
}

/// The counter under `key`, if there is one.
///
/// # Errors
/// As [`Error`] says.
pub async fn find(executor: impl PgExecutor<'_>, key: ThrottleKey) -> Result<Option<Counter>, Error> {
    let row = sqlx::query!(
        "select failures, last_failed_at, blocked_until
        from throttles
        where key_hash = $1",
        key.as_bytes()
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Counter {
        failures: u32::try_from(row.failures).unwrap_or(0),
        last_failed_at: row.last_failed_at,
        blocked_until: row.blocked_until,
    }))
}

/// Counts an attempt as failed before it is made, unless the subject has to wait. One atomic statement: of any number
/// of attempts at the same moment just as many are allowed as the rule has free ones.
///
/// Free attempts are never refused: two at the same moment may come here in another order than that of their clocks.
///
/// Runs on a connection of its own: the count must stand whatever becomes of the caller's transaction, and its row lock
/// must not be held while a password is hashed.
///
/// # Errors
/// As [`Error`] says.
pub async fn record_failure(store: &Store, key: ThrottleKey, rule: &Rule, now: Time) -> Result<Decision, Error> {
    // waits[n + 1] follows the n-th failure: PostgreSQL counts from 1.
    let waits: Vec<PgInterval> = rule.waits().into_iter().map(interval).collect();
    let counted = sqlx::query_scalar!(
        r#"insert into throttles as kept (key_hash, failures, last_failed_at, blocked_until, expires_at)
        values (
            $1,
            1,
            $2::timestamptz,
            $2::timestamptz + ($3::interval[])[least(2, cardinality($3::interval[]))],
            $2::timestamptz + $4::interval + ($3::interval[])[cardinality($3::interval[])]
        )
        on conflict (key_hash) do update
        set (failures, last_failed_at, blocked_until, expires_at) = (
            select
                counted.failures,
                $2::timestamptz,
                $2::timestamptz + ($3::interval[])[counted.failures + 1],
                $2::timestamptz + $4::interval * counted.failures + ($3::interval[])[cardinality($3::interval[])]
            from (
                select least(
                    1 + greatest(
                        0,
                        kept.failures - floor(
                            greatest(0, extract(epoch from $2::timestamptz - kept.last_failed_at))
                            / extract(epoch from $4::interval)
                        )
                    ),
                    cardinality($3::interval[]) - 1
                )::integer as failures
            ) as counted
        )
        where kept.blocked_until <= $2::timestamptz or ($3::interval[])[kept.failures + 1] = interval '0'
        returning failures"#,
        key.as_bytes(),
        now,
        &waits,
        interval(rule.forget_after),
    )
    .fetch_optional(&store.pool)
    .await?;
    if counted.is_some() {
        return Ok(Decision::Allow);
    }
    let counter = find(&store.pool, key).await?;
    // Cleared between the two statements: the owner has just signed in, so the wait is over in a moment.
    let until = counter.map_or(now + Duration::from_secs(1), |counter| counter.blocked_until);
    Ok(Decision::Wait { until })
}

/// Takes one counted attempt back, with the wait that it brought: it was right, or it was never made.
///
/// # Errors
/// As [`Error`] says.
pub async fn forgive(executor: impl PgExecutor<'_>, key: ThrottleKey, rule: &Rule) -> Result<(), Error> {
    let waits: Vec<PgInterval> = rule.waits().into_iter().map(interval).collect();
    sqlx::query!(
        "update throttles
        set
            failures = greatest(failures - 1, 0),
            blocked_until = least(
                blocked_until,
                last_failed_at + ($2::interval[])[least(greatest(failures - 1, 0) + 1, cardinality($2::interval[]))]
            )
        where key_hash = $1",
        key.as_bytes(),
        &waits,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets every failure under `key`.
///
/// # Errors
/// As [`Error`] says.
pub async fn clear(executor: impl PgExecutor<'_>, key: ThrottleKey) -> Result<(), Error> {
    sqlx::query!("delete from throttles where key_hash = $1", key.as_bytes())
        .execute(executor)
        .await?;
    Ok(())
}

/// Removes up to `limit` counters that have faded away; returns how many.
///
/// # Errors
/// As [`Error`] says.
pub async fn delete_expired(executor: impl PgExecutor<'_>, now: Time, limit: i64) -> Result<u64, Error> {
    let deleted = sqlx::query!(
        "delete from throttles
        where key_hash in (
            select key_hash
            from throttles
            where expires_at <= $1
            order by expires_at
            limit $2
            for update skip locked
        )",
        now,
        limit
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
