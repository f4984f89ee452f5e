//! Codes and client credentials at the token endpoint.

use actix_web::http::Method;
use signet::spec::jose::SigningAlg;
use signet::spec::jose::hash::half_hash;
use std::sync::Arc;
use time::Duration;

use super::kit::{API, CALLBACK, ISSUER, Kit, OPAQUE_API, SECRET, VERIFIER, at_once, basic, header_of, send};
use crate::support::database::TestDatabase;
use crate::support::people::suspend;

#[actix_web::test]
async fn a_code_gives_three_tokens_that_a_stranger_can_verify() {
    let kit = Kit::on(Arc::new(TestDatabase::new().await), &SigningAlg::ALL).await;
    let mut plain = kit.client.clone();
    plain.metadata.id_token_signed_response_alg = None;
    kit.register("plain", |client| client.metadata = plain.metadata.clone())
        .await;
    let code = kit
        .code("openid profile offline_access", |grant, _| {
            grant.client_id = "plain".to_owned()
        })
        .await;
    let params = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = kit.post("/token", Some(&basic("plain", SECRET)), &params).await;
    // RFC 6749 §5.1
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let tokens = answer.ok();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&"Bearer".into(), &300.into())
    );
    assert_eq!(tokens["scope"], "openid profile offline_access");
    assert!(tokens["refresh_token"].is_string());

    let id_token = kit.verify(&tokens["id_token"], "JWT", "plain").await;
    // OIDC Registration §2: RS256 unless the client says otherwise
    assert_eq!(header_of(&tokens["id_token"])["alg"], "RS256");
    assert_eq!(id_token.text("sub"), Some(kit.user.id.to_string().as_str()));
    assert_eq!(id_token.text("nonce"), Some("n-0S6"));
    assert_eq!(id_token.text("sid"), Some(kit.session.id.to_string().as_str()));
    assert_eq!(
        (id_token.text("acr"), &id_token.claims["amr"]),
        (Some("1"), &serde_json::json!(["pwd"]))
    );
    assert_eq!(id_token.time("auth_time"), Some(kit.now() - Duration::minutes(1)));
    let at_hash = half_hash(SigningAlg::RS256, tokens["access_token"].as_str().unwrap());
    assert_eq!(id_token.text("at_hash"), Some(at_hash.as_str()));
    // OIDC Core §5.4: scope claims come from userinfo
    assert!(id_token.claims.get("name").is_none());

    let access_token = kit.verify(&tokens["access_token"], "at+jwt", ISSUER).await;
    assert_eq!(header_of(&tokens["access_token"])["alg"], "ES256");
    assert_eq!(access_token.text("client_id"), Some("plain"));
    assert_eq!(access_token.text("scope"), Some("openid profile offline_access"));
}

#[actix_web::test]
async fn a_code_is_good_once_and_its_replay_revokes_what_it_gave() {
    let kit = Kit::new().await;
    kit.listen().await;
    let code = kit.code("openid offline_access", |_, _| {}).await;
    let tokens = kit.redeem(&code, &[]).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(kit.userinfo(access_token).await.status, 200);
    kit.clock.advance(Duration::seconds(31));
    assert_eq!(kit.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(kit.userinfo(access_token).await.status, 401);
    let refresh = kit.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await;
    assert_eq!(refresh.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(kit.audit_kinds().await, ["grant.code_replayed"]);
}

#[actix_web::test]
async fn of_many_exchanges_of_one_code_at_once_one_wins() {
    let kit = Kit::new().await;
    let code = kit.code("openid", |_, _| {}).await;
    let answers = futures_util::future::join_all((0..6).map(|_| kit.redeem(&code, &[]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[actix_web::test]
async fn codes_that_do_not_fit_the_request_are_refused() {
    let kit = Kit::new().await;
    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(kit.redeem("nonsense", &[]).await.error(), refused);
    let expired = kit.code("openid", |_, _| {}).await;
    kit.clock.advance(Duration::seconds(60));
    assert_eq!(kit.redeem(&expired, &[]).await.error(), refused);

    let code = kit.code("openid", |_, _| {}).await;
    let secret = basic("web", SECRET);
    for (redirect_uri, code_verifier) in [
        (Some("https://app.example/other"), Some(VERIFIER)),
        (None, Some(VERIFIER)),
        (Some(CALLBACK), None),
        (Some(CALLBACK), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX")),
    ] {
        let mut params = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
        params.extend(redirect_uri.map(|value| ("redirect_uri", value)));
        params.extend(code_verifier.map(|value| ("code_verifier", value)));
        assert_eq!(kit.post("/token", Some(&secret), &params).await.error(), refused);
    }
    // RFC 9700 §2.1.1: a downgrade
    let plain = kit.code("openid", |_, code| code.code_challenge = None).await;
    assert_eq!(kit.redeem(&plain, &[]).await.error(), refused);
    // RFC 6749 §4.1.3: another client's code
    kit.register("other", |_| {}).await;
    let theirs = kit
        .code("openid", |grant, _| grant.client_id = "other".to_owned())
        .await;
    assert_eq!(kit.redeem(&theirs, &[]).await.error(), refused);
    // none of these used the code up
    assert_eq!(kit.redeem(&code, &[]).await.status, 200);
}

#[actix_web::test]
async fn a_suspended_person_is_not_spoken_for() {
    let kit = Kit::new().await;
    let code = kit.code("openid", |_, _| {}).await;
    suspend(&kit.store, kit.user.id, kit.now()).await;
    assert_eq!(kit.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned()));
}

#[actix_web::test]
async fn a_machine_gets_a_token_for_its_api_and_nothing_else() {
    let kit = Kit::new().await;
    kit.register("robot", |client| client.roles = vec!["support".to_owned()])
        .await;
    let ask = async |more: &[(&str, &str)]| {
        let mut params = vec![("grant_type", "client_credentials")];
        params.extend_from_slice(more);
        kit.post("/token", Some(&basic("robot", SECRET)), &params).await
    };
    let tokens = ask(&[("resource", API)]).await.ok();
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let claims = kit.verify(&tokens["access_token"], "at+jwt", API).await;
    assert_eq!(header_of(&tokens["access_token"])["alg"], "EdDSA");
    assert_eq!(
        (claims.text("sub"), claims.text("scope")),
        (Some("robot"), Some("orders:refund"))
    );
    assert!(claims.claims.get("auth_time").is_none());
    assert_eq!(
        kit.introspect(tokens["access_token"].as_str().unwrap()).await["active"],
        false
    );

    assert_eq!(
        ask(&[("scope", "openid")]).await.error(),
        (400, "invalid_scope".to_owned())
    );
    assert_eq!(
        ask(&[("resource", API), ("scope", "orders:read")]).await.error(),
        (400, "invalid_scope".to_owned())
    );
    assert_eq!(
        ask(&[("resource", "https://unknown.example")]).await.error(),
        (400, "invalid_target".to_owned())
    );
    let two = [("resource", API), ("resource", OPAQUE_API)];
    assert_eq!(ask(&two).await.error(), (400, "invalid_target".to_owned()));
}

#[actix_web::test]
async fn a_warm_machine_touches_no_database() {
    let kit = Kit::new().await;
    kit.listen().await;
    kit.register("robot", |client| client.roles = vec!["support".to_owned()])
        .await;
    let ask = async || {
        let params = [("grant_type", "client_credentials"), ("resource", API)];
        kit.post("/token", Some(&basic("robot", SECRET)), &params).await
    };
    // announcements of what was just made may still be on their way
    for _ in 0..20 {
        ask().await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let _taken = kit.take_every_connection().await;
    at_once(ask()).await.ok();
}

#[actix_web::test]
async fn a_code_for_an_api_gives_a_token_for_it_and_a_second_one_for_userinfo() {
    let kit = Kit::new().await;
    let code = kit
        .code("openid orders:read offline_access", |grant, _| {
            grant.resources = vec![API.to_owned()]
        })
        .await;
    let tokens = kit.redeem(&code, &[]).await.ok();
    assert_eq!(tokens["scope"], "orders:read");
    kit.verify(&tokens["access_token"], "at+jwt", API).await;
    // RFC 9068 §4: the audience of a token for an API is not userinfo
    let refused = kit.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.error(), (401, "invalid_token".to_owned()));
    let more = kit
        .refresh(tokens["refresh_token"].as_str().unwrap(), &[("resource", ISSUER)])
        .await
        .ok();
    assert_eq!(kit.userinfo(more["access_token"].as_str().unwrap()).await.status, 200);
}

#[actix_web::test]
async fn other_types_of_bodies_doubled_parameters_and_unknown_grants_are_refused() {
    let kit = Kit::new().await;
    let raw = async |content_type: &str, body: &str| {
        let authorization = basic("web", SECRET);
        let headers = [
            ("content-type", content_type),
            ("authorization", authorization.as_str()),
        ];
        send(&kit.core, Method::POST, "/token", &headers, body.to_owned())
            .await
            .error()
    };
    let form = "application/x-www-form-urlencoded";
    let invalid = (400, "invalid_request".to_owned());
    assert_eq!(
        raw("application/json", r#"{"grant_type":"client_credentials"}"#).await,
        invalid
    );
    assert_eq!(
        raw(form, "grant_type=client_credentials&grant_type=client_credentials").await,
        invalid
    );
    assert_eq!(raw(form, "").await, invalid);
    assert_eq!(raw(form, "grant_type=authorization_code").await, invalid);
    assert_eq!(
        raw(form, &format!("grant_type=client_credentials&x={}", "y".repeat(70_000))).await,
        invalid
    );
    assert_eq!(
        raw(form, "grant_type=password").await,
        (400, "unsupported_grant_type".to_owned())
    );
    // parameters in the query are none
    let authorization = basic("web", SECRET);
    let headers = [("content-type", form), ("authorization", authorization.as_str())];
    let query = "/token?grant_type=client_credentials";
    assert_eq!(
        send(&kit.core, Method::POST, query, &headers, String::new())
            .await
            .error(),
        invalid
    );
    let get = kit.get("/token", &[]).await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST, OPTIONS")));
}

#[actix_web::test]
async fn a_client_uses_only_the_grants_that_it_registered() {
    let kit = Kit::new().await;
    kit.register("site", |client| client.metadata.grant_types.truncate(1))
        .await;
    let params = [("grant_type", "client_credentials")];
    let refused = kit.post("/token", Some(&basic("site", SECRET)), &params).await;
    assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()));
}
