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
