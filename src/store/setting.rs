//! Single values that all processes share.

use serde_json::Value;
use sqlx::PgExecutor;

use super::Error;
use crate::base::Time;

/// The value under that key.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find(db: impl PgExecutor<'_>, key: &str) -> Result<Option<Value>, Error> {
    let value = sqlx::query_scalar!(
        "
        select value
        from settings
        where key = $1
        ",
        key
    )
    .fetch_optional(db)
    .await?;
    Ok(value)
}

/// Writes the value if the key has none, and returns what stands there now: the same for every process.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert_or_find(db: impl PgExecutor<'_>, key: &str, value: &Value, now: Time) -> Result<Value, Error> {
    let stored = sqlx::query_scalar!(
        // The no-op update makes the row that was there visible to `returning`.
        "
        insert into settings as s (key, value, updated_at)
        values ($1, $2, $3)
        on conflict (key) do update
        set updated_at = s.updated_at
        returning s.value
        ",
        key,
        value,
        now
    )
    .fetch_one(db)
    .await?;
    Ok(stored)
}

/// Writes the value.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn update(db: impl PgExecutor<'_>, key: &str, value: &Value, now: Time) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into settings (key, value, updated_at)
        values ($1, $2, $3)
        on conflict (key) do update
        set value = excluded.value,
            updated_at = excluded.updated_at
        ",
        key,
        value,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes the key; `false` if there was none.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, key: &str) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from settings
        where key = $1
        ",
        key
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
