//! What a security profile leaves of the rest. The request itself would be refused later; whoever registers the client
//! should hear of it now.

use url::Url;

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{
    domain::security_profile::{self, Jarm, RedirectUri, Rules},
    model::ApplicationType,
    spec::jose::SigningAlg,
};

/// What is said of a value that the profile does not allow.
const ANOTHER_PROFILE: MetadataFault = MetadataFault::Needs("another security_profile");

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    // the server's own profile may change; what it forbids is refused where it is used
    let Some(profile) = metadata.security_profile else {
        return;
    };
    let rules = security_profile::rules(Some(profile));
    if !rules.client_auth.contains(&metadata.token_endpoint_auth_method) {
        faults.refuse("token_endpoint_auth_method", ANOTHER_PROFILE);
    }
    let types = &metadata.response_types;
    if !types.iter().all(|one| rules.responses.allow(*one, Jarm::Yes)) {
        faults.refuse("response_types", ANOTHER_PROFILE);
    }
    let of_client = [
        (
            "token_endpoint_auth_signing_alg",
            &metadata.token_endpoint_auth_signing_alg,
        ),
        ("request_object_signing_alg", &metadata.request_object_signing_alg),
    ];
    let of_server = [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        (
            "authorization_signed_response_alg",
            &metadata.authorization_signed_response_alg,
        ),
        (
            "introspection_signed_response_alg",
            &metadata.introspection_signed_response_alg,
        ),
    ];
    let forbidden_to_client = |name: &str| !rules.client_algs.iter().any(|alg| alg.name() == name);
    let forbidden_to_server = |name: &str| !rules.signing_algs.iter().any(|alg| alg.name() == name);
    for (field, alg) in of_client {
        if alg.as_deref().is_some_and(forbidden_to_client) {
            faults.refuse(field, ANOTHER_PROFILE);
        }
    }
    for (field, alg) in of_server {
        if alg.as_deref().is_some_and(forbidden_to_server) {
            faults.refuse(field, ANOTHER_PROFILE);
        }
    }
    let is_forbidden = |uri: &String| is_forbidden_redirect_uri(uri, metadata, rules);
    if metadata.redirect_uris.iter().any(is_forbidden) {
        faults.refuse("redirect_uris", ANOTHER_PROFILE);
    }
}

/// That there is a key with which the profile lets Signet sign.
pub(super) fn check_keys(metadata: &ClientMetadata, ring: &[SigningAlg], faults: &mut Faults) {
    let rules = security_profile::rules(metadata.security_profile);
    if metadata.security_profile.is_some() && rules.usable_algs(ring).next().is_none() {
        let known: Vec<&str> = rules.signing_algs.iter().map(|alg| alg.name()).collect();
        faults.refuse("security_profile", MetadataFault::NoSigner(known.join(", ")));
    }
}

/// FAPI 1.0 Baseline §5.2.2-20, FAPI 2.0 Security Profile §5.3.2.2-8: answers travel encrypted; on the person's own device
/// they need not travel.
pub(in crate::domain) fn is_forbidden_redirect_uri(uri: &str, metadata: &ClientMetadata, rules: &Rules) -> bool {
    rules.redirect_uri == RedirectUri::Required
        && metadata.application_type != ApplicationType::Native
        && Url::parse(uri).is_ok_and(|url| url.scheme() == "http")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::SecurityProfile,
        spec::oauth::{ClientAuthMethod, ResponseType},
    };

    fn refused(change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
        let mut metadata = ClientMetadata {
            security_profile: Some(SecurityProfile::Fapi2Security),
            token_endpoint_auth_method: ClientAuthMethod::PrivateKeyJwt,
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            ..ClientMetadata::default()
        };
        change(&mut metadata);
        let mut faults = Faults::default();
        check(&metadata, &mut faults);
        faults.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_profile_is_not_registered_beside_what_it_forbids() {
        assert!(refused(|_| {}).is_empty());
        assert!(refused(|m| m.id_token_signed_response_alg = Some("EdDSA".to_owned())).is_empty());
        let method = |m: &mut ClientMetadata| m.token_endpoint_auth_method = ClientAuthMethod::ClientSecretBasic;
        assert_eq!(refused(method), ["token_endpoint_auth_method"]);
        assert_eq!(
            refused(|m| m.response_types = vec![ResponseType::CodeIdToken]),
            ["response_types"]
        );
        assert_eq!(
            refused(|m| m.id_token_signed_response_alg = Some("RS256".to_owned())),
            ["id_token_signed_response_alg"]
        );
        assert_eq!(
            refused(|m| m.token_endpoint_auth_signing_alg = Some("RS256".to_owned())),
            ["token_endpoint_auth_signing_alg"]
        );
        assert_eq!(
            refused(|m| m.redirect_uris.push("http://localhost/cb".to_owned())),
            ["redirect_uris"]
        );
    }

    #[test]
    fn without_a_profile_nothing_is_said() {
        let method = |m: &mut ClientMetadata| {
            m.security_profile = None;
            m.token_endpoint_auth_method = ClientAuthMethod::ClientSecretBasic;
        };
        assert!(refused(method).is_empty());
    }
}
