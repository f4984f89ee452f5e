//! Modules about the token endpoint and the protected resource.

use std::time::Duration as Wait;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::super::suite::check_error;
use super::kit::{By, Changed, Fapi, FapiClient, dpop};

pub async fn happy_flow(plan: &Fapi) {
    let (first, second) = (plan.client(1).await, plan.client(2).await);
    let tokens = first.flow(&[]).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    // RFC 6750 §2.3: never in the address
    let mut url = first.endpoint("resource");
    url.query_pairs_mut().append_pair("access_token", access_token);
    let proof = first.proof("GET", "resource", Some(access_token));
    let answer = first.app.get_from(url, dpop(Some(&proof))).await;
    assert!([400, 401].contains(&answer.status));
    // the second client binds its code to its key beforehand where it has one
    let jkt = second.dpop.thumbprint();
    let changes: &[(&str, &str)] = match plan.variant.sender {
        By::Proof => &[("dpop_jkt", &jkt)],
        _ => &[],
    };
    let second_tokens = second.flow(changes).await;
    let stolen = second_tokens["access_token"].as_str().unwrap();
    // the key of the first client does not open the token of the second
    let answer = first.resource(stolen).await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
    accepts_any_charset(&first, access_token).await;
}

async fn accepts_any_charset(client: &FapiClient, access_token: &str) {
    for accept in ["application/json; charset=utf-8", "*/*"] {
        let proof = client.proof("GET", "resource", Some(access_token));
        let uses_proof = client.variant.sender == By::Proof;
        let mut headers: HeaderMap = dpop(uses_proof.then_some(&*proof));
        let scheme = if uses_proof { "DPoP" } else { "Bearer" };
        headers.insert("authorization", format!("{scheme} {access_token}").parse().unwrap());
        headers.insert("accept", accept.parse().unwrap());
        let answer = client.app.get_from(client.endpoint("resource"), headers).await;
        answer.ok();
        assert!(answer.header("date").is_some());
    }
}

pub async fn access_token_type_header_case_sensitivity(plan: &Fapi) {
    let client = plan.client(1).await;
    let tokens = client.flow(&[]).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let spellings: [&str; 3] = match plan.variant.sender {
        By::Proof => ["dpop", "DPOP", "DPoP"],
        _ => ["bearer", "BEARER", "Bearer"],
    };
    for scheme in spellings {
        client.resource_by(scheme, access_token).await.ok();
    }
}

pub async fn ensure_client_id_in_token_endpoint(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let other = plan.client(2).await.app.client_id;
    let changed = Changed {
        client_id: Some(other),
        ..Changed::default()
    };
    let answer = client.exchange_changed(&ask, &code, changed).await;
    check_error(&answer, 401, "invalid_client");
}

pub async fn ensure_holder_of_key_required(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let answer = match plan.variant.sender {
        By::Proof => {
            let changed = Changed {
                proof: Some(String::new()),
                ..Changed::default()
            };
            client.exchange_changed(&ask, &code, changed).await
        }
        _ => {
            let id = client.app.client_id.clone();
            let bare = plan.client_with(&id, 1, None).await;
            bare.exchange(&ask, &code).await
        }
    };
    assert!((400..500).contains(&answer.status), "{}", answer.body);
    // and none of that has used the code up
    client.check_tokens(&ask, &client.exchange(&ask, &code).await).await;
    if plan.variant.sender == By::Certificate {
        downgrade_fails(plan, &client).await;
    }
}

/// A token that is bound to a certificate, with another one and without any.
async fn downgrade_fails(plan: &Fapi, client: &FapiClient) {
    let tokens = client.flow(&[]).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    for identity in [None, Some("mtls-2"), Some("self-signed")] {
        let thief = plan.client_with(&client.app.client_id, 1, identity).await;
        let answer = thief.resource(access_token).await;
        assert_eq!(answer.error(), (401, "invalid_token".to_owned()), "{identity:?}");
    }
}

pub async fn ensure_authorization_code_is_bound_to_client(plan: &Fapi) {
    let (first, second) = (plan.client(1).await, plan.client(2).await);
    let ask = first.ask(&[]);
    let code = first.code(&ask).await;
    check_error(&second.exchange(&ask, &code).await, 400, "invalid_grant");
    // and not for want of what only the first one would say
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &first.app.redirect_uri),
        ("code_verifier", &ask.code_verifier),
    ];
    let stolen = second.post("token_endpoint", &form, true, Changed::default()).await;
    check_error(&stolen, 400, "invalid_grant");
    first.check_tokens(&ask, &first.exchange(&ask, &code).await).await;
}

pub async fn attempt_reuse_authorization_code_after_one_second(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let tokens = client.check_tokens(&ask, &client.exchange(&ask, &code).await).await;
    tokio::time::sleep(Wait::from_secs(1)).await;
    check_error(&client.exchange(&ask, &code).await, 400, "invalid_grant");
    // RFC 6749 §4.1.2
    let answer = client.resource(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.error(), (401, "invalid_token".to_owned()));
}

pub async fn ensure_token_endpoint_fails_with_expired_auth_code(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    client.server.clock.advance(time::Duration::seconds(62));
    check_error(&client.exchange(&ask, &code).await, 400, "invalid_grant");
}

pub async fn refresh_token(plan: &Fapi) {
    let (client, other) = (plan.client(1).await, plan.client(2).await);
    let tokens = client.flow(&[]).await;
    let first = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", first)];
    let answer = client.post("token_endpoint", &form, true, Changed::default()).await;
    let fresh = answer.ok();
    client.check_good(&fresh).await;
    let token = fresh["refresh_token"].as_str().unwrap();
    // FAPI 2.0 Security Profile §5.3.2.1: it stays
    assert_eq!(token == first, plan.variant.profile != "fapi1");
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    // another client, no proof of the client, no proof of the key
    let stolen = other.post("token_endpoint", &form, true, Changed::default()).await;
    check_error(&stolen, 400, "invalid_grant");
    if plan.variant.auth == By::Signature {
        let changed = Changed {
            assertion: Some(String::new()),
            client_id: Some(client.app.client_id.clone()),
            ..Changed::default()
        };
        let answer = client.post("token_endpoint", &form, true, changed).await;
        check_error(&answer, 401, "invalid_client");
    }
    let id = client.app.client_id.clone();
    let bare = plan.client_with(&id, 1, None).await;
    let proves = plan.variant.sender != By::Proof;
    let answer = bare.post("token_endpoint", &form, proves, Changed::default()).await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
}

async fn assertion_fails(plan: &Fapi, change: impl FnOnce(&mut Value)) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let mut claims = client.assertion_claims();
    change(&mut claims);
    let changed = Changed {
        assertion: Some(client.assertion(&claims)),
        ..Changed::default()
    };
    let answer = client.exchange_changed(&ask, &code, changed).await;
    check_error(&answer, 401, "invalid_client");
}

pub async fn ensure_signed_client_assertion_with_rs256_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let exchange = async |assertion: String| {
        let changed = Changed {
            assertion: Some(assertion),
            ..Changed::default()
        };
        client.exchange_changed(&ask, &code, changed).await
    };
    for alg in ["none", "HS256", "ES384"] {
        let header = json!({ "alg": alg, "kid": client.kid });
        let assertion = client.signing.sign(&header, &client.assertion_claims());
        let (unsigned, _) = assertion.rsplit_once('.').unwrap();
        for assertion in [&assertion, &format!("{unsigned}.")] {
            check_error(&exchange(assertion.clone()).await, 401, "invalid_client");
        }
    }
    let by_rsa = |alg: &str| client.sign_by_rsa(alg, &client.assertion_claims());
    check_error(&exchange(by_rsa("RS256")).await, 401, "invalid_client");
    client.check_tokens(&ask, &exchange(by_rsa("PS256")).await).await;
}

pub async fn ensure_client_assertion_in_token_endpoint(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let changed = Changed {
        assertion: Some(String::new()),
        client_id: Some(client.app.client_id.clone()),
        ..Changed::default()
    };
    let answer = client.exchange_changed(&ask, &code, changed).await;
    check_error(&answer, 401, "invalid_client");
}

pub async fn ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(plan: &Fapi) {
    assertion_fails(plan, |claims| {
        claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 300)
    })
    .await;
}

pub async fn ensure_client_assertion_with_wrong_aud_fails(plan: &Fapi) {
    assertion_fails(plan, |claims| claims["aud"] = json!("https://elsewhere.example/")).await;
}

pub async fn ensure_client_assertion_with_wrong_iss_fails(plan: &Fapi) {
    assertion_fails(plan, |claims| claims["iss"] = json!("elsewhere")).await;
}

pub async fn ensure_client_assertion_with_wrong_sub_fails(plan: &Fapi) {
    assertion_fails(plan, |claims| claims["sub"] = json!("elsewhere")).await;
}

pub async fn ensure_client_assertion_with_no_sub_fails(plan: &Fapi) {
    assertion_fails(plan, |claims| drop(claims.as_object_mut().unwrap().remove("sub"))).await;
}

async fn verifier_fails(plan: &Fapi, verifier: &str) {
    let client = plan.client(1).await;
    let mut ask = client.ask(&[]);
    let code = client.code(&ask).await;
    verifier.clone_into(&mut ask.code_verifier);
    let answer = client.exchange(&ask, &code).await;
    check_error(&answer, 400, "invalid_grant");
}

pub async fn ensure_pkce_code_verifier_required(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let code = client.code(&ask).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &client.app.redirect_uri),
    ];
    let answer = client.post("token_endpoint", &form, true, Changed::default()).await;
    check_error(&answer, 400, "invalid_grant");
}

pub async fn incorrect_pkce_code_verifier_rejected(plan: &Fapi) {
    verifier_fails(plan, &"v".repeat(43)).await;
}
