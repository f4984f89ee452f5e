//! What an authorization request says, whichever way it came: as parameters, in a request object, or as a reference to one
//! or to what the client pushed.

use std::{net::IpAddr, sync::Arc};

use super::object;
use crate::{
    base::TokenHash,
    domain::{
        authorize::{self, Ask, Door, Fault, Hint, Refusal, Registration, Way},
        security_profile,
    },
    flow::{self, Core, Failure, cache::Catalog, client_document, hint},
    model::{AuthorizationParameters, Client, ClientStatus, Resource},
    spec::oauth::{ErrorCode, OAuthError, Params, ResponseType, request_uri},
    store,
};

/// A request as the checks see it.
pub(in crate::flow) struct Incoming {
    /// The parameters that count, and no others.
    pub(in crate::flow) params: Params,
    /// What was wrong with their encoding.
    pub(in crate::flow) fault: Option<OAuthError>,
    /// The client that `client_id` names.
    pub(in crate::flow) client: Option<Arc<Client>>,
    /// How they came.
    pub(in crate::flow) way: Way,
    /// The pushed request that they are.
    pub(in crate::flow) pushed: Option<TokenHash>,
    /// Why the parameters that count could not be had.
    pub(in crate::flow) refusal: Option<Refusal>,
}

/// Reads what the browser brought.
pub(super) async fn read(
    core: &Core,
    encoded: &str,
    address: Option<IpAddr>,
) -> Result<Result<Incoming, Fault>, Failure> {
    let (params, fault) = Params::read(encoded);
    let client = match params.get("client_id") {
        Some(client_id) => match client_document::find(core, client_id, address).await {
            Ok(client) => client,
            Err(flow::Refusal::Protocol(error)) => return Ok(Err(Fault::Malformed(error))),
            Err(flow::Refusal::TooMany { .. }) => return Ok(Err(Fault::Malformed(too_many()))),
            Err(refusal) => return Err(refusal.into()),
        },
        None => None,
    };
    if let Some(hash) = params.get("request_uri").and_then(request_uri::pushed_hash) {
        return Ok(of_pushed(core, &params, fault, client, &hash).await?);
    }
    let is_active = client
        .as_ref()
        .is_some_and(|client| client.status == ClientStatus::Active);
    let incoming = Incoming {
        params,
        fault,
        client,
        way: Way::PLAIN,
        pushed: None,
        refusal: None,
    };
    let refers = incoming.params.get("request").is_some() || incoming.params.get("request_uri").is_some();
    // What else is wrong with the address is said first; nothing is fetched for nobody.
    if refers && is_active && incoming.fault.is_none() {
        return Ok(Ok(of_object(core, incoming, address).await));
    }
    Ok(Ok(incoming))
}

/// The parameters of the request object that the address has or names; its own are not looked at any more.
async fn of_object(core: &Core, mut outer: Incoming, address: Option<IpAddr>) -> Incoming {
    let Some(client) = outer.client.clone() else {
        return outer;
    };
    let params = &outer.params;
    let read = match (params.get("request"), params.get("request_uri")) {
        (Some(object), None) => object::by_value(core, &client, object).await,
        (None, Some(request_uri)) => object::by_reference(core, &client, request_uri, address).await,
        // RFC 9101 §5: never both
        _ => Err(exclusive()),
    };
    match read.and_then(|inner| agreeing(params, inner)) {
        Ok(inner) => {
            outer.params = inner;
            outer.way.signed = true;
        }
        Err(error) => {
            let rules = security_profile::of(&client, core.policy.security.profile);
            outer.refusal = Some(authorize::refuse(params, Some(&client), rules, error));
        }
    }
    outer
}

/// Too many clients came from one address, or in all.
const fn too_many() -> OAuthError {
    OAuthError::new(
        ErrorCode::TemporarilyUnavailable,
        "too many new apps came from there; try again later",
    )
}

const fn exclusive() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, "request and request_uri exclude each other")
}

/// OIDC Core §6.1: the response_type stands in the address too, and must be the same; so is the client's name (RFC 9101
/// §5), which the object was verified for.
fn agreeing(outer: &Params, inner: Params) -> Result<Params, OAuthError> {
    let asked = |params: &Params| params.get("response_type").map(ResponseType::parse);
    match (asked(outer), asked(&inner)) {
        (Some(outer), Some(inner)) if outer != inner => {
            let why = "response_type is another one in the request object";
            Err(OAuthError::new(ErrorCode::InvalidRequest, why))
        }
        _ => Ok(inner),
    }
}

/// What was pushed counts alone: whatever else the browser brought is not looked at (RFC 9126 §4, RFC 9101 §6.3).
async fn of_pushed(
    core: &Core,
    params: &Params,
    fault: Option<OAuthError>,
    client: Option<Arc<Client>>,
    hash: &TokenHash,
) -> Result<Result<Incoming, Fault>, store::Error> {
    if let Some(error) = fault {
        return Ok(Err(Fault::Malformed(error)));
    }
    // RFC 9101 §5: never both
    if params.get("request").is_some() {
        return Ok(Err(Fault::Malformed(exclusive())));
    }
    let Some(client) = client else {
        let missing = params.get("client_id").is_none();
        return Ok(Err(if missing {
            Fault::ClientIdMissing
        } else {
            Fault::ClientUnknown
        }));
    };
    let found = store::pushed_request::find(core.store.pool(), hash).await?;
    let Some(pushed) = found.filter(|pushed| pushed.may_be_used(&client.client_id, core.now())) else {
        return Ok(Err(Fault::PushedRequestGone));
    };
    Ok(match Params::from_pairs(pushed.parameters) {
        Ok(params) => Ok(Incoming {
            params,
            fault: None,
            client: Some(client),
            way: Way {
                door: Door::Pushed,
                signed: pushed.signed,
            },
            pushed: Some(pushed.hash),
            refusal: None,
        }),
        Err(error) => Err(Fault::Malformed(error)),
    })
}

/// Runs the checks.
pub(in crate::flow) fn decide(
    core: &Core,
    catalog: &Catalog,
    incoming: &Incoming,
) -> Result<AuthorizationParameters, Refusal> {
    if let Some(refusal) = &incoming.refusal {
        return Err(refusal.clone());
    }
    let named = match &incoming.client {
        Some(client) => named(catalog, &incoming.params, client),
        None => Vec::new(),
    };
    let mut parameters = authorize::decide(&Ask {
        params: &incoming.params,
        fault: incoming.fault.as_ref(),
        client: incoming.client.as_deref(),
        resources: &named,
        declaring: &declaring(catalog),
        claim_scopes: &catalog.rules.scopes(),
        rules: match &incoming.client {
            Some(client) => security_profile::of(client, core.policy.security.profile),
            None => security_profile::rules(core.policy.security.profile),
        },
        hint: hinted(core, incoming),
        pseudonyms: core.pseudonyms().ok(),
        registration: if core.policy.sign_up.enabled {
            Registration::Open
        } else {
            Registration::Closed
        },
        way: incoming.way,
    })?;
    parameters.pushed = incoming.pushed;
    Ok(parameters)
}

/// The APIs that the request names, or the one that it means.
pub(in crate::flow) fn named<'a>(catalog: &'a Catalog, params: &Params, client: &Client) -> Vec<&'a Resource> {
    let known = |identifier| catalog.resources.get(identifier).map(|resource| &**resource);
    let all = catalog.resources.values().map(|resource| &**resource);
    let meant = authorize::meant_resource(params, client, all);
    params.all("resource").filter_map(known).chain(meant).collect()
}

/// The APIs that declare types of `authorization_details`.
pub(in crate::flow) fn declaring(catalog: &Catalog) -> Vec<&Resource> {
    let all = catalog.resources.values().map(|resource| &**resource);
    all.filter(|resource| !resource.authorization_details_types.is_empty())
        .collect()
}

fn hinted(core: &Core, incoming: &Incoming) -> Hint {
    let params = &incoming.params;
    let Some(token) = params.get("id_token_hint") else {
        return Hint::Absent;
    };
    hint::read(core, token)
        .filter(|token| params.get("client_id") == Some(&token.client_id))
        .and_then(|token| token.user_id(core, incoming.client.as_deref()))
        .map_or(Hint::Refused, Hint::User)
}
