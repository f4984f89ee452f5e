//! Modules about what a client asks for, and what the server says about itself.

use serde_json::Value;

use super::kit::{By, End, Fapi, Openid, check_refused, get};

const ALGS: [&str; 4] = ["PS256", "ES256", "EdDSA", "Ed25519"];

pub async fn discovery_end_point_verification(plan: &Fapi) {
    let client = plan.client(1).await;
    let metadata = &client.app.metadata;
    let has = |member: &str, value: &str| {
        let values = metadata[member].as_array().unwrap_or_else(|| panic!("{member}"));
        values.iter().any(|one| one == value)
    };
    let has_strong = |member: &str| ALGS.iter().any(|alg| has(member, alg));
    assert!(metadata["pushed_authorization_request_endpoint"].is_string());
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert!(has("code_challenge_methods_supported", "S256") && !has("code_challenge_methods_supported", "plain"));
    assert!(has("response_types_supported", "code"));
    assert!(has_strong("id_token_signing_alg_values_supported"));
    assert!(
        metadata["require_pushed_authorization_requests"].is_boolean()
            || metadata["require_pushed_authorization_requests"].is_null()
    );
    match plan.variant.auth {
        By::Signature => {
            assert!(has("token_endpoint_auth_methods_supported", "private_key_jwt"));
            assert!(has_strong("token_endpoint_auth_signing_alg_values_supported"));
        }
        _ => assert!(has("token_endpoint_auth_methods_supported", "tls_client_auth")),
    }
    match plan.variant.sender {
        By::Proof => assert!(has_strong("dpop_signing_alg_values_supported")),
        _ => assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true),
    }
    let aliases = metadata["mtls_endpoint_aliases"].as_object().unwrap();
    for (name, alias) in aliases {
        let (alias, own) = (alias.as_str().unwrap(), metadata[name].as_str().unwrap());
        assert!(alias.starts_with("https://") && alias != own, "{name}: {alias}");
    }
}

pub async fn user_rejects_authentication(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let url = client.pushed(&ask).await;
    let mut browser = client.browser();
    let page = browser.open(&url).await;
    let page = browser.press(&page, "cancel", "cancel-submit", &[]).await;
    let End::Response(parameters) = client.go_on(&mut browser, page).await else {
        panic!("no answer");
    };
    assert_eq!(get(&parameters, "error").as_deref(), Some("access_denied"));
    assert_eq!(get(&parameters, "iss").as_deref(), Some(&*client.app.issuer));
    assert_eq!(get(&parameters, "state"), Some(ask.state));
}

pub async fn ensure_authorization_request_without_state_success(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[("state", "")]);
    let url = client.pushed(&ask).await;
    let parameters = client.visit(&mut client.browser(), &url).await.response();
    assert_eq!(get(&parameters, "state"), None);
    let answer = client.exchange(&ask, &get(&parameters, "code").unwrap()).await;
    let tokens = client.check_tokens(&ask, &answer).await;
    if let Some(id_token) = tokens["id_token"].as_str() {
        let claims = signet::spec::jose::jwt::peek(id_token).unwrap();
        assert!(!claims.contains_key("s_hash"));
    }
}

pub async fn ensure_authorization_request_without_nonce_success(plan: &Fapi) {
    plan.client(1).await.flow(&[("nonce", "")]).await;
}

pub async fn ensure_authorization_request_with_64_char_nonce_success(plan: &Fapi) {
    plan.client(1).await.flow(&[("nonce", &"n".repeat(64))]).await;
}

pub async fn ensure_authorization_request_with_long_nonce(plan: &Fapi) {
    // never cut: check_tokens compares it
    plan.client(1).await.flow(&[("nonce", &"n".repeat(384))]).await;
}

pub async fn ensure_authorization_request_with_long_state(plan: &Fapi) {
    let client = plan.client(1).await;
    let state = "s".repeat(384);
    let url = client.pushed(&client.ask(&[("state", &state)])).await;
    let parameters = client.visit(&mut client.browser(), &url).await.response();
    assert_eq!(get(&parameters, "state"), Some(state));
}

pub async fn ensure_other_scope_order_succeeds(plan: &Fapi) {
    let scope = match plan.variant.openid {
        Openid::No => "accounts profile",
        Openid::Yes | Openid::WithDetails => "email openid",
    };
    plan.client(1).await.flow(&[("scope", scope)]).await;
}

pub async fn test_claims_parameter_identity_claims(plan: &Fapi) {
    let client = plan.client(1).await;
    let wanted = ["name", "email", "birthdate", "phone_number", "address"];
    let members: Vec<String> = wanted.iter().map(|name| format!(r#""{name}":null"#)).collect();
    let members = members.join(",");
    let claims = format!(r#"{{"userinfo":{{{members}}},"id_token":{{{members}}}}}"#);
    let tokens = client.flow(&[("claims", &claims)]).await;
    let id_token = signet::spec::jose::jwt::peek(tokens["id_token"].as_str().unwrap()).unwrap();
    let userinfo = client.resource(tokens["access_token"].as_str().unwrap()).await.ok();
    for name in wanted {
        assert!(id_token.contains_key(name) && !userinfo[name].is_null(), "{name}");
    }
}

pub async fn ensure_request_object_without_redirect_uri_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let answer = client.push(&client.ask(&[("redirect_uri", "")])).await;
    check_refused(&answer);
}

pub async fn plain_fapi_tolerate_unregistered_redirect_uri(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[(
        "redirect_uri",
        "https://suite.test:8443/test/a/acme/callback/unregistered",
    )]);
    let answer = client.push(&ask).await;
    check_refused(&answer);
}

pub async fn ensure_redirect_uri_in_authorization_request(plan: &Fapi) {
    // the second client has two, and which one is meant must be said
    let client = plan.client(2).await;
    let answer = client.push(&client.ask(&[("redirect_uri", "")])).await;
    check_refused(&answer);
}

pub async fn ensure_different_nonce_inside_and_outside_request_object(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let mut url = client.pushed(&ask).await;
    url.query_pairs_mut().append_pair("nonce", "another");
    let code = client.code_at(&url).await;
    // check_tokens compares it with the pushed one
    client.check_tokens(&ask, &client.exchange(&ask, &code).await).await;
}

pub async fn ensure_different_state_inside_and_outside_request_object(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let mut url = client.pushed(&ask).await;
    url.query_pairs_mut().append_pair("state", "another");
    let parameters = client.visit(&mut client.browser(), &url).await.response();
    assert_eq!(get(&parameters, "state"), Some(ask.state));
}

pub async fn state_only_outside_request_object_not_used(plan: &Fapi) {
    let client = plan.client(1).await;
    let mut url = client.pushed(&client.ask(&[("state", "")])).await;
    url.query_pairs_mut().append_pair("state", "outside");
    let parameters = client.visit(&mut client.browser(), &url).await.response();
    assert_eq!(get(&parameters, "state"), None);
}

pub async fn ensure_unsigned_authorization_request_without_using_par_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let end = client.visit(&mut client.browser(), &client.ask(&[]).url).await;
    assert!(["invalid_request", "page"].contains(&&*end.error()));
}

async fn response_type_fails(plan: &Fapi, response_type: &str) {
    let client = plan.client(1).await;
    let answer = client.push(&client.ask(&[("response_type", response_type)])).await;
    let (status, error) = answer.error();
    assert_eq!(status, 400);
    assert!(
        ["unsupported_response_type", "invalid_request"].contains(&&*error),
        "{error}"
    );
    let body: Value = answer.json();
    assert!(body["request_uri"].is_null());
}

pub async fn ensure_response_type_code_idtoken_fails(plan: &Fapi) {
    response_type_fails(plan, "code id_token").await;
}

pub async fn ensure_response_type_token_fails(plan: &Fapi) {
    response_type_fails(plan, "token").await;
}
