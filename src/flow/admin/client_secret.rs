//! The secrets of apps: made here and shown once, or given by a resource file; ended at once or after a while.

use serde_json::{Map, Value};
use time::{Duration, format_description::well_known::Rfc3339};

use super::{By, Error, Fault, client::Saved, line, record};
use crate::{
    base::{Secret, Time, TokenHash, id::ClientSecretId, storable::is_storable},
    domain::{
        client_metadata::{MetadataFault, check_secret},
        client_secret::{self, Ending, MAX_LABEL, SEAL_PURPOSE},
    },
    flow::Core,
    model::{AuditKind, Client, ClientSecret, MOST_SECRETS},
    spec::oauth::ClientAuthMethod,
    store::{self, Tx},
};

pub use crate::domain::client_secret::Refused;

/// How much of a secret that was made here stays visible: 24 of its 256 bits.
const HINT: usize = 4;

/// What becomes of a client's secrets when it is written.
#[derive(Debug, Clone)]
pub enum NewSecret {
    /// They stay; where one is needed and missing, one is made, which lasts so long.
    Keep(Option<Duration>),
    /// It has these and no others.
    Only(Vec<GivenSecret>),
}

/// A secret that somebody else made.
#[derive(Debug, Clone)]
pub struct GivenSecret {
    /// Itself.
    pub value: Secret<String>,
    /// What people call it.
    pub label: Option<String>,
    /// From when on it is refused.
    pub expires_at: Option<Time>,
}

/// Another secret for a client.
#[derive(Debug, Clone)]
pub struct Another {
    /// What people call it.
    pub label: Option<String>,
    /// How long it lasts; `None`: until somebody ends it.
    pub lifetime: Option<Duration>,
    /// What becomes of those that it has.
    pub others: Ending,
    /// What happens to one too many.
    pub crowd: Crowd,
}

/// What happens when a client has as many secrets as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// There is no other one.
    Refused,
    /// The oldest goes.
    OldestGoes,
}

/// Gives a client another secret, to be shown once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NoSecret`], [`Error::Secrets`], [`Error::Invalid`].
pub async fn add(core: &Core, by: &By, client_id: &str, another: &Another) -> Result<Saved, Error> {
    let mut tx = core.store.begin().await?;
    let before = held(core, &mut tx, client_id).await?;
    let saved = add_in(core, &mut tx, by, before, another).await?;
    tx.commit().await?;
    core.caches.clients.forget(&saved.client.client_id);
    Ok(saved)
}

/// The same in the caller's transaction, which has touched the client.
///
/// # Errors
/// As for [`add`]; then the transaction must be given up.
pub(in crate::flow) async fn add_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    before: Client,
    another: &Another,
) -> Result<Saved, Error> {
    if !before.metadata.token_endpoint_auth_method.uses_secret() {
        return Err(Error::NoSecret);
    }
    let label = label(another.label.as_deref())?;
    let now = core.now();
    let mut client = before.clone();
    let (mut made, secret) = make(core, &client, another.lifetime)?;
    made.label = label;
    if another.crowd == Crowd::OldestGoes {
        client_secret::make_room(&mut client.secrets, now);
    }
    client_secret::add(&mut client.secrets, made, another.others, now).map_err(Error::Secrets)?;
    write(core, tx, by, &before, &client).await?;
    Ok(Saved {
        client,
        secret: Some(secret),
    })
}

/// Ends one secret of a client.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Secrets`].
pub async fn end(
    core: &Core,
    by: &By,
    client_id: &str,
    secret: ClientSecretId,
    ending: Ending,
) -> Result<Client, Error> {
    let mut tx = core.store.begin().await?;
    let before = held(core, &mut tx, client_id).await?;
    let mut client = before.clone();
    client_secret::end_one(&mut client.secrets, secret, ending, core.now()).map_err(Error::Secrets)?;
    write(core, &mut tx, by, &before, &client).await?;
    tx.commit().await?;
    core.caches.clients.forget(&client.client_id);
    Ok(client)
}

/// The client, which nobody else changes until the end of the transaction.
async fn held(core: &Core, tx: &mut Tx, client_id: &str) -> Result<Client, Error> {
    let gone = || Error::NotFound("client");
    if !crate::domain::client_metadata::is_client_id(client_id) {
        return Err(gone());
    }
    match store::client::touch(&mut **tx, client_id, core.now()).await {
        Err(store::Error::NotFound) => Err(gone()),
        touched => {
            touched?;
            store::client::find(&mut **tx, client_id).await?.ok_or_else(gone)
        }
    }
}

fn label(label: Option<&str>) -> Result<Option<String>, Error> {
    let label = label.map(str::trim).filter(|label| !label.is_empty());
    match label {
        Some(text) if text.chars().count() > MAX_LABEL || text.chars().any(char::is_control) || !is_storable(text) => {
            Err(Error::invalid("label", Fault::Metadata(MetadataFault::Malformed)))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

/// Puts the secrets that belong to the method into `client`: none, hashes, or for client_secret_jwt also the secrets
/// themselves, sealed, because the MAC needs them (OIDC Core §9). Returns one that was made.
pub(super) fn decide(core: &Core, client: &mut Client, wish: &NewSecret) -> Result<Option<Secret<String>>, Error> {
    let method = client.metadata.token_endpoint_auth_method;
    if !method.uses_secret() {
        client.secrets.clear();
        return Ok(None);
    }
    let needs_sealed = method == ClientAuthMethod::ClientSecretJwt;
    match wish {
        NewSecret::Only(given) => {
            only(core, client, given)?;
            Ok(None)
        }
        // the page of an app says that its secrets have expired; saving it makes none in passing
        NewSecret::Keep(_) if client.secrets.iter().any(|one| one.sealed.is_some() || !needs_sealed) => Ok(None),
        NewSecret::Keep(lifetime) => {
            let (made, secret) = make(core, client, *lifetime)?;
            client.secrets = vec![made];
            Ok(Some(secret))
        }
    }
}

fn make(core: &Core, client: &Client, lifetime: Option<Duration>) -> Result<(ClientSecret, Secret<String>), Error> {
    let (secret, now) = (core.rng.token(), core.now());
    let made = ClientSecret {
        sealed: sealed(core, client, &secret)?,
        hint: Some(secret.expose().chars().take(HINT).collect()),
        expires_at: lifetime.map(|lifetime| now + lifetime),
        ..of(core, &secret)
    };
    Ok((made, secret))
}

fn of(core: &Core, secret: &Secret<String>) -> ClientSecret {
    let now = core.now();
    ClientSecret::lasting(
        ClientSecretId::new(now, &*core.rng),
        TokenHash::of(secret.expose()),
        now,
    )
}

fn sealed(core: &Core, client: &Client, secret: &Secret<String>) -> Result<Option<Vec<u8>>, Error> {
    if client.metadata.token_endpoint_auth_method != ClientAuthMethod::ClientSecretJwt {
        return Ok(None);
    }
    let bytes = secret.expose().as_bytes();
    Ok(Some(core.sealer.seal(SEAL_PURPOSE, &client.client_id, bytes)?))
}

/// Makes the secrets of `client` those that are given. What is given and has expired is passed over, and what has expired
/// here stays until it is swept: time alone is no change.
fn only(core: &Core, client: &mut Client, given: &[GivenSecret]) -> Result<(), Error> {
    let now = core.now();
    let method = client.metadata.token_endpoint_auth_method;
    let mut wanted = Vec::new();
    for one in given.iter().filter(|one| one.expires_at.is_none_or(|end| now < end)) {
        check_secret(&one.value, method).map_err(|fault| Error::invalid("client_secret", Fault::Metadata(fault)))?;
        let hash = TokenHash::of(one.value.expose());
        let known = client.secrets.iter().find(|secret| secret.hash == hash).cloned();
        let mut secret = known.unwrap_or_else(|| of(core, &one.value));
        if secret.sealed.is_none() {
            secret.sealed = sealed(core, client, &one.value)?;
        }
        secret.label = label(one.label.as_deref())?;
        secret.expires_at = one.expires_at;
        wanted.push(secret);
    }
    if wanted.len() > MOST_SECRETS {
        return Err(Error::Secrets(Refused::TooMany));
    }
    let is_left = |old: &&ClientSecret| !old.is_good(now) && wanted.iter().all(|new| new.id != old.id);
    let expired: Vec<ClientSecret> = client.secrets.iter().filter(is_left).cloned().collect();
    client.secrets = wanted.into_iter().chain(expired).collect();
    let newest_first = |secret: &ClientSecret| std::cmp::Reverse((secret.created_at, secret.id));
    client.secrets.sort_by_key(newest_first);
    Ok(())
}

/// Whether the secrets differ.
pub(super) fn differ(before: &Client, after: &Client) -> bool {
    before.secrets != after.secrets
}

/// Writes what became of the secrets of a client that was touched, with its line in the trail.
pub(super) async fn write(core: &Core, tx: &mut Tx, by: &By, before: &Client, client: &Client) -> Result<(), Error> {
    let of_id = |list: &'_ [ClientSecret], id| list.iter().find(|one| one.id == id).cloned();
    for old in &before.secrets {
        if of_id(&client.secrets, old.id).is_none() {
            store::client_secret::delete(&mut **tx, old.id).await?;
        }
    }
    for new in &client.secrets {
        match of_id(&before.secrets, new.id) {
            None => store::client_secret::insert(&mut **tx, &client.client_id, new).await?,
            Some(old) if old != *new => store::client_secret::update(&mut **tx, new).await?,
            Some(_) => {}
        }
    }
    let (kind, data) = story(&before.secrets, &client.secrets, core.now());
    let mut event = line(core, by, kind, data);
    event.client_id = Some(client.client_id.clone());
    Ok(record(tx, event).await?)
}

/// What the trail says of it.
fn story(before: &[ClientSecret], after: &[ClientSecret], now: Time) -> (AuditKind, Map<String, Value>) {
    let is_in = |list: &[ClientSecret], one: &ClientSecret| list.iter().any(|other| other.id == one.id);
    let until = |one: &ClientSecret| match one.expires_at.and_then(|end| end.format(&Rfc3339).ok()) {
        Some(end) => format!("{} until {end}", name(one)),
        None => name(one),
    };
    let made: Vec<String> = after.iter().filter(|one| !is_in(before, one)).map(until).collect();
    let ended = before.iter().filter(|one| one.is_good(now) && !is_in(after, one));
    let ended: Vec<String> = ended.map(name).collect();
    let is_changed = |one: &&ClientSecret| {
        let old = before.iter().find(|old| old.id == one.id);
        old.is_some_and(|old| old.expires_at != one.expires_at)
    };
    let limited: Vec<String> = after.iter().filter(is_changed).map(until).collect();
    let kind = match (made.is_empty(), ended.is_empty()) {
        (false, true) => AuditKind::ClientSecretAdded,
        (false, false) => AuditKind::ClientSecretReplaced,
        (true, _) => AuditKind::ClientSecretEnded,
    };
    let mut data = Map::new();
    for (field, names) in [("made", made), ("ended", ended), ("ends", limited)] {
        if !names.is_empty() {
            data.insert(field.to_owned(), Value::from(names.join(", ")));
        }
    }
    (kind, data)
}

/// What a secret is called where it may not be shown.
fn name(secret: &ClientSecret) -> String {
    match (&secret.label, &secret.hint) {
        (Some(label), _) => label.clone(),
        (None, Some(hint)) => format!("{hint}…"),
        (None, None) => secret.id.to_string(),
    }
}
