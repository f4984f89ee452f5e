//! Pushed authorization requests (RFC 9126): a client sends its request beforehand and gets a reference to it.

use std::net::IpAddr;

use time::Duration;

use super::{
    Caller, Core, Refusal,
    authorize::{
        object,
        request::{self, Incoming},
    },
    client_auth,
    sender::{self, Unused},
};
use crate::{
    base::{Time, TokenHash},
    domain::{
        account::throttle::{Subject, ThrottleKey},
        authorize::{self, Answer, Door, Way},
        policy::REQUEST_WINDOW,
        security_profile,
    },
    model::{Client, PushedRequest},
    spec::oauth::{ErrorCode, OAuthError, Params, request_uri},
    store::{self, authorization_request::Quota, pushed_request::ClientQuota},
};

/// How long a browser may be brought with the reference (RFC 9126 §2.2: "relatively short").
const LIFETIME: Duration = Duration::seconds(60);

/// The most bytes that a client may push which registered itself. Its requests are kept for half an hour, and nobody has
/// looked at who it is.
const MOST_OF_STRANGERS: usize = 16 * 1024;

/// Parameters that say who the client is and not what it asks for.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// What became of it.
#[derive(Debug)]
pub enum Pushed {
    /// It is kept.
    Kept {
        /// The reference to it.
        request_uri: String,
        /// For so many seconds.
        expires_in: i64,
    },
    /// Too many came from this address, or from this client.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
}

/// Checks a request as the authorization endpoint would, and keeps it.
///
/// # Errors
/// [`Refusal`]; nothing is ever redirected from here.
pub async fn push(core: &Core, caller: &Caller) -> Result<Pushed, Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    // RFC 9126 §2.1: "The request_uri authorization request parameter MUST NOT be provided in this case"
    if caller.params.sent("request_uri") {
        let why = "a pushed request cannot refer to another one";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, why).into());
    }
    // RFC 9126 §3: what the client signed counts alone
    let (params, signed) = match caller.params.get("request") {
        Some(object) => (object::by_value(core, &client, object).await?, true),
        None => (caller.params.clone().without(&CREDENTIALS), false),
    };
    let (params, proof) = bound_to_key(core, caller, &client, params)?;
    let incoming = Incoming {
        // a client that authenticates by the header may leave it out
        params: params.with("client_id", &client.client_id),
        fault: None,
        client: Some(client),
        way: Way {
            door: Door::Pushed,
            signed,
        },
        pushed: None,
        refusal: None,
    };
    let catalog = core.catalog().await?;
    request::decide(core, &catalog, &incoming).map_err(error_of)?;
    proof.use_up(core.store.pool(), core.now()).await?;
    let address = caller.origin.address.as_deref().and_then(|text| text.parse().ok());
    keep(core, &incoming, address).await
}

/// RFC 9449 §10.1: a proof that comes along binds the code as `dpop_jkt` would; both must mean the same key.
fn bound_to_key(core: &Core, caller: &Caller, client: &Client, params: Params) -> Result<(Params, Unused), Refusal> {
    let rules = security_profile::of(client, core.policy.security.profile);
    let (sender, proof) = sender::verify(core, caller, rules.client_algs, None)?;
    let Some(jkt) = sender.jkt else {
        return Ok((params, proof));
    };
    match params.get("dpop_jkt") {
        Some(named) if named != jkt => {
            let why = "dpop_jkt is not the thumbprint of the key in the proof";
            Err(OAuthError::new(ErrorCode::InvalidDpopProof, why).into())
        }
        Some(_) => Ok((params, proof)),
        None => Ok((params.with("dpop_jkt", &jkt), proof)),
    }
}

/// A refusal as an answer to the client itself (RFC 9126 §2.3).
fn error_of(refusal: authorize::Refusal) -> OAuthError {
    match refusal {
        authorize::Refusal::Page(fault) => fault.to_error(),
        authorize::Refusal::Respond(response) => match response.answer {
            Answer::Error(error) => error,
            Answer::Given(_) => OAuthError::new(ErrorCode::ServerError, "the request was answered instead of kept"),
        },
    }
}

fn check_size(client: &Client, pushed: &PushedRequest) -> Result<(), OAuthError> {
    let lengths = pushed.parameters.iter().map(|(name, value)| name.len() + value.len());
    if client.registered_itself && lengths.sum::<usize>() > MOST_OF_STRANGERS {
        let why = "the request is larger than a client may push that registered itself";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, why));
    }
    Ok(())
}

async fn keep(core: &Core, incoming: &Incoming, address: Option<IpAddr>) -> Result<Pushed, Refusal> {
    let (now, random) = (core.now(), core.rng.token());
    let expires_at = now + LIFETIME;
    let Some(client) = &incoming.client else {
        return Err(authorize::Fault::ClientUnknown.to_error().into());
    };
    let pushed = PushedRequest {
        hash: TokenHash::of(random.expose()),
        client_id: client.client_id.clone(),
        parameters: incoming
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        signed: incoming.way.signed,
        created_at: now,
        expires_at,
        consumed_at: None,
        // a visit in the last moment may be answered as long as its pages are good
        kept_until: expires_at + core.policy.sessions.authorization_request,
    };
    check_size(client, &pushed)?;
    let since = now - REQUEST_WINDOW;
    let most = core.policy.sessions.requests_per_address;
    // Who has to authenticate is known by name; anybody can push in the name of a public client.
    let at_address = most.filter(|_| client.is_public()).zip(address);
    let quota = at_address.map(|(most, address)| Quota {
        address: ThrottleKey::of(Subject::Address(address)),
        most,
        since,
    });
    // A name that somebody gave himself is worth no more than an address.
    let of_client = most.map(|most| ClientQuota { most, since });
    Ok(
        match store::pushed_request::insert(core.store.pool(), &pushed, quota, of_client).await? {
            Some(oldest) => Pushed::Wait {
                until: oldest + REQUEST_WINDOW,
            },
            None => Pushed::Kept {
                request_uri: request_uri::pushed(&random),
                expires_in: LIFETIME.whole_seconds(),
            },
        },
    )
}
