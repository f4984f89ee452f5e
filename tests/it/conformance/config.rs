//! `oidcc-config-certification-test-plan`, over https as the suite comes.

use serde_json::Value;
use tokio::sync::OnceCell;

use super::files;
use super::suite::{End, IDENTIFIER, Mode, PASSWORD, Suite, check_json};
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(files::server).await
}

/// Every member that RFC 8414, OIDC Discovery and its companions register; others would be a warning.
const KNOWN: &[&str] = &[
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "end_session_endpoint",
    "check_session_iframe",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "backchannel_authentication_endpoint",
    "mtls_endpoint_aliases",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "acr_values_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "id_token_encryption_alg_values_supported",
    "id_token_encryption_enc_values_supported",
    "userinfo_signing_alg_values_supported",
    "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported",
    "request_object_signing_alg_values_supported",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "authorization_signing_alg_values_supported",
    "authorization_encryption_alg_values_supported",
    "authorization_encryption_enc_values_supported",
    "introspection_signing_alg_values_supported",
    "introspection_encryption_alg_values_supported",
    "introspection_encryption_enc_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "display_values_supported",
    "claim_types_supported",
    "claims_supported",
    "service_documentation",
    "claims_locales_supported",
    "ui_locales_supported",
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "op_policy_uri",
    "op_tos_uri",
    "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported",
    "prompt_values_supported",
    "authorization_details_types_supported",
    "dpop_signing_alg_values_supported",
    "tls_client_certificate_bound_access_tokens",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "backchannel_token_delivery_modes_supported",
    "backchannel_authentication_request_signing_alg_values_supported",
    "backchannel_user_code_parameter_supported",
];

async fn metadata(server: &TestServer) -> (RelyingParty, Value) {
    let client = server
        .relying_party("oidf-1", "the first secret of the suite, long enough")
        .await;
    let metadata = client.metadata.clone();
    (client, metadata)
}

fn has(metadata: &Value, name: &str, value: &str) -> bool {
    metadata[name]
        .as_array()
        .is_some_and(|list| list.iter().any(|one| one == value))
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let server = server().await;
    let answer = RelyingParty::fetch(server.at("/.well-known/openid-configuration")).await;
    check_json(&answer);
    let metadata = answer.ok();
    assert_eq!(metadata["issuer"], server.issuer());
    for (name, value) in metadata.as_object().unwrap() {
        assert!(KNOWN.contains(&name.as_str()), "{name} is not registered");
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with("https://"), "{name}: {value}");
        }
    }
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        assert!(metadata[endpoint].is_string(), "{endpoint}");
    }
    assert!(has(&metadata, "response_types_supported", "code"));
    assert!(has(&metadata, "id_token_signing_alg_values_supported", "RS256"));
    assert!(has(&metadata, "subject_types_supported", "public"));
    assert!(has(&metadata, "scopes_supported", "openid"));
    assert!(has(&metadata, "grant_types_supported", "authorization_code"));
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert!(!metadata["claims_supported"].as_array().unwrap().is_empty());
    for tag in metadata["ui_locales_supported"].as_array().unwrap() {
        let tag = tag.as_str().unwrap();
        assert!(tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_lowercase()), "{tag}");
    }
    let objects = &metadata["request_object_signing_alg_values_supported"];
    assert!(objects.is_null() || has(&metadata, "request_object_signing_alg_values_supported", "RS256"));
    assert!(!has(&metadata, "request_object_signing_alg_values_supported", "none"));
}

/// RFC 8414 §3: OAuth clients find the same.
#[tokio::test]
async fn oauth_clients_find_the_same_document() {
    let server = server().await;
    let (_, metadata) = metadata(server).await;
    let answer = RelyingParty::fetch(server.at("/.well-known/oauth-authorization-server")).await;
    check_json(&answer);
    assert_eq!(answer.ok(), metadata);
}

/// What is advertised is there.
#[tokio::test]
async fn every_endpoint_of_the_document_answers() {
    let server = server().await;
    let (client, metadata) = metadata(server).await;
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let answer = RelyingParty::fetch(value.as_str().unwrap().parse().unwrap()).await;
            assert!(![404, 500].contains(&answer.status), "{name}: {}", answer.status);
        }
    }
    for claim in metadata["claims_supported"].as_array().unwrap() {
        assert!(claim.as_str().is_some_and(|claim| !claim.is_empty()));
    }
    assert!(!client.jwks().await.keys.is_empty());
}

/// Over https, cookies are bound to the host and browsers remember to come by https only.
#[tokio::test]
async fn over_https_cookies_and_headers_are_strict() {
    let server = server().await;
    let suite = Suite::new(server, Mode::Query).await;
    let mut browser = server.browser();
    let ask = suite.ask(&[]);
    let page = browser.open(&ask.url).await.at(200, "/login");
    assert!(page.header("strict-transport-security").unwrap().contains("max-age="));
    let fields = [("identifier", IDENTIFIER), ("password", PASSWORD)];
    let page = browser.submit(&page, "sign-in", &fields).await.at(200, "/consent");
    for cookie in browser.cookies() {
        let strict = ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"];
        assert!(cookie.name.starts_with("__Host-"), "{}", cookie.name);
        assert!(strict.iter().all(|one| cookie.attributes.contains(one)), "{cookie:?}");
        assert!(!cookie.attributes.contains("Domain"), "{cookie:?}");
    }
    assert!(browser.cookie("__Host-signet-session").is_some());
    let visit = suite.go_on(&mut browser, page).await;
    assert!(matches!(visit.end, End::Response(_)));
    suite.finish(&ask, visit).await;
}
