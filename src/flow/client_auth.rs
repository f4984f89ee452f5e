//! Lets a client in: loads it, finds its keys, and uses up its assertion.

use std::sync::Arc;

use time::Duration;

use super::{
    Caller, Core, client_document,
    client_keys::{self, NoKeys},
    refusal::{Challenge, Refusal},
};
use crate::{
    base::Secret,
    domain::{
        client_auth::{
            self, ClientAuthError, Credentials, KeySource, Next,
            assertion::{self, Expected, Refused, Use},
            self_signed_tls_client_auth, tls_client_auth,
        },
        client_secret::SEAL_PURPOSE,
        security_profile::{self, AssertionAudience},
    },
    model::{Client, ClientSecret},
    spec::{
        jose::{
            JwkSet, JwsAlg,
            jwt::{Audience, Keys},
        },
        oauth::Params,
        oidc::discovery::path,
        x509::ClientCertificate,
    },
    store,
};

/// How exactly it is known when a secret was used.
const USE_SPAN: Duration = Duration::hours(1);

/// How long writing that down may take.
const HASTE: std::time::Duration = std::time::Duration::from_secs(1);

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

impl From<NoKeys> for Failed {
    fn from(error: NoKeys) -> Self {
        Self::Client(ClientAuthError::NoKeys(error.to_string()))
    }
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self::Machinery(error.into())
    }
}

async fn admit(core: &Core, caller: &Caller) -> Result<Arc<Client>, Failed> {
    let credentials = Credentials::parse(caller.authorization.as_deref(), &caller.params)?;
    let address = caller.origin.address.as_deref().and_then(|text| text.parse().ok());
    let client = client_document::find_or_known(core, credentials.client_id(), address).await;
    let client = client.map_err(Failed::Machinery)?;
    let server = core.policy.security.profile;
    let next = client_auth::check(&credentials, client.as_deref(), server, core.now())?;
    let known = client.as_ref().ok_or(ClientAuthError::UnknownClient)?;
    match (next, &credentials) {
        (Next::Verify { keys, algs }, Credentials::Assertion { assertion, .. }) => {
            let checked = Checked {
                client_id: credentials.client_id(),
                assertion,
                algs: &algs,
                endpoint: caller.endpoint,
                audience: security_profile::of(known, server).assertion_audience,
            };
            let (once, secret) = verify(core, &checked, keys, known).await?;
            // RFC 7523 §3: a second use is a replay, in whichever process the first one was
            if !store::used_jti::insert(core.store.pool(), &once.jti_hash, core.now(), once.expires_at).await? {
                return Err(ClientAuthError::Replayed.into());
            }
            if let Some(secret) = secret {
                note_use(core, secret).await;
            }
        }
        (Next::Secret(secret), _) => note_use(core, secret).await,
        (Next::CertificateName, _) => {
            let shown = shown_certificate(caller)?;
            tls_client_auth::check_name(&known.metadata, shown)?;
            if !core.client_authorities.vouch_for(shown, core.now()) {
                return Err(ClientAuthError::Certificate("no known authority vouches for it").into());
            }
        }
        (Next::RegisteredCertificate, _) => {
            let shown = shown_certificate(caller)?;
            let pick = |set: &JwkSet| self_signed_tls_client_auth::is_registered(set, shown).then_some(());
            if client_keys::find(core, known, pick).await?.is_none() {
                return Err(ClientAuthError::Certificate("it is not a registered one").into());
            }
        }
        _ => {}
    }
    Ok(Arc::clone(known))
}

fn shown_certificate(caller: &Caller) -> Result<&ClientCertificate, ClientAuthError> {
    let shown = caller.certificate.as_deref();
    shown.ok_or(ClientAuthError::Certificate("none was shown"))
}

struct Checked<'a> {
    client_id: &'a str,
    assertion: &'a Secret<String>,
    algs: &'a [JwsAlg],
    endpoint: &'a str,
    audience: AssertionAudience,
}

impl Checked<'_> {
    fn verify(&self, core: &Core, keys: Keys<'_>) -> Result<Use, Refused> {
        let issuer = core.policy.issuer.as_str();
        let mut all = core.policy.addresses(path::TOKEN);
        all.extend(core.policy.addresses(self.endpoint));
        let any: Vec<&str> = all.iter().map(String::as_str).chain([issuer]).collect();
        let expected = Expected {
            client_id: self.client_id,
            algs: self.algs,
            audience: match self.audience {
                AssertionAudience::IssuerAlone => Audience::Only(issuer),
                AssertionAudience::ServerOrEndpoint => Audience::AnyOf(&any),
            },
            now: core.now(),
            skew: core.policy.tokens.clock_skew,
        };
        assertion::verify(self.assertion.expose(), keys, &expected)
    }
}

/// Verifies the assertion, and says which secret signed it if one did.
async fn verify<'a>(
    core: &Core,
    checked: &Checked<'_>,
    keys: KeySource<'a>,
    client: &Arc<Client>,
) -> Result<(Use, Option<&'a ClientSecret>), Failed> {
    let outcome = match keys {
        KeySource::Sealed(secrets) => return verify_mac(core, checked, &secrets),
        KeySource::Registered => {
            let pick = |set: &JwkSet| match checked.verify(core, Keys::Set(set)) {
                Err(Refused::UnknownKey) => None,
                outcome => Some(outcome),
            };
            let found = client_keys::find(core, client, pick).await?;
            found.unwrap_or(Err(Refused::UnknownKey))
        }
    };
    Ok((outcome.map_err(failed)?, None))
}

/// Tries one secret after the other: an app that moves from one to the next signs with either.
fn verify_mac<'a>(
    core: &Core,
    checked: &Checked<'_>,
    secrets: &[(&'a ClientSecret, &[u8])],
) -> Result<(Use, Option<&'a ClientSecret>), Failed> {
    let mut last = Refused::UnknownKey;
    for (kept, sealed) in secrets {
        let opened = core.sealer.open(SEAL_PURPOSE, checked.client_id, sealed);
        let bytes = opened.map_err(|error| Failed::Machinery(error.into()))?;
        let text = String::from_utf8(bytes.expose().clone());
        let text = text.map_err(|_| ClientAuthError::NoKeys("not text".to_owned()))?;
        match checked.verify(core, Keys::Secret(&Secret::new(text))) {
            Ok(once) => return Ok((once, Some(*kept))),
            Err(refused) => last = refused,
        }
    }
    Err(failed(last))
}

fn failed(refused: Refused) -> Failed {
    match refused {
        Refused::UnknownKey => ClientAuthError::NoKeys("no key of the set fits".to_owned()).into(),
        Refused::Error(error) => error.into(),
    }
}

/// Writes that a secret was used, once an hour and process at most: it tells the administrator which one may end. Nobody is
/// kept out because it could not be written.
async fn note_use(core: &Core, secret: &ClientSecret) {
    if core.caches.is_silent() || !core.caches.is_first_use(secret.id) {
        return;
    }
    let now = core.now();
    let written = store::client_secret::note_use(core.store.pool(), secret.id, now, now - USE_SPAN);
    match tokio::time::timeout(HASTE, written).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the use of a client secret was not written"),
        Err(_) => tracing::warn!("the use of a client secret was not written in time"),
    }
}
