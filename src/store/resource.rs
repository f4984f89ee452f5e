//! API resources.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Error, known};
use crate::{
    base::{Time, id::ResourceId},
    model::{DetailsType, Resource, ResourceScope, TokenFormat},
};

/// The constraint that keeps identifiers apart.
pub const IDENTIFIER_KEY: &str = "resources_identifier_key";

struct ResourceRow {
    id: Uuid,
    identifier: String,
    name: Option<String>,
    own_clients: Vec<String>,
    scopes: Json<Vec<ResourceScope>>,
    authorization_details_types: Json<Vec<DetailsType>>,
    access_token_format: String,
    access_token_signing_alg: Option<String>,
    access_token_lifetime_seconds: Option<i32>,
    origin: Option<String>,
    created_at: Time,
    updated_at: Time,
}

fn read(row: ResourceRow) -> Result<Resource, Error> {
    Ok(Resource {
        id: ResourceId(row.id),
        identifier: row.identifier,
        name: row.name,
        own_clients: row.own_clients,
        scopes: row.scopes.0,
        authorization_details_types: row.authorization_details_types.0,
        access_token_format: known(
            TokenFormat::parse(&row.access_token_format),
            "resources.access_token_format",
        )?,
        access_token_signing_alg: row.access_token_signing_alg,
        access_token_lifetime_seconds: row.access_token_lifetime_seconds,
        origin: row.origin,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

macro_rules! select_resource {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ResourceRow,
            r#"
            select
                id,
                identifier,
                name,
                own_clients,
                scopes as "scopes: Json<Vec<ResourceScope>>",
                authorization_details_types as "authorization_details_types: Json<Vec<DetailsType>>",
                access_token_format,
                access_token_signing_alg,
                access_token_lifetime_seconds,
                origin,
                created_at,
                updated_at
            from resources
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Every resource, by identifier.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Resource>, Error> {
    let rows = select_resource!("order by identifier").fetch_all(db).await?;
    rows.into_iter().map(read).collect()
}

/// The resource of that identifier.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find(db: impl PgExecutor<'_>, identifier: &str) -> Result<Option<Resource>, Error> {
    let row = select_resource!("where identifier = $1", identifier)
        .fetch_optional(db)
        .await?;
    row.map(read).transpose()
}

/// Holds the resource until the end of the transaction, and says its identifier.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn lock(db: impl PgExecutor<'_>, id: ResourceId) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
        "
        select identifier
        from resources
        where id = $1
        for update
        ",
        id.0
    )
    .fetch_optional(db)
    .await?)
}

/// Inserts the resource.
///
/// # Errors
/// [`Error::Conflict`] with [`IDENTIFIER_KEY`].
pub async fn insert(db: impl PgExecutor<'_>, resource: &Resource) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into resources (
            id, identifier, name, scopes, access_token_format, access_token_signing_alg, access_token_lifetime_seconds,
            origin, created_at, updated_at, authorization_details_types, own_clients
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ",
        resource.id.0,
        resource.identifier,
        resource.name,
        Json(&resource.scopes) as _,
        resource.access_token_format.as_str(),
        resource.access_token_signing_alg,
        resource.access_token_lifetime_seconds,
        resource.origin,
        resource.created_at,
        resource.updated_at,
        Json(&resource.authorization_details_types) as _,
        &resource.own_clients
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes everything but id, identifier and `created_at`.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn update(db: impl PgExecutor<'_>, resource: &Resource) -> Result<(), Error> {
    let done = sqlx::query!(
        "
        update resources
        set name = $2,
            scopes = $3,
            access_token_format = $4,
            access_token_signing_alg = $5,
            access_token_lifetime_seconds = $6,
            origin = $7,
            updated_at = $8,
            authorization_details_types = $9,
            own_clients = $10
        where id = $1
        ",
        resource.id.0,
        resource.name,
        Json(&resource.scopes) as _,
        resource.access_token_format.as_str(),
        resource.access_token_signing_alg,
        resource.access_token_lifetime_seconds,
        resource.origin,
        resource.updated_at,
        Json(&resource.authorization_details_types) as _,
        &resource.own_clients
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Deletes the resource; `false` if there is none. Tokens for it live on until they expire.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, id: ResourceId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from resources
        where id = $1
        ",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
