//! Lets a client in: loads it, finds its keys, and uses up its assertion.

use std::sync::Arc;

use url::Url;

use super::{
    Caller, Core,
    refusal::{Challenge, Refusal},
};
use crate::{
    base::Secret,
    domain::client_auth::{
        self, ClientAuthError, Credentials, KeySource, Next,
        assertion::{self, Expected, Refused, Use},
    },
    model::Client,
    spec::{
        jose::{JwkSet, JwsAlg, jwt::Keys},
        oauth::Params,
        oidc::discovery::path,
    },
    store,
};

/// The purpose under which a client_secret is sealed; the context is the client_id.
pub const SEAL_PURPOSE: &str = "client_secret";

/// Authenticates the client that calls.
///
/// # Errors
/// [`Refusal::Client`]; the reason is logged here, the wire hears only that it failed.
pub async fn authenticate(core: &Core, caller: &Caller) -> Result<Arc<Client>, Refusal> {
    let authorization = caller.authorization.as_deref();
    match admit(core, caller).await {
        Ok(client) => Ok(client),
        Err(Failed::Machinery(refusal)) => Err(refusal),
        Err(Failed::Client(cause)) => {
            tracing::info!(client_id = shown(&caller.params, authorization), %cause, "client authentication failed");
            Err(Refusal::Client {
                error: cause.wire(),
                challenge: if authorization.is_some() {
                    Challenge::Basic
                } else {
                    Challenge::None
                },
            })
        }
    }
}

/// A client_id for the log: a client that does not exist may call itself anything.
fn shown(params: &Params, authorization: Option<&str>) -> String {
    let credentials = Credentials::parse(authorization, params);
    let named = credentials.as_ref().ok().map(Credentials::client_id);
    let client_id = named.or_else(|| params.get("client_id")).unwrap_or_default();
    client_id.chars().filter(|c| !c.is_control()).take(100).collect()
}

enum Failed {
    Client(ClientAuthError),
    Machinery(Refusal),
}

impl From<ClientAuthError> for Failed {
    fn from(error: ClientAuthError) -> Self {
        Self::Client(error)
    }
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self::Machinery(error.into())
    }
}

async fn admit(core: &Core, caller: &Caller) -> Result<Arc<Client>, Failed> {
    let credentials = Credentials::parse(caller.authorization.as_deref(), &caller.params)?;
    let client = core.client(credentials.client_id()).await?;
    let next = client_auth::check(&credentials, client.as_deref())?;
    if let (Next::Verify { keys, algs }, Credentials::Assertion { assertion, .. }) = (next, &credentials) {
        let checked = Checked {
            client_id: credentials.client_id(),
            assertion,
            algs,
            endpoint: caller.endpoint,
        };
        let once = verify(core, &checked, keys, client.as_ref()).await?;
        // RFC 7523 §3: a second use is a replay, in whichever process the first one was
        if !store::used_jti::insert(core.store.pool(), &once.jti_hash, core.now(), once.expires_at).await? {
            return Err(ClientAuthError::Replayed.into());
        }
    }
    client.ok_or_else(|| ClientAuthError::UnknownClient.into())
}

struct Checked<'a> {
    client_id: &'a str,
    assertion: &'a Secret<String>,
    algs: &'a [JwsAlg],
    endpoint: &'a str,
}

impl Checked<'_> {
    fn verify(&self, core: &Core, keys: Keys<'_>) -> Result<Use, Refused> {
        let issuer = &core.policy.issuer;
        let (token, called) = (issuer.at(path::TOKEN), issuer.at(self.endpoint));
        let expected = Expected {
            client_id: self.client_id,
            algs: self.algs,
            audiences: &[issuer.as_str(), &token, &called],
            now: core.now(),
            skew: core.policy.tokens.clock_skew,
        };
        assertion::verify(self.assertion.expose(), keys, &expected)
    }
}

async fn verify(
    core: &Core,
    checked: &Checked<'_>,
    keys: KeySource<'_>,
    client: Option<&Arc<Client>>,
) -> Result<Use, Failed> {
    let no_keys = |why: String| Failed::Client(ClientAuthError::NoKeys(why));
    let outcome = match keys {
        KeySource::SealedSecret(sealed) => {
            let opened = core.sealer.open(SEAL_PURPOSE, checked.client_id, sealed);
            let bytes = opened.map_err(|error| Failed::Machinery(error.into()))?;
            let text = String::from_utf8(bytes.expose().clone()).map_err(|_| no_keys("not text".to_owned()))?;
            checked.verify(core, Keys::Secret(&Secret::new(text)))
        }
        KeySource::Jwks(document) => {
            let parse = || JwkSet::from_value(document);
            let set = core.caches.registered_keys(client, parse);
            checked.verify(core, Keys::Set(&*set.map_err(|error| no_keys(error.to_string()))?))
        }
        KeySource::JwksUri(uri) => {
            let url = Url::parse(uri).map_err(|error| no_keys(error.to_string()))?;
            // A key that the kept set does not know may be new: then the set is fetched again.
            let pick = |set: &JwkSet| match checked.verify(core, Keys::Set(set)) {
                Err(Refused::UnknownKey) => None,
                outcome => Some(outcome),
            };
            let found = core.key_sets.find(&url, pick).await;
            let found = found.map_err(|error| no_keys(error.to_string()))?;
            found.unwrap_or(Err(Refused::UnknownKey))
        }
    };
    outcome.map_err(|refused| match refused {
        Refused::UnknownKey => no_keys("no key of the set fits".to_owned()),
        Refused::Error(error) => error.into(),
    })
}
