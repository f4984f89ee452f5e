//! RP-initiated logout.

use serde_json::{Value, json};
use signet::base::TokenHash;
use signet::spec::jose::SigningAlg;
use signet::store;
use url::Url;

use super::world::{World, refusal};
use crate::support::browser::Browser;

const BYE: &str = "https://app.example/bye";

/// An ID token of the person who is signed in in the browser.
async fn id_token(world: &World, browser: &Browser, change: impl FnOnce(&mut Value)) -> String {
    let cookie = browser.cookie("signet-session").unwrap().value.clone();
    let session = store::session::find(world.core.store.pool(), &TokenHash::of(&cookie))
        .await
        .unwrap()
        .unwrap();
    // Long expired: a hint may be (§2).
    let mut claims = json!({
        "iss": world.core.policy.issuer.as_str(), "aud": "app", "sub": session.user_id.to_string(),
        "sid": session.id.to_string(), "iat": 1_000_000_000, "exp": 1_000_003_600,
    });
    change(&mut claims);
    let signer = world.core.keys.signer(SigningAlg::ES256, world.core.now()).unwrap();
    signer.sign_jwt(Some("JWT"), claims.to_string().as_bytes()).unwrap()
}

fn ask(world: &World, parameters: &[(&str, &str)]) -> Url {
    let mut url = world.at("/end_session");
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    url
}

async fn is_signed_in(world: &World, browser: &mut Browser) -> bool {
    let silent = browser.get(&world.ask(&[("prompt", "none")])).await;
    let signed_out = silent.location().unwrap().query().unwrap().contains("error=");
    if signed_out {
        assert_eq!(refusal(&silent), "login_required");
    }
    !signed_out
}

#[tokio::test]
async fn an_app_that_knows_who_is_signed_in_signs_out_at_once_and_gets_its_state_back() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let hint = id_token(&world, &browser, |_| {}).await;
    let state = "~".repeat(128);
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
        ("state", &state),
    ];
    let answer = browser.get(&ask(&world, &parameters)).await;
    assert_eq!(
        answer.location().unwrap().as_str(),
        format!("{BYE}?state={}", "%7E".repeat(128))
    );
    assert!(browser.cookie("signet-session").is_none());
    assert!(!is_signed_in(&world, &mut browser).await);
    // Without state none is added.
    let answer = browser.get(&ask(&world, &parameters[..2])).await;
    assert_eq!(answer.location().unwrap().as_str(), BYE);
}

#[tokio::test]
async fn what_was_granted_in_the_session_dies_with_it() {
    let world = World::new().await;
    let ada = world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let pool = world.core.store.pool();
    assert_eq!(
        store::grant::list_live(pool, ada, world.core.now())
            .await
            .unwrap()
            .len(),
        1
    );
    let hint = id_token(&world, &browser, |_| {}).await;
    browser
        .open(&ask(&world, &[("id_token_hint", &hint)]))
        .await
        .at(200, "/logout/done");
    assert!(
        store::grant::list_live(pool, ada, world.core.now())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_nothing_leads_away() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    for parameters in [
        vec![],
        vec![("state", "s")],
        vec![("post_logout_redirect_uri", BYE), ("state", "s")],
    ] {
        let (mut browser, _) = match is_first(&parameters) {
            true => world.sign_in_to_app("ada", &[]).await,
            false => world.sign_in_to_app("ada", &[("prompt", "consent")]).await,
        };
        let page = browser.open(&ask(&world, &parameters)).await.at(200, "/logout");
        assert!(is_signed_in(&world, &mut browser).await);
        browser
            .press(&page, "sign-out", "sign-out-confirm", &[])
            .await
            .at(200, "/logout/done");
        assert!(!is_signed_in(&world, &mut browser).await);
    }
}

fn is_first(parameters: &[(&str, &str)]) -> bool {
    parameters.is_empty()
}

#[tokio::test]
async fn an_app_that_only_names_itself_gets_the_browser_back_once_the_person_agrees() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let asked = ask(
        &world,
        &[("client_id", "app"), ("post_logout_redirect_uri", BYE), ("state", "s")],
    );
    let page = browser.open(&asked).await.at(200, "/logout");
    let stay = browser.press(&page, "sign-out", "sign-out-stay", &[]).await;
    assert_eq!(stay.url.path(), "/account");
    assert!(is_signed_in(&world, &mut browser).await);
    let answer = browser.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    assert_eq!(answer.location().unwrap().as_str(), format!("{BYE}?state=s"));
}

#[tokio::test]
async fn whatever_is_wrong_shows_a_page_and_signs_nobody_out() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world.register_app("other", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let good = id_token(&world, &browser, |_| {}).await;
    let foreign = id_token(&world, &browser, |claims| {
        claims["iss"] = "https://elsewhere.example".into()
    })
    .await;
    let (head, _) = good.rsplit_once('.').unwrap();
    let bad_signature = format!("{head}.{}", "A".repeat(86));
    let payload = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![("id_token_hint", &bad_signature), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", &unsigned), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", &foreign), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", "nonsense")],
        vec![
            ("id_token_hint", &good),
            ("post_logout_redirect_uri", "https://app.example/bye?x=1"),
        ],
        vec![
            ("id_token_hint", &good),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        vec![
            ("id_token_hint", &good),
            ("client_id", "other"),
            ("post_logout_redirect_uri", BYE),
        ],
        vec![("client_id", "nobody")],
        vec![("state", "1"), ("state", "2")],
    ];
    for case in cases {
        let answer = browser.get(&ask(&world, &case)).await;
        assert_eq!((answer.status, answer.location()), (400, None), "{case:?}");
        assert!(is_signed_in(&world, &mut browser).await, "{case:?}");
    }
}

#[tokio::test]
async fn a_hint_about_somebody_else_asks() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world.make_person("bob", |_| {}).await;
    let (ada, _) = world.sign_in_to_app("ada", &[]).await;
    let hint = id_token(&world, &ada, |_| {}).await;
    let (mut bob, _) = world.sign_in_to_app("bob", &[]).await;
    let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)];
    let page = bob.open(&ask(&world, &parameters)).await.at(200, "/logout");
    assert!(!page.url.as_str().contains("id_token_hint"));
    assert!(is_signed_in(&world, &mut bob).await);
}

#[tokio::test]
async fn an_app_may_post_its_request() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let hint = id_token(&world, &browser, |_| {}).await;
    let page = browser.open(&world.ask(&[("prompt", "login")])).await;
    let mut form = page.form("sign-in");
    form.action = world.at("/end_session");
    form.fields = vec![
        ("id_token_hint".to_owned(), hint),
        ("post_logout_redirect_uri".to_owned(), BYE.to_owned()),
    ];
    let answer = browser.send(&page, &form).await;
    assert_eq!(answer.location().unwrap().as_str(), BYE);
}
