//! Messages that wait to leave. A row is written in the transaction that gives rise to it, and claimed by whichever
//! process comes first. A claim is a lease: if its holder dies, the row is due again when the lease is over, so that
//! each message leaves at least once.

use std::time::Duration;

use sqlx::PgExecutor;
use uuid::Uuid;

use super::Error;
use crate::base::{Time, id::OutboxId};

/// A message that this process holds the lease of.
#[derive(Debug)]
pub struct Claimed {
    /// Its id; the context of the sealed payload.
    pub id: OutboxId,
    /// The payload as it was sealed.
    pub payload_sealed: Vec<u8>,
    /// The number of this attempt, from 1. Later writes count only while no other process has begun another one.
    pub attempt: i32,
    /// When it was written.
    pub created_at: Time,
    /// The app that it is for; empty for mail.
    pub recipient: String,
}

struct ClaimedRow {
    id: Uuid,
    payload_sealed: Vec<u8>,
    attempts: i32,
    created_at: Time,
    recipient: String,
}

impl From<ClaimedRow> for Claimed {
    fn from(row: ClaimedRow) -> Self {
        Self {
            id: OutboxId(row.id),
            payload_sealed: row.payload_sealed,
            attempt: row.attempts,
            created_at: row.created_at,
            recipient: row.recipient,
        }
    }
}

/// How recipients take turns.
#[derive(Debug, Clone, Copy)]
pub struct Turns<'a> {
    /// The most messages that one of them gets in one claim.
    pub share: i64,
    /// Whose turn it is not.
    pub not_now: &'a [String],
}

/// Adds a message that is due at once.
///
/// # Errors
/// As [`Error`] says.
pub async fn insert(
    executor: impl PgExecutor<'_>,
    id: OutboxId,
    (kind, recipient): (&str, &str),
    payload_sealed: &[u8],
    now: Time,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into outbox (id, kind, recipient, payload_sealed, next_attempt_at, created_at)
        values ($1, $2, $3, $4, $5, $5)",
        id.0,
        kind,
        recipient,
        payload_sealed,
        now
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Takes up to `limit` messages of these kinds that are due, for the time of `lease`. Rows that another process is taking
/// are skipped.
///
/// # Errors
/// As [`Error`] says.
pub async fn claim(
    executor: impl PgExecutor<'_>,
    kinds: &[&str],
    now: Time,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    // An array, not `in (…)`: a join could run the locking query more than once and take more than the limit.
    let rows = sqlx::query_as!(
        ClaimedRow,
        "update outbox
        set attempts = attempts + 1, next_attempt_at = $2
        where id = any(array(
            select id
            from outbox
            where next_attempt_at <= $1 and delivered_at is null and failed_at is null and kind = any ($4)
            order by next_attempt_at
            limit $3
            for update skip locked
        ))
        returning id, payload_sealed, attempts, created_at, recipient",
        now,
        now + lease,
        limit,
        &kinds
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Claimed::from).collect())
}

/// As [`claim`], but recipients take turns: however much waits for one of them, the others get theirs. It looks up each
/// recipient in the index once, and never reads through what waits for one.
///
/// # Errors
/// As [`Error`] says.
pub async fn claim_in_turn(
    executor: impl PgExecutor<'_>,
    kinds: &[&str],
    (now, lease): (Time, Duration),
    limit: i64,
    turns: Turns<'_>,
) -> Result<Vec<Claimed>, Error> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let rows = sqlx::query_as!(
        ClaimedRow,
        "update outbox
        set attempts = attempts + 1, next_attempt_at = $2
        where id = any(array(
            with recursive waiting as (
                (
                    select recipient
                    from outbox
                    where delivered_at is null and failed_at is null
                    order by recipient
                    limit 1
                )
                union all
                select (
                    select o.recipient
                    from outbox o
                    where o.recipient > w.recipient and o.delivered_at is null and o.failed_at is null
                    order by o.recipient
                    limit 1
                )
                from waiting w
                where w.recipient is not null
            )
            select due.id
            from waiting w
            cross join lateral (
                select id, next_attempt_at
                from outbox
                where recipient = w.recipient and next_attempt_at <= $1
                    and delivered_at is null and failed_at is null and kind = any ($4)
                order by next_attempt_at
                limit $5
                for update skip locked
            ) due
            where w.recipient <> all ($6)
            order by due.next_attempt_at
            limit $3
        ))
        returning id, payload_sealed, attempts, created_at, recipient",
        now,
        now + lease,
        limit,
        &kinds,
        turns.share,
        turns.not_now
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Claimed::from).collect())
}

/// The message has left; `false` if it had before. Its payload goes: it has done its work, and it may hold a link that is
/// still good.
///
/// # Errors
/// As [`Error`] says.
pub async fn update_delivered(executor: impl PgExecutor<'_>, id: OutboxId, now: Time) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update outbox
        set delivered_at = $2, payload_sealed = '', last_error = null
        where id = $1 and delivered_at is null",
        id.0,
        now
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The attempt failed, another one follows at `next_attempt_at`. `error` must not repeat the message's content.
///
/// # Errors
/// As [`Error`] says.
pub async fn update_deferred(
    executor: impl PgExecutor<'_>,
    claimed: &Claimed,
    next_attempt_at: Time,
    error: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "update outbox
        set next_attempt_at = $3, last_error = $4
        where id = $1 and attempts = $2 and delivered_at is null and failed_at is null",
        claimed.id.0,
        claimed.attempt,
        next_attempt_at,
        error
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// The message will not leave. Its payload goes too. `error` must not repeat the message's content.
///
/// # Errors
/// As [`Error`] says.
pub async fn update_failed(
    executor: impl PgExecutor<'_>,
    claimed: &Claimed,
    now: Time,
    error: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "update outbox
        set failed_at = $3, payload_sealed = '', last_error = $4
        where id = $1 and attempts = $2 and delivered_at is null and failed_at is null",
        claimed.id.0,
        claimed.attempt,
        now,
        error
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// How many messages were given up.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count_failed(executor: impl PgExecutor<'_>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from outbox
        where failed_at is not null
        "#
    )
    .fetch_one(executor)
    .await?;
    Ok(count)
}

/// Removes up to `limit` messages that left or were given up before `before`; returns how many.
///
/// # Errors
/// As [`Error`] says.
pub async fn delete_finished(executor: impl PgExecutor<'_>, before: Time, limit: i64) -> Result<u64, Error> {
    let deleted = sqlx::query!(
        "delete from outbox
        where id = any(array(
            select id
            from outbox
            where delivered_at < $1 or failed_at < $1
            limit $2
            for update skip locked
        ))",
        before,
        limit
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}
