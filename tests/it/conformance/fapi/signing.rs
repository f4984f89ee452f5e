//! What Message Signing adds: signed requests at the pushed request endpoint.

use serde_json::{Value, json};

use super::super::super::support::signing_key::SigningKey;
use super::kit::{Changed, Fapi, FapiClient, check_refused};

const MINUTE: i64 = 60;

/// What becomes of a request object with changed claims.
async fn refusal(client: &FapiClient, change: impl FnOnce(&mut Value)) -> Option<String> {
    let mut claims = client.request_claims(&client.ask(&[]));
    change(&mut claims);
    client.refusal_of(client.request_object(&claims)).await
}

async fn fails(plan: &Fapi, change: impl FnOnce(&mut Value)) {
    check(refusal(&plan.client(1).await, change).await);
}

/// A refusal of what a request object says.
fn check(refusal: Option<String>) {
    let known = ["invalid_request", "invalid_request_object", "page"];
    assert!(
        refusal.as_deref().is_some_and(|error| known.contains(&error)),
        "{refusal:?}"
    );
}

async fn succeeds(plan: &Fapi, change: impl FnOnce(&mut Value)) {
    assert_eq!(refusal(&plan.client(1).await, change).await, None);
}

fn without(name: &'static str) -> impl FnOnce(&mut Value) {
    move |claims| drop(claims.as_object_mut().unwrap().remove(name))
}

pub async fn ensure_request_object_with_multiple_aud_succeeds(plan: &Fapi) {
    succeeds(plan, |claims| {
        claims["aud"] = json!([claims["aud"], "https://elsewhere.example"]);
    })
    .await;
}

pub async fn ensure_request_object_without_exp_fails(plan: &Fapi) {
    fails(plan, without("exp")).await;
}

pub async fn ensure_request_object_without_scope_fails(plan: &Fapi) {
    fails(plan, without("scope")).await;
}

pub async fn ensure_request_object_without_nonce_fails(plan: &Fapi) {
    fails(plan, without("nonce")).await;
}

pub async fn ensure_request_object_without_redirect_uri_fails(plan: &Fapi) {
    fails(plan, without("redirect_uri")).await;
}

pub async fn ensure_request_object_without_nbf_fails(plan: &Fapi) {
    fails(plan, without("nbf")).await;
}

pub async fn ensure_expired_request_object_fails(plan: &Fapi) {
    fails(plan, |claims| {
        claims["exp"] = json!(claims["nbf"].as_i64().unwrap() - MINUTE)
    })
    .await;
}

pub async fn ensure_request_object_with_bad_aud_fails(plan: &Fapi) {
    fails(plan, |claims| claims["aud"] = json!("https://elsewhere.example")).await;
}

pub async fn ensure_request_object_with_exp_over_60_fails(plan: &Fapi) {
    fails(plan, |claims| {
        claims["exp"] = json!(claims["nbf"].as_i64().unwrap() + 70 * MINUTE)
    })
    .await;
}

pub async fn ensure_request_object_with_nbf_over_60_fails(plan: &Fapi) {
    fails(plan, |claims| {
        claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() - 70 * MINUTE)
    })
    .await;
}

pub async fn ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(plan: &Fapi) {
    succeeds(plan, |claims| {
        claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() + 8)
    })
    .await;
}

pub async fn ensure_signed_request_object_with_rs256_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let by_rsa = |alg: &str| client.sign_by_rsa(alg, &client.request_claims(&client.ask(&[])));
    check(client.refusal_of(by_rsa("RS256")).await);
    assert_eq!(client.refusal_of(by_rsa("PS256")).await, None);
}

pub async fn ensure_request_object_signature_algorithm_is_not_none(plan: &Fapi) {
    let client = plan.client(1).await;
    let header = json!({ "typ": "oauth-authz-req+jwt", "alg": "none", "kid": client.kid });
    let object = client.signing.sign(&header, &client.request_claims(&client.ask(&[])));
    let (unsigned, _) = object.rsplit_once('.').unwrap();
    for object in [&object, &format!("{unsigned}.")] {
        check(client.refusal_of(object.clone()).await);
    }
}

pub async fn ensure_request_object_with_invalid_signature_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let object = client.request_object(&client.request_claims(&client.ask(&[])));
    let (signed, signature) = object.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    check(client.refusal_of(format!("{signed}.{turned}")).await);
}

pub async fn ensure_matching_key_in_authorization_request(plan: &Fapi) {
    let (client, other) = (plan.client(1).await, plan.client(2).await);
    let claims = client.request_claims(&client.ask(&[]));
    let header = json!({ "alg": "ES256", "kid": client.kid });
    for key in [&other.signing, &SigningKey::new()] {
        check(client.refusal_of(key.sign(&header, &claims)).await);
    }
}

pub async fn ensure_unsigned_request_at_par_endpoint_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let form: Vec<(String, String)> = ask.url.query_pairs().into_owned().collect();
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let endpoint = "pushed_authorization_request_endpoint";
    check_refused(&client.post(endpoint, &form, false, Changed::default()).await);
}

pub async fn par_authorization_request_containing_request_uri(plan: &Fapi) {
    fails(plan, |claims| {
        claims["request_uri"] = json!("urn:ietf:params:oauth:request_uri:x")
    })
    .await;
}
