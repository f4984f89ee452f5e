//! Clients.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, client_secret, cursor, cut, known, token_hash};
use crate::{
    base::{
        Time,
        id::ClientSecretId,
        page::{Page, PageRequest},
    },
    model::{Client, ClientMetadata, ClientSecret, ClientStatus},
};

/// The constraint that keeps client_ids apart.
pub const CLIENT_ID_KEY: &str = "clients_pkey";

struct ClientRow {
    client_id: String,
    metadata: Json<ClientMetadata>,
    secrets: Vec<SecretRow>,
    roles: Vec<String>,
    status: String,
    version: i64,
    origin: Option<String>,
    registered_itself: bool,
    created_at: Time,
    updated_at: Time,
}

/// id, hash, sealed, label, hint, created_at, expires_at, last_used_at
type SecretRow = (
    Uuid,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
    Time,
    Option<Time>,
    Option<Time>,
);

fn read_secret(row: SecretRow) -> Result<ClientSecret, Error> {
    let (id, hash, sealed, label, hint, created_at, expires_at, last_used_at) = row;
    Ok(ClientSecret {
        id: ClientSecretId(id),
        hash: token_hash(&hash, "client_secrets.hash")?,
        sealed,
        label,
        hint,
        created_at,
        expires_at,
        last_used_at,
    })
}

fn read(row: ClientRow) -> Result<Client, Error> {
    Ok(Client {
        client_id: row.client_id,
        metadata: row.metadata.0,
        secrets: row.secrets.into_iter().map(read_secret).collect::<Result<_, _>>()?,
        roles: row.roles,
        status: known(ClientStatus::parse(&row.status), "clients.status")?,
        version: row.version,
        origin: row.origin,
        registered_itself: row.registered_itself,
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
                array(
                    select (id, hash, sealed, label, hint, created_at, expires_at, last_used_at)
                    from client_secrets
                    where client_secrets.client_id = clients.client_id
                    order by created_at desc, id desc
                ) as "secrets!: Vec<SecretRow>",
                roles,
                status,
                version,
                origin,
                (
                    select client_registrations.client_id
                    from client_registrations
                    where client_registrations.client_id = clients.client_id
                ) is not null as "registered_itself!",
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

/// Inserts the client as given, with its secrets.
///
/// # Errors
/// [`Error::Conflict`] with [`CLIENT_ID_KEY`].
pub async fn insert(db: impl PgExecutor<'_>, client: &Client) -> Result<(), Error> {
    let secrets = client_secret::Columns::of(&client.secrets);
    sqlx::query!(
        "
        with made as (
            insert into clients (client_id, metadata, roles, status, version, origin, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            returning client_id
        )
        insert into client_secrets (
            client_id, id, hash, sealed, label, hint, created_at, expires_at, last_used_at
        )
        select made.client_id, one.id, one.hash, one.sealed, one.label, one.hint, one.created_at, one.expires_at,
            one.last_used_at
        from made,
            unnest(
                $9::uuid[], $10::bytea[], $11::bytea[], $12::text[], $13::text[], $14::timestamptz[],
                $15::timestamptz[], $16::timestamptz[]
            ) as one (id, hash, sealed, label, hint, created_at, expires_at, last_used_at)
        ",
        client.client_id,
        Json(&client.metadata) as _,
        &client.roles,
        client.status.as_str(),
        client.version,
        client.origin,
        client.created_at,
        client.updated_at,
        &secrets.ids,
        &secrets.hashes,
        &secrets.sealed as _,
        &secrets.labels as _,
        &secrets.hints as _,
        &secrets.created_at,
        &secrets.expires_at as _,
        &secrets.last_used_at as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes everything but the secrets if the row still has `client.version`, and returns the new version.
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

/// Says that the secrets of the client change: holds the row until the end of the transaction, and counts the change.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn touch(db: impl PgExecutor<'_>, client_id: &str, now: Time) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "
        update clients
        set updated_at = $2,
            version = version + 1
        where client_id = $1
        returning version
        ",
        client_id,
        now
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound)
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
