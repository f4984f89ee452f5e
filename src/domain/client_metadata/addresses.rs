//! Addresses: where browsers are sent, what pages link to, and what this server fetches or calls.

use url::Url;

use super::{ClientMetadata, Faults, MAX_TEXT, MetadataFault, is_web_address};
use crate::{
    model::ApplicationType,
    spec::oauth::{GrantType, redirect_uri},
};

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    redirects(metadata, faults);
    implicit(metadata, faults);
    pages(metadata, faults);
    frontchannel_logout(metadata, faults);
    faults.list("request_uris", &metadata.request_uris);
    // OIDC Registration §2: a fragment holds the hash of what is to be found there
    if !metadata.request_uris.iter().all(|uri| is_web_address(uri)) {
        faults.refuse("request_uris", MetadataFault::Address);
    }
}

fn redirects(metadata: &ClientMetadata, faults: &mut Faults) {
    for (field, uris) in [
        ("redirect_uris", &metadata.redirect_uris),
        ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
    ] {
        faults.list(field, uris);
        for uri in uris {
            if let Err(fault) = redirect_uri::check(uri) {
                let uri = uri.chars().take(MAX_TEXT).filter(|c| !c.is_control()).collect();
                faults.refuse(field, MetadataFault::RedirectUri { uri, fault });
            }
        }
    }
    if !metadata.response_types.is_empty() && metadata.redirect_uris.is_empty() {
        faults.refuse("redirect_uris", MetadataFault::Missing);
    }
}

// OIDC Registration §2, application_type
fn implicit(metadata: &ClientMetadata, faults: &mut Faults) {
    let concerned =
        metadata.application_type == ApplicationType::Web && metadata.grant_types.contains(&GrantType::Implicit);
    let is_safe =
        |uri: &String| Url::parse(uri).map_or(true, |url| url.scheme() == "https" && !redirect_uri::is_loopback(&url));
    if concerned && !metadata.redirect_uris.iter().all(is_safe) {
        faults.refuse("redirect_uris", MetadataFault::ImplicitAddress);
    }
}

fn pages(metadata: &ClientMetadata, faults: &mut Faults) {
    for (field, address) in [
        ("client_uri", &metadata.client_uri),
        ("logo_uri", &metadata.logo_uri),
        ("policy_uri", &metadata.policy_uri),
        ("tos_uri", &metadata.tos_uri),
        ("jwks_uri", &metadata.jwks_uri),
        ("initiate_login_uri", &metadata.initiate_login_uri),
        ("sector_identifier_uri", &metadata.sector_identifier_uri),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri),
        (
            "backchannel_client_notification_endpoint",
            &metadata.backchannel_client_notification_endpoint,
        ),
    ] {
        if address.as_deref().is_some_and(|address| !is_web_address(address)) {
            faults.refuse(field, MetadataFault::Address);
        }
    }
    // Back-Channel Logout §2.2 and Front-Channel Logout §2: no fragment
    for (field, address) in [
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri),
    ] {
        if address.as_deref().is_some_and(|address| address.contains('#')) {
            faults.refuse(field, MetadataFault::Malformed);
        }
    }
}

// Front-Channel Logout §2: "The domain, port, and scheme of this URL MUST be the same as that of a registered
// Redirection URI value."
fn frontchannel_logout(metadata: &ClientMetadata, faults: &mut Faults) {
    let origin = |uri: &str| Url::parse(uri).ok().map(|url| url.origin());
    let Some(own) = metadata.frontchannel_logout_uri.as_deref().and_then(origin) else {
        return;
    };
    if !metadata
        .redirect_uris
        .iter()
        .any(|uri| origin(uri).as_ref() == Some(&own))
    {
        faults.refuse("frontchannel_logout_uri", MetadataFault::OtherOrigin);
    }
}
