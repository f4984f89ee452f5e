//! Which grant types and response types go together.

use super::{ClientMetadata, Faults, MetadataFault};
use crate::spec::oauth::{ClientAuthMethod, GrantType};

/// Whether the grant begins at the authorization endpoint.
pub(super) fn has_front_channel(grant: GrantType) -> bool {
    matches!(grant, GrantType::AuthorizationCode | GrantType::Implicit)
}

/// Whether people authorize by it, so that a refresh token can follow.
fn can_be_refreshed(grant: GrantType) -> bool {
    matches!(
        grant,
        GrantType::AuthorizationCode | GrantType::DeviceCode | GrantType::Ciba
    )
}

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    let grants = &metadata.grant_types;
    if grants.is_empty() {
        faults.refuse("grant_types", MetadataFault::Missing);
    }
    faults.list("grant_types", grants);
    faults.list("response_types", &metadata.response_types);
    let uses = |grant: GrantType| grants.contains(&grant);
    if metadata.token_endpoint_auth_method == ClientAuthMethod::None {
        if uses(GrantType::ClientCredentials) {
            faults.refuse("grant_types", MetadataFault::PublicClientCredentials);
        }
        // CIBA Core §4: the client authenticates; RFC 8693 §2.1: whose token is traded must not be anybody's guess, and no
        // more who it is that brings somebody's word
        for grant in [GrantType::Ciba, GrantType::TokenExchange, GrantType::JwtBearer] {
            if uses(grant) {
                faults.refuse("grant_types", MetadataFault::Needs("a client that authenticates"));
            }
        }
    }
    if uses(GrantType::RefreshToken) && !grants.iter().any(|grant| can_be_refreshed(*grant)) {
        faults.refuse("grant_types", MetadataFault::RefreshWithoutCode);
    }
    // every grant that begins at the authorization endpoint needs a response type, and every response type its grants
    let served = |grant: GrantType| {
        metadata
            .response_types
            .iter()
            .any(|one| one.grant_types().any(|needed| needed == grant))
    };
    if [GrantType::AuthorizationCode, GrantType::Implicit]
        .into_iter()
        .any(|grant| uses(grant) && !served(grant))
    {
        faults.refuse("response_types", MetadataFault::Missing);
    }
    for response_type in &metadata.response_types {
        if let Some(missing) = response_type.grant_types().find(|grant| !uses(*grant)) {
            let fault = MetadataFault::NeedsGrant(response_type.as_str(), missing.as_str());
            faults.refuse("response_types", fault);
        }
    }
}
