//! A client asks a person behind the scenes (CIBA Core §7): who is asked finds the request in their account, and a mail
//! that says so.

use std::sync::Arc;

use time::Duration;

use super::{
    Caller, Core, Refusal,
    authorize::request,
    client_auth, client_keys, hint,
    login::approval,
    outbox::Ping,
    ping,
    throttle::{self, Attempt, Target},
};
use crate::{
    base::{Secret, TokenHash, id::DeferredAuthorizationId},
    domain::{
        account::{identifier::Identifier, throttle::Decision},
        ciba::{self, Asked, Form, Hint},
        deferred, security_profile,
    },
    model::{
        Client, DeferredAuthorization, User, UserStatus,
        deferred_authorization::{DeferredKind, DeferredState, Pace},
    },
    spec::{
        jose::jwt,
        oauth::{ErrorCode, GrantType, OAuthError, Params},
    },
    store,
};

/// The answer (CIBA Core §7.3).
#[derive(Debug)]
pub struct Acknowledged {
    /// What the client comes back with.
    pub auth_req_id: Secret<String>,
    /// How long it is good, in seconds.
    pub expires_in: i64,
    /// How many seconds must lie between two questions.
    pub interval: i32,
}

/// Answers a client.
///
/// # Errors
/// A [`Refusal`].
pub async fn begin(core: &Core, caller: &Caller) -> Result<Acknowledged, Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    // CIBA Core §7.1: the client authenticates
    if !client.allows_grant(GrantType::Ciba) || client.is_public() {
        let why = "the client is not registered for the ciba grant";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why).into());
    }
    let asked = read(core, caller, &client).await?;
    let user = counted(core, &client, &asked.hint).await?;
    let auth_req_id = core.rng.token();
    let waiting = new(core, caller, &client, &user, &asked, &auth_req_id)?;
    approval::ask(core, &client, &user, &waiting).await?;
    Ok(Acknowledged {
        auth_req_id,
        expires_in: asked.lifetime.whole_seconds(),
        interval: waiting.pace.interval_seconds,
    })
}

/// What the request says, once whoever signed it is known.
async fn read(core: &Core, caller: &Caller, client: &Arc<Client>) -> Result<Asked, Refusal> {
    let rules = security_profile::of(client, core.policy.security.profile);
    let signed = match ciba::form(&caller.params, client, rules)? {
        Form::Plain => None,
        Form::Signed(request) => Some(open(core, client, rules, request).await?),
    };
    let params = signed.as_ref().unwrap_or(&caller.params);
    let catalog = core.catalog().await?;
    let offer = deferred::Offer {
        named: &request::named(&catalog, params, client),
        declaring: &request::declaring(&catalog),
        claim_scopes: &catalog.rules.scopes(),
    };
    let asked = ciba::asked(params, client, &offer)?;
    ciba::check_binding(&asked, rules)?;
    Ok(asked)
}

/// Verifies a signed request, and uses it up.
async fn open(
    core: &Core,
    client: &Arc<Client>,
    rules: &security_profile::Rules,
    request: &str,
) -> Result<Params, Refusal> {
    let (now, skew) = (core.now(), core.policy.tokens.clock_skew);
    let algs = ciba::signing_algs(client, rules);
    let audience = [core.policy.issuer.as_str()];
    let verified = client_keys::with(core, client, |keys| {
        jwt::verify(request, keys, &ciba::expected(client, &algs, &audience, now, skew))
    });
    let verified = verified.await.map_err(ciba::refused)?;
    let (params, once) = ciba::read(&verified, client, now, skew)?;
    if !store::used_jti::insert(core.store.pool(), &once.jti_hash, now, once.expires_at).await? {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "request: it was used before").into());
    }
    Ok(params)
}

/// The person whom the client means, as often as it may guess: each attempt counts until there is somebody.
async fn counted(core: &Core, client: &Client, hint: &Hint) -> Result<Arc<User>, Refusal> {
    let attempt = Attempt {
        at: Target::Hint(&client.client_id),
        address: None,
    };
    let pool = core.store.pool();
    let counted = throttle::reserve(pool, &core.policy.throttle, attempt, core.now()).await?;
    if let Decision::Wait { until } = counted.decision {
        return Err(Refusal::TooMany { until });
    }
    let user = person(core, client, hint).await?;
    counted.withdraw(pool).await?;
    Ok(user)
}

/// The person whom the client means. That there is nobody is told, for the standard wants it (CIBA Core §13): only clients
/// that authenticate and were allowed this grant can ask.
async fn person(core: &Core, client: &Client, hint: &Hint) -> Result<Arc<User>, Refusal> {
    let pool = core.store.pool();
    let found = match hint {
        Hint::Name(name) => match Identifier::parse(name) {
            Ok(identifier) => store::user::find_for_sign_in(pool, identifier.as_str())
                .await?
                .map(|(user, _)| Arc::new(user)),
            Err(_) => None,
        },
        Hint::IdToken(token) => match hint::read(core, token).filter(|token| token.client_id == client.client_id) {
            Some(token) => match token.user_id(core, Some(client)) {
                Some(user_id) => core.user(pool, user_id).await?,
                None => None,
            },
            None => None,
        },
    };
    let active = found.filter(|user| user.status == UserStatus::Active);
    let unknown = OAuthError::new(ErrorCode::UnknownUserId, "the hint names nobody here");
    Ok(active.ok_or(unknown)?)
}

fn new(
    core: &Core,
    caller: &Caller,
    client: &Client,
    user: &User,
    asked: &Asked,
    auth_req_id: &Secret<String>,
) -> Result<DeferredAuthorization, Refusal> {
    let now = core.now();
    let expires_at = now + asked.lifetime;
    let id = DeferredAuthorizationId::new(now, &*core.rng);
    let endpoint = client.metadata.backchannel_client_notification_endpoint.clone();
    let ping_sealed = match (&asked.notification_token, endpoint) {
        (Some(token), Some(endpoint)) => {
            let ping = Ping {
                client_id: client.client_id.clone(),
                endpoint,
                token: token.expose().clone(),
                auth_req_id: auth_req_id.expose().clone(),
                expires_at,
            };
            Some(ping::seal(core, id, &ping)?)
        }
        _ => None,
    };
    Ok(DeferredAuthorization {
        id,
        kind: DeferredKind::Ciba,
        secret_hash: TokenHash::of(auth_req_id.expose()),
        user_code_hash: None,
        client_id: client.client_id.clone(),
        user_id: Some(user.id),
        scope: asked.what.scope.clone(),
        resources: asked.what.resources.clone(),
        authorization_details: asked.what.details.clone(),
        binding_message: asked.binding_message.clone(),
        ping_sealed,
        origin: caller.origin.clone(),
        pace: Pace {
            interval_seconds: deferred::INTERVAL_SECONDS,
            polled_at: None,
        },
        state: DeferredState::Waiting,
        created_at: now,
        expires_at: now + asked.lifetime.max(Duration::SECOND),
    })
}
