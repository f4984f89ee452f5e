//! Facts: append, and read back.

use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{Error, cursor, cut, known};
use crate::{
    base::{
        Time,
        id::{FactId, UserId},
        page::{Page, PageRequest},
    },
    model::{Fact, FactSource},
};

struct FactRow {
    id: Uuid,
    user_id: Uuid,
    attribute: String,
    value: Option<Value>,
    source: String,
    source_id: Option<String>,
    verified: bool,
    actor: Option<String>,
    asserted_at: Time,
}

fn read(row: FactRow) -> Result<Fact, Error> {
    Ok(Fact {
        id: FactId(row.id),
        user_id: UserId(row.user_id),
        attribute: row.attribute,
        value: row.value,
        source: known(FactSource::from_parts(&row.source, row.source_id), "facts.source")?,
        verified: row.verified,
        actor: row.actor,
        asserted_at: row.asserted_at,
    })
}

/// Appends the facts, in one statement.
///
/// # Errors
/// [`Error::Conflict`] if a user is gone.
pub async fn insert(db: impl PgExecutor<'_>, facts: &[Fact]) -> Result<(), Error> {
    let ids: Vec<Uuid> = facts.iter().map(|fact| fact.id.0).collect();
    let users: Vec<Uuid> = facts.iter().map(|fact| fact.user_id.0).collect();
    let attributes: Vec<&str> = facts.iter().map(|fact| fact.attribute.as_str()).collect();
    let values: Vec<Option<&Value>> = facts.iter().map(|fact| fact.value.as_ref()).collect();
    let sources: Vec<&str> = facts.iter().map(|fact| fact.source.kind()).collect();
    let source_ids: Vec<Option<&str>> = facts.iter().map(|fact| fact.source.id()).collect();
    let verified: Vec<bool> = facts.iter().map(|fact| fact.verified).collect();
    let actors: Vec<Option<&str>> = facts.iter().map(|fact| fact.actor.as_deref()).collect();
    let times: Vec<Time> = facts.iter().map(|fact| fact.asserted_at).collect();
    sqlx::query!(
        "
        insert into facts (id, user_id, attribute, value, source, source_id, verified, actor, asserted_at)
        select *
        from unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::boolean[], $8::text[],
            $9::timestamptz[]
        )
        ",
        &ids,
        &users,
        &attributes as _,
        &values as _,
        &sources as _,
        &source_ids as _,
        &verified,
        &actors as _,
        &times
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What each source last said about each attribute, retractions included: all that a profile is resolved from.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_current(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<Fact>, Error> {
    let rows = sqlx::query_as!(
        FactRow,
        "
        select distinct on (attribute, source, source_id)
            id, user_id, attribute, value, source, source_id, verified, actor, asserted_at
        from facts
        where user_id = $1
        order by attribute, source, source_id, asserted_at desc, id desc
        ",
        user_id.0
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(read).collect()
}

/// The history of a user's facts, the newest first.
///
/// # Errors
/// [`Error::BadCursor`].
pub async fn list(db: impl PgExecutor<'_>, user_id: UserId, page: &PageRequest) -> Result<Page<Fact>, Error> {
    let (before, id): (_, Uuid) = cursor::decode_newest_first(page.after.as_deref())?;
    let rows = sqlx::query_as!(
        FactRow,
        "
        select id, user_id, attribute, value, source, source_id, verified, actor, asserted_at
        from facts
        where user_id = $1
            and (asserted_at, id) < ($2, $3)
        order by asserted_at desc, id desc
        limit $4
        ",
        user_id.0,
        before,
        id,
        i64::from(page.limit) + 1
    )
    .fetch_all(db)
    .await?;
    let (rows, more) = cut(rows, page.limit);
    let items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let next = items
        .last()
        .filter(|_| more)
        .map(|fact| cursor::encode_newest_first(fact.asserted_at, &fact.id))
        .transpose()?;
    Ok(Page { items, next })
}
