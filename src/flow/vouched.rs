//! Whom an assertion of a trusted issuer speaks for (RFC 7523 §3): its issuer and keys are found, it is used up, and the
//! person is looked for. Whatever becomes of it leaves a line in the trail.

use std::sync::Arc;

use url::Url;

use super::{Caller, Core, Refusal, apply::grant::client_event, cache::Catalog};
use crate::{
    base::{Secret, id::UserId, storable::is_storable},
    domain::{
        grant::Vouched,
        security_profile,
        trust::{self, Said, refused},
    },
    model::{
        AuditKind, Client, User, UserStatus,
        trusted_issuer::{SubjectIs, TrustedIssuer},
    },
    spec::{
        jose::{
            JwkSet,
            jwt::{self, Keys, TokenError},
        },
        oauth::OAuthError,
        oidc::discovery::path,
    },
    store,
};

/// The person; `None` if nobody active is known by the subject.
///
/// # Errors
/// `invalid_grant` for an assertion that does not count, or was used before.
pub(super) async fn find(
    core: &Core,
    catalog: &Catalog,
    client: &Client,
    caller: &Caller,
    assertion: &Secret<String>,
) -> Result<Option<Vouched>, Refusal> {
    let claims = jwt::peek(assertion.expose()).map_err(trust::unverified)?;
    let named = claims
        .get("iss")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let issuer = catalog.trusted_issuers.get(named);
    // who may not bring its assertions need not know that it is trusted
    let issuer = issuer.filter(|issuer| issuer.terms.clients.contains(&client.client_id));
    let issuer = issuer.ok_or(refused("assertion: its issuer is not trusted with this client"))?;
    let said = verify(core, client, issuer, caller, assertion).await?;
    let pool = core.store.pool();
    if !store::used_jti::insert(pool, &said.jti_hash, core.now(), said.expires_at).await? {
        return Err(refused("assertion: it was used before").into());
    }
    let user = person(core, issuer.terms.subject_is, &said.subject).await?;
    let active = user.filter(|user| user.status == UserStatus::Active);
    Ok(active.map(|user| Vouched {
        user,
        auth_time: said.auth_time,
        issuer: issuer.issuer.clone(),
        scopes: issuer.terms.scopes.clone(),
        resources: issuer.terms.resources.clone(),
    }))
}

/// Leaves a line about what a client brought in vain. Who could not even say who it is never gets here.
///
/// # Errors
/// The store's.
pub(super) async fn refuse(
    core: &Core,
    client: &Client,
    caller: &Caller,
    assertion: &Secret<String>,
    why: &OAuthError,
) -> Result<(), store::Error> {
    let claims = jwt::peek(assertion.expose()).unwrap_or_default();
    let event = client_event(core, AuditKind::AssertionRefused, client, &caller.origin);
    let event = event.with("reason", why.to_string());
    // in the words of whoever wrote it, so no longer than a name
    let named = claims.get("iss").and_then(serde_json::Value::as_str);
    let named = named.filter(|iss| iss.len() <= trust::MAX_TEXT && is_storable(iss));
    let event = match named {
        Some(iss) => event.with("issuer", iss),
        None => event,
    };
    store::audit_event::insert(core.store.pool(), &event).await
}

async fn verify(
    core: &Core,
    client: &Client,
    issuer: &TrustedIssuer,
    caller: &Caller,
    assertion: &Secret<String>,
) -> Result<Said, Refusal> {
    let (now, skew) = (core.now(), core.policy.tokens.clock_skew);
    let own = &core.policy.issuer;
    let (token, called) = (own.at(path::TOKEN), own.at(caller.endpoint));
    // RFC 7523 §3: the token endpoint may stand for the server
    let audiences = [own.as_str(), &token, &called];
    let rules = security_profile::of(client, core.policy.security.profile);
    let expected = trust::expected(issuer, rules.client_algs, &audiences, now, skew);
    let check = |keys: Keys<'_>| jwt::verify(assertion.expose(), keys, &expected);
    let verified = match (&issuer.terms.jwks, &issuer.terms.jwks_uri) {
        (Some(document), _) => match JwkSet::from_value(document) {
            Ok(set) => check(Keys::Set(&set)),
            Err(_) => Err(TokenError::UnknownKey),
        },
        (None, Some(uri)) => fetched(core, uri, check).await,
        (None, None) => Err(TokenError::UnknownKey),
    };
    Ok(trust::read(&verified.map_err(trust::unverified)?, issuer, now, skew)?)
}

async fn fetched<T>(
    core: &Core,
    uri: &str,
    check: impl Fn(Keys<'_>) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let url = Url::parse(uri).map_err(|_| TokenError::UnknownKey)?;
    let pick = |set: &JwkSet| match check(Keys::Set(set)) {
        Err(TokenError::UnknownKey) => None,
        outcome => Some(outcome),
    };
    match core.to_registered.key_sets.find(&url, pick).await {
        Ok(found) => found.unwrap_or(Err(TokenError::UnknownKey)),
        Err(error) => {
            tracing::info!(%error, "the keys of a trusted issuer cannot be fetched");
            Err(TokenError::UnknownKey)
        }
    }
}

async fn person(core: &Core, subject_is: SubjectIs, subject: &str) -> Result<Option<Arc<User>>, store::Error> {
    let pool = core.store.pool();
    match subject_is {
        SubjectIs::Username => Ok(store::user::find_by_username(pool, subject).await?.map(Arc::new)),
        SubjectIs::Email => Ok(store::user::find_by_verified_email(pool, subject).await?.map(Arc::new)),
        SubjectIs::Id => match subject.parse::<UserId>() {
            Ok(id) => core.user(pool, id).await,
            Err(_) => Ok(None),
        },
    }
}
