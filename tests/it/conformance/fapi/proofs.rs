//! Modules about DPoP.

use serde_json::{Value, json};

use super::super::super::support::signing_key::{SigningKey, proof_claims};
use super::super::suite::check_error;
use super::kit::{Changed, Fapi, FapiClient, dpop};

/// Exchanges a fresh code with this proof.
async fn exchange_with(client: &FapiClient, changes: &[(&str, &str)], proof: String) -> (u16, String) {
    let ask = client.ask(changes);
    let code = client.code(&ask).await;
    let changed = Changed {
        proof: Some(proof),
        ..Changed::default()
    };
    let answer = client.exchange_changed(&ask, &code, changed).await;
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.status, error)
}

async fn proof_succeeds(plan: &Fapi, change: impl FnOnce(&mut Value, i64)) {
    let client = plan.client(1).await;
    let now = client.now();
    let proof = client.proof_with("POST", "token_endpoint", |claims| change(claims, now));
    assert_eq!(exchange_with(&client, &[], proof).await.0, 200);
}

pub async fn check_dpop_proof_nbf_exp(plan: &Fapi) {
    proof_succeeds(plan, |claims, now| {
        claims["nbf"] = json!(now);
        claims["exp"] = json!(now + 60);
    })
    .await;
}

pub async fn ensure_dpopproof_with_iat_10seconds_before_succeeds(plan: &Fapi) {
    proof_succeeds(plan, |claims, now| claims["iat"] = json!(now - 10)).await;
}

pub async fn ensure_dpopproof_with_iat_10seconds_after_succeeds(plan: &Fapi) {
    proof_succeeds(plan, |claims, now| claims["iat"] = json!(now + 10)).await;
}

fn at_par(client: &FapiClient) -> Changed {
    Changed {
        proof: Some(client.proof("POST", "pushed_authorization_request_endpoint", None)),
        ..Changed::default()
    }
}

pub async fn ensure_mismatched_dpop_jkt_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let other = SigningKey::new().thumbprint();
    let answer = client
        .push_changed(&client.ask(&[("dpop_jkt", &other)]), at_par(&client))
        .await;
    check_error(&answer, 400, "invalid_dpop_proof");
}

pub async fn ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let answer = client.push_changed(&ask, at_par(&client)).await;
    let code = client
        .code_at(&client.front(answer.json()["request_uri"].as_str().unwrap()))
        .await;
    let other = SigningKey::new();
    let changed = Changed {
        proof: Some(other.proof("POST", client.endpoint("token_endpoint").as_str(), client.now(), None)),
        ..Changed::default()
    };
    let answer = client.exchange_changed(&ask, &code, changed).await;
    check_error(&answer, 400, "invalid_grant");
}

pub async fn ensure_token_endpoint_fails_with_mismatched_dpop_jkt(plan: &Fapi) {
    let client = plan.client(1).await;
    let other = SigningKey::new().thumbprint();
    let proof = client.proof("POST", "token_endpoint", None);
    let outcome = exchange_with(&client, &[("dpop_jkt", &other)], proof).await;
    assert_eq!(outcome, (400, "invalid_grant".to_owned()));
}

pub async fn ensure_dpopproof_at_par_endpoint_binding_success(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let answer = client.push_changed(&ask, at_par(&client)).await;
    let code = client
        .code_at(&client.front(answer.json()["request_uri"].as_str().unwrap()))
        .await;
    client.check_tokens(&ask, &client.exchange(&ask, &code).await).await;
}

pub async fn ensure_dpop_auth_code_binding_success(plan: &Fapi) {
    let client = plan.client(1).await;
    let jkt = client.dpop.thumbprint();
    client.flow(&[("dpop_jkt", &jkt)]).await;
}

pub async fn dpop_negative_tests(plan: &Fapi) {
    let client = plan.client(1).await;
    let tokens = client.flow(&[]).await;
    at_the_resource(&client, tokens["access_token"].as_str().unwrap()).await;
}

/// Every proof beside the token that is none.
pub async fn at_the_resource(client: &FapiClient, access_token: &str) {
    let address = client.endpoint("resource").to_string();
    let now = client.now();
    let key = &client.dpop;
    let good = || proof_claims("GET", &address, now, Some(access_token));
    let changed = |mut value: Value, name: &str, to: Value| {
        match to {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            to => value[name] = to,
        }
        value
    };
    let mut bad: Vec<(String, String)> = Vec::new();
    for (name, to) in [
        ("typ", Value::Null),
        ("typ", json!("JWT")),
        ("alg", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("RS256")),
        ("jwk", Value::Null),
        ("jwk", key.private_jwk()),
        ("jwk", SigningKey::new().jwk),
    ] {
        let header = changed(key.proof_header(), name, to.clone());
        bad.push((format!("{name} {to}"), key.sign(&header, &good())));
    }
    for (name, to) in [
        ("jti", Value::Null),
        ("htm", Value::Null),
        ("htm", json!("POST")),
        ("htu", Value::Null),
        ("htu", json!("https://elsewhere.example/userinfo")),
        ("iat", Value::Null),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("ath", Value::Null),
        ("ath", json!("AAAA")),
    ] {
        let claims = changed(good(), name, to.clone());
        bad.push((format!("{name} {to}"), key.sign(&key.proof_header(), &claims)));
    }
    let other = SigningKey::new();
    bad.push(("another key".to_owned(), other.sign(&other.proof_header(), &good())));
    bad.push(("for no token".to_owned(), client.proof("GET", "resource", None)));
    for (what, proof) in bad {
        let answer = client.resource_with("DPoP", access_token, Some(&proof)).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
    }
    // RFC 9449 §4.3-1
    let mut headers = dpop(Some(&client.proof("GET", "resource", Some(access_token))));
    let second = client.proof("GET", "resource", Some(access_token));
    headers.append("dpop", second.parse().unwrap());
    headers.insert("authorization", format!("DPoP {access_token}").parse().unwrap());
    let answer = client.app.get_from(client.endpoint("resource"), headers).await;
    assert!([400, 401].contains(&answer.status), "{}", answer.body);
    for (scheme, proof) in [
        ("DPoP", None),
        ("Bearer", None),
        ("Bearer", Some(key.sign(&key.proof_header(), &good()))),
    ] {
        let answer = client.resource_with(scheme, access_token, proof.as_deref()).await;
        assert_eq!(answer.status, 401, "{scheme}");
    }
    let upper = address.replacen("https://localhost", "HTTPS://LOCALHOST", 1);
    for (name, to) in [
        ("htu", json!(format!("{address}?x=1"))),
        ("htu", json!(format!("{address}#x"))),
        ("htu", json!(upper)),
        ("extra", json!("claim")),
    ] {
        let proof = key.sign(&key.proof_header(), &changed(good(), name, to));
        client.resource_with("DPoP", access_token, Some(&proof)).await.ok();
        // and once only
        let again = client.resource_with("DPoP", access_token, Some(&proof)).await;
        assert_eq!(again.status, 401);
    }
}
