//! Counters of failed attempts, shared by all processes. See `domain::account::throttle` for the rules; the counting is
//! done by functions of the schema, all counters of an attempt in one statement.

use std::time::Duration;

use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;

use super::Error;
use crate::base::Time;
use crate::domain::account::throttle::{Rule, ThrottleKey};

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

/// What became of one counter of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Whether the attempt was counted under it; otherwise its subject has to wait.
    pub is_counted: bool,
    /// Until when the next attempt has to wait. In the past if it need not.
    pub blocked_until: Time,
}

/// Counts an attempt as failed before it is made, under one key after the other, up to the first whose subject has to
/// wait. Of any number of attempts at the same moment just as many are counted as the rules have free ones.
///
/// For the pool, not for a transaction: the count must stand whatever becomes of the caller's, and its row locks must not
/// be held while a password is hashed. It does not wait for the disk.
///
/// # Errors
/// As [`Error`] says.
pub async fn count(
    executor: impl PgExecutor<'_>,
    counters: &[(ThrottleKey, Rule)],
    now: Time,
) -> Result<Vec<Counted>, Error> {
    let counted = Limits::of(counters);
    let rows = sqlx::query!(
        r#"
        select counted as "counted!", until as "until!"
        from count_attempt($1, $2, $3, $4, $5, $6, $7)
        "#,
        now,
        &counted.keys,
        &counted.free,
        &counted.most,
        &counted.first_wait,
        &counted.max_wait,
        &counted.forget_after
    )
    .fetch_all(executor)
    .await?;
    let counted = rows.into_iter().map(|row| Counted {
        is_counted: row.counted,
        blocked_until: row.until,
    });
    Ok(counted.collect())
}

/// How a counted attempt ends for one of its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every failure is forgotten.
    Forget,
    /// This one attempt is taken back, with the wait that it brought.
    TakeBack(Rule),
}

/// Ends an attempt for its counters, in the order in which they were counted. For the pool, as [`count`] is, and like that
/// it does not wait for the disk.
///
/// # Errors
/// As [`Error`] says.
pub async fn settle(executor: impl PgExecutor<'_>, counters: &[(ThrottleKey, End)]) -> Result<(), Error> {
    let settled = Settled::of(counters);
    sqlx::query!(
        "
        select set_config('synchronous_commit', 'off', true), settle_attempt($1, $2, $3, $4, $5)
        ",
        &settled.keys,
        &settled.forgotten,
        &settled.free,
        &settled.first_wait,
        &settled.max_wait
    )
    .fetch_one(executor)
    .await?;
    Ok(())
}

/// Counters as `count_attempt` takes them.
pub(super) struct Limits {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) free: Vec<i32>,
    pub(super) most: Vec<i32>,
    pub(super) first_wait: Vec<PgInterval>,
    pub(super) max_wait: Vec<PgInterval>,
    pub(super) forget_after: Vec<PgInterval>,
}

impl Limits {
    pub(super) fn of(counters: &[(ThrottleKey, Rule)]) -> Self {
        let each = || counters.iter().map(|(_, rule)| rule);
        Self {
            keys: counters.iter().map(|(key, _)| key.as_bytes().to_vec()).collect(),
            free: each().map(|rule| number(rule.free)).collect(),
            most: each().map(|rule| number(rule.most())).collect(),
            first_wait: each().map(|rule| interval(rule.first_wait)).collect(),
            max_wait: each().map(|rule| interval(rule.max_wait)).collect(),
            forget_after: each().map(|rule| interval(rule.forget_after)).collect(),
        }
    }
}

/// Ends of counters as `settle_attempt` takes them.
pub(super) struct Settled {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) forgotten: Vec<bool>,
    pub(super) free: Vec<i32>,
    pub(super) first_wait: Vec<PgInterval>,
    pub(super) max_wait: Vec<PgInterval>,
}

impl Settled {
    pub(super) fn of(counters: &[(ThrottleKey, End)]) -> Self {
        let each = || {
            counters.iter().map(|(_, end)| match end {
                End::Forget => (0, Duration::ZERO, Duration::ZERO),
                End::TakeBack(rule) => (rule.free, rule.first_wait, rule.max_wait),
            })
        };
        Self {
            keys: counters.iter().map(|(key, _)| key.as_bytes().to_vec()).collect(),
            forgotten: counters.iter().map(|(_, end)| *end == End::Forget).collect(),
            free: each().map(|(free, ..)| number(free)).collect(),
            first_wait: each().map(|(_, first, _)| interval(first)).collect(),
            max_wait: each().map(|(.., longest)| interval(longest)).collect(),
        }
    }
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
