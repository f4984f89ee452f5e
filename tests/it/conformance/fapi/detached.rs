//! Modules of FAPI 1.0 Advanced alone: signatures over answers, and requests that are signed but need not be pushed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::kit::{By, Fapi, FapiClient, Requests, get};
use super::{requests, tokens};
use crate::support::relying_party::Ask;

pub async fn discovery_end_point_verification(plan: &Fapi) {
    let client = plan.client(1).await;
    let metadata = &client.app.metadata;
    let has = |member: &str, value: &str| metadata[member].as_array().unwrap().iter().any(|one| one == value);
    let any = |member: &str| ["PS256", "ES256"].iter().any(|alg| has(member, alg));
    let method = match plan.variant.auth {
        By::Signature => "private_key_jwt",
        _ => "tls_client_auth",
    };
    assert!(has("token_endpoint_auth_methods_supported", method));
    assert!(has("response_types_supported", plan.variant.response_type()));
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(metadata["request_parameter_supported"], true);
    assert!(any("request_object_signing_alg_values_supported") && any("id_token_signing_alg_values_supported"));
    if plan.variant.jarm {
        assert!(has("response_modes_supported", "jwt") && any("authorization_signing_alg_values_supported"));
    }
}

/// Through the pages to a code, after the detached signature over it was checked (FAPI 1.0 Advanced §5.1.1, OIDC Core
/// §3.3.2.11).
async fn code(client: &FapiClient, asked: &Ask) -> String {
    let url = client.pushed(asked).await;
    let parameters = client.visit(&mut client.browser(), &url).await.response();
    let code = get(&parameters, "code").unwrap_or_else(|| panic!("{parameters:?}"));
    assert_eq!(get(&parameters, "state").as_deref(), Some(&*asked.state));
    if !client.variant.jarm {
        let id_token = get(&parameters, "id_token").unwrap();
        let claims = client.app.verify_id_token(&id_token, Some(&asked.nonce), None).await;
        let half = |text: &str| {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
        };
        assert_eq!(claims["c_hash"], half(&code));
        assert_eq!(claims["s_hash"], half(&asked.state));
    }
    code
}

/// Two clients, and the certificate of one with the token of the other.
pub async fn fapi1_advanced_final(plan: &Fapi) {
    let mut tokens = Vec::new();
    for number in [1, 2] {
        let client = plan.client(number).await;
        let asked = client.ask(&[]);
        let code = code(&client, &asked).await;
        let answer = client.exchange(&asked, &code).await;
        tokens.push(client.check_tokens(&asked, &answer).await);
    }
    // the token of one with the certificate of the other
    let first = plan.client(1).await;
    let stolen = first.resource(tokens[1]["access_token"].as_str().unwrap()).await;
    assert_eq!(stolen.error(), (401, "invalid_token".to_owned()));
}

pub async fn ensure_valid_pkce_succeeds(plan: &Fapi) {
    let client = plan.client(1).await;
    let mut asked = client.ask(&[]);
    let code = code(&client, &asked).await;
    let verifier = std::mem::replace(&mut asked.code_verifier, "v".repeat(43));
    assert_eq!(client.exchange(&asked, &code).await.error().1, "invalid_grant");
    asked.code_verifier = verifier;
    let code = self::code(&client, &asked).await;
    client.exchange(&asked, &code).await.ok();
    // by value it may be left out
    if plan.variant.requests == Requests::ByValue {
        let plain = client.ask(&[("code_challenge", ""), ("code_challenge_method", "")]);
        self::code(&client, &plain).await;
    }
}

async fn refusal(plan: &Fapi, change: impl FnOnce(&mut Value)) -> Option<String> {
    let client = plan.client(1).await;
    let mut claims = client.request_claims(&client.ask(&[]));
    change(&mut claims);
    client.refusal_of(client.request_object(&claims)).await
}

pub async fn ensure_response_mode_query(plan: &Fapi) {
    let refusal = refusal(plan, |claims| claims["response_mode"] = json!("query"));
    assert!(refusal.await.is_some());
}

pub async fn ensure_registered_redirect_uri(plan: &Fapi) {
    let unregistered = json!("https://suite.test:8443/test/a/acme/unregistered");
    let refusal = refusal(plan, |claims| claims["redirect_uri"] = unregistered).await;
    let shown = match plan.variant.requests {
        Requests::Pushed => "invalid_request",
        Requests::ByValue => "page",
    };
    assert_eq!(refusal.as_deref(), Some(shown));
}

pub async fn ensure_request_object_with_long_nonce(plan: &Fapi) {
    requests::ensure_authorization_request_with_long_nonce(plan).await;
}

pub async fn ensure_request_object_with_64_char_nonce_success(plan: &Fapi) {
    requests::ensure_authorization_request_with_64_char_nonce_success(plan).await;
}

pub async fn ensure_request_object_with_long_state(plan: &Fapi) {
    requests::ensure_authorization_request_with_long_state(plan).await;
}

pub async fn attempt_reuse_authorisation_code_after_one_second(plan: &Fapi) {
    tokens::attempt_reuse_authorization_code_after_one_second(plan).await;
}

pub async fn par_attempt_invalid_redirect_uri(plan: &Fapi) {
    ensure_registered_redirect_uri(plan).await;
}

pub async fn ensure_authorization_request_without_request_object_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let end = client.visit(&mut client.browser(), &client.ask(&[]).url).await;
    let known = ["invalid_request", "invalid_request_object", "page"];
    assert!(known.contains(&&*end.error()));
}

/// The second client's only address has a query; it must be said all the same (FAPI 1.0 Baseline §5.2.2-9).
pub async fn ensure_redirect_uri_in_authorization_request(plan: &Fapi) {
    let client = plan.client(2).await;
    let claims = client.request_claims(&client.ask(&[("redirect_uri", "")]));
    assert!(client.refusal_of(client.request_object(&claims)).await.is_some());
}

pub async fn ensure_response_type_code_fails(plan: &Fapi) {
    // FAPI 1.0 Advanced §5.2.2-2: a bare code in a bare answer
    let bare = refusal(plan, |claims| {
        claims["response_type"] = json!("code");
        drop(claims.as_object_mut().unwrap().remove("response_mode"));
    });
    let known = [
        "unsupported_response_type",
        "unauthorized_client",
        "invalid_request",
        "page",
    ];
    let is_refused = |refusal: Option<String>| refusal.is_some_and(|error| known.contains(&&*error));
    assert!(is_refused(bare.await));
    for forbidden in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token token",
    ] {
        let outcome = refusal(plan, |claims| claims["response_type"] = json!(forbidden));
        assert!(is_refused(outcome.await), "{forbidden}");
    }
}

pub async fn par_pushed_authorization_url_as_audience_in_request_object(plan: &Fapi) {
    let client = plan.client(1).await;
    let endpoint = client.app.endpoint("pushed_authorization_request_endpoint");
    let refusal = refusal(plan, |claims| claims["aud"] = json!(endpoint.as_str()));
    assert!(refusal.await.is_some());
}

pub async fn ensure_client_assertion_with_iss_aud_succeeds(plan: &Fapi) {
    let client = plan.client(1).await;
    assert_eq!(client.assertion_claims()["aud"], client.app.issuer.as_str());
    client.flow(&[]).await;
}
