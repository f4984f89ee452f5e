//! Sectors: which clients see the same `sub` of a person, if they see pairwise ones (OIDC Core §8.1).

use url::Url;

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{model::SubjectType, spec::oauth::GrantType};

/// What `sub` may be.
pub const SUBJECT_TYPES: [SubjectType; 2] = [SubjectType::Public, SubjectType::Pairwise];

/// The sector of a client: the host of its `sector_identifier_uri`, else the one host of its redirect URIs, else, for
/// clients that are never redirected to, the host of its keys (CIBA Core §4). `None` if nothing tells.
pub fn sector(metadata: &ClientMetadata) -> Option<String> {
    if let Some(uri) = &metadata.sector_identifier_uri {
        return host(uri);
    }
    let mut hosts = metadata.redirect_uris.iter().map(|uri| host(uri));
    if let Some(first) = hosts.next() {
        return hosts.all(|other| other == first).then_some(first).flatten();
    }
    let is_backchannel = metadata
        .grant_types
        .iter()
        .any(|grant| matches!(grant, GrantType::Ciba | GrantType::DeviceCode));
    metadata.jwks_uri.as_deref().filter(|_| is_backchannel).and_then(host)
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    // OIDC Registration §5: the document is fetched, so it is https even on this machine
    let plain = |uri: &str| !uri.starts_with("https://");
    if metadata.sector_identifier_uri.as_deref().is_some_and(plain) {
        faults.refuse("sector_identifier_uri", MetadataFault::Address);
    }
    if metadata.subject_type == SubjectType::Pairwise && sector(metadata).is_none() {
        faults.refuse("sector_identifier_uri", MetadataFault::NoSector);
    }
}
