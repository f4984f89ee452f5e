//! A device asks for an authorization that its owner gives elsewhere (RFC 8628 §3.1, §3.2).

use super::{Caller, Core, Refusal, authorize::request, client_auth};
use crate::{
    base::{Secret, TokenHash, id::DeferredAuthorizationId},
    domain::{
        account::throttle::{Subject, ThrottleKey},
        deferred::{self, Asked, Offer},
        policy::REQUEST_WINDOW,
        user_code::UserCode,
    },
    model::{
        Client, DeferredAuthorization,
        deferred_authorization::{DeferredKind, DeferredState, Pace},
    },
    spec::{
        oauth::{ErrorCode, GrantType, OAuthError},
        oidc::discovery::path,
    },
    store::{self, authorization_request::Quota},
};

/// How often another user code is drawn when one is taken.
const DRAWS: usize = 5;

/// What refuses a user code that is taken.
const TAKEN: &str = "deferred_authorizations_user_code_hash_key";

/// What the device is told (RFC 8628 §3.2).
#[derive(Debug)]
pub struct DeviceAuthorization {
    /// What it comes back with.
    pub device_code: Secret<String>,
    /// What it shows.
    pub user_code: String,
    /// Where the person types that in.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: String,
    /// How long both are good, in seconds.
    pub expires_in: i64,
    /// How many seconds must lie between two questions.
    pub interval: i32,
}

/// Answers a device.
///
/// # Errors
/// A [`Refusal`].
pub async fn begin(core: &Core, caller: &Caller) -> Result<DeviceAuthorization, Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    if !client.allows_grant(GrantType::DeviceCode) {
        let why = "the client is not registered for the device_code grant";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why).into());
    }
    let catalog = core.catalog().await?;
    let offer = Offer {
        named: &request::named(&catalog, &caller.params, &client),
        declaring: &request::declaring(&catalog),
        claim_scopes: &catalog.rules.scopes(),
    };
    let asked = deferred::asked(&caller.params, &client, &offer)?;
    let device_code = core.rng.token();
    let mut waiting = new(core, caller, &client, &device_code, asked);
    let user_code = keep(core, caller, &mut waiting).await?;
    let verification_uri = core.policy.issuer.at(path::DEVICE);
    Ok(DeviceAuthorization {
        device_code,
        verification_uri_complete: complete_uri(core, user_code),
        verification_uri,
        user_code: user_code.to_string(),
        expires_in: deferred::LIFETIME.whole_seconds(),
        interval: deferred::INTERVAL_SECONDS,
    })
}

/// The page for a user code, with the code filled in (RFC 8628 §3.3.1).
pub fn complete_uri(core: &Core, user_code: UserCode) -> String {
    format!("{}?user_code={user_code}", core.policy.issuer.at(path::DEVICE))
}

fn new(
    core: &Core,
    caller: &Caller,
    client: &Client,
    device_code: &Secret<String>,
    asked: Asked,
) -> DeferredAuthorization {
    let now = core.now();
    DeferredAuthorization {
        id: DeferredAuthorizationId::new(now, &*core.rng),
        kind: DeferredKind::Device,
        secret_hash: TokenHash::of(device_code.expose()),
        user_code_hash: None,
        client_id: client.client_id.clone(),
        user_id: None,
        scope: asked.scope,
        resources: asked.resources,
        authorization_details: asked.details,
        binding_message: None,
        ping_sealed: None,
        origin: caller.origin.clone(),
        pace: Pace {
            interval_seconds: deferred::INTERVAL_SECONDS,
            polled_at: None,
        },
        state: DeferredState::Waiting,
        created_at: now,
        expires_at: now + deferred::LIFETIME,
    }
}

/// Writes it down under a user code that nothing else waits under, unless too many came from there: each leaves a row, and
/// the more wait, the easier one is guessed.
async fn keep(core: &Core, caller: &Caller, waiting: &mut DeferredAuthorization) -> Result<UserCode, Refusal> {
    let address = caller
        .origin
        .address
        .as_deref()
        .and_then(|address| address.parse().ok());
    let quota = core.policy.sessions.requests_per_address.zip(address);
    let quota = quota.map(|(most, address)| Quota {
        address: ThrottleKey::of(Subject::Address(address)),
        most,
        since: waiting.created_at - REQUEST_WINDOW,
    });
    for _ in 0..DRAWS {
        let user_code = UserCode::new(&*core.rng);
        waiting.user_code_hash = Some(user_code.hash());
        match store::deferred_authorization::insert(core.store.pool(), waiting, quota).await {
            Ok(None) => return Ok(user_code),
            Ok(Some(oldest)) => {
                return Err(Refusal::TooMany {
                    until: oldest + REQUEST_WINDOW,
                });
            }
            Err(error) if error.is_conflict(TAKEN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::Contended)
}
