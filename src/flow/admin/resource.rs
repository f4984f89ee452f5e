//! Administrators declare APIs.

use serde_json::{Map, Value, json};

use super::{By, Difference, Error, Fault, line, record};
use crate::{
    base::{Time, id::ResourceId},
    domain::{api_resource, client_metadata::is_client_id},
    flow::Core,
    model::{AuditKind, Resource, ResourceScope, TokenFormat},
    store::{self, Tx},
};

/// What an administrator decides about an API. Its types of `authorization_details` are schemas, which files hold.
#[derive(Debug, Clone)]
pub struct Edit {
    /// For people.
    pub name: Option<String>,
    /// The client_ids under which it speaks itself.
    pub own_clients: Vec<String>,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
    /// How its access tokens are written.
    pub access_token_format: TokenFormat,
    /// The algorithm that signs its JWTs; `None`: the server's default.
    pub access_token_signing_alg: Option<String>,
    /// How long its tokens live, in seconds; `None`: the server's default.
    pub access_token_lifetime_seconds: Option<i32>,
}

/// What a page showed of an API: a form that was made from another one changes nothing.
pub fn version(resource: &Resource) -> i64 {
    moment(resource.updated_at)
}

/// As exactly as the database keeps it.
fn moment(at: Time) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or_default()
}

/// The API of that id.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(core: &Core, id: ResourceId) -> Result<Resource, Error> {
    let known = store::resource::list(core.store.pool()).await?;
    let found = known.into_iter().find(|one| one.id == id);
    found.ok_or(Error::NotFound("API"))
}

/// Declares an API.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn create(core: &Core, by: &By, identifier: &str, edit: &Edit) -> Result<Resource, Error> {
    let now = core.now();
    let resource = applied(
        Resource {
            id: ResourceId::new(now, &*core.rng),
            identifier: identifier.to_owned(),
            name: None,
            own_clients: Vec::new(),
            scopes: Vec::new(),
            authorization_details_types: Vec::new(),
            access_token_format: TokenFormat::default(),
            access_token_signing_alg: None,
            access_token_lifetime_seconds: None,
            origin: None,
            created_at: now,
            updated_at: now,
        },
        edit,
    );
    check(core, &resource)?;
    let mut tx = core.store.begin().await?;
    let inserted = store::resource::insert(&mut *tx, &resource).await;
    inserted.map_err(|error| match error.is_conflict(store::resource::IDENTIFIER_KEY) {
        true => Error::invalid("identifier", Fault::Taken),
        false => error.into(),
    })?;
    tell(core, &mut tx, by, AuditKind::ResourceCreated, None, &resource).await?;
    tx.commit().await?;
    Ok(resource)
}

/// Changes an API whose page showed `version`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`].
pub async fn edit(core: &Core, by: &By, id: ResourceId, version: i64, edit: &Edit) -> Result<Resource, Error> {
    let mut tx = core.store.begin().await?;
    let gone = || Error::NotFound("API");
    let identifier = store::resource::lock(&mut *tx, id).await?.ok_or_else(gone)?;
    let before = store::resource::find(&mut *tx, &identifier).await?.ok_or_else(gone)?;
    if self::version(&before) != version {
        return Err(Error::Stale);
    }
    let mut after = applied(before.clone(), edit);
    check(core, &after)?;
    if visible(&before) == visible(&after) {
        return Ok(before);
    }
    after.updated_at = core.now();
    store::resource::update(&mut *tx, &after).await?;
    tell(core, &mut tx, by, AuditKind::ResourceUpdated, Some(&before), &after).await?;
    tx.commit().await?;
    Ok(after)
}

fn applied(resource: Resource, edit: &Edit) -> Resource {
    let edit = edit.clone();
    Resource {
        name: edit.name,
        own_clients: edit.own_clients,
        scopes: edit.scopes,
        access_token_format: edit.access_token_format,
        access_token_signing_alg: edit.access_token_signing_alg,
        access_token_lifetime_seconds: edit.access_token_lifetime_seconds,
        ..resource
    }
}

fn check(core: &Core, resource: &Resource) -> Result<(), Error> {
    if resource.own_clients.iter().any(|client_id| !is_client_id(client_id)) {
        return Err(Error::invalid("own_clients", Fault::ClientId));
    }
    let checked = api_resource::check(resource, &core.resource_algs());
    checked.map_err(|fault| {
        let text = fault.to_string();
        let field = text.split(':').next().unwrap_or_default();
        Error::invalid(field, Fault::Resource(fault))
    })
}

async fn tell(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    kind: AuditKind,
    before: Option<&Resource>,
    after: &Resource,
) -> Result<(), Error> {
    let state = before.map(visible).unwrap_or_default();
    let mut data = Difference::between(&state, &visible(after)).data();
    data.insert("name".to_owned(), json!(after.identifier));
    Ok(record(tx, line(core, by, kind, data)).await?)
}

/// An API as the audit trail compares it.
pub(in crate::flow) fn visible(resource: &Resource) -> Map<String, Value> {
    let mut state = match json!({
        "name": resource.name,
        "own_clients": resource.own_clients,
        "scopes": resource.scopes,
        "authorization_details_types": resource.authorization_details_types,
        "access_token_format": resource.access_token_format,
        "access_token_signing_alg": resource.access_token_signing_alg,
        "access_token_lifetime_seconds": resource.access_token_lifetime_seconds,
    }) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    state.retain(|_, value| !value.is_null());
    state
}
