//! The authorization endpoint: which requests are good, and what to answer to the others (RFC 6749 §4.1, OIDC Core §3.1.2).
//!
//! [`TABLE`] is the ordered list of checks; its order is the order in which refusals win. Before it stands the one
//! question that decides *where* a refusal may go: client_id and redirect_uri. As long as those are not sound, nothing is
//! ever redirected (RFC 6749 §4.1.2.1). [`next_step`] decides what a person must still do before an answer is given.
//! Imports `model`, `spec` and `base`; loading clients, verifying `id_token_hint` and keeping requests is `flow`'s work.

mod checks;
pub mod details;
pub mod next_step;
mod profile;
pub mod request_object;
pub mod response;

pub use checks::{Check, TABLE};
pub use next_step::{Situation, Step, next_step};
pub use response::{Answer, Given, GivenToken, Response};

use super::{client_metadata, security_profile::Rules};
use crate::{
    base::{Pseudonyms, id::UserId},
    model::{AuthorizationParameters, Client, ClientStatus, Resource},
    spec::{
        oauth::{
            AuthorizationDetails, ErrorCode, GrantType, OAuthError, Params, PromptSet, ResponseType, ScopeSet,
            redirect_uri,
            scope::{OFFLINE_ACCESS, OPENID},
        },
        oidc::{ClaimsRequest, claim::CLAIM_SCOPES},
    },
};

/// The authentication context class of a password sign-in, the only one that is reached here.
pub const ACR_PASSWORD: &str = "1";

/// What `acr_values_supported` says.
pub const ACR_VALUES_SUPPORTED: [&str; 1] = [ACR_PASSWORD];

/// The response types that are answered.
pub const RESPONSE_TYPES: &[ResponseType] = &ResponseType::ALL;

/// The longest `state` that is kept, in bytes. Longer ones are refused: a cut value would be worse than none.
pub const MAX_STATE: usize = 2048;

/// The longest `nonce` that is kept, in bytes.
pub const MAX_NONCE: usize = 1024;

/// What an `id_token_hint` turned out to be. Only a signature of ours counts; an expired token still tells who it was
/// (OIDC Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// None was sent.
    Absent,
    /// Ours, and issued to this client: about this person.
    User(UserId),
    /// Not a token that this server signed for this client.
    Refused,
}

/// An authorization request as it came, with what it names.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What could be read of the parameters.
    pub params: &'a Params,
    /// What was wrong with their encoding.
    pub fault: Option<&'a OAuthError>,
    /// The client that `client_id` names.
    pub client: Option<&'a Client>,
    /// The API resources that the request names, as far as they exist, or the one that it means.
    pub resources: &'a [&'a Resource],
    /// The APIs that declare types of `authorization_details`.
    pub declaring: &'a [&'a Resource],
    /// Scopes that custom-claim rules wait for.
    pub claim_scopes: &'a [String],
    /// What the client's security profile demands.
    pub rules: &'a Rules,
    /// What `id_token_hint` says.
    pub hint: Hint,
    /// What people are called to clients that see pairwise subjects.
    pub pseudonyms: Option<&'a Pseudonyms>,
    /// Whether people may register: without it `prompt=create` means nothing.
    pub registration: Registration,
    /// How it came.
    pub way: Way,
}

/// How a request came to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// By which door.
    pub door: Door,
    /// Whether its parameters are those of a signed request object (RFC 9101).
    pub signed: bool,
}

/// By which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Through the browser.
    Front,
    /// Pushed by the client (RFC 9126).
    Pushed,
}

impl Way {
    /// As plain parameters through the browser.
    pub const PLAIN: Self = Self {
        door: Door::Front,
        signed: false,
    };
}

/// Whether people may make accounts for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// They may.
    Open,
    /// Only administrators make accounts.
    Closed,
}

/// Why a request is shown to the person as an error page instead of going back to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No client_id.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// No client of that name.
    #[error("client_id names no client")]
    ClientUnknown,
    /// The client was switched off.
    #[error("the client is disabled")]
    ClientDisabled,
    /// No redirect_uri, and not exactly one is registered.
    #[error("redirect_uri is missing, and the client registered more than one or none")]
    RedirectUriMissing,
    /// The redirect_uri is not a registered one.
    #[error("redirect_uri is not registered for the client")]
    RedirectUriMismatch,
    /// The redirect_uri is not encrypted, and the security profile wants it so.
    #[error("redirect_uri is not https, as the client's security profile demands")]
    RedirectUriOpen,
    /// The `request_uri` is not one of a pushed request that this client may use now.
    #[error("request_uri is unknown, was used before, has expired or belongs to another client")]
    PushedRequestGone,
    /// It needs a page, which no frame shows.
    #[error("nothing can be asked in a frame of another page: open it in a window, or ask with prompt=none")]
    Framed,
    /// The parameters cannot be read, and so nothing says where to complain.
    #[error("the request cannot be read: {0}")]
    Malformed(OAuthError),
}

impl Fault {
    /// What a client hears that pushed the request: it has no address yet where refusals may go (RFC 9126 §2.3).
    pub fn to_error(&self) -> OAuthError {
        let code = match self {
            Self::Malformed(error) => return error.clone(),
            Self::ClientUnknown | Self::ClientDisabled => ErrorCode::InvalidClient,
            Self::PushedRequestGone => ErrorCode::InvalidRequestUri,
            Self::ClientIdMissing
            | Self::RedirectUriMissing
            | Self::RedirectUriMismatch
            | Self::RedirectUriOpen
            | Self::Framed => ErrorCode::InvalidRequest,
        };
        OAuthError::named(code, &self.to_string())
    }
}

/// A refused request.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// Tell the person.
    Page(Fault),
    /// Tell the client.
    Respond(Box<Response>),
}

/// Runs the checks in order.
///
/// # Errors
/// The first refusal, and to whom it goes.
pub fn decide(ask: &Ask<'_>) -> Result<AuthorizationParameters, Refusal> {
    let (client, redirect_uri, redirect_uri_given) =
        address(ask.params, ask.fault, ask.client, ask.rules).map_err(Refusal::Page)?;
    let mut draft = blank(ask.params, client, redirect_uri, redirect_uri_given);
    for check in TABLE {
        if let Err(error) = (check.rule)(ask, client, &mut draft) {
            return Err(Refusal::Respond(Box::new(Response::error(&draft, error))));
        }
    }
    Ok(draft)
}

/// A refusal of a request whose own parameters could not be had: its object is bad, or not to be found. It goes to the
/// client only if the address itself names a redirect_uri that is registered; else to the person.
pub fn refuse(params: &Params, client: Option<&Client>, rules: &Rules, error: OAuthError) -> Refusal {
    match address(params, None, client, rules) {
        Ok((client, redirect_uri, true)) => {
            let draft = blank(params, client, redirect_uri, true);
            Refusal::Respond(Box::new(Response::error(&draft, error)))
        }
        Ok(_) => Refusal::Page(Fault::Malformed(error)),
        Err(fault) => Refusal::Page(fault),
    }
}

/// Whether the client may still be answered as a request of it was found good for: what it registers may have changed
/// while a person was on the pages, and an address that it gave up is somebody else's.
pub fn may_still_answer(client: &Client, parameters: &AuthorizationParameters) -> bool {
    client.status == ClientStatus::Active
        && is_registered(client, &parameters.redirect_uri)
        && checks::may_use(client, parameters.response_type)
        && client.allows_mode(parameters.response_mode, parameters.response_type.default_mode())
}

fn is_registered(client: &Client, sent: &str) -> bool {
    let registered = &client.metadata.redirect_uris;
    registered.iter().any(|one| redirect_uri::matches(one, sent))
}

/// The client and the place where answers may go (RFC 6749 §3.1.2.3, §4.1.2.1).
fn address<'a>(
    params: &Params,
    fault: Option<&OAuthError>,
    client: Option<&'a Client>,
    rules: &Rules,
) -> Result<(&'a Client, String, bool), Fault> {
    let unread = |why: Fault| fault.map_or(why, |error| Fault::Malformed(error.clone()));
    if params.get("client_id").is_none() {
        return Err(unread(Fault::ClientIdMissing));
    }
    let client = client.ok_or(Fault::ClientUnknown)?;
    if client.status == ClientStatus::Disabled {
        return Err(Fault::ClientDisabled);
    }
    let registered = &client.metadata.redirect_uris;
    let (redirect_uri, is_given) = match (params.get("redirect_uri"), registered.as_slice()) {
        (Some(sent), _) if is_registered(client, sent) => (sent.to_owned(), true),
        (Some(_), _) => return Err(Fault::RedirectUriMismatch),
        // With a fault nobody knows whether one was sent.
        (None, [only]) if fault.is_none() => (only.clone(), false),
        (None, _) => return Err(unread(Fault::RedirectUriMissing)),
    };
    // who registered under no profile may have one that is fine there
    if client_metadata::is_forbidden_redirect_uri(&redirect_uri, &client.metadata, rules) {
        return Err(Fault::RedirectUriOpen);
    }
    Ok((client, redirect_uri, is_given))
}

/// Parameters that ask for nothing yet, but know how to answer: mode and `state` hold for refusals too.
fn blank(params: &Params, client: &Client, redirect_uri: String, redirect_uri_given: bool) -> AuthorizationParameters {
    let (response_type, response_mode) = response::asked(params, client);
    AuthorizationParameters {
        redirect_uri,
        redirect_uri_given,
        response_type,
        response_mode,
        state: params
            .get("state")
            .filter(|state| state.len() <= MAX_STATE)
            .map(str::to_owned),
        nonce: None,
        scope: ScopeSet::default(),
        resource: Vec::new(),
        code_challenge: None,
        prompt: PromptSet::default(),
        max_age: None,
        ui_locales: None,
        acr_values: Vec::new(),
        display: None,
        login_hint: None,
        hinted_user: None,
        claims: ClaimsRequest::default(),
        authorization_details: AuthorizationDetails::default(),
        dpop_jkt: None,
        pushed: None,
    }
}

/// Most API resources of one request.
const MAX_RESOURCES: usize = 10;

/// The API that a request means which names none: the only one with all those of its scopes that APIs have (RFC 9068 §3).
/// With `openid` the issuer is meant, whose userinfo such a token opens; without, a token for the issuer opens nothing.
pub fn meant_resource<'a>(
    params: &Params,
    client: &Client,
    all: impl Iterator<Item = &'a Resource> + Clone,
) -> Option<&'a Resource> {
    let asked = ScopeSet::parse(params.get("scope")?).ok()?;
    if params.all("resource").next().is_some() || asked.contains(OPENID) {
        return None;
    }
    let allowed = all.filter(|api| client.allows_resource(&api.identifier));
    let of_apis = asked.filter(|name| !CLAIM_SCOPES.contains(&name) && allowed.clone().any(|api| api.has_scope(name)));
    if of_apis.is_empty() {
        return None;
    }
    let mut having = allowed.filter(|api| of_apis.iter().all(|name| api.has_scope(name)));
    match (having.next(), having.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The API resources that a request names, each once (RFC 8707 §2); `known` has the one that it means if it names none.
///
/// # Errors
/// `invalid_target` for one that is unknown or forbidden, and for too many.
pub fn named_resources(params: &Params, client: &Client, known: &[&Resource]) -> Result<Vec<String>, OAuthError> {
    let refused = |why| Err(OAuthError::new(ErrorCode::InvalidTarget, why));
    if params.all("resource").next().is_none() {
        return Ok(known.iter().map(|meant| meant.identifier.clone()).collect());
    }
    let mut named: Vec<String> = Vec::new();
    for identifier in params.all("resource") {
        let is_known = known.iter().any(|resource| resource.identifier == identifier);
        if !is_known || !client.allows_resource(identifier) {
            return refused("resource is unknown or not allowed for this client");
        }
        if named.iter().any(|one| one == identifier) {
            continue;
        }
        if named.len() >= MAX_RESOURCES {
            return refused("too many resources");
        }
        named.push(identifier.to_owned());
    }
    Ok(named)
}

/// The scopes that are known here and that this client may ask for. The others are left out; the token response says
/// what was granted (RFC 6749 §3.3).
pub fn known_scopes(asked: &ScopeSet, client: &Client, resources: &[&Resource], claim_scopes: &[String]) -> ScopeSet {
    asked.filter(|name| {
        let known = match name {
            OPENID => true,
            // OIDC Core §11: it means nothing to a client that has no use for refresh tokens.
            OFFLINE_ACCESS => client.allows_grant(GrantType::RefreshToken),
            _ => {
                CLAIM_SCOPES.contains(&name)
                    || claim_scopes.iter().any(|scope| scope == name)
                    || resources.iter().any(|resource| resource.has_scope(name))
            }
        };
        known && client.allows_scope(name)
    })
}

const fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod response_tests;
#[cfg(test)]
mod tests;
