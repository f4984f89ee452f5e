//! The authorization endpoint: answers, refusals, and what satisfies `prompt` and `max_age`.

use time::Duration;

use super::world::{CALLBACK, PASSWORD, World, parameter, refusal};
use crate::support::browser::Browser;

#[tokio::test]
async fn a_person_signs_in_allows_the_app_and_comes_back_with_a_code() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await.at(200, "/login");
    assert!(page.body.contains("Harbour Ledger"));
    let page = world.sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    // In words, with the person's own value.
    assert!(page.body.contains("ada@example.com"), "{}", page.body);
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    assert_eq!(answer.status, 303);
    let location = answer.location().unwrap();
    assert!(location.as_str().starts_with(CALLBACK));
    assert_eq!(parameter(&location, "code").unwrap().len(), 43);
    assert_eq!(parameter(&location, "state").as_deref(), Some("st-1"));
    assert_eq!(
        parameter(&location, "iss").as_deref(),
        Some(world.core.policy.issuer.as_str())
    );
}

#[tokio::test]
async fn consent_is_remembered_and_asked_only_for_what_is_new() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let silent = browser.get(&world.ask(&[("prompt", "none")])).await;
    assert!(parameter(&silent.location().unwrap(), "code").is_some());
    let more = world.ask(&[("prompt", "none"), ("scope", "openid email phone")]);
    assert_eq!(refusal(&browser.get(&more).await), "consent_required");
    let again = browser
        .open(&world.ask(&[("prompt", "consent")]))
        .await
        .at(200, "/consent");
    let answer = browser.press(&again, "consent", "consent-deny", &[]).await;
    assert_eq!(refusal(&answer), "access_denied");
    // A refusal takes nothing back.
    let silent = browser.get(&world.ask(&[("prompt", "none")])).await;
    assert!(parameter(&silent.location().unwrap(), "code").is_some());
}

#[tokio::test]
async fn a_first_party_app_asks_nothing() {
    let world = World::new().await;
    world
        .register_app("own", |metadata| metadata.require_consent = false)
        .await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[("client_id", "own")])).await;
    let answer = world.sign_in(&mut browser, &page, "ada").await;
    assert!(parameter(&answer.location().unwrap(), "code").is_some());
}

#[tokio::test]
async fn prompt_none_without_a_session_is_login_required_and_cancelling_access_denied() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let silent = browser.get(&world.ask(&[("prompt", "none")])).await;
    assert_eq!(refusal(&silent), "login_required");
    let page = browser.open(&world.ask(&[])).await.at(200, "/login");
    let form = page.form("cancel").forged("decision", "cancel");
    assert_eq!(refusal(&browser.send(&page, &form).await), "access_denied");
    // It was answered; the page is over.
    let again = browser.send(&page, &form).await;
    assert_eq!((again.status, again.location()), (400, None));
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again_although_somebody_is_signed_in() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    for changes in [[("prompt", "login")], [("max_age", "0")]] {
        let page = browser.open(&world.ask(&changes)).await.at(200, "/login");
        // Who it is is known; only the proof is missing.
        assert_eq!(page.form("sign-in").field("identifier"), Some("ada@example.com"));
        let answer = world.sign_in(&mut browser, &page, "ada").await;
        assert!(parameter(&answer.location().unwrap(), "code").is_some());
    }
    world.clock.advance(Duration::seconds(30));
    let young = browser.get(&world.ask(&[("max_age", "10000")])).await;
    assert!(parameter(&young.location().unwrap(), "code").is_some());
    let old = world.ask(&[("max_age", "10"), ("prompt", "none")]);
    assert_eq!(refusal(&browser.get(&old).await), "login_required");
    browser.open(&world.ask(&[("max_age", "10")])).await.at(200, "/login");
}

#[tokio::test]
async fn an_account_is_chosen_or_another_signs_in() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world.make_person("bob", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let ask = world.ask(&[("prompt", "select_account")]);
    let page = browser.open(&ask).await.at(200, "/login/select");
    let answer = browser
        .press(&page, "select-account", "select-account-submit", &[])
        .await;
    assert!(parameter(&answer.location().unwrap(), "code").is_some());
    let page = browser.open(&ask).await.at(200, "/login/select");
    let page = browser
        .press(&page, "select-account", "select-account-other", &[])
        .await
        .at(200, "/login");
    // Bob was asked nothing yet.
    world.sign_in(&mut browser, &page, "bob").await.at(200, "/consent");
}

#[tokio::test]
async fn answers_travel_by_query_fragment_or_form() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let fragment = browser
        .get(&world.ask(&[("response_mode", "fragment")]))
        .await
        .location()
        .unwrap();
    assert_eq!(fragment.query(), None);
    assert!(fragment.fragment().unwrap().starts_with("code="));
    for changes in [
        vec![("response_mode", "form_post")],
        vec![("response_mode", "form_post"), ("prompt", "create")],
    ] {
        let changes: Vec<_> = changes.into_iter().chain([("nonce", "n")]).collect();
        let page = browser.get(&world.ask(&changes)).await;
        if page.status == 303 {
            continue;
        }
        let form = page.form("form-post");
        assert_eq!(form.action.as_str(), CALLBACK);
        assert_eq!(form.field("state"), Some("st-1"));
        assert!(form.field("code").is_some() && form.field("csrf").is_none());
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.ends_with("form-action 'self' https://app.example"), "{policy}");
    }
    let mut stranger = Browser::new();
    let refused = stranger
        .get(&world.ask(&[("response_mode", "form_post"), ("prompt", "none")]))
        .await;
    assert_eq!(refused.form("form-post").field("error"), Some("login_required"));
}

#[tokio::test]
async fn a_request_by_post_is_as_good() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await;
    let mut form = page.form("sign-in");
    form.action = world.at("/authorize");
    form.fields = world.ask(&[]).query_pairs().into_owned().collect();
    let page = browser.send(&page, &form).await.at(200, "/login");
    world.sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let answer = browser.send(&page, &form).await.at(200, "/consent");
    assert!(answer.has("form#consent"));
}

#[tokio::test]
async fn a_request_belongs_to_its_browser_and_is_answered_once() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await.at(200, "/login");
    let consent = world.sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let mut thief = Browser::new();
    let stolen = thief.open(&consent.url).await;
    assert_eq!(stolen.status, 400);
    // Two tabs: the second is told that it is over.
    let first = browser.press(&consent, "consent", "consent-allow", &[]).await;
    assert!(parameter(&first.location().unwrap(), "code").is_some());
    let second = browser.press(&consent, "consent", "consent-allow", &[]).await;
    assert_eq!((second.status, second.location()), (400, None));
    assert!(second.body.contains("run out"), "{}", second.body);
}

#[tokio::test]
async fn a_hinted_person_must_answer_or_nobody_does() {
    let world = World::new().await;
    let ada = world.make_person("ada", |_| {}).await;
    world.make_person("bob", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("bob", &[]).await;
    let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{ada}"}}}}}}"#);
    let silent = world.ask(&[("claims", &claims), ("prompt", "none")]);
    assert_eq!(refusal(&browser.get(&silent).await), "login_required");
    let page = browser.open(&world.ask(&[("claims", &claims)])).await.at(200, "/login");
    // Bob again: then the app is told.
    assert_eq!(
        refusal(&world.sign_in(&mut browser, &page, "bob").await),
        "login_required"
    );
    let page = browser.open(&world.ask(&[("claims", &claims)])).await.at(200, "/login");
    world.sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
}

#[tokio::test]
async fn the_language_follows_ui_locales_then_the_cookie_then_the_browser() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let page = browser
        .open(&world.ask(&[("ui_locales", "se de")]))
        .await
        .at(200, "/login");
    assert_eq!(page.attribute("html", "lang"), "de");
    let kept = browser.open(&world.at("/login")).await;
    assert_eq!(kept.attribute("html", "lang"), "de");
    let chosen = browser.open(&world.at("/login?ui_locales=en")).await;
    assert_eq!(chosen.attribute("html", "lang"), "en");
    let mut other = Browser::new();
    other.speak("de-AT, en;q=0.5");
    assert_eq!(other.open(&world.at("/login")).await.attribute("html", "lang"), "de");
}

#[tokio::test]
async fn an_expired_request_is_over() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await.at(200, "/login");
    world.clock.advance(Duration::hours(1));
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, "sign-in", &fields).await.status, 400);
}

#[tokio::test]
async fn an_address_that_begins_too_many_sign_ins_is_told_to_wait_and_the_app_is_not() {
    let world = World::with(|policy| policy.sessions.requests_per_address = Some(3)).await;
    world.make_person("ada", |_| {}).await;
    let (mut known, _) = world.sign_in_to_app("ada", &[]).await;
    for _ in 0..2 {
        assert_eq!(Browser::new().get(&world.ask(&[])).await.status, 303);
    }
    let page = Browser::new().get(&world.ask(&[])).await;
    assert_eq!((page.status, page.location()), (429, None));
    let wait: i64 = page.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=601).contains(&wait), "{wait}");
    // What needs no row is answered: to somebody who is signed in, and to nobody.
    for browser in [&mut known, &mut Browser::new()] {
        let silent = browser.get(&world.ask(&[("prompt", "none")])).await;
        assert!(silent.location().unwrap().as_str().starts_with(CALLBACK));
    }
    world.clock.advance(Duration::seconds(wait));
    assert_eq!(Browser::new().get(&world.ask(&[])).await.status, 303);
}
