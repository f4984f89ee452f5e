//! Secrets of clients. They are read with their client.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::Error;
use crate::{
    base::{Time, id::ClientSecretId},
    model::ClientSecret,
};

/// Secrets by column, to be inserted with their client by one statement.
#[derive(Debug, Default)]
pub(super) struct Columns<'s> {
    pub ids: Vec<Uuid>,
    pub hashes: Vec<Vec<u8>>,
    pub sealed: Vec<Option<&'s [u8]>>,
    pub labels: Vec<Option<&'s str>>,
    pub hints: Vec<Option<&'s str>>,
    pub created_at: Vec<Time>,
    pub expires_at: Vec<Option<Time>>,
    pub last_used_at: Vec<Option<Time>>,
}

impl<'s> Columns<'s> {
    pub fn of(secrets: &'s [ClientSecret]) -> Self {
        let mut columns = Self::default();
        for secret in secrets {
            columns.ids.push(secret.id.0);
            columns.hashes.push(secret.hash.as_bytes().to_vec());
            columns.sealed.push(secret.sealed.as_deref());
            columns.labels.push(secret.label.as_deref());
            columns.hints.push(secret.hint.as_deref());
            columns.created_at.push(secret.created_at);
            columns.expires_at.push(secret.expires_at);
            columns.last_used_at.push(secret.last_used_at);
        }
        columns
    }
}

/// Gives the client another secret.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, client_id: &str, secret: &ClientSecret) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into client_secrets (
            client_id, id, hash, sealed, label, hint, created_at, expires_at, last_used_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ",
        client_id,
        secret.id.0,
        secret.hash.as_bytes(),
        secret.sealed,
        secret.label,
        secret.hint,
        secret.created_at,
        secret.expires_at,
        secret.last_used_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what may change about a secret: its label, its end, and the sealed value.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn update(db: impl PgExecutor<'_>, secret: &ClientSecret) -> Result<(), Error> {
    sqlx::query!(
        "
        update client_secrets
        set sealed = $2,
            label = $3,
            expires_at = $4
        where id = $1
        ",
        secret.id.0,
        secret.sealed,
        secret.label,
        secret.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a secret away.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, id: ClientSecretId) -> Result<(), Error> {
    sqlx::query!("delete from client_secrets where id = $1", id.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes that the secret was used, unless that was written for `since` or later.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn note_use(db: impl PgExecutor<'_>, id: ClientSecretId, now: Time, since: Time) -> Result<(), Error> {
    sqlx::query!(
        "
        update client_secrets
        set last_used_at = $2
        where id = $1
            and (last_used_at is null or last_used_at < $3)
        ",
        id.0,
        now,
        since
    )
    .execute(db)
    .await?;
    Ok(())
}
