//! The server's metadata (OIDC Discovery §3, RFC 8414 §2) and the paths of its endpoints.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::spec::{
    oauth::{ClientAuthMethod, GrantType, Prompt, ResponseType, scope},
    oidc::{Display, claim},
};

/// Paths below the issuer.
pub mod path {
    /// RFC 6749 §3.1.
    pub const AUTHORIZE: &str = "/authorize";
    /// RFC 6749 §3.2.
    pub const TOKEN: &str = "/token";
    /// RFC 9126 §2.
    pub const PAR: &str = "/par";
    /// OIDC Core §5.3.
    pub const USERINFO: &str = "/userinfo";
    /// RFC 7517 §5.
    pub const JWKS: &str = "/jwks";
    /// RFC 8628 §3.1.
    pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
    /// RFC 8628 §3.3: where people type in what a device shows.
    pub const DEVICE: &str = "/device";
    /// CIBA Core §7.
    pub const BACKCHANNEL_AUTHENTICATION: &str = "/backchannel_authentication";
    /// CIBA Core §8: where people are asked.
    pub const APPROVE: &str = "/approve";
    /// `automated_ciba_approval_url` of the conformance suite; there only if a setting says so.
    pub const TEST_APPROVAL: &str = "/testing/ciba";
    /// RFC 7662 §2.
    pub const INTROSPECT: &str = "/introspect";
    /// RFC 7009 §2.
    pub const REVOKE: &str = "/revoke";
    /// RFC 7591 §3; a client's own registration lies below it (RFC 7592 §2).
    pub const REGISTRATION: &str = "/clients";
    /// OIDC RP-Initiated Logout §2.
    pub const END_SESSION: &str = "/end_session";
    /// OIDC Session Management §3.
    pub const CHECK_SESSION: &str = "/check_session";
    /// OIDC Discovery §4.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414 §3.
    pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
}

/// The metadata document. One serves both OpenID Connect and plain OAuth: the members are the same registry's.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<ResponseType>,
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<GrantType>,
    acr_values_supported: Vec<String>,
    subject_types_supported: Vec<&'static str>,
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    display_values_supported: Vec<&'static str>,
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<String>,
    claims_parameter_supported: bool,
    ui_locales_supported: Vec<String>,
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

/// What differs from server to server, and from version to version.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The issuer, without a trailing slash.
    pub issuer: String,
    /// Claims besides those of the protocol.
    pub claims: Vec<String>,
    /// Every grant type that some client may use.
    pub grant_types: Vec<GrantType>,
    /// Every response type that some client may use.
    pub response_types: Vec<ResponseType>,
    /// Every way in which responses travel.
    pub response_modes: Vec<&'static str>,
    /// Every way in which clients authenticate.
    pub auth_methods: Vec<ClientAuthMethod>,
    /// What ID tokens may be signed with.
    pub signing_algs: Vec<&'static str>,
    /// What clients may sign assertions with that authenticate them.
    pub assertion_algs: Vec<&'static str>,
    /// What `sub` may be.
    pub subject_types: Vec<&'static str>,
    /// Members that extensions add.
    pub extensions: Map<String, Value>,
    /// Every `prompt` that is heeded.
    pub prompts: Vec<Prompt>,
    /// Classes of authentication.
    pub acr_values: Vec<String>,
    /// BCP 47 tags of the pages' languages.
    pub ui_locales: Vec<String>,
}

/// Claims that the protocol itself puts into ID tokens and userinfo.
const PROTOCOL_CLAIMS: [&str; 10] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
];

impl Metadata {
    /// The document of a server.
    pub fn new(offer: Offer) -> Self {
        let at = |path: &str| format!("{}{path}", offer.issuer);
        let methods = offer.auth_methods;
        let confidential: Vec<_> = methods
            .iter()
            .copied()
            .filter(|method| *method != ClientAuthMethod::None)
            .collect();
        let assertion_algs = offer.assertion_algs;
        let mut scopes = vec![scope::OPENID, scope::OFFLINE_ACCESS];
        scopes.extend(claim::CLAIM_SCOPES);
        let mut claims: Vec<String> = PROTOCOL_CLAIMS.map(str::to_owned).to_vec();
        claims.extend(
            offer
                .claims
                .into_iter()
                .filter(|name| !PROTOCOL_CLAIMS.contains(&name.as_str())),
        );
        Self {
            authorization_endpoint: at(path::AUTHORIZE),
            token_endpoint: at(path::TOKEN),
            pushed_authorization_request_endpoint: at(path::PAR),
            userinfo_endpoint: at(path::USERINFO),
            jwks_uri: at(path::JWKS),
            end_session_endpoint: at(path::END_SESSION),
            introspection_endpoint: at(path::INTROSPECT),
            revocation_endpoint: at(path::REVOKE),
            issuer: offer.issuer,
            scopes_supported: scopes,
            response_types_supported: offer.response_types,
            response_modes_supported: offer.response_modes,
            grant_types_supported: offer.grant_types,
            acr_values_supported: offer.acr_values,
            subject_types_supported: offer.subject_types,
            id_token_signing_alg_values_supported: offer.signing_algs,
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            introspection_endpoint_auth_methods_supported: confidential,
            introspection_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: assertion_algs,
            display_values_supported: Display::ALL.iter().map(|display| display.as_str()).collect(),
            claim_types_supported: ["normal"],
            claims_supported: claims,
            claims_parameter_supported: true,
            ui_locales_supported: offer.ui_locales,
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: offer.prompts.iter().map(|prompt| prompt.as_str()).collect(),
            authorization_response_iss_parameter_supported: true,
            extensions: offer.extensions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{
        jose::{JwsAlg, SigningAlg},
        oauth::ResponseMode,
    };

    fn document() -> serde_json::Value {
        serde_json::to_value(Metadata::new(Offer {
            issuer: "https://op.example".to_owned(),
            claims: vec!["name".to_owned(), "sub".to_owned()],
            grant_types: vec![GrantType::AuthorizationCode, GrantType::Ciba],
            response_types: vec![ResponseType::Code, ResponseType::CodeIdToken],
            response_modes: ResponseMode::names().collect(),
            auth_methods: ClientAuthMethod::ALL.to_vec(),
            signing_algs: SigningAlg::ALL.map(SigningAlg::name).to_vec(),
            assertion_algs: JwsAlg::SIGNATURES
                .iter()
                .chain(&JwsAlg::MACS)
                .map(|alg| alg.name())
                .collect(),
            subject_types: vec!["public"],
            extensions: Map::from_iter([("request_parameter_supported".to_owned(), Value::from(false))]),
            prompts: Prompt::ALL.to_vec(),
            acr_values: vec!["1".to_owned()],
            ui_locales: vec!["en".to_owned()],
        }))
        .unwrap()
    }

    #[test]
    fn every_endpoint_lies_below_the_issuer() {
        let document = document();
        let endpoints: Vec<_> = document
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
            .collect();
        assert_eq!(endpoints.len(), 8);
        for (name, url) in endpoints {
            assert!(url.as_str().unwrap().starts_with("https://op.example/"), "{name}");
        }
    }

    #[test]
    fn required_values_are_there() {
        let document = document();
        let has = |member: &str, value: &str| document[member].as_array().unwrap().iter().any(|one| one == value);
        // OIDC Discovery §3
        assert!(has("id_token_signing_alg_values_supported", "RS256"));
        assert!(has("scopes_supported", "openid"));
        assert!(has("subject_types_supported", "public"));
        assert!(has("response_types_supported", "code"));
        assert!(has("token_endpoint_auth_methods_supported", "client_secret_post"));
        assert!(has("code_challenge_methods_supported", "S256"));
        // RFC 7662 §2.1: introspection needs a client that proves who it is
        assert!(!has("introspection_endpoint_auth_methods_supported", "none"));
        let subs = document["claims_supported"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| *one == "sub");
        assert_eq!(subs.count(), 1);
    }

    #[test]
    fn the_document_is_as_reviewed() {
        insta::assert_json_snapshot!(document());
    }
}
