//! Lists of people that stay fast with a million of them: every page is bounded work on an index.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::super::{Error, JsonObject, cursor, cut};
use super::{UserRow, read, select_user};
use crate::{
    base::{
        id::UserId,
        page::{Page, PageRequest},
    },
    model::User,
};

/// Up to here users are counted one by one; beyond, the planner's estimate is good enough for a page title.
const COUNT_EXACTLY_BELOW: i64 = 20_000;

/// Everyone, the newest first.
///
/// # Errors
/// [`Error::BadCursor`].
pub async fn list(db: impl PgExecutor<'_>, page: &PageRequest) -> Result<Page<User>, Error> {
    let (before, id): (_, Uuid) = cursor::decode_newest_first(page.after.as_deref())?;
    let rows = select_user!(
        r#"
        where (u.created_at, u.id) < ($1, $2)
        order by u.created_at desc, u.id desc
        limit $3
        "#,
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
        .map(|user| cursor::encode_newest_first(user.created_at, &user.id))
        .transpose()?;
    Ok(Page { items, next })
}

/// Where a search is: in which column, and the text and id of the last row.
type Place = (u8, String, Uuid);

/// Those whose username, e-mail address or name begins with `prefix`, whatever its case: by username, then the others by
/// address, then the others by name, each in the order of the alphabet.
///
/// The columns are searched one after another, each along its own index, until the page is full. Sorting all matches by
/// another column would make a short prefix among a million users slow.
///
/// # Errors
/// [`Error::BadCursor`].
pub async fn search(db: &mut PgConnection, prefix: &str, page: &PageRequest) -> Result<Page<User>, Error> {
    let after: Option<Place> = cursor::decode(page.after.as_deref())?;
    let wanted = usize::from(page.limit) + 1;
    let first = after.as_ref().map_or(0, |(column, ..)| *column);
    let mut places: Vec<Place> = Vec::new();
    for column in first..COLUMNS {
        let missing = i64::try_from(wanted.saturating_sub(places.len())).unwrap_or(0);
        if missing == 0 {
            break;
        }
        let start = after.as_ref().filter(|(at, ..)| *at == column);
        places.extend(search_column(&mut *db, column, prefix, start, missing).await?);
    }
    let (places, more) = cut(places, page.limit);
    let next = places.last().filter(|_| more).map(cursor::encode).transpose()?;
    let ids: Vec<Uuid> = places.into_iter().map(|(.., id)| id).collect();
    let rows = select_user!(
        r#"
        join unnest($1::uuid[]) with ordinality as wanted (id, place) on wanted.id = u.id
        order by wanted.place
        "#,
        &ids
    )
    .fetch_all(db)
    .await?;
    let items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(Page { items, next })
}

const COLUMNS: u8 = 3;

struct Match {
    key: String,
    id: Uuid,
}

/// Matches in one column that are not matches in an earlier one.
///
/// `~>=~` and `~<~` compare by code points, as the `text_pattern_ops` indexes are sorted; unlike `like` with a parameter
/// they use the index under every plan. No text that begins with the prefix sorts after prefix + U+10FFFF.
async fn search_column(
    db: &mut PgConnection,
    column: u8,
    prefix: &str,
    start: Option<&Place>,
    limit: i64,
) -> Result<Vec<Place>, Error> {
    let end = format!("{prefix}\u{10FFFF}");
    let key = start.map_or(prefix, |(_, key, _)| key.as_str());
    let id = start.map(|(.., id)| *id);
    let rows = match column {
        0 => {
            sqlx::query_as!(
                Match,
                r#"
                select lower(u.username) as "key!", u.id
                from users u
                where lower(u.username) ~>=~ lower($1)
                    and lower(u.username) ~<~ lower($2)
                    and ($3::uuid is null or lower(u.username) ~>~ lower($1) or u.id > $3)
                order by lower(u.username) using ~<~, u.id
                limit $4
                "#,
                key,
                end,
                id,
                limit
            )
            .fetch_all(db)
            .await?
        }
        1 => {
            sqlx::query_as!(
                Match,
                r#"
                select lower(u.profile ->> 'email') as "key!", u.id
                from users u
                where lower(u.profile ->> 'email') ~>=~ lower($1)
                    and lower(u.profile ->> 'email') ~<~ lower($2)
                    and ($3::uuid is null or lower(u.profile ->> 'email') ~>~ lower($1) or u.id > $3)
                    and not coalesce(starts_with(lower(u.username), lower($5)), false)
                order by lower(u.profile ->> 'email') using ~<~, u.id
                limit $4
                "#,
                key,
                end,
                id,
                limit,
                prefix
            )
            .fetch_all(db)
            .await?
        }
        _ => {
            sqlx::query_as!(
                Match,
                r#"
                select lower(u.profile ->> 'name') as "key!", u.id
                from users u
                where lower(u.profile ->> 'name') ~>=~ lower($1)
                    and lower(u.profile ->> 'name') ~<~ lower($2)
                    and ($3::uuid is null or lower(u.profile ->> 'name') ~>~ lower($1) or u.id > $3)
                    and not coalesce(starts_with(lower(u.username), lower($5)), false)
                    and not coalesce(starts_with(lower(u.profile ->> 'email'), lower($5)), false)
                order by lower(u.profile ->> 'name') using ~<~, u.id
                limit $4
                "#,
                key,
                end,
                id,
                limit,
                prefix
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows.into_iter().map(|found| (column, found.key, found.id)).collect())
}

/// Everyone whom the resource file of that origin made.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_by_origin(db: impl PgExecutor<'_>, origin: &str) -> Result<Vec<User>, Error> {
    let rows = select_user!("where u.origin = $1 order by u.created_at, u.id", origin)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// How many there are: exactly while there are few, by the planner's estimate beyond.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count(db: impl PgExecutor<'_>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"
        select case
            when exact.count < $1 then exact.count
            else greatest(exact.count, estimate.count)
        end as "count!"
        from (select count(*) as count from (select from users limit $1) few) exact,
            (select reltuples::bigint as count from pg_class where oid = 'users'::regclass) estimate
        "#,
        COUNT_EXACTLY_BELOW
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Some users by their ids, for lists that name people; in no particular order.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_many(db: impl PgExecutor<'_>, ids: &[UserId]) -> Result<Vec<User>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = select_user!("where u.id = any($1)", &ids).fetch_all(db).await?;
    rows.into_iter().map(read).collect()
}
