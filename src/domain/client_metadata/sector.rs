//! Sectors: which clients see the same `sub` of a person, if they see pairwise ones (OIDC Core §8.1).

use url::Url;

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{
    model::SubjectType,
    spec::oauth::{ClientAuthMethod, GrantType, redirect_uri},
};

/// What `sub` may be.
pub const SUBJECT_TYPES: [SubjectType; 2] = [SubjectType::Public, SubjectType::Pairwise];

/// The sector of a client: the host of its `sector_identifier_uri`, else the one host of its redirect URIs, else, for
/// clients that get tokens without a redirect, the host of the keys by which they prove themselves (CIBA Core §4). `None`
/// if nothing tells: an address that nothing is ever sent to is no proof that one belongs there.
pub fn sector(metadata: &ClientMetadata) -> Option<String> {
    if let Some(uri) = &metadata.sector_identifier_uri {
        return host(uri);
    }
    if is_never_redirected(metadata) {
        let proves = matches!(
            metadata.token_endpoint_auth_method,
            ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SelfSignedTlsClientAuth
        );
        return metadata.jwks_uri.as_deref().filter(|_| proves).and_then(host);
    }
    let mut hosts = metadata.redirect_uris.iter().map(|uri| host(uri));
    let first = hosts.next()?;
    hosts.all(|other| other == first).then_some(first).flatten()
}

/// Whether the client may get tokens about people without being redirected to.
pub fn is_never_redirected(metadata: &ClientMetadata) -> bool {
    let is_backchannel = |grant: &GrantType| matches!(grant, GrantType::Ciba | GrantType::DeviceCode);
    metadata.grant_types.iter().any(is_backchannel)
}

/// The host of an https address: nobody owns the name behind another scheme, and this machine is everybody's.
fn host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let is_somebodys = url.scheme() == "https" && !redirect_uri::is_loopback(&url);
    url.host_str().filter(|_| is_somebodys).map(str::to_owned)
}

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    // OIDC Registration §5: the document is fetched, so it is https even on this machine
    let plain = |uri: &str| !uri.starts_with("https://");
    if metadata.sector_identifier_uri.as_deref().is_some_and(plain) {
        faults.refuse("sector_identifier_uri", MetadataFault::Address);
        return;
    }
    if metadata.subject_type == SubjectType::Pairwise && sector(metadata).is_none() {
        faults.refuse("sector_identifier_uri", MetadataFault::NoSector);
    }
}
