//! The modules that both modes share, by poll.

use reqwest::header::HeaderMap;
use serde_json::json;
use time::Duration;

use super::{ASSERTION, GRANT, Plan, error, message, plan};

#[tokio::test]
async fn discovery_end_point_verification() {
    let plan = plan().await;
    let metadata = &plan.party("fapi-1").await.rp.metadata;
    let has = |member: &str, value: &str| metadata[member].as_array().unwrap().iter().any(|one| one == value);
    assert!(metadata["backchannel_authentication_endpoint"].is_string());
    assert!(has("backchannel_token_delivery_modes_supported", "poll"));
    assert!(has("backchannel_token_delivery_modes_supported", "ping"));
    assert!(!has("backchannel_token_delivery_modes_supported", "push"));
    for alg in ["PS256", "ES256"] {
        assert!(has(
            "backchannel_authentication_request_signing_alg_values_supported",
            alg
        ));
    }
    assert!(!has(
        "backchannel_authentication_request_signing_alg_values_supported",
        "none"
    ));
    assert!(has("grant_types_supported", GRANT));
    assert_eq!(metadata["backchannel_user_code_parameter_supported"], false);
}

#[tokio::test]
async fn happy_flow_of_two_clients_by_poll() {
    let plan = plan().await;
    for client_id in ["fapi-1", "fapi-2"] {
        let party = plan.party(client_id).await;
        let message = message();
        let begun = party.begin(json!({ "binding_message": message })).await;
        assert_eq!(begun["interval"], 5);
        assert_eq!(party.poll(&begun).await.error(), error(400, "authorization_pending"));
        party.decide("decide-allow", &message).await;
        let tokens = party.poll(&begun).await.ok();
        let access_token = tokens["access_token"].as_str().unwrap();
        let claims = party
            .rp
            .verify_id_token(tokens["id_token"].as_str().unwrap(), None, Some(access_token))
            .await;
        assert!(claims["auth_time"].is_number() && claims["nonce"].is_null());
        assert_eq!(party.rp.userinfo(access_token).await.ok()["name"], "Ada Lovelace");
        // once
        assert_eq!(party.poll(&begun).await.error(), error(400, "invalid_grant"));
    }
}

#[tokio::test]
async fn user_rejects_authentication() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let message = message();
    let begun = party.begin(json!({ "binding_message": message })).await;
    party.decide("decide-deny", &message).await;
    assert_eq!(party.poll(&begun).await.error(), error(400, "access_denied"));
}

#[tokio::test]
async fn multiple_call_to_token_endpoint() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    assert_eq!(party.poll(&begun).await.error(), error(400, "authorization_pending"));
    for _ in 0..3 {
        assert_eq!(party.poll(&begun).await.error(), error(400, "slow_down"));
    }
}

#[tokio::test]
async fn auth_req_id_expired() {
    // the clock belongs to this test
    let plan = Plan::new().await;
    let party = plan.party("fapi-1").await;
    let begun = party.begin(json!({ "requested_expiry": 10 })).await;
    assert_eq!(begun["expires_in"], 10);
    plan.server.clock.advance(Duration::seconds(10));
    assert_eq!(party.poll(&begun).await.error(), error(400, "expired_token"));
}

#[tokio::test]
async fn ensure_requested_expiry_as_string_succeeds() {
    let plan = plan().await;
    let begun = plan
        .party("fapi-1")
        .await
        .begin(json!({ "requested_expiry": "30" }))
        .await;
    assert_eq!(begun["expires_in"], 30);
}

#[tokio::test]
async fn ensure_other_scope_order_succeeds() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    party
        .begin(json!({ "scope": "profile openid", "requested_expiry": 5 }))
        .await;
}

#[tokio::test]
async fn ensure_authorization_request_with_binding_message_succeeds() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    party
        .begin(json!({ "binding_message": "1234", "requested_expiry": 5 }))
        .await;
}

#[tokio::test]
async fn ensure_authorization_request_with_potentially_bad_binding_message() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let bad = "1234 \u{1F44D}\u{1F3FF} \u{597D} <script>https://evil.example</script>";
    let refused = party.ask(json!({ "binding_message": bad })).await;
    assert_eq!(refused.error(), error(400, "invalid_binding_message"));
}

#[tokio::test]
async fn ensure_request_object_claims_are_sound() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let now = plan.now();
    for (module, changes) in [
        ("missing-aud", json!({ "aud": null })),
        ("bad-aud", json!({ "aud": "https://elsewhere.example" })),
        ("missing-iss", json!({ "iss": null })),
        ("bad-iss", json!({ "iss": "fapi-2" })),
        ("missing-exp", json!({ "exp": null })),
        (
            "expired-exp",
            json!({ "exp": now - 300, "nbf": now - 600, "iat": now - 600 }),
        ),
        ("exp-is-70-minutes-in-future", json!({ "exp": now + 70 * 60 })),
        ("missing-iat", json!({ "iat": null })),
        ("missing-nbf", json!({ "nbf": null })),
        (
            "nbf-is-10-minutes-in-future",
            json!({ "nbf": now + 600, "exp": now + 900 }),
        ),
        ("nbf-is-70-minutes-in-past", json!({ "nbf": now - 70 * 60 })),
        ("missing-jti", json!({ "jti": null })),
    ] {
        assert_eq!(
            party.ask(changes).await.error(),
            error(400, "invalid_request"),
            "{module}"
        );
    }
}

#[tokio::test]
async fn ensure_request_object_signature_is_sound() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let request = || party.request(json!({}));
    let signed = |alg: &str| party.key.sign(&json!({ "alg": alg, "kid": "k" }), &request());
    let good = signed("ES256");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let mut bad: Vec<char> = signature.chars().collect();
    bad[10] = if bad[10] == 'A' { 'B' } else { 'A' };
    let bad: String = bad.into_iter().collect();
    let unsigned = signed("none");
    for (module, request) in [
        (
            "signature-algorithm-is-none",
            format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        ),
        ("signature-algorithm-is-bad", format!("{head}.{bad}")),
        ("signature-algorithm-is-RS256", signed("RS256")),
        ("signed-by-other-client", plan.keys[1].sign(&party.header(), &request())),
    ] {
        assert_eq!(
            party.send(&request).await.error(),
            error(400, "invalid_request"),
            "{module}"
        );
    }
    // replayed
    party.send(&good).await.ok();
    assert_eq!(party.send(&good).await.error(), error(400, "invalid_request"));
}

#[tokio::test]
async fn ensure_unsigned_backchannel_authorization_request_fails() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let endpoint = "backchannel_authentication_endpoint";
    let unsigned = party
        .post(endpoint, &[("scope", "openid"), ("login_hint", "ada")])
        .await;
    assert_eq!(unsigned.error(), error(400, "invalid_request"));
    // nothing counts that stands outside
    let request = party.key.sign(&party.header(), &party.request(json!({})));
    let beside = party
        .post(endpoint, &[("request", &request), ("login_hint", "bob")])
        .await;
    assert_eq!(beside.error(), error(400, "invalid_request"));
}

#[tokio::test]
async fn ensure_authorization_request_with_multiple_hints_fails() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    for changes in [
        json!({ "id_token_hint": "x.y.z" }),
        json!({ "login_hint_token": "x" }),
        json!({ "login_hint": null }),
        json!({ "login_hint": null, "login_hint_token": "x" }),
    ] {
        assert_eq!(party.ask(changes).await.error(), error(400, "invalid_request"));
    }
    for unknown in ["nobody", "nobody@example.com", "%%%"] {
        let refused = party.ask(json!({ "login_hint": unknown })).await;
        assert_eq!(refused.error(), error(400, "unknown_user_id"));
    }
    let refused = party.ask(json!({ "login_hint": null, "id_token_hint": "x.y.z" })).await;
    assert_eq!(refused.error(), error(400, "unknown_user_id"));
}

#[tokio::test]
async fn ensure_wrong_auth_req_id_in_token_endpoint_request() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let wrong = party.poll(&json!({ "auth_req_id": "c4a1" })).await;
    assert_eq!(wrong.error(), error(400, "invalid_grant"));
    let other = plan.party("fapi-2").await;
    assert_eq!(other.poll(&begun).await.error(), error(400, "invalid_grant"));
}

#[tokio::test]
async fn ensure_client_assertion_is_needed_at_both_endpoints() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let id = begun["auth_req_id"].as_str().unwrap();
    let request = party.key.sign(&party.header(), &party.request(json!({})));
    for (endpoint, parameters) in [
        (
            "token_endpoint",
            &[("grant_type", GRANT), ("auth_req_id", id), ("client_id", "fapi-1")][..],
        ),
        (
            "backchannel_authentication_endpoint",
            &[("request", &request), ("client_id", "fapi-1")],
        ),
    ] {
        let answer = party.rp.post_raw(endpoint, HeaderMap::new(), parameters).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{endpoint}");
        // an assertion of RS256
        let mut all = vec![("client_assertion_type", ASSERTION)];
        let assertion = party
            .key
            .sign(&json!({ "alg": "RS256", "kid": "k" }), &party.request(json!({})));
        all.push(("client_assertion", &assertion));
        all.extend_from_slice(parameters);
        let answer = party.rp.post_raw(endpoint, HeaderMap::new(), &all).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{endpoint}");
    }
}

#[tokio::test]
async fn refresh_token() {
    let plan = plan().await;
    let party = plan.party("fapi-1").await;
    let message = message();
    let scope = "openid offline_access";
    let begun = party.begin(json!({ "binding_message": message, "scope": scope })).await;
    party.decide("decide-allow", &message).await;
    let tokens = party.poll(&begun).await.ok();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let refreshed = party.post("token_endpoint", &parameters).await.ok();
    assert!(refreshed["id_token"].is_string());
}
