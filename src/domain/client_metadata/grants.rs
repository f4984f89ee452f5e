//! Which grant types and response types go together.

use super::{ClientMetadata, Faults, MetadataFault};
use crate::spec::oauth::{ClientAuthMethod, GrantType, ResponseMode, ResponseType, response_mode::Carrier};

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
    modes(metadata, faults);
}

// FAPI 2.0 Message Signing §5.3.3
fn modes(metadata: &ClientMetadata, faults: &mut Faults) {
    let registered = &metadata.response_modes;
    faults.list("response_modes", registered);
    let is_known = |name: &String| ResponseMode::names().any(|known| known == name);
    if !registered.iter().all(is_known) {
        let known: Vec<&str> = ResponseMode::names().collect();
        let fault = MetadataFault::Algorithm(known.join(", "));
        return faults.refuse("response_modes", fault);
    }
    // tokens travel in a query only if nobody can read them there (JARM §2.3.1)
    let is_encrypted = metadata.authorization_encrypted_response_alg.is_some();
    let fits = |mode: ResponseMode, default: ResponseMode| {
        mode.carrier() != Carrier::Query || default.carrier() == Carrier::Query || (mode.is_signed() && is_encrypted)
    };
    let is_served = |one: &ResponseType| {
        let default = one.default_mode();
        let mut modes = registered.iter().filter_map(|name| ResponseMode::parse(name, default));
        modes.any(|mode| fits(mode, default))
    };
    if !registered.is_empty() && !metadata.response_types.iter().all(is_served) {
        let fault = MetadataFault::Needs("a mode in which each of the response types may be answered");
        faults.refuse("response_modes", fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
        let mut metadata = ClientMetadata::default();
        change(&mut metadata);
        let mut faults = Faults::default();
        check(&metadata, &mut faults);
        faults.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_response_type_has_a_mode_in_which_it_is_answered() {
        let with = |response_type, modes: &[&str]| {
            faults(|m| {
                m.response_types = vec![response_type];
                m.grant_types.push(GrantType::Implicit);
                m.response_modes = modes.iter().map(|mode| (*mode).to_owned()).collect();
            })
        };
        let field = ["response_modes"];
        for modes in [&[][..], &["jwt"], &["query", "form_post.jwt"], &["fragment"]] {
            assert!(with(ResponseType::CodeIdToken, modes).is_empty(), "{modes:?}");
        }
        let code = |mode: &str| faults(|m| m.response_modes = vec![mode.to_owned()]);
        assert!(code("query").is_empty() && code("query.jwt").is_empty());
        assert_eq!(with(ResponseType::CodeIdToken, &["query"]), field);
        assert_eq!(with(ResponseType::CodeIdToken, &["query.jwt"]), field);
        for wrong in [&["web_message"][..], &["jwt", "jwt"], &[""]] {
            assert_eq!(with(ResponseType::CodeIdToken, wrong)[..1], field, "{wrong:?}");
        }
        let sealed = faults(|m| {
            m.response_types = vec![ResponseType::CodeIdToken];
            m.grant_types.push(GrantType::Implicit);
            m.response_modes = vec!["query.jwt".to_owned()];
            m.authorization_encrypted_response_alg = Some("RSA-OAEP-256".to_owned());
            m.jwks_uri = Some("https://app.example/jwks".to_owned());
        });
        assert!(sealed.is_empty(), "{sealed:?}");
    }
}
