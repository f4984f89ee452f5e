//! Administrators register apps.

use serde_json::{Map, Value, json};

use super::{
    By, Difference, Error, Fault,
    client_secret::{self, NewSecret},
    line, record,
};
use crate::{
    base::{
        Secret,
        page::{Page, PageRequest},
    },
    domain::{
        client_metadata::{self, is_client_id},
        client_registration,
    },
    flow::{
        Core,
        sector::{self, Whose},
    },
    model::{Actor, AuditKind, Client, ClientMetadata, ClientStatus},
    spec::oauth::client_document,
    store::{self, PgExecutor, Tx},
};

/// What an administrator decides about a client.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Everything it registers.
    pub metadata: ClientMetadata,
    /// Roles that it holds itself, for client_credentials.
    pub roles: Vec<String>,
    /// Whether it may be used.
    pub status: ClientStatus,
}

/// A client that was written.
#[derive(Debug)]
pub struct Saved {
    /// As it is now.
    pub client: Client,
    /// A secret that was made just now, to be shown once.
    pub secret: Option<Secret<String>>,
}

/// Clients, the newest first.
///
/// # Errors
/// [`Error::NotFound`] for a cursor that is not one of this list.
pub async fn list(core: &Core, page: &PageRequest) -> Result<Page<Client>, Error> {
    Ok(store::client::list(core.store.pool(), page).await?)
}

/// The client with that identifier, as the database has it now.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(core: &Core, client_id: &str) -> Result<Client, Error> {
    find_with(core.store.pool(), client_id).await
}

/// Registers a client; without a `client_id` it gets a random one.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn create(core: &Core, by: &By, client_id: Option<&str>, edit: &Edit) -> Result<Saved, Error> {
    let client_id = match client_id.map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => random_client_id(core),
    };
    prove_sector(core, &edit.metadata).await?;
    let mut tx = core.store.begin().await?;
    let saved = create_in(core, &mut tx, by, &client_id, edit, &NewSecret::Keep(None), None).await?;
    tx.commit().await?;
    Ok(saved)
}

/// An identifier that nobody has.
pub(in crate::flow) fn random_client_id(core: &Core) -> String {
    let mut bytes = [0_u8; 10];
    core.rng.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Registers a client in the caller's transaction.
///
/// # Errors
/// [`Error::Invalid`]; then the transaction must be given up.
pub(in crate::flow) async fn create_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    client_id: &str,
    edit: &Edit,
    secret: &NewSecret,
    origin: Option<&str>,
) -> Result<Saved, Error> {
    if !is_client_id(client_id) {
        return Err(Error::invalid("client_id", Fault::ClientId));
    }
    insert_in(core, tx, by, client_id, edit, secret, origin).await
}

/// The same under a name that somebody else has checked.
///
/// # Errors
/// As [`create_in`].
pub(in crate::flow) async fn insert_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    client_id: &str,
    edit: &Edit,
    secret: &NewSecret,
    origin: Option<&str>,
) -> Result<Saved, Error> {
    let now = core.now();
    let mut client = Client {
        client_id: client_id.to_owned(),
        metadata: ClientMetadata::default(),
        secrets: Vec::new(),
        roles: Vec::new(),
        status: ClientStatus::Active,
        version: 1,
        origin: origin.map(str::to_owned),
        registered_itself: false,
        created_at: now,
        updated_at: now,
    };
    apply(core, tx, &mut client, edit).await?;
    let secret = client_secret::decide(core, &mut client, secret)?;
    let inserted = store::client::insert(&mut **tx, &client).await;
    inserted.map_err(|error| match error.is_conflict(store::client::CLIENT_ID_KEY) {
        true => Error::invalid("client_id", Fault::Taken),
        false => error.into(),
    })?;
    let data = Difference::between(&Map::new(), &visible(&client)).data();
    let mut event = line(core, by, AuditKind::ClientCreated, data);
    event.client_id = Some(client.client_id.clone());
    record(tx, event).await?;
    Ok(Saved { client, secret })
}

/// Changes a client whose page showed `version`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`].
pub async fn edit(core: &Core, by: &By, client_id: &str, version: i64, edit: &Edit) -> Result<Saved, Error> {
    let known = find(core, client_id).await?;
    if known.metadata.sector_identifier_uri != edit.metadata.sector_identifier_uri
        || known.metadata.redirect_uris != edit.metadata.redirect_uris
        || known.metadata.jwks_uri != edit.metadata.jwks_uri
    {
        prove_sector(core, &edit.metadata).await?;
    }
    let mut tx = core.store.begin().await?;
    let before = find_in(&mut tx, client_id).await?;
    if before.version != version {
        return Err(Error::Stale);
    }
    let (saved, _) = edit_in(core, &mut tx, by, before, edit, &NewSecret::Keep(None)).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Changes a client in the caller's transaction and says what changed; nothing is written if nothing did. A version that
/// is no longer the row's is refused by the statement itself.
///
/// # Errors
/// [`Error::Stale`], [`Error::Invalid`]; then the transaction must be given up.
pub(in crate::flow) async fn edit_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    before: Client,
    edit: &Edit,
    secret: &NewSecret,
) -> Result<(Saved, Difference), Error> {
    let mut client = before.clone();
    apply(core, tx, &mut client, edit).await?;
    let secret = client_secret::decide(core, &mut client, secret)?;
    let mut difference = Difference::between(&visible(&before), &visible(&client));
    if !difference.is_empty() {
        client.updated_at = core.now();
        client.version = store::client::update(&mut **tx, &client).await?;
        let mut event = line(core, by, AuditKind::ClientUpdated, difference.clone().data());
        event.client_id = Some(client.client_id.clone());
        record(tx, event).await?;
        if !matches!(by.actor, Actor::Client(_)) {
            let names = difference.before.keys().chain(difference.after.keys());
            let fields = client_registration::administered(names);
            store::client_registration::add_administered(&mut **tx, &client.client_id, &fields).await?;
        }
    }
    if client_secret::differ(&before, &client) {
        client.version = store::client::touch(&mut **tx, &client.client_id, core.now()).await?;
        client_secret::write(core, tx, by, &before, &client).await?;
        difference
            .after
            .insert("client_secret".to_owned(), Value::from("replaced"));
    }
    Ok((Saved { client, secret }, difference))
}

/// Deletes a client whose page showed `version`, with every grant and consent.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`].
pub async fn delete(core: &Core, by: &By, client_id: &str, version: i64) -> Result<(), Error> {
    let mut tx = core.store.begin().await?;
    let client = find_in(&mut tx, client_id).await?;
    if client.version != version {
        return Err(Error::Stale);
    }
    delete_in(core, &mut tx, by, &client).await?;
    Ok(tx.commit().await?)
}

/// Deletes a client in the caller's transaction.
///
/// # Errors
/// The store's.
pub(in crate::flow) async fn delete_in(core: &Core, tx: &mut Tx, by: &By, client: &Client) -> Result<(), Error> {
    store::client::delete(&mut **tx, &client.client_id).await?;
    let data = Difference::between(&visible(client), &Map::new()).data();
    let mut event = line(core, by, AuditKind::ClientDeleted, data);
    event.client_id = Some(client.client_id.clone());
    Ok(record(tx, event).await?)
}

async fn find_in(tx: &mut Tx, client_id: &str) -> Result<Client, Error> {
    find_with(&mut **tx, client_id).await
}

async fn find_with(db: impl PgExecutor<'_>, client_id: &str) -> Result<Client, Error> {
    // what nobody can have registered is not looked for
    let found = match is_client_id(client_id) || client_document::address(client_id).is_some() {
        true => store::client::find(db, client_id).await?,
        false => None,
    };
    found.ok_or(Error::NotFound("client"))
}

/// What strangers have to prove, people prove too: who lists an address by mistake would see the people of another sector
/// as that one does. Fetching is slow, so it comes before the transaction.
async fn prove_sector(core: &Core, metadata: &ClientMetadata) -> Result<(), Error> {
    let mut wanted = metadata.clone();
    client_metadata::normalise(&mut wanted);
    if wanted.sector_identifier_uri.is_none() {
        return Ok(());
    }
    client_metadata::check(&wanted, core.keys.policy(), core.policy.security.profile)?;
    let proven = sector::prove(core, &wanted, Whose::Operators).await;
    proven.map_err(|unproven| Error::invalid("sector_identifier_uri", Fault::Sector(unproven)))
}

/// Applies the edit in memory and checks the result.
async fn apply(core: &Core, tx: &mut Tx, client: &mut Client, edit: &Edit) -> Result<(), Error> {
    client.metadata = edit.metadata.clone();
    client_metadata::normalise(&mut client.metadata);
    client_metadata::check(&client.metadata, core.keys.policy(), core.policy.security.profile)?;
    client.status = edit.status;
    client.roles = edit.roles.clone();
    client.roles.sort_unstable();
    client.roles.dedup();
    if !client.roles.is_empty() {
        let known = store::role::list(&mut **tx).await?;
        let is_known =
            |name: &String| name == crate::model::user::ADMIN_ROLE || known.iter().any(|role| role.name == *name);
        if let Some(unknown) = client.roles.iter().find(|name| !is_known(name)) {
            return Err(Error::invalid("roles", Fault::UnknownRole(unknown.clone())));
        }
    }
    Ok(())
}

/// A client as the audit trail compares it: flat, without secrets.
fn visible(client: &Client) -> Map<String, Value> {
    let mut state = match serde_json::to_value(&client.metadata) {
        Ok(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    if let Some(Value::Object(localized)) = state.remove("localized") {
        state.extend(localized);
    }
    state.insert("status".to_owned(), json!(client.status.as_str()));
    state.insert("roles".to_owned(), json!(client.roles));
    state.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    state
}
