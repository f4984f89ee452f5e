//! Refresh tokens: rotation, reuse, and what ends them.

use std::collections::HashSet;

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::Value;
use signet::store;
use time::Duration;

use super::kit::{Kit, SECRET, basic, send};
use crate::support::people::suspend;

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_refresh_gives_a_successor_and_an_id_token_of_the_same_sign_in() {
    let kit = Kit::new().await;
    let first = kit.tokens("openid offline_access").await;
    let before = kit.verify(&first["id_token"], "JWT", "web").await;
    kit.clock.advance(Duration::seconds(30));
    let answer = kit.refresh(&refresh_token(&first), &[]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let second = answer.ok();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let after = kit.verify(&second["id_token"], "JWT", "web").await;
    // OIDC Core §12.2
    for claim in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before.claims[claim], after.claims[claim], "{claim}");
    }
    assert_eq!(
        after.time("iat"),
        Some(before.time("iat").unwrap() + Duration::seconds(30))
    );
    assert_eq!(after.text("nonce"), None);
}

#[actix_web::test]
async fn a_lost_answer_is_given_again_within_the_grace_time() {
    let kit = Kit::new().await;
    let first = refresh_token(&kit.tokens("openid offline_access").await);
    let second = refresh_token(&kit.refresh(&first, &[]).await.ok());
    kit.clock.advance(Duration::seconds(9));
    assert_eq!(refresh_token(&kit.refresh(&first, &[]).await.ok()), second);
    assert_eq!(kit.refresh(&second, &[]).await.status, 200);
}

#[actix_web::test]
async fn an_old_token_ends_the_family_and_its_access_tokens() {
    let kit = Kit::new().await;
    let first = kit.tokens("openid offline_access").await;
    let second = kit.refresh(&refresh_token(&first), &[]).await.ok();
    kit.clock.advance(Duration::seconds(11));
    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(kit.refresh(&refresh_token(&first), &[]).await.error(), refused);
    assert_eq!(kit.refresh(&refresh_token(&second), &[]).await.error(), refused);
    assert_eq!(kit.userinfo(second["access_token"].as_str().unwrap()).await.status, 401);
    assert_eq!(kit.audit_kinds().await, ["grant.refresh_token_reused"]);
}

#[actix_web::test]
async fn many_refreshes_at_once_in_two_processes_get_one_and_the_same_successor() {
    let kit = Kit::new().await;
    let other = kit.another_process().await;
    let first = refresh_token(&kit.tokens("openid offline_access").await);
    let authorization = basic("web", SECRET);
    let answers = join_all((0..8).map(|n| {
        let core = if n % 2 == 0 { &kit.core } else { &other };
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", authorization.as_str()),
        ];
        let body = format!("grant_type=refresh_token&refresh_token={first}");
        async move { send(core, Method::POST, "/token", &headers, body).await.ok() }
    }))
    .await;
    let successors: HashSet<String> = answers.iter().map(refresh_token).collect();
    assert_eq!(successors.len(), 1);
}

#[actix_web::test]
async fn a_token_is_bound_to_its_client() {
    let kit = Kit::new().await;
    kit.register("other", |_| {}).await;
    let first = refresh_token(&kit.tokens("openid offline_access").await);
    let params = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    let refused = kit.post("/token", Some(&basic("other", SECRET)), &params).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(kit.refresh(&first, &[]).await.status, 200);
}

#[actix_web::test]
async fn scope_may_be_narrowed_for_one_answer_but_never_widened() {
    let kit = Kit::new().await;
    let first = refresh_token(&kit.tokens("openid email offline_access").await);
    let narrow = kit.refresh(&first, &[("scope", "email")]).await.ok();
    assert_eq!(narrow["scope"], "email");
    assert!(narrow.get("id_token").is_none());
    let second = refresh_token(&narrow);
    let wide = kit.refresh(&second, &[("scope", "openid profile")]).await;
    assert_eq!(wide.error(), (400, "invalid_scope".to_owned()));
    // a refusal does not use the token up, and the family keeps its whole scope
    assert_eq!(
        kit.refresh(&second, &[]).await.ok()["scope"],
        "openid email offline_access"
    );
}

#[actix_web::test]
async fn suspension_expiry_and_revocation_end_it() {
    let kit = Kit::new().await;
    let refused = (400, "invalid_grant".to_owned());
    let idle = refresh_token(&kit.tokens("openid offline_access").await);
    kit.live_through(Duration::days(30)).await;
    assert_eq!(kit.refresh(&idle, &[]).await.error(), refused);
    let suspended = refresh_token(&kit.tokens("openid offline_access").await);
    suspend(&kit.store, kit.user.id, kit.now()).await;
    assert_eq!(kit.refresh(&suspended, &[]).await.error(), refused);
}

#[actix_web::test]
async fn without_offline_access_it_ends_with_the_session() {
    let kit = Kit::new().await;
    let bound = refresh_token(&kit.tokens("openid").await);
    let offline = refresh_token(&kit.tokens("openid offline_access").await);
    let bound = refresh_token(&kit.refresh(&bound, &[]).await.ok());
    assert!(
        store::session::end(kit.store.pool(), kit.session.id, kit.now())
            .await
            .unwrap()
    );
    assert_eq!(
        kit.refresh(&bound, &[]).await.error(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(kit.refresh(&offline, &[]).await.status, 200);
}
