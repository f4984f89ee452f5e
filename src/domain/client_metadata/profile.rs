//! What a security profile leaves of the rest. The request itself would be refused later; whoever registers the client
//! should hear of it now.

use url::Url;

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{
    domain::security_profile::{self, Consent, Jarm, RedirectUri, Rules},
    model::{ApplicationType, SecurityProfile},
    spec::{jose::SigningAlg, oauth::ClientAuthMethod},
};

/// What is said of a value that the profile does not allow.
const ANOTHER_PROFILE: MetadataFault = MetadataFault::Needs("another security_profile");

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    // the server's own profile may change; what it forbids of these is refused where it is used
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
    if !metadata.require_consent && rules.consent == Consent::Always {
        faults.refuse(
            "require_consent",
            MetadataFault::Needs("to be true under this security_profile"),
        );
    }
    let is_forbidden = |uri: &String| is_forbidden_redirect_uri(uri, metadata, rules);
    if metadata.redirect_uris.iter().any(is_forbidden) {
        faults.refuse("redirect_uris", ANOTHER_PROFILE);
    }
}

/// What is signed with under the profile that holds, be it the client's own or the server's: another algorithm would be
/// replaced without a word, or all that it signs be refused.
pub(super) fn check_algs(metadata: &ClientMetadata, server: Option<SecurityProfile>, faults: &mut Faults) {
    let Some(profile) = metadata.security_profile.or(server) else {
        return;
    };
    let rules = security_profile::rules(Some(profile));
    let of_client = [
        (
            "token_endpoint_auth_signing_alg",
            &metadata.token_endpoint_auth_signing_alg,
        ),
        ("request_object_signing_alg", &metadata.request_object_signing_alg),
        (
            "backchannel_authentication_request_signing_alg",
            &metadata.backchannel_authentication_request_signing_alg,
        ),
    ];
    let of_server = [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("access_token_signing_alg", &metadata.access_token_signing_alg),
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
    // a MAC goes with its method, which is allowed or not
    let by_mac = metadata.token_endpoint_auth_method == ClientAuthMethod::ClientSecretJwt;
    let forbidden_to_client = |name: &str| !rules.client_algs.iter().any(|alg| alg.name() == name);
    let forbidden_to_server = |name: &str| !rules.signing_algs.iter().any(|alg| alg.name() == name);
    for (field, alg) in of_client {
        if by_mac && field == "token_endpoint_auth_signing_alg" {
            continue;
        }
        if alg.as_deref().is_some_and(forbidden_to_client) {
            faults.refuse(field, ANOTHER_PROFILE);
        }
    }
    for (field, alg) in of_server {
        if alg.as_deref().is_some_and(forbidden_to_server) {
            faults.refuse(field, ANOTHER_PROFILE);
        }
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
    use crate::spec::oauth::ResponseType;

    fn refused(change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
        refused_on(None, change)
    }

    fn refused_on(server: Option<SecurityProfile>, change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
        let mut metadata = ClientMetadata {
            security_profile: Some(SecurityProfile::Fapi2Security),
            token_endpoint_auth_method: ClientAuthMethod::PrivateKeyJwt,
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            ..ClientMetadata::default()
        };
        change(&mut metadata);
        let mut faults = Faults::default();
        check(&metadata, &mut faults);
        check_algs(&metadata, server, &mut faults);
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
    fn under_fapi_1_people_are_asked() {
        let unasked = |profile| {
            refused(|m| {
                m.security_profile = profile;
                m.require_consent = false;
            })
        };
        assert_eq!(unasked(Some(SecurityProfile::Fapi1Advanced)), ["require_consent"]);
        assert!(unasked(Some(SecurityProfile::Fapi2Security)).is_empty());
        assert!(unasked(None).is_empty());
    }

    #[test]
    fn no_algorithm_is_taken_that_the_profile_of_the_client_or_the_server_forbids() {
        type Field = fn(&mut ClientMetadata) -> &mut Option<String>;
        const FIELDS: [(&str, Field); 8] = [
            ("token_endpoint_auth_signing_alg", |m| {
                &mut m.token_endpoint_auth_signing_alg
            }),
            ("request_object_signing_alg", |m| &mut m.request_object_signing_alg),
            ("backchannel_authentication_request_signing_alg", |m| {
                &mut m.backchannel_authentication_request_signing_alg
            }),
            ("id_token_signed_response_alg", |m| &mut m.id_token_signed_response_alg),
            ("access_token_signing_alg", |m| &mut m.access_token_signing_alg),
            ("userinfo_signed_response_alg", |m| &mut m.userinfo_signed_response_alg),
            ("authorization_signed_response_alg", |m| {
                &mut m.authorization_signed_response_alg
            }),
            ("introspection_signed_response_alg", |m| {
                &mut m.introspection_signed_response_alg
            }),
        ];
        let fapi = Some(SecurityProfile::Fapi2Security);
        for (name, field) in FIELDS {
            let weak = |m: &mut ClientMetadata| *field(m) = Some("RS256".to_owned());
            let of = |profile| {
                move |m: &mut ClientMetadata| {
                    m.security_profile = profile;
                    weak(m);
                }
            };
            assert_eq!(refused(weak), [name]);
            assert_eq!(refused_on(fapi, of(None)), [name]);
            // who is held to another profile is not held to the server's
            assert!(
                refused_on(fapi, of(Some(SecurityProfile::OAuth21))).is_empty(),
                "{name}"
            );
            assert!(refused_on(None, of(None)).is_empty(), "{name}");
            assert!(refused(|m| *field(m) = Some("ES256".to_owned())).is_empty(), "{name}");
        }
        // OAuth 2.1 forbids no method, nor what comes with it
        let by_mac = |m: &mut ClientMetadata| {
            m.security_profile = None;
            m.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
            m.token_endpoint_auth_signing_alg = Some("HS256".to_owned());
        };
        assert!(refused_on(Some(SecurityProfile::OAuth21), by_mac).is_empty());
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
