//! The audit trail: append, and read by page.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, JsonObject, cursor, cut};
use crate::{
    base::{
        Time,
        id::{AuditEventId, SessionId, UserId},
        page::{Page, PageRequest},
    },
    model::{AuditEvent, Origin},
};

/// Which lines of the trail are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this user only.
    pub user_id: Option<UserId>,
    /// Of this kind only, by its name.
    pub kind: Option<String>,
}

struct AuditEventRow {
    id: Uuid,
    at: Time,
    kind: String,
    actor: String,
    user_id: Option<Uuid>,
    client_id: Option<String>,
    session_id: Option<Uuid>,
    address: Option<String>,
    user_agent: Option<String>,
    data: JsonObject,
}

fn read(row: AuditEventRow) -> AuditEvent {
    AuditEvent {
        id: AuditEventId(row.id),
        at: row.at,
        kind: row.kind,
        actor: row.actor,
        user_id: row.user_id.map(UserId),
        client_id: row.client_id,
        session_id: row.session_id.map(SessionId),
        origin: Origin {
            address: row.address,
            user_agent: row.user_agent,
        },
        data: row.data.0,
    }
}

macro_rules! select_event {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            AuditEventRow,
            r#"
            select
                id,
                at,
                kind,
                actor,
                user_id,
                client_id,
                session_id,
                address,
                user_agent,
                data as "data: JsonObject"
            from audit_events
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Appends the event.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, event: &AuditEvent) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into audit_events (
            id, at, kind, actor, user_id, client_id, session_id, address, user_agent, data
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ",
        event.id.0,
        event.at,
        event.kind,
        event.actor,
        event.user_id.map(|id| id.0),
        event.client_id,
        event.session_id.map(|id| id.0),
        event.origin.address,
        event.origin.user_agent,
        Json(&event.data) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many events of one kind there were after `since`; counts no further than `most`.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count_since(db: impl PgExecutor<'_>, kind: &str, since: Time, most: i64) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from (
            select
            from audit_events
            where kind = $1
                and at > $2
            limit $3
        ) found
        "#,
        kind,
        since,
        most
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// The events, the newest first. There is one statement per filter, so that each has the index made for it under every
/// plan.
///
/// # Errors
/// [`Error::BadCursor`].
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditEvent>, Error> {
    let (before, id): (_, Uuid) = cursor::decode_newest_first(page.after.as_deref())?;
    let limit = i64::from(page.limit) + 1;
    let rows = match (filter.user_id, filter.kind.as_deref()) {
        (Some(user_id), kind) => {
            select_event!(
                r#"
                where user_id = $1
                    and (at, id) < ($2, $3)
                    and ($5::text is null or kind = $5)
                order by at desc, id desc
                limit $4
                "#,
                user_id.0,
                before,
                id,
                limit,
                kind
            )
            .fetch_all(db)
            .await?
        }
        (None, Some(kind)) => {
            select_event!(
                r#"
                where kind = $1
                    and (at, id) < ($2, $3)
                order by at desc, id desc
                limit $4
                "#,
                kind,
                before,
                id,
                limit
            )
            .fetch_all(db)
            .await?
        }
        (None, None) => {
            select_event!(
                r#"
                where (at, id) < ($1, $2)
                order by at desc, id desc
                limit $3
                "#,
                before,
                id,
                limit
            )
            .fetch_all(db)
            .await?
        }
    };
    let (rows, more) = cut(rows, page.limit);
    let items: Vec<AuditEvent> = rows.into_iter().map(read).collect();
    let next = items
        .last()
        .filter(|_| more)
        .map(|event| cursor::encode_newest_first(event.at, &event.id))
        .transpose()?;
    Ok(Page { items, next })
}
