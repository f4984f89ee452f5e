//! Userinfo, introspection, revocation, and the public documents.

use actix_web::http::Method;
use serde_json::json;
use signet::spec::oidc::ClaimsRequest;
use signet::store;
use time::Duration;

use super::kit::{API, ISSUER, Kit, OPAQUE_API, SECRET, at_once, basic, listen, send};

#[actix_web::test]
async fn userinfo_takes_the_token_in_the_header_or_in_a_form() {
    let kit = Kit::new().await;
    let tokens = kit.tokens("openid profile email").await;
    let token = tokens["access_token"].as_str().unwrap();
    let header = kit.userinfo(token).await;
    assert_eq!(header.header("content-type"), Some("application/json"));
    assert_eq!(header.header("cache-control"), Some("no-store"));
    let claims = header.ok();
    assert_eq!(claims["sub"], kit.user.id.to_string());
    assert_eq!(
        (&claims["name"], &claims["email_verified"]),
        (&json!("Alice Example"), &json!(true))
    );
    assert!(claims["updated_at"].is_i64());
    let bearer = format!("Bearer {token}");
    let post = send(
        &kit.core,
        Method::POST,
        "/userinfo",
        &[("authorization", &bearer)],
        String::new(),
    )
    .await;
    assert_eq!(post.ok(), claims);
    assert_eq!(
        kit.post("/userinfo", None, &[("access_token", token)]).await.ok(),
        claims
    );
}

#[actix_web::test]
async fn userinfo_says_only_what_was_granted_and_asked_for() {
    let kit = Kit::new().await;
    let tokens = kit.tokens("openid").await;
    let claims = kit.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(claims, json!({ "sub": kit.user.id.to_string() }));
    let asked = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null}}"#;
    let code = kit
        .code("openid", |grant, _| grant.claims = ClaimsRequest::parse(asked).unwrap())
        .await;
    let tokens = kit.redeem(&code, &[]).await.ok();
    let claims = kit.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!((&claims["name"], claims.get("email")), (&json!("Alice Example"), None));
    let id_token = kit.verify(&tokens["id_token"], "JWT", "web").await;
    assert_eq!(
        (id_token.text("email"), id_token.text("name")),
        (Some("alice@example.com"), None)
    );
}

#[actix_web::test]
async fn userinfo_challenges_whoever_has_no_good_token() {
    let kit = Kit::new().await;
    let missing = kit.get("/userinfo", &[]).await;
    // RFC 6750 §3.1: no error code where no token was sent
    assert_eq!(
        (missing.status, missing.header("www-authenticate")),
        (401, Some(r#"Bearer realm="https://op.example""#))
    );
    let unknown = kit.userinfo("nonsense").await;
    assert_eq!(unknown.error(), (401, "invalid_token".to_owned()));
    assert!(
        unknown
            .header("www-authenticate")
            .unwrap()
            .contains(r#"error="invalid_token""#)
    );
    let tokens = kit.tokens("email").await;
    let narrow = kit.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(narrow.error(), (403, "insufficient_scope".to_owned()));
    let tokens = kit.tokens("openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    let in_query = kit.get(&format!("/userinfo?access_token={token}"), &[]).await;
    assert_eq!(in_query.error(), (400, "invalid_request".to_owned()));
    kit.clock.advance(Duration::minutes(5));
    assert_eq!(kit.userinfo(token).await.error(), (401, "invalid_token".to_owned()));
}

#[actix_web::test]
async fn an_id_token_or_a_forged_token_is_no_access_token() {
    let kit = Kit::new().await;
    let tokens = kit.tokens("openid").await;
    assert_eq!(kit.userinfo(tokens["id_token"].as_str().unwrap()).await.status, 401);
    let mut forged = tokens["access_token"].as_str().unwrap().to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'Q' } else { 'A' });
    assert_eq!(kit.userinfo(&forged).await.status, 401);
}

#[actix_web::test]
async fn introspection_tells_owner_and_api_and_nobody_else() {
    let kit = Kit::new().await;
    kit.register("api", |_| {}).await;
    kit.register("caller", |client| {
        client.metadata.resources = Some(vec![API.to_owned()])
    })
    .await;
    kit.register("stranger", |_| {}).await;
    let code = kit
        .code("openid orders:read", |grant, _| grant.resources = vec![API.to_owned()])
        .await;
    let tokens = kit.redeem(&code, &[]).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    let by = async |client_id: &str| {
        let answer = kit
            .post("/introspect", Some(&basic(client_id, SECRET)), &[("token", token)])
            .await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        answer.ok()
    };
    let told = by("web").await;
    assert_eq!(told, by("api").await);
    assert_eq!(
        (
            &told["active"],
            &told["scope"],
            &told["client_id"],
            &told["sub"],
            &told["aud"],
            &told["iss"]
        ),
        (
            &json!(true),
            &json!("orders:read"),
            &json!("web"),
            &json!(kit.user.id.to_string()),
            &json!([API]),
            &json!(ISSUER)
        )
    );
    for other in ["stranger", "caller"] {
        assert_eq!(by(other).await, json!({ "active": false }), "{other}");
    }
    assert_eq!(kit.introspect("nonsense").await, json!({ "active": false }));
    let anonymous = kit.post("/introspect", None, &[("token", token)]).await;
    assert_eq!(anonymous.error(), (401, "invalid_client".to_owned()));
    kit.clock.advance(Duration::minutes(5));
    assert_eq!(by("web").await, json!({ "active": false }));
}

#[actix_web::test]
async fn introspection_explains_opaque_and_refresh_tokens() {
    let kit = Kit::new().await;
    let code = kit
        .code("openid orders:read offline_access", |grant, _| {
            grant.resources = vec![OPAQUE_API.to_owned()]
        })
        .await;
    let tokens = kit.redeem(&code, &[]).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(access_token.len(), 43);
    let told = kit.introspect(access_token).await;
    assert_eq!((&told["active"], &told["aud"]), (&json!(true), &json!([OPAQUE_API])));
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let told = kit.introspect(refresh_token).await;
    assert_eq!((&told["active"], told.get("token_type")), (&json!(true), None));
    kit.refresh(refresh_token, &[]).await.ok();
    assert_eq!(kit.introspect(refresh_token).await["active"], false);
}

#[actix_web::test]
async fn revoking_an_access_token_ends_it_alone() {
    let kit = Kit::new().await;
    kit.listen().await;
    let opaque = kit
        .code("openid orders:read", |grant, _| {
            grant.resources = vec![OPAQUE_API.to_owned()]
        })
        .await;
    let opaque = kit.redeem(&opaque, &[]).await.ok();
    for tokens in [kit.tokens("openid").await, opaque] {
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(kit.introspect(token).await["active"], true);
        let answer = kit
            .post("/revoke", Some(&basic("web", SECRET)), &[("token", token)])
            .await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(kit.introspect(token).await["active"], false);
        // RFC 7009 §2.2: once more is no error
        assert_eq!(
            kit.post("/revoke", Some(&basic("web", SECRET)), &[("token", token)])
                .await
                .status,
            200
        );
        assert_eq!(
            kit.refresh(tokens["refresh_token"].as_str().unwrap(), &[]).await.status,
            200
        );
    }
}

#[actix_web::test]
async fn revoking_a_refresh_token_ends_everything_that_its_grant_gave() {
    let kit = Kit::new().await;
    kit.listen().await;
    let tokens = kit.tokens("openid offline_access").await;
    let (access, refresh) = (
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    assert_eq!(kit.userinfo(access).await.status, 200);
    let params = [("token", refresh), ("token_type_hint", "access_token")];
    assert_eq!(
        kit.post("/revoke", Some(&basic("web", SECRET)), &params).await.status,
        200
    );
    assert_eq!(
        kit.refresh(refresh, &[]).await.error(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(kit.userinfo(access).await.status, 401);
    assert_eq!(kit.audit_kinds().await, ["grant.revoked"]);
}

#[actix_web::test]
async fn a_revocation_reaches_the_other_process() {
    let kit = Kit::new().await;
    let other = kit.another_process().await;
    listen(&other).await;
    let tokens = kit.tokens("openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let status = async || {
        let headers = [("authorization", bearer.as_str())];
        send(&other, Method::GET, "/userinfo", &headers, String::new())
            .await
            .status
    };
    assert_eq!(status().await, 200);
    kit.post("/revoke", Some(&basic("web", SECRET)), &[("token", token)])
        .await;
    for _ in 0..100 {
        if status().await == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the other process never heard of it");
}

#[actix_web::test]
async fn another_clients_token_cannot_be_revoked_and_unknown_ones_are_no_error() {
    let kit = Kit::new().await;
    kit.register("other", |_| {}).await;
    let tokens = kit.tokens("openid offline_access").await;
    for name in ["access_token", "refresh_token"] {
        let token = tokens[name].as_str().unwrap();
        let refused = kit
            .post("/revoke", Some(&basic("other", SECRET)), &[("token", token)])
            .await;
        assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()));
        assert_eq!(kit.introspect(token).await["active"], true);
    }
    let unknown = kit
        .post("/revoke", Some(&basic("web", SECRET)), &[("token", "nonsense")])
        .await;
    assert_eq!(unknown.status, 200);
    let missing = kit.post("/revoke", Some(&basic("web", SECRET)), &[]).await;
    assert_eq!(missing.error(), (400, "invalid_request".to_owned()));
}

#[actix_web::test]
async fn a_deleted_grant_or_ended_client_ends_its_tokens() {
    let kit = Kit::new().await;
    let tokens = kit.tokens("openid").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(kit.userinfo(token).await.status, 200);
    let revoked =
        store::grant::revoke_for_client(kit.store.pool(), kit.user.id, "web", "consent_withdrawn", kit.now()).await;
    assert_eq!(revoked.unwrap(), 1);
    assert_eq!(kit.userinfo(token).await.status, 401);
}

#[actix_web::test]
async fn warm_userinfo_and_introspection_read_no_database() {
    let kit = Kit::new().await;
    kit.listen().await;
    let tokens = kit.tokens("openid profile").await;
    let token = tokens["access_token"].as_str().unwrap();
    // announcements of what was just made may still be on their way
    for _ in 0..20 {
        kit.userinfo(token).await.ok();
        kit.introspect(token).await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let _taken = kit.take_every_connection().await;
    assert_eq!(at_once(kit.userinfo(token)).await.ok()["name"], "Alice Example");
    assert_eq!(at_once(kit.introspect(token)).await["active"], true);
}

#[actix_web::test]
async fn a_database_that_is_away_is_said_to_be_so() {
    let kit = Kit::new().await;
    kit.store.close(std::time::Duration::from_secs(10)).await;
    let answer = kit
        .post(
            "/token",
            Some(&basic("web", SECRET)),
            &[("grant_type", "client_credentials")],
        )
        .await;
    assert_eq!(answer.error(), (503, "temporarily_unavailable".to_owned()));
    assert!(answer.header("retry-after").is_some());
}

#[actix_web::test]
async fn the_public_documents_may_be_kept_and_asked_for_again() {
    let kit = Kit::new().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks",
    ] {
        let answer = kit.get(path, &[]).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        let cache = answer.header("cache-control").unwrap();
        assert!(cache.starts_with("public, max-age="), "{path} {cache}");
        let etag = answer.header("etag").unwrap();
        let again = kit.get(path, &[("if-none-match", etag)]).await;
        assert_eq!(
            (again.status, again.body.as_str(), again.header("etag")),
            (304, "", Some(etag)),
            "{path}"
        );
    }
    let metadata = kit.get("/.well-known/openid-configuration", &[]).await.ok();
    assert_eq!(metadata["issuer"], ISSUER);
    for key in kit.get("/jwks", &[]).await.ok()["keys"].as_array().unwrap() {
        // RFC 7518 §6: private and symmetric members
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert!(key["kid"].is_string());
    }
}

#[actix_web::test]
async fn scripts_of_any_origin_may_call_except_for_introspection() {
    let kit = Kit::new().await;
    let preflight = [
        ("origin", "https://spa.example"),
        ("access-control-request-method", "POST"),
    ];
    for path in [
        "/token",
        "/userinfo",
        "/revoke",
        "/jwks",
        "/.well-known/openid-configuration",
    ] {
        let answer = send(&kit.core, Method::OPTIONS, path, &preflight, String::new()).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (204, Some("*")),
            "{path}"
        );
        // never with credentials: cookies mean nothing here
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let refusal = kit.post("/token", None, &[]).await;
    assert_eq!(refusal.header("access-control-allow-origin"), Some("*"));
    let introspect = send(&kit.core, Method::OPTIONS, "/introspect", &preflight, String::new()).await;
    assert_eq!(
        (introspect.status, introspect.header("access-control-allow-origin")),
        (405, None)
    );
}
