//! Modules about who is signed in, and since when.

use time::Duration;

use crate::conformance::suite::Suite;

pub async fn oidcc_prompt_login(suite: &Suite) {
    let mut browser = suite.server.browser();
    let first = suite.flow(&mut browser, &[]).await;
    suite.server.clock.advance(Duration::seconds(1));
    let second = suite.flow(&mut browser, &[("prompt", "login")]).await;
    assert!(second.visit.asked_to_sign_in());
    let auth_time = |claims: &serde_json::Value| claims["auth_time"].as_i64().unwrap();
    assert!(auth_time(&second.tokens.claims) > auth_time(&first.tokens.claims));
    assert_eq!(second.tokens.claims["sub"], first.tokens.claims["sub"]);
}

pub async fn oidcc_prompt_none_not_logged_in(suite: &Suite) {
    let ask = suite.ask(&[("prompt", "none"), ("state", &"s-._~".repeat(26)[..128])]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    assert_eq!(suite.refusal(&ask, &visit), "login_required");
    assert!(visit.shown.is_empty());
}

pub async fn oidcc_prompt_none_logged_in(suite: &Suite) {
    let mut browser = suite.server.browser();
    let first = suite.flow(&mut browser, &[]).await;
    let silent = [("prompt", "none"), ("state", &"s-._~".repeat(26)[..128])];
    let second = suite.flow(&mut browser, &silent).await;
    assert!(second.visit.shown.is_empty(), "{:?}", second.visit.shown);
    for claim in ["sub", "auth_time", "sid"] {
        assert_eq!(second.tokens.claims[claim], first.tokens.claims[claim], "{claim}");
    }
}

pub async fn oidcc_max_age_1(suite: &Suite) {
    let mut browser = suite.server.browser();
    let first = suite.flow(&mut browser, &[]).await;
    suite.server.clock.advance(Duration::seconds(2));
    let second = suite.flow(&mut browser, &[("max_age", "1")]).await;
    assert!(second.visit.asked_to_sign_in());
    let auth_time = second.tokens.claims["auth_time"].as_i64().unwrap();
    assert!(auth_time > first.tokens.claims["auth_time"].as_i64().unwrap());
    assert!(second.tokens.claims["iat"].as_i64().unwrap() - auth_time < 60);
}

pub async fn oidcc_max_age_10000(suite: &Suite) {
    let mut browser = suite.server.browser();
    let first = suite.flow(&mut browser, &[("max_age", "10000")]).await;
    let second = suite.flow(&mut browser, &[("max_age", "10000")]).await;
    assert!(second.visit.shown.is_empty(), "{:?}", second.visit.shown);
    let (before, after) = (&first.tokens.claims["auth_time"], &second.tokens.claims["auth_time"]);
    assert!(before.is_i64() && before == after, "{before} {after}");
}

pub async fn oidcc_id_token_hint(suite: &Suite) {
    let mut browser = suite.server.browser();
    let first = suite.flow(&mut browser, &[]).await;
    let hint = [("prompt", "none"), ("id_token_hint", first.tokens.id_token.as_str())];
    let second = suite.flow(&mut browser, &hint).await;
    assert!(second.visit.shown.is_empty(), "{:?}", second.visit.shown);
    assert_eq!(second.tokens.claims["sub"], first.tokens.claims["sub"]);
}
