//! Allowing an app what it asks for, or not.

use crate::{
    domain::{
        authorize::Step,
        claims::{self, Told},
        consent::{self, Asked, Wanted},
    },
    flow::{
        Core, Failure, audit,
        authorize::{Next, Pending},
        session::SignedIn,
    },
    model::{Actor, AuditKind, Client, Origin, Placement},
    spec::oauth::{ErrorCode, OAuthError},
    store,
};

/// What the operator's rules will tell the app, with the person's own values: all of it each time, since a rule may have
/// come after the person was last asked.
///
/// # Errors
/// A [`Failure`].
pub async fn told(core: &Core, pending: &Pending) -> Result<Vec<Told>, Failure> {
    match &pending.signed_in {
        Some(signed_in) => {
            let asked = Asked::from(&pending.request.parameters);
            told_to(core, signed_in, &pending.client, asked).await
        }
        None => Ok(Vec::new()),
    }
}

/// The same for what was asked by another request.
pub(super) async fn told_to(
    core: &Core,
    signed_in: &SignedIn,
    client: &Client,
    asked: Asked<'_>,
) -> Result<Vec<Told>, Failure> {
    let catalog = core.catalog().await?;
    let (told, failures) = claims::told(&claims::Ask {
        placement: Placement::Userinfo,
        user: Some(&signed_in.user),
        client,
        session: Some(signed_in.facts()),
        scope: asked.scope,
        claims: asked.claims,
        resource: asked.resource,
        userinfo: claims::Userinfo::InReach,
        rules: &catalog.rules,
        now: core.now(),
    });
    core.log_failures(failures);
    Ok(told)
}

/// Remembers that the person allowed what the page showed. The caller goes on with the request.
///
/// # Errors
/// A [`Failure`].
pub async fn allow(core: &Core, pending: &Pending, origin: &Origin) -> Result<(), Failure> {
    let (Step::Consent(wanted), Some(signed_in)) = (&pending.step, &pending.signed_in) else {
        return Ok(());
    };
    let (user_id, client_id, now) = (signed_in.user.id, &pending.client.client_id, core.now());
    let widened = consent::widened(user_id, client_id, wanted, pending.consent.as_ref(), now);
    let line = audit::event(core, AuditKind::ConsentGranted, &Actor::User(user_id), origin)
        .for_client(client_id)
        .in_session(signed_in.session.id)
        .with("wanted", listed(wanted));
    let mut tx = core.store.begin().await?;
    store::consent::widen(&mut *tx, &widened).await?;
    store::authorization_request::set_consented(&mut *tx, pending.request.id, signed_in.session.id, now).await?;
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(())
}

/// Answers the app that the person would not. Nothing that was allowed before is taken back.
///
/// # Errors
/// A [`Failure`].
pub async fn deny(core: &Core, pending: Pending, origin: &Origin) -> Result<Next, Failure> {
    let error = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
    let actor = pending
        .signed_in
        .as_ref()
        .map_or(Actor::Anonymous, |signed_in| Actor::User(signed_in.user.id));
    let line = audit::event(core, AuditKind::ConsentDenied, &actor, origin).for_client(&pending.client.client_id);
    let mut tx = core.store.begin().await?;
    store::audit_event::insert(&mut *tx, &line).await?;
    let refused = pending.refuse_in(core, &mut tx, error).await?;
    tx.commit().await?;
    // the page on which they said so tells where a stranger's answer goes
    Ok(refused.map_or(Next::Over, Next::Respond))
}

/// What is wanted, for the trail.
pub(super) fn listed(wanted: &Wanted) -> Vec<String> {
    let all = [&wanted.scopes, &wanted.resource_scopes, &wanted.claims];
    all.into_iter().flatten().cloned().collect()
}
