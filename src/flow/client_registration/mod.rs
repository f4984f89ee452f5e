//! Clients register themselves (RFC 7591) and manage what they registered (RFC 7592).

pub mod initial_token;
mod sector;

pub(super) use sector::stays;

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{
    Core, Refusal,
    admin::{
        self, By,
        client::{self, Edit, Saved},
        client_secret::{self, Another, Crowd, NewSecret},
    },
    discovery,
};
use crate::{
    base::{Secret, TokenHash},
    domain::{
        account::throttle::{Subject, ThrottleKey},
        client_registration::{Held, read},
        client_secret::{Ending, is_due},
        policy::{Admission, MOST_REPLACEMENTS, REGISTRATION_WINDOW},
    },
    model::{Actor, Client, ClientMetadata, ClientStatus, Origin},
    spec::{
        jose::strict_json,
        oauth::{ErrorCode, OAuthError},
    },
    store::{self, PgExecutor, Tx},
};

/// Unused clients that are deleted before others have a turn.
const BATCH: i64 = 100;

/// Who asks, and what for.
#[derive(Debug)]
pub struct Request<'a> {
    /// The bearer token: an initial access token, or a registration access token.
    pub token: Option<Secret<String>>,
    /// JSON.
    pub body: &'a [u8],
    /// From where.
    pub origin: Origin,
}

/// A client as it is told about itself (RFC 7591 §3.2.1, RFC 7592 §3).
#[derive(Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its secret, if one was made just now.
    pub secret: Option<Secret<String>>,
    /// What manages the registration.
    pub registration_access_token: Secret<String>,
}

/// Registers a client.
///
/// # Errors
/// `invalid_token`, the codes of RFC 7591 §3.2.2, or [`Refusal::TooMany`].
pub async fn register(core: &Core, request: &Request<'_>) -> Result<Registered, Refusal> {
    let initial = admit(core, request.token.as_ref()).await?;
    let wanted = object(request.body)?;
    let metadata = wish(core, &wanted, &Held::default()).await?;
    // before anything is fetched for whoever has used up what his address may have
    if let Some((address, most)) = counted(core, &request.origin) {
        check_acts(core, core.store.pool(), address, most).await?;
    }
    sector::check(core, &metadata, &request.origin).await?;
    let token = core.rng.token();
    let by = By {
        actor: Actor::Anonymous,
        origin: request.origin.clone(),
    };
    let edit = Edit {
        metadata,
        roles: Vec::new(),
        status: ClientStatus::Active,
    };
    let mut tx = core.store.begin().await?;
    let address = reserve(core, &mut tx, &request.origin).await?;
    if let Some(initial) = &initial {
        // its last use may have been taken meanwhile
        if !store::client_registration::use_token(&mut *tx, initial, core.now()).await? {
            return Err(not_admitted().into());
        }
    }
    let client_id = client::random_client_id(core);
    let secret = NewSecret::Keep(core.policy.registration.secret_lifetime);
    let saved = client::create_in(core, &mut tx, &by, &client_id, &edit, &secret, None).await;
    let saved = saved.map_err(refusal)?;
    let hash = TokenHash::of(token.expose());
    store::client_registration::insert(&mut *tx, &client_id, &hash, address, core.now()).await?;
    tx.commit().await?;
    Ok(told(saved, token))
}

/// The hash of the initial access token, if one is needed or was brought.
async fn admit(core: &Core, token: Option<&Secret<String>>) -> Result<Option<TokenHash>, Refusal> {
    match (core.policy.registration.admission, token) {
        (Admission::Open, None) => Ok(None),
        (Admission::Open | Admission::Token, Some(token)) => {
            let hash = TokenHash::of(token.expose());
            let is_good = store::client_registration::is_token_good(core.store.pool(), &hash, core.now()).await?;
            if is_good {
                Ok(Some(hash))
            } else {
                Err(not_admitted().into())
            }
        }
        (Admission::Off, _) | (Admission::Token, None) => Err(not_admitted().into()),
    }
}

fn not_admitted() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidToken,
        "registration needs an initial access token that is good",
    )
}

fn not_managed() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidToken,
        "the registration access token is not one of this client",
    )
}

fn object(body: &[u8]) -> Result<Map<String, Value>, OAuthError> {
    let why = "the body must be one JSON object without repeated members";
    strict_json::object(body).map_err(|_| OAuthError::new(ErrorCode::InvalidClientMetadata, why))
}

async fn wish(core: &Core, wanted: &Map<String, Value>, held: &Held) -> Result<ClientMetadata, Refusal> {
    let server = discovery::members(core).await?;
    Ok(read(
        wanted,
        &core.policy.registration,
        (&server, core.keys.policy()),
        held,
    )?)
}

fn address_of(origin: &Origin) -> Option<IpAddr> {
    origin.address.as_deref().and_then(|text| text.parse().ok())
}

/// What the address is counted by, and how many clients it may register, if that is limited.
fn counted(core: &Core, origin: &Origin) -> Option<(ThrottleKey, i64)> {
    let most = core.policy.registration.per_address?;
    let address = ThrottleKey::of(Subject::Address(address_of(origin)?));
    Some((address, i64::from(most)))
}

/// That less than so much was done within the window.
async fn check_acts(core: &Core, db: impl PgExecutor<'_>, subject: ThrottleKey, most: i64) -> Result<(), Refusal> {
    let now = core.now();
    let (count, first) = store::client_registration::count_acts(db, subject, now - REGISTRATION_WINDOW).await?;
    if count < most {
        return Ok(());
    }
    Err(Refusal::TooMany {
        until: first.unwrap_or(now) + REGISTRATION_WINDOW,
    })
}

/// Holds the address and everybody together to so many clients, until the end of the transaction. A place that was taken
/// stays taken for an hour, also if the client is deleted: or else whoever registers and deletes in turn would be nobody.
pub(super) async fn reserve(core: &Core, tx: &mut Tx, origin: &Origin) -> Result<Option<ThrottleKey>, Refusal> {
    let address = address_of(origin);
    store::client_registration::lock(&mut **tx).await?;
    let counted = counted(core, origin);
    if let Some((address, most)) = counted {
        check_acts(core, &mut **tx, address, most).await?;
    }
    if store::client_registration::count(&mut **tx).await? >= i64::from(core.policy.registration.most) {
        let why = "this server has as many registered clients as it takes";
        return Err(OAuthError::new(ErrorCode::TemporarilyUnavailable, why).into());
    }
    if let Some((address, _)) = counted {
        store::client_registration::insert_act(&mut **tx, address, core.now()).await?;
    }
    Ok(address.map(|address| ThrottleKey::of(Subject::Address(address))))
}

/// The registration as it is.
///
/// # Errors
/// `invalid_token` also for a client that is gone (RFC 7592 §2.1), `access_denied` for one that was switched off.
pub async fn find(core: &Core, client_id: &str, request: &Request<'_>) -> Result<Registered, Refusal> {
    let (client, token) = managed(core, client_id, request).await?;
    Ok(Registered {
        client,
        secret: None,
        registration_access_token: token,
    })
}

async fn managed(core: &Core, client_id: &str, request: &Request<'_>) -> Result<(Client, Secret<String>), Refusal> {
    let token = request.token.clone().ok_or_else(not_managed)?;
    let hash = TokenHash::of(token.expose());
    let is_off = core.policy.registration.admission == Admission::Off;
    if is_off || !store::client_registration::is_held_by(core.store.pool(), client_id, &hash).await? {
        return Err(not_managed().into());
    }
    let client = client::find(core, client_id).await.map_err(refusal)?;
    if client.status == ClientStatus::Disabled {
        let why = "an administrator has disabled the client";
        return Err(OAuthError::new(ErrorCode::AccessDenied, why).into());
    }
    Ok((client, token))
}

/// Replaces what is registered (RFC 7592 §2.2).
///
/// # Errors
/// As for [`find`] and [`register`].
pub async fn replace(core: &Core, client_id: &str, request: &Request<'_>) -> Result<Registered, Refusal> {
    let (before, token) = managed(core, client_id, request).await?;
    let itself = ThrottleKey::of(Subject::Replacement(client_id));
    check_acts(core, core.store.pool(), itself, MOST_REPLACEMENTS).await?;
    let wanted = object(request.body)?;
    identify(&before, &wanted)?;
    // an administrator who is faster than this has made another version by then
    let administered = store::client_registration::list_administered(core.store.pool(), client_id).await?;
    let held = Held::of(&before.metadata, &administered);
    let metadata = wish(core, &wanted, &held).await?;
    stays(&before.metadata, &metadata)?;
    sector::check(core, &metadata, &request.origin).await?;
    let by = By {
        actor: Actor::Client(client_id.to_owned()),
        origin: request.origin.clone(),
    };
    let edit = Edit {
        metadata,
        roles: before.roles.clone(),
        status: before.status,
    };
    let mut tx = core.store.begin().await?;
    let secret = NewSecret::Keep(core.policy.registration.secret_lifetime);
    let edited = client::edit_in(core, &mut tx, &by, before, &edit, &secret).await;
    let saved = renew(core, &mut tx, &by, edited.map_err(refusal)?.0).await?;
    // Of replacements at once only one finds the version that it read, so those before this one are counted.
    store::client_registration::insert_act(&mut *tx, itself, core.now()).await?;
    tx.commit().await?;
    core.caches.clients.forget(&saved.client.client_id);
    Ok(told(saved, token))
}

/// Gives the client another secret if its own will end, and the old one some time to be replaced everywhere (RFC 7592
/// §2.2: the answer may have a new client_secret).
async fn renew(core: &Core, tx: &mut Tx, by: &By, saved: Saved) -> Result<Saved, Refusal> {
    let policy = &core.policy.registration;
    let Some(lifetime) = policy.secret_lifetime else {
        return Ok(saved);
    };
    let mut client = saved.client;
    let uses_secret = client.metadata.token_endpoint_auth_method.uses_secret();
    if saved.secret.is_some() || !uses_secret || !is_due(&client.secrets, lifetime, core.now()) {
        return Ok(Saved { client, ..saved });
    }
    client.version = store::client::touch(&mut **tx, &client.client_id, core.now()).await?;
    let another = Another {
        label: None,
        lifetime: Some(lifetime),
        others: match policy.secret_grace.is_positive() {
            true => Ending::After(policy.secret_grace),
            false => Ending::AtOnce,
        },
        crowd: Crowd::OldestGoes,
    };
    let renewed = client_secret::add_in(core, tx, by, client, &another).await;
    renewed.map_err(refusal)
}

// RFC 7592 §2.2
fn identify(client: &Client, wanted: &Map<String, Value>) -> Result<(), OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidRequest, why));
    if wanted.get("client_id").and_then(Value::as_str) != Some(&client.client_id) {
        return refuse("client_id must be that of the registration");
    }
    let ours = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];
    if ours.iter().any(|name| wanted.contains_key(*name)) {
        return refuse("leave out what the server sets: registration_*, client_secret_expires_at, client_id_issued_at");
    }
    let is_own = |sent: &Value| {
        let hash = sent.as_str().map(TokenHash::of);
        hash.is_some_and(|sent| client.secrets.iter().any(|own| own.hash == sent))
    };
    match wanted.get("client_secret") {
        Some(sent) if !sent.is_null() && !is_own(sent) => refuse("client_secret is not that of the client"),
        _ => Ok(()),
    }
}

/// Deletes the client with everything that hangs on it (RFC 7592 §2.3).
///
/// # Errors
/// As for [`find`].
pub async fn delete(core: &Core, client_id: &str, request: &Request<'_>) -> Result<(), Refusal> {
    let (client, _) = managed(core, client_id, request).await?;
    let by = By {
        actor: Actor::Client(client_id.to_owned()),
        origin: request.origin.clone(),
    };
    let mut tx = core.store.begin().await?;
    client::delete_in(core, &mut tx, &by, &client).await.map_err(refusal)?;
    tx.commit().await?;
    core.caches.clients.forget(&client.client_id);
    Ok(())
}

/// Deletes clients that nobody came to use.
///
/// # Errors
/// The store's.
pub async fn sweep(core: &Core) -> Result<(), store::Error> {
    let before = core.now() - core.policy.registration.unused;
    let unused = store::client_registration::list_unused(core.store.pool(), before, BATCH).await?;
    for client_id in unused {
        let mut tx = core.store.begin().await?;
        if let Some(client) = store::client::find(&mut *tx, &client_id).await? {
            match client::delete_in(core, &mut tx, &By::system(), &client).await {
                Ok(()) => tx.commit().await?,
                Err(admin::Error::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(client_id, %error, "an unused client could not be deleted"),
            }
        }
    }
    Ok(())
}

fn told(saved: Saved, registration_access_token: Secret<String>) -> Registered {
    Registered {
        client: saved.client,
        secret: saved.secret,
        registration_access_token,
    }
}

fn refusal(error: admin::Error) -> Refusal {
    match error {
        admin::Error::Store(error) => error.into(),
        admin::Error::Seal(error) => error.into(),
        admin::Error::NotFound(_) => not_managed().into(),
        admin::Error::Stale => Refusal::Contended,
        other => OAuthError::named(ErrorCode::InvalidClientMetadata, &other.to_string()).into(),
    }
}
