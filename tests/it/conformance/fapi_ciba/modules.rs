//! The modules, each a function under the suite's name.

use serde_json::json;
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

pub async fn happy_flow_of_two_clients(plan: &Plan) {
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

pub async fn ensure_request_object_claims_are_sound(plan: &Plan) {
    let party = plan.party(1).await;
    let now = plan.now();
    for (module, changes) in [
        ("missing-aud", json!({ "aud": null })),
        ("bad-aud", json!({ "aud": "https://elsewhere.example" })),
        ("missing-iss", json!({ "iss": null })),
        ("bad-iss", json!({ "iss": plan.party(2).await.rp.client_id })),
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

pub async fn ensure_request_object_signature_is_sound(plan: &Plan) {
    let party = plan.party(1).await;
    let request = || party.request(json!({}));
    let signed = |alg: &str| {
        let mut header = party.header.clone();
        header["alg"] = json!(alg);
        party.key.sign(&header, &request())
    };
    let good = party.key.sign(&party.header, &request());
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
        (
            "signed-by-other-client",
            plan.party(2).await.key.sign(&party.header, &request()),
        ),
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

/// A token request and a backchannel request, without what proves the client.
async fn both(plan: &Plan) -> [(&'static str, Vec<(&'static str, String)>); 2] {
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "requested_expiry": 30 })).await;
    let id = begun["auth_req_id"].as_str().unwrap().to_owned();
    let request = party.key.sign(&party.header, &party.request(json!({})));
    [
        (
            "token_endpoint",
            vec![("grant_type", GRANT.to_owned()), ("auth_req_id", id)],
        ),
        ("backchannel_authentication_endpoint", vec![("request", request)]),
    ]
}

/// Both requests with this beside them are from nobody.
async fn nobody_asks(plan: &Plan, beside: &[(&str, &str)]) {
    for (endpoint, parameters) in both(plan).await {
        let own = parameters.iter().map(|(name, value)| (*name, &**value));
        let all: Vec<_> = beside.iter().copied().chain(own).collect();
        let answer = plan.party(1).await.post_bare(endpoint, &all).await;
        assert_eq!(answer.error(), error(401, "invalid_client"), "{endpoint}");
    }
}

pub async fn ensure_without_client_assertion_fails_at_both_endpoints(plan: &Plan) {
    let id = plan.party(1).await.rp.client_id;
    nobody_asks(plan, &[("client_id", &id)]).await;
}

pub async fn ensure_client_assertion_signature_algorithm_is_rs256_fails_at_both_endpoints(plan: &Plan) {
    let party = plan.party(1).await;
    // signed well, with a key that is the client's where that is of RSA
    let key = SigningKey::from_pem(&pem("rsa-1.key"));
    let header = json!({ "alg": "RS256", "kid": party.header["kid"] });
    let assertion = key.sign(&header, &party.assertion_claims());
    nobody_asks(
        plan,
        &[("client_assertion_type", ASSERTION), ("client_assertion", &assertion)],
    )
    .await;
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

pub async fn ensure_wrong_client_id_fails_at_both_endpoints(plan: &Plan) {
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
