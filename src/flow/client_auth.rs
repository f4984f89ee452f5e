//! Lets a client in: loads it, finds its keys, and uses up its assertion.

use std::sync::Arc;

use super::{
    Caller, Core,
    client_keys::{self, NoKeys},
    refusal::{Challenge, Refusal},
};
use crate::{
    base::Secret,
    domain::{
        client_auth::{
            self, ClientAuthError, Credentials, KeySource, Next,
            assertion::{self, Expected, Refused, Use},
            certificate,
        },
        security_profile::{self, AssertionAudience},
    },
    model::Client,
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
    let client = core.client(credentials.client_id()).await?;
    let server = core.policy.security.profile;
    let next = client_auth::check(&credentials, client.as_deref(), server)?;
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
            let once = verify(core, &checked, keys, known).await?;
            // RFC 7523 §3: a second use is a replay, in whichever process the first one was
            if !store::used_jti::insert(core.store.pool(), &once.jti_hash, core.now(), once.expires_at).await? {
                return Err(ClientAuthError::Replayed.into());
            }
        }
        (Next::CertificateName, _) => {
            let shown = shown_certificate(caller)?;
            certificate::check_name(&known.metadata, shown)?;
            if !core.client_authorities.vouch_for(shown, core.now()) {
                return Err(ClientAuthError::Certificate("no known authority vouches for it").into());
            }
        }
        (Next::RegisteredCertificate, _) => {
            let shown = shown_certificate(caller)?;
            let pick = |set: &JwkSet| certificate::is_registered(set, shown).then_some(());
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

async fn verify(core: &Core, checked: &Checked<'_>, keys: KeySource<'_>, client: &Arc<Client>) -> Result<Use, Failed> {
    let no_keys = |why: String| Failed::Client(ClientAuthError::NoKeys(why));
    let outcome = match keys {
        KeySource::SealedSecret(sealed) => {
            let opened = core.sealer.open(SEAL_PURPOSE, checked.client_id, sealed);
            let bytes = opened.map_err(|error| Failed::Machinery(error.into()))?;
            let text = String::from_utf8(bytes.expose().clone()).map_err(|_| no_keys("not text".to_owned()))?;
            checked.verify(core, Keys::Secret(&Secret::new(text)))
        }
        KeySource::Registered => {
            let pick = |set: &JwkSet| match checked.verify(core, Keys::Set(set)) {
                Err(Refused::UnknownKey) => None,
                outcome => Some(outcome),
            };
            let found = client_keys::find(core, client, pick).await?;
            found.unwrap_or(Err(Refused::UnknownKey))
        }
    };
    outcome.map_err(|refused| match refused {
        Refused::UnknownKey => no_keys("no key of the set fits".to_owned()),
        Refused::Error(error) => error.into(),
    })
}
