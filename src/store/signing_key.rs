//! The table `signing_keys`.

use sqlx::{PgConnection, PgExecutor};

use super::Error;
use crate::{base::Time, model::SigningKey};

/// The advisory lock that changes of the ring are made under; an arbitrary number of our own.
const RING_LOCK: i64 = 0x5369_676e_6574_0001;

struct Row {
    kid: String,
    alg: String,
    public_jwk: serde_json::Value,
    private_key_sealed: Option<Vec<u8>>,
    created_at: Time,
    active_at: Time,
    retiring_at: Option<Time>,
    retired_at: Option<Time>,
}

impl TryFrom<Row> for SigningKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |column: &str| Error::Corrupt(format!("signing_keys.{column} of {}", row.kid));
        Ok(Self {
            alg: row.alg.parse().map_err(|_| corrupt("alg"))?,
            public_jwk: serde_json::from_value(row.public_jwk).map_err(|_| corrupt("public_jwk"))?,
            private_key_sealed: row.private_key_sealed,
            created_at: row.created_at,
            active_at: row.active_at,
            retiring_at: row.retiring_at,
            retired_at: row.retired_at,
            kid: row.kid,
        })
    }
}

/// Waits until no other process changes the ring; until the end of the transaction none will.
///
/// # Errors
/// [`Error`].
pub async fn lock_ring(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query_scalar!(r#"select pg_advisory_xact_lock($1) as "locked: ()""#, RING_LOCK)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Every key, also the retired ones that are still remembered.
///
/// # Errors
/// [`Error::Corrupt`] for a row that this version does not understand; [`Error`].
pub async fn list(executor: impl PgExecutor<'_>) -> Result<Vec<SigningKey>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select kid, alg, public_jwk, private_key_sealed, created_at, active_at, retiring_at, retired_at
        from signing_keys
        order by alg, active_at, kid"
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(SigningKey::try_from).collect()
}

/// Adds a new key.
///
/// # Errors
/// [`Error::Conflict`] if the `kid` is there already; [`Error`].
pub async fn insert(executor: impl PgExecutor<'_>, key: &SigningKey) -> Result<(), Error> {
    let public_jwk = serde_json::to_value(&key.public_jwk)
        .map_err(|_| Error::Corrupt(format!("public_jwk of the new key {}", key.kid)))?;
    sqlx::query!(
        "insert into signing_keys
            (kid, alg, public_jwk, private_key_sealed, created_at, active_at, retiring_at, retired_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.kid,
        key.alg.name(),
        public_jwk,
        key.private_key_sealed.as_deref(),
        key.created_at,
        key.active_at,
        key.retiring_at,
        key.retired_at,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Writes what changes in a key's life: its later times, and the private half when that goes.
///
/// # Errors
/// [`Error::NotFound`] if the key is gone; [`Error`].
pub async fn update(executor: impl PgExecutor<'_>, key: &SigningKey) -> Result<(), Error> {
    let updated = sqlx::query!(
        "update signing_keys
        set private_key_sealed = $2, retiring_at = $3, retired_at = $4
        where kid = $1",
        key.kid,
        key.private_key_sealed.as_deref(),
        key.retiring_at,
        key.retired_at,
    )
    .execute(executor)
    .await?;
    if updated.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// Drops a key's row.
///
/// # Errors
/// [`Error`].
pub async fn delete(executor: impl PgExecutor<'_>, kid: &str) -> Result<(), Error> {
    sqlx::query!("delete from signing_keys where kid = $1", kid)
        .execute(executor)
        .await?;
    Ok(())
}
