//! A person decides about what a client waits for elsewhere: a device whose code they typed in, or an app that asks behind
//! the scenes.
//!
//! User codes are short, so looking one up is an attempt that counts (RFC 8628 §5.1), per person and per address, and a
//! right one takes back only itself: or else somebody could clear the count with a code of his own.

use std::sync::Arc;

use super::{Visit, consent};
use crate::{
    base::{
        Time,
        id::{DeferredAuthorizationId, GrantId},
    },
    domain::{
        account::throttle::Decision,
        claims::Told,
        consent::{Asked, Wanted, wanted, widened},
        user_code::UserCode,
    },
    flow::{
        Core, Failure, audit, ping,
        session::{self, SignedIn},
        throttle::{self, Attempt, Target},
    },
    model::{
        Actor, AuditEvent, AuditKind, Client, ClientStatus, DeferredAuthorization, Grant, Resource,
        deferred_authorization::DeferredKind,
    },
    spec::oidc::ClaimsRequest,
    store,
};

/// What waits for a person's decision, with all that the page shows.
#[derive(Debug)]
pub struct Waiting {
    /// What waits.
    pub deferred: DeferredAuthorization,
    /// Who asks.
    pub client: Arc<Client>,
    /// The API resources that it names.
    pub resources: Vec<Arc<Resource>>,
    /// Everything that it asks for: it is asked about each time, whatever was allowed before.
    pub wanted: Wanted,
    /// What the operator's rules will tell the app.
    pub told: Vec<Told>,
}

/// What a user code led to.
#[derive(Debug)]
pub enum Found {
    /// A device that waits.
    Waiting(Box<Waiting>),
    /// Nothing.
    Unknown,
    /// Too many guesses.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
}

/// The device that shows the code.
///
/// # Errors
/// A [`Failure`].
pub async fn find_device(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    user_code: UserCode,
) -> Result<Found, Failure> {
    let attempt = Attempt {
        at: Target::UserCode(signed_in.user.id),
        address: visit.address,
    };
    let pool = core.store.pool();
    let reservation = throttle::reserve(pool, &core.policy.throttle, attempt, core.now()).await?;
    if let Decision::Wait { until } = reservation.decision {
        return Ok(Found::Wait { until });
    }
    let found = store::deferred_authorization::find_by_user_code(pool, &user_code.hash()).await?;
    let Some(deferred) = found.filter(|deferred| deferred.is_open(core.now())) else {
        return Ok(Found::Unknown);
    };
    reservation.withdraw(pool).await?;
    Ok(match show(core, signed_in, deferred).await? {
        Some(waiting) => Found::Waiting(Box::new(waiting)),
        None => Found::Unknown,
    })
}

/// What asks that person behind the scenes, by its id.
///
/// # Errors
/// A [`Failure`].
pub async fn find_asked(
    core: &Core,
    signed_in: &SignedIn,
    id: DeferredAuthorizationId,
) -> Result<Option<Waiting>, Failure> {
    let found = store::deferred_authorization::find_for(core.store.pool(), id, signed_in.user.id).await?;
    match found.filter(|deferred| deferred.kind == DeferredKind::Ciba && deferred.is_open(core.now())) {
        Some(deferred) => show(core, signed_in, deferred).await,
        None => Ok(None),
    }
}

/// What the page shows; `None` if the client was disabled meanwhile.
async fn show(core: &Core, signed_in: &SignedIn, deferred: DeferredAuthorization) -> Result<Option<Waiting>, Failure> {
    let client = core.client(&deferred.client_id).await?;
    let Some(client) = client.filter(|client| client.status == ClientStatus::Active) else {
        return Ok(None);
    };
    let catalog = core.catalog().await?;
    let named = deferred.resources.iter();
    let resources: Vec<Arc<Resource>> = named.filter_map(|one| catalog.resources.get(one).cloned()).collect();
    let claims = ClaimsRequest::default();
    let asked = Asked {
        scope: &deferred.scope,
        resource: &deferred.resources,
        claims: &claims,
    };
    let borrowed: Vec<&Resource> = resources.iter().map(|resource| &**resource).collect();
    let wanted = wanted(asked, &borrowed);
    let told = consent::told_to(core, signed_in, &client, asked).await?;
    Ok(Some(Waiting {
        deferred,
        client,
        resources,
        wanted,
        told,
    }))
}

/// The person allows it: the client gets its tokens when it comes back. `false` if it was decided or over meanwhile.
///
/// # Errors
/// A [`Failure`].
pub async fn allow(core: &Core, visit: &Visit, signed_in: &SignedIn, waiting: &Waiting) -> Result<bool, Failure> {
    let now = core.now();
    let (deferred, client_id) = (&waiting.deferred, &waiting.client.client_id);
    let grant = granted(core, signed_in, deferred);
    let mut tx = core.store.begin().await?;
    store::grant::insert(&mut *tx, &grant).await?;
    if !store::deferred_authorization::approve(&mut *tx, deferred.id, &grant, now).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    session::joined(core, &mut *tx, &waiting.client, signed_in.session.id).await?;
    let before = store::consent::find(&mut *tx, signed_in.user.id, client_id).await?;
    let consent = widened(signed_in.user.id, client_id, &waiting.wanted, before.as_ref(), now);
    store::consent::widen(&mut *tx, &consent).await?;
    ping::send(core, &mut tx, deferred).await?;
    let line = line(core, visit, signed_in, waiting, AuditKind::ConsentGranted)
        .with("wanted", consent::listed(&waiting.wanted));
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    ping::hurry(core, deferred);
    Ok(true)
}

/// The person would not. `false` if it was decided or over meanwhile.
///
/// # Errors
/// A [`Failure`].
pub async fn deny(core: &Core, visit: &Visit, signed_in: &SignedIn, waiting: &Waiting) -> Result<bool, Failure> {
    let mut tx = core.store.begin().await?;
    let id = waiting.deferred.id;
    if !store::deferred_authorization::deny(&mut *tx, id, signed_in.user.id, core.now()).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    ping::send(core, &mut tx, &waiting.deferred).await?;
    let line = line(core, visit, signed_in, waiting, AuditKind::ConsentDenied);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    ping::hurry(core, &waiting.deferred);
    Ok(true)
}

fn line(core: &Core, visit: &Visit, signed_in: &SignedIn, waiting: &Waiting, kind: AuditKind) -> AuditEvent {
    audit::event(core, kind, &Actor::User(signed_in.user.id), &visit.origin)
        .for_client(&waiting.client.client_id)
        .in_session(signed_in.session.id)
        .with("kind", waiting.deferred.kind.as_str())
}

fn granted(core: &Core, signed_in: &SignedIn, deferred: &DeferredAuthorization) -> Grant {
    let (now, session) = (core.now(), &signed_in.session);
    Grant {
        id: GrantId::new(now, &*core.rng),
        client_id: deferred.client_id.clone(),
        user_id: session.user_id,
        session_id: Some(session.id),
        scope: deferred.scope.clone(),
        resources: deferred.resources.clone(),
        claims: ClaimsRequest::default(),
        authorization_details: deferred.authorization_details.clone(),
        nonce: None,
        auth_time: session.auth_time,
        acr: session.acr.clone(),
        amr: session.amr.clone(),
        created_at: now,
        // Whoever redeems it moves it to the end of what is issued then.
        expires_at: deferred.expires_at,
        revoked_at: None,
    }
}
