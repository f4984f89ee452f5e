//! Clients.

use sqlx::PgExecutor;
use sqlx::types::Json;

use super::{Error, cursor, cut, known, token_hash};
use crate::{
    base::{
        Time, TokenHash,
        page::{Page, PageRequest},
    },
    model::{Client, ClientMetadata, ClientStatus},
};

/// The constraint that keeps client_ids apart.
pub const CLIENT_ID_KEY: &str = "clients_pkey";

struct ClientRow {
    client_id: String,
    metadata: Json<ClientMetadata>,
    secret_hash: Option<Vec<u8>>,
    secret_sealed: Option<Vec<u8>>,
    roles: Vec<String>,
    status: String,
    version: i64,
    origin: Option<String>,
    created_at: Time,
    updated_at: Time,
}

fn read(row: ClientRow) -> Result<Client, Error> {
    Ok(Client {
        client_id: row.client_id,
        metadata: row.metadata.0,
        secret_hash: row
            .secret_hash
            .map(|bytes| token_hash(&bytes, "clients.secret_hash"))
            .transpose()?,
        secret_sealed: row.secret_sealed,
        roles: row.roles,
        status: known(ClientStatus::parse(&row.status), "clients.status")?,
        version: row.version,
        origin: row.origin,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

macro_rules! select_client {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ClientRow,
            r#"
            select
                client_id,
                metadata as "metadata: Json<ClientMetadata>",
                secret_hash,
                secret_sealed,
                roles,
                status,
                version,
                origin,
                created_at,
                updated_at
            from clients
            "# + $rest
            $(, $argument)*
        )
    };
}

/// The client of that identifier, disabled ones too.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, client_id: &str) -> Result<Option<Client>, Error> {
    let row = select_client!("where client_id = $1", client_id)
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// Every client, the newest first.
///
/// # Errors
/// [`Error::BadCursor`].
pub async fn list(db: impl PgExecutor<'_>, page: &PageRequest) -> Result<Page<Client>, Error> {
    let (before, id): (_, String) = cursor::decode_newest_first(page.after.as_deref())?;
    let rows = select_client!(
        r#"
        where (created_at, client_id) < ($1, $2)
        order by created_at desc, client_id desc
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
        .map(|client| cursor::encode_newest_first(client.created_at, &client.client_id))
        .transpose()?;
    Ok(Page { items, next })
}

/// Those that the resource file of that origin made.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list_by_origin(db: impl PgExecutor<'_>, origin: &str) -> Result<Vec<Client>, Error> {
    let rows = select_client!("where origin = $1 order by client_id", origin)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// How many there are.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn count(db: impl PgExecutor<'_>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from clients"#)
        .fetch_one(db)
        .await?)
}

/// Inserts the client as given.
///
/// # Errors
/// [`Error::Conflict`] with [`CLIENT_ID_KEY`].
pub async fn insert(db: impl PgExecutor<'_>, client: &Client) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into clients (
            client_id, metadata, secret_hash, secret_sealed, roles, status, version, origin, created_at, updated_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ",
        client.client_id,
        Json(&client.metadata) as _,
        client.secret_hash.as_ref().map(TokenHash::as_bytes),
        client.secret_sealed,
        &client.roles,
        client.status.as_str(),
        client.version,
        client.origin,
        client.created_at,
        client.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes everything but the secret if the row still has `client.version`, and returns the new version.
///
/// # Errors
/// [`Error::Stale`] if it has another version or is gone.
pub async fn update(db: impl PgExecutor<'_>, client: &Client) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "
        update clients
        set metadata = $3,
            roles = $4,
            status = $5,
            origin = $6,
            updated_at = $7,
            version = version + 1
        where client_id = $1
            and version = $2
        returning version
        ",
        client.client_id,
        client.version,
        Json(&client.metadata) as _,
        &client.roles,
        client.status.as_str(),
        client.origin,
        client.updated_at
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::Stale)
}

/// Replaces the secret, or takes it away.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn update_secret(
    db: impl PgExecutor<'_>,
    client_id: &str,
    hash: Option<&TokenHash>,
    sealed: Option<&[u8]>,
    now: Time,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "
        update clients
        set secret_hash = $2,
            secret_sealed = $3,
            updated_at = $4,
            version = version + 1
        where client_id = $1
        ",
        client_id,
        hash.map(TokenHash::as_bytes),
        sealed,
        now
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Deletes the client with every grant, consent and pending request; `false` if there is none.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, client_id: &str) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from clients
        where client_id = $1
        ",
        client_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
