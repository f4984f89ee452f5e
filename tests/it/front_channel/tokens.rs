//! The whole way, seen from the app: what its tokens say about how the person came.

use serde_json::Value;
use time::Duration;

use super::world::{World, parameter};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Ask, RelyingParty};

/// The tokens for the answer that a page leads to, and the verified claims of the ID token.
async fn redeem(app: &RelyingParty, ask: &Ask, page: &Page) -> (Value, Value) {
    let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.url, page.body));
    let code = app.code(ask, &location).unwrap();
    let tokens = app.exchange(ask, &code).await.ok();
    let id_token = tokens["id_token"].as_str().unwrap();
    let claims = app
        .verify_id_token(id_token, Some(&ask.nonce), tokens["access_token"].as_str())
        .await;
    (tokens, claims)
}

/// Signs `name` in, who allows everything, and redeems the code.
async fn first(world: &World, app: &RelyingParty, browser: &mut Browser, name: &str, scope: &str) -> (Value, Value) {
    let ask = app.ask(&[("scope", scope)]);
    let page = browser.open(&ask.url).await;
    let page = world.sign_in(browser, &page, name).await.at(200, "/consent");
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    redeem(app, &ask, &answer).await
}

#[tokio::test]
async fn tokens_tell_who_came_when_and_how() {
    let world = World::new().await;
    let ada = world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let mut browser = Browser::new();
    let (tokens, claims) = first(&world, &app, &mut browser, "ada", "openid email").await;
    assert_eq!(claims["sub"], ada.to_string());
    assert_eq!(
        (&claims["acr"], &claims["amr"]),
        (&"1".into(), &serde_json::json!(["pwd"]))
    );
    let userinfo = app.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!(userinfo["email"], "ada@example.com");
    // Claims of a scope are for userinfo; the ID token carries them only when asked to by name.
    assert!(claims["email"].is_null() && userinfo["name"].is_null());
}

#[tokio::test]
async fn a_silent_sign_in_keeps_auth_time_and_prompt_login_moves_it() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let mut browser = Browser::new();
    let (tokens, before) = first(&world, &app, &mut browser, "ada", "openid").await;
    world.clock.advance(Duration::seconds(5));
    let hint = tokens["id_token"].as_str().unwrap();
    let silent = app.ask(&[("prompt", "none"), ("id_token_hint", hint), ("max_age", "10000")]);
    let (_, claims) = redeem(&app, &silent, &browser.get(&silent.url).await).await;
    for claim in ["sub", "sid", "auth_time"] {
        assert_eq!(claims[claim], before[claim], "{claim}");
    }
    let again = app.ask(&[("prompt", "login")]);
    let page = browser.open(&again.url).await.at(200, "/login");
    let (_, after) = redeem(&app, &again, &world.sign_in(&mut browser, &page, "ada").await).await;
    assert!(
        after["auth_time"].as_i64() > before["auth_time"].as_i64(),
        "{after} {before}"
    );
    // The same session, proved anew: what hangs on it lives on.
    assert_eq!(after["sid"], before["sid"]);
}

#[tokio::test]
async fn a_hint_counts_for_its_person_and_its_app_only() {
    let world = World::new().await;
    world.register_app("other", |_| {}).await;
    for name in ["ada", "bob"] {
        world.make_person(name, |_| {}).await;
    }
    let app = world.relying_party("app").await;
    let (mut ada, mut bob) = (Browser::new(), Browser::new());
    let (tokens, _) = first(&world, &app, &mut ada, "ada", "openid").await;
    first(&world, &app, &mut bob, "bob", "openid").await;
    let hint = tokens["id_token"].as_str().unwrap();
    let refusal =
        |app: &RelyingParty, ask: &Ask, page: &Page| app.code(ask, &page.location().unwrap()).unwrap_err().error;
    let ask = app.ask(&[("prompt", "none"), ("id_token_hint", hint)]);
    assert_eq!(refusal(&app, &ask, &bob.get(&ask.url).await), "login_required");
    // An access token is no hint, and neither is a token for somebody else's app.
    let access_token = tokens["access_token"].as_str().unwrap();
    let ask = app.ask(&[("id_token_hint", access_token)]);
    assert_eq!(refusal(&app, &ask, &ada.get(&ask.url).await), "invalid_request");
    let other = world.relying_party("other").await;
    let ask = other.ask(&[("id_token_hint", hint)]);
    assert_eq!(refusal(&other, &ask, &ada.get(&ask.url).await), "invalid_request");
    // An expired one still says who it was about.
    world.clock.advance(Duration::hours(5));
    let core = &world.core;
    core.keys.tick(&core.store, &core.sealer, &*core.clock).await.unwrap();
    let ask = app.ask(&[("prompt", "none"), ("id_token_hint", hint)]);
    redeem(&app, &ask, &ada.get(&ask.url).await).await;
}

#[tokio::test]
async fn signing_out_ends_what_hangs_on_the_session_and_leaves_offline_access() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world.register_app("other", |_| {}).await;
    let (app, other) = (world.relying_party("app").await, world.relying_party("other").await);
    let mut browser = Browser::new();
    let (bound, _) = first(&world, &app, &mut browser, "ada", "openid").await;
    let ask = other.ask(&[("scope", "openid offline_access"), ("prompt", "consent")]);
    let page = browser.open(&ask.url).await.at(200, "/consent");
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    let (offline, _) = redeem(&other, &ask, &answer).await;
    let mut leave = app.endpoint("end_session_endpoint");
    leave
        .query_pairs_mut()
        .append_pair("id_token_hint", bound["id_token"].as_str().unwrap());
    browser.open(&leave).await.at(200, "/logout/done");
    let silent = browser.get(&app.ask(&[("prompt", "none")]).url).await;
    assert_eq!(
        parameter(&silent.location().unwrap(), "error").as_deref(),
        Some("login_required")
    );
    if let Some(token) = bound["refresh_token"].as_str() {
        assert_eq!(app.refresh(token).await.error(), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(app.userinfo(bound["access_token"].as_str().unwrap()).await.status, 401);
    let renewed = other.refresh(offline["refresh_token"].as_str().unwrap()).await.ok();
    assert_eq!(
        other.userinfo(renewed["access_token"].as_str().unwrap()).await.status,
        200
    );
}

#[tokio::test]
async fn a_code_that_is_used_twice_takes_back_what_it_gave() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let mut browser = Browser::new();
    first(&world, &app, &mut browser, "ada", "openid").await;
    let ask = app.ask(&[]);
    let answer = browser.get(&ask.url).await;
    let code = app.code(&ask, &answer.location().unwrap()).unwrap();
    let tokens = app.exchange(&ask, &code).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access_token).await.status, 200);
    assert_eq!(
        app.exchange(&ask, &code).await.error(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(app.userinfo(access_token).await.status, 401);
    let late = app.ask(&[]);
    let code = app
        .code(&late, &browser.get(&late.url).await.location().unwrap())
        .unwrap();
    world.clock.advance(Duration::seconds(61));
    assert_eq!(
        app.exchange(&late, &code).await.error(),
        (400, "invalid_grant".to_owned())
    );
}
