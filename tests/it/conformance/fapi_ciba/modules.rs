//! The modules, each a function under the suite's name.

use serde_json::{Value, json};
use time::Duration;

use super::plan::{ASSERTION, GRANT, Plan, error, message};
use crate::conformance::pem;
use crate::support::signing_key::SigningKey;

pub async fn discovery_end_point_verification(plan: &Plan) {
    let metadata = &plan.party(1).await.rp.metadata;
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

pub async fn fapi_ciba_id1(plan: &Plan) {
    let mut given = Vec::new();
    for number in [1, 2] {
        let party = plan.party(number).await;
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
        assert_eq!(party.userinfo(access_token).await.ok()["name"], "Buffy Anne Summers");
        // once
        assert_eq!(party.poll(&begun).await.error(), error(400, "invalid_grant"));
        given.push(access_token.to_owned());
    }
    // the token of one with the certificate of the other
    let stolen = plan.party(1).await.userinfo(&given[1]).await;
    assert_eq!(stolen.error(), error(401, "invalid_token"));
}

pub async fn user_rejects_authentication(plan: &Plan) {
    let party = plan.party(1).await;
    let message = message();
    let begun = party.begin(json!({ "binding_message": message })).await;
    party.decide("decide-deny", &message).await;
    assert_eq!(party.poll(&begun).await.error(), error(400, "access_denied"));
}

pub async fn multiple_call_to_token_endpoint(plan: &Plan) {
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    assert_eq!(party.poll(&begun).await.error(), error(400, "authorization_pending"));
    for _ in 0..3 {
        assert_eq!(party.poll(&begun).await.error(), error(400, "slow_down"));
    }
}

pub async fn auth_req_id_expired(plan: &Plan) {
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 10 })).await;
    assert_eq!(begun["expires_in"], 10);
    plan.server.clock.advance(Duration::seconds(10));
    assert_eq!(party.poll(&begun).await.error(), error(400, "expired_token"));
}

pub async fn ensure_requested_expiry_as_string_succeeds(plan: &Plan) {
    let begun = plan.party(1).await.begin(json!({ "requested_expiry": "30" })).await;
    assert_eq!(begun["expires_in"], 30);
}

pub async fn ensure_other_scope_order_succeeds(plan: &Plan) {
    let party = plan.party(1).await;
    party
        .begin(json!({ "scope": "profile openid", "requested_expiry": 5 }))
        .await;
}

pub async fn ensure_authorization_request_with_binding_message_succeeds(plan: &Plan) {
    let party = plan.party(1).await;
    party
        .begin(json!({ "binding_message": "1234", "requested_expiry": 5 }))
        .await;
}

pub async fn ensure_authorization_request_with_potentially_bad_binding_message(plan: &Plan) {
    let party = plan.party(1).await;
    let bad = "1234 \u{1F44D}\u{1F3FF} \u{597D} <script>https://evil.example</script>";
    let refused = party.ask(json!({ "binding_message": bad })).await;
    assert_eq!(refused.error(), error(400, "invalid_binding_message"));
}

/// A request with these claims is refused.
async fn is_refused(plan: &Plan, changes: Value) {
    let refused = plan.party(1).await.ask(changes.clone()).await;
    assert_eq!(refused.error(), error(400, "invalid_request"), "{changes}");
}

pub async fn ensure_request_object_missing_aud_fails(plan: &Plan) {
    is_refused(plan, json!({ "aud": null })).await;
}

pub async fn ensure_request_object_bad_aud_fails(plan: &Plan) {
    is_refused(plan, json!({ "aud": "https://elsewhere.example" })).await;
}

pub async fn ensure_request_object_missing_iss_fails(plan: &Plan) {
    is_refused(plan, json!({ "iss": null })).await;
}

pub async fn ensure_request_object_bad_iss_fails(plan: &Plan) {
    is_refused(plan, json!({ "iss": plan.party(2).await.rp.client_id })).await;
}

pub async fn ensure_request_object_missing_exp_fails(plan: &Plan) {
    is_refused(plan, json!({ "exp": null })).await;
}

pub async fn ensure_request_object_expired_exp_fails(plan: &Plan) {
    let now = plan.now();
    is_refused(plan, json!({ "exp": now - 300, "nbf": now - 600, "iat": now - 600 })).await;
}

pub async fn ensure_request_object_exp_is_70_minutes_in_future_fails(plan: &Plan) {
    let now = plan.now();
    is_refused(plan, json!({ "exp": now + 70 * 60 })).await;
}

pub async fn ensure_request_object_missing_iat_fails(plan: &Plan) {
    is_refused(plan, json!({ "iat": null })).await;
}

pub async fn ensure_request_object_missing_nbf_fails(plan: &Plan) {
    is_refused(plan, json!({ "nbf": null })).await;
}

pub async fn ensure_request_object_nbf_is_10_minutes_in_future_fails(plan: &Plan) {
    let now = plan.now();
    is_refused(plan, json!({ "nbf": now + 600, "exp": now + 900 })).await;
}

pub async fn ensure_request_object_nbf_is_70_minutes_in_past_fails(plan: &Plan) {
    let now = plan.now();
    is_refused(plan, json!({ "nbf": now - 70 * 60 })).await;
}

pub async fn ensure_request_object_missing_jti_fails(plan: &Plan) {
    is_refused(plan, json!({ "jti": null })).await;
}

/// A request that is signed so is refused.
async fn signature_is_refused(plan: &Plan, request: &str) {
    let refused = plan.party(1).await.send(request).await;
    assert_eq!(refused.error(), error(400, "invalid_request"));
}

/// A good request under another name of an algorithm.
async fn signed_as(plan: &Plan, alg: &str) -> String {
    let party = plan.party(1).await;
    let mut header = party.header.clone();
    header["alg"] = json!(alg);
    party.key.sign(&header, &party.request(json!({})))
}

pub async fn ensure_request_object_signature_algorithm_is_none_fails(plan: &Plan) {
    let unsigned = signed_as(plan, "none").await;
    let (head, _) = unsigned.rsplit_once('.').unwrap();
    signature_is_refused(plan, &format!("{head}.")).await;
}

pub async fn ensure_request_object_signature_algorithm_is_bad_fails(plan: &Plan) {
    let alg = plan.party(1).await.header["alg"].as_str().unwrap().to_owned();
    let good = signed_as(plan, &alg).await;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    signature_is_refused(plan, &format!("{head}.{turned}")).await;
}

pub async fn ensure_request_object_signature_algorithm_is_rs256_fails(plan: &Plan) {
    let party = plan.party(1).await;
    let key = SigningKey::from_pem(&pem("rsa-1.key"));
    let by_rsa = |alg: &str| {
        let header = json!({ "alg": alg, "kid": "rsa-1" });
        key.sign(&header, &party.request(json!({ "requested_expiry": 5 })))
    };
    signature_is_refused(plan, &by_rsa("RS256")).await;
    // those that poll registered ES256
    let registered = party.header["alg"] == "PS256";
    assert_eq!(party.send(&by_rsa("PS256")).await.status == 200, registered);
}

pub async fn ensure_request_object_signed_by_other_client_fails(plan: &Plan) {
    let (party, other) = (plan.party(1).await, plan.party(2).await);
    let request = other.key.sign(&party.header, &party.request(json!({})));
    signature_is_refused(plan, &request).await;
}

/// Not a module of its own, but FAPI-CIBA §5.2.2 wants it: each request is good once.
pub async fn a_replayed_request_fails(plan: &Plan) {
    let party = plan.party(1).await;
    let good = party
        .key
        .sign(&party.header, &party.request(json!({ "requested_expiry": 5 })));
    party.send(&good).await.ok();
    assert_eq!(party.send(&good).await.error(), error(400, "invalid_request"));
}

pub async fn ensure_unsigned_backchannel_authorization_request_fails(plan: &Plan) {
    let party = plan.party(1).await;
    let endpoint = "backchannel_authentication_endpoint";
    let unsigned = party
        .post(endpoint, &[("scope", "openid"), ("login_hint", "buffy")])
        .await;
    assert_eq!(unsigned.error(), error(400, "invalid_request"));
    // nothing counts that stands outside
    let request = party.key.sign(&party.header, &party.request(json!({})));
    let beside = party
        .post(endpoint, &[("request", &request), ("login_hint", "buffy")])
        .await;
    assert_eq!(beside.error(), error(400, "invalid_request"));
}

pub async fn ensure_authorization_request_with_multiple_hints_fails(plan: &Plan) {
    let party = plan.party(1).await;
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

pub async fn ensure_wrong_auth_req_id_in_token_endpoint_request(plan: &Plan) {
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let wrong = party.poll(&json!({ "auth_req_id": "c4a1" })).await;
    assert_eq!(wrong.error(), error(400, "invalid_grant"));
    let other = plan.party(2).await;
    assert_eq!(other.poll(&begun).await.error(), error(400, "invalid_grant"));
}

/// A token request with this in the place of what proves the client.
async fn nobody_polls(plan: &Plan, beside: &[(&str, &str)]) {
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let id = begun["auth_req_id"].as_str().unwrap();
    let own = [("grant_type", GRANT), ("auth_req_id", id)];
    let answer = party.post_bare("token_endpoint", &[&own[..], beside].concat()).await;
    assert_eq!(answer.error(), error(401, "invalid_client"));
}

/// The same of a backchannel request.
async fn nobody_asks(plan: &Plan, beside: &[(&str, &str)]) {
    let party = plan.party(1).await;
    let request = party.key.sign(&party.header, &party.request(json!({})));
    let all = [&[("request", &*request)], beside].concat();
    let answer = party.post_bare("backchannel_authentication_endpoint", &all).await;
    assert_eq!(answer.error(), error(401, "invalid_client"));
}

pub async fn ensure_without_client_assertion_in_token_endpoint_request(plan: &Plan) {
    let id = plan.party(1).await.rp.client_id;
    nobody_polls(plan, &[("client_id", &id)]).await;
}

pub async fn ensure_without_client_assertion_in_backchannel_authorization_request(plan: &Plan) {
    let id = plan.party(1).await.rp.client_id;
    nobody_asks(plan, &[("client_id", &id)]).await;
}

/// Signed well by a key of the client's own that names no algorithm: what is refused of it, the profile refuses.
async fn assertion_by_rsa(plan: &Plan, alg: &str) -> String {
    let party = plan.party(1).await;
    let header = json!({ "alg": alg, "kid": "rsa-1" });
    SigningKey::from_pem(&pem("rsa-1.key")).sign(&header, &party.assertion_claims())
}

pub async fn ensure_client_assertion_signature_algorithm_in_token_endpoint_request_is_rs256_fails(plan: &Plan) {
    let assertion = assertion_by_rsa(plan, "RS256").await;
    nobody_polls(
        plan,
        &[("client_assertion_type", ASSERTION), ("client_assertion", &assertion)],
    )
    .await;
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let assertion = assertion_by_rsa(plan, "PS256").await;
    let polls = [
        ("grant_type", GRANT),
        ("auth_req_id", begun["auth_req_id"].as_str().unwrap()),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", &assertion),
    ];
    let answer = party.post_bare("token_endpoint", &polls).await;
    assert_eq!(answer.error(), error(400, "authorization_pending"));
}

pub async fn ensure_client_assertion_signature_algorithm_in_backchannel_authorization_request_is_rs256_fails(
    plan: &Plan,
) {
    let assertion = assertion_by_rsa(plan, "RS256").await;
    nobody_asks(
        plan,
        &[("client_assertion_type", ASSERTION), ("client_assertion", &assertion)],
    )
    .await;
    let party = plan.party(1).await;
    let request = party
        .key
        .sign(&party.header, &party.request(json!({ "requested_expiry": 5 })));
    let assertion = assertion_by_rsa(plan, "PS256").await;
    let asks = [
        ("request", &*request),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", &assertion),
    ];
    party.post_bare("backchannel_authentication_endpoint", &asks).await.ok();
}

pub async fn ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds(plan: &Plan) {
    let party = plan.party(1).await;
    assert_eq!(party.assertion_claims()["aud"], plan.server.issuer());
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    assert_eq!(party.poll(&begun).await.error(), error(400, "authorization_pending"));
}

pub async fn ensure_different_client_id_and_issuer_in_backchannel_authorization_request(plan: &Plan) {
    let (party, other) = (plan.party(1).await, plan.party(2).await);
    // of the other, signed by the other, sent by the first
    let request = other.key.sign(&other.header, &other.request(json!({})));
    assert_eq!(party.send(&request).await.error(), error(400, "invalid_request"));
}

pub async fn ensure_wrong_client_id_in_token_endpoint_request(plan: &Plan) {
    let other = plan.party(2).await.rp.client_id;
    nobody_polls(plan, &[("client_id", &other)]).await;
}

pub async fn ensure_wrong_client_id_in_backchannel_authorization_request(plan: &Plan) {
    let other = plan.party(2).await.rp.client_id;
    nobody_asks(plan, &[("client_id", &other)]).await;
}

pub async fn ensure_mtls_holder_of_key_required(plan: &Plan) {
    let party = plan.party(1).await;
    let message = message();
    let begun = party.begin(json!({ "binding_message": message })).await;
    party.decide("decide-allow", &message).await;
    // no certificate, and another one
    let bare = plan.party_with(1, None).await;
    let answer = bare.poll(&begun).await;
    assert!((400..500).contains(&answer.status), "{}", answer.body);
    plan.server.clock.advance(Duration::seconds(6));
    let tokens = party.poll(&begun).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    for certificate in [None, Some("mtls-2")] {
        let thief = plan.party_with(1, certificate).await;
        let answer = thief.userinfo(access_token).await;
        assert_eq!(answer.error(), error(401, "invalid_token"), "{certificate:?}");
    }
    party.userinfo(access_token).await.ok();
}

pub async fn refresh_token(plan: &Plan) {
    let party = plan.party(1).await;
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
