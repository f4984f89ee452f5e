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
/// clients that get tokens without a redirect, the host of the keys by which they prove themselves (CIBA Core §4); whoever
/// gets them both ways has one host for both, since the front channel never asks for the keys. `None` if nothing tells: an
/// address that nothing is ever sent to is no proof that one belongs there.
pub fn sector(metadata: &ClientMetadata) -> Option<String> {
    if let Some(uri) = &metadata.sector_identifier_uri {
        return host(uri);
    }
    let mut hosts = metadata.redirect_uris.iter().map(|uri| host(uri));
    let first = match comes_back_alone(metadata) {
        true => proving_keys(metadata).map(host)?,
        false => hosts.next()?,
    };
    hosts.all(|other| other == first).then_some(first).flatten()
}

/// Where the keys are by which the client proves itself whenever it asks for tokens (CIBA Core §4).
pub fn proving_keys(metadata: &ClientMetadata) -> Option<&str> {
    let proves = matches!(
        metadata.token_endpoint_auth_method,
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SelfSignedTlsClientAuth
    );
    metadata.jwks_uri.as_deref().filter(|_| proves)
}

/// Whether people are to the client after a change of its metadata who they were before.
pub fn is_same(before: &ClientMetadata, after: &ClientMetadata) -> bool {
    let shown = |metadata: &ClientMetadata| match metadata.subject_type {
        SubjectType::Public => None,
        SubjectType::Pairwise => Some(sector(metadata)),
    };
    shown(before) == shown(after)
}

/// Whether the client may get tokens about people without being redirected to.
pub fn comes_back_alone(metadata: &ClientMetadata) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_may_show_the_same_people() {
        let client = |subject_type: SubjectType, redirect_uri: &str| ClientMetadata {
            subject_type,
            redirect_uris: vec![redirect_uri.to_owned()],
            ..ClientMetadata::default()
        };
        let (own, foreign) = ("https://app.example/cb", "https://bank.example/cb");
        let public = client(SubjectType::Public, own);
        // ids are the same everywhere
        assert!(is_same(&public, &client(SubjectType::Public, foreign)));
        let pairwise = client(SubjectType::Pairwise, own);
        assert!(is_same(
            &pairwise,
            &client(SubjectType::Pairwise, "https://app.example/other")
        ));
        let moved = client(SubjectType::Pairwise, foreign);
        for (one, other) in [(&pairwise, &moved), (&pairwise, &public), (&public, &pairwise)] {
            assert!(!is_same(one, other));
        }
    }
}
