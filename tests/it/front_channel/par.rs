//! Pushed authorization requests (RFC 9126).

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use signet::spec::oauth::ClientAuthMethod;
use time::Duration;
use url::Url;

use super::world::{CALLBACK, SECRET, World, parameter};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Answer, RelyingParty};

const ENDPOINT: &str = "pushed_authorization_request_endpoint";
const GOOD: [(&str, &str); 4] = [
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid email"),
    ("state", "pushed-state"),
];

async fn push(app: &RelyingParty, more: &[(&str, &str)]) -> Answer {
    let mut parameters = GOOD.to_vec();
    parameters.retain(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    parameters.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    app.post(ENDPOINT, &parameters).await
}

fn request_uri(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

/// The address that brings a browser with the reference, and whatever else stands there.
fn visit(world: &World, client_id: &str, request_uri: &str, more: &[(&str, &str)]) -> Url {
    let mut url = world.at("/authorize");
    url.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("request_uri", request_uri)
        .extend_pairs(more);
    url
}

/// A page of ours that leads nowhere.
fn assert_dead(page: &Page) {
    assert_eq!((page.status, page.location()), (400, None), "{}", page.body);
}

async fn agree(world: &World, browser: &mut Browser, page: Page) -> Page {
    let page = world.sign_in(browser, &page.at(200, "/login"), "ada").await;
    browser
        .press(&page.at(200, "/consent"), "consent", "consent-allow", &[])
        .await
}

#[tokio::test]
async fn a_pushed_request_leads_to_tokens_and_is_used_up_by_the_answer() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let pushed = push(&app, &[]).await;
    let body = pushed.json();
    assert_eq!(body["expires_in"], 60);
    assert_eq!(pushed.header("cache-control"), Some("no-store"));
    let reference = request_uri(&pushed);
    // RFC 9126 §2.2: not to be guessed
    assert_eq!(reference.len(), "urn:ietf:params:oauth:request_uri:".len() + 43);

    // Visiting is no answer: people reload.
    let url = visit(&world, "app", &reference, &[]);
    let mut browser = Browser::new();
    browser.open(&url).await.at(200, "/login");
    let page = browser.open(&url).await;
    let answer = agree(&world, &mut browser, page).await;
    let location = answer.location().unwrap();
    assert!(location.as_str().starts_with(CALLBACK));
    assert_eq!(parameter(&location, "state").as_deref(), Some("pushed-state"));
    let code = parameter(&location, "code").unwrap();
    let tokens = app
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ])
        .await
        .ok();
    assert_eq!(tokens["scope"], "openid email");

    assert_dead(&browser.get(&url).await);
    assert_dead(&Browser::new().get(&url).await);
}

#[tokio::test]
async fn of_two_tabs_with_one_pushed_request_one_is_answered() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let url = visit(
        &world,
        "app",
        &request_uri(&push(&app, &[("prompt", "consent")]).await),
        &[],
    );
    let (mut one, mut two) = (Browser::new(), Browser::new());
    let (first, second) = (one.open(&url).await, two.open(&url).await);
    let answer = agree(&world, &mut one, first).await;
    assert!(parameter(&answer.location().unwrap(), "code").is_some());
    assert_dead(&agree(&world, &mut two, second).await);
    // A session that is there already answers at once, and no more than that.
    let url = visit(&world, "app", &request_uri(&push(&app, &[]).await), &[]);
    assert!(parameter(&one.get(&url).await.location().unwrap(), "code").is_some());
    assert_dead(&one.get(&url).await);
}

#[tokio::test]
async fn cancelling_and_silent_refusals_use_it_up_too() {
    let world = World::new().await;
    let app = world.relying_party("app").await;
    let url = visit(&world, "app", &request_uri(&push(&app, &[]).await), &[]);
    let mut browser = Browser::new();
    let page = browser.open(&url).await.at(200, "/login");
    let form = page.form("cancel").forged("decision", "cancel");
    let answer = browser.send(&page, &form).await;
    assert_eq!(
        parameter(&answer.location().unwrap(), "error").as_deref(),
        Some("access_denied")
    );
    assert_dead(&browser.get(&url).await);

    let url = visit(
        &world,
        "app",
        &request_uri(&push(&app, &[("prompt", "none")]).await),
        &[],
    );
    let answer = browser.get(&url).await;
    assert_eq!(
        parameter(&answer.location().unwrap(), "error").as_deref(),
        Some("login_required")
    );
    assert_dead(&browser.get(&url).await);
}

#[tokio::test]
async fn a_refusal_for_what_the_app_may_ask_for_no_more_uses_it_up_too() {
    let world = World::new().await;
    let app = world.relying_party("app").await;
    let url = visit(&world, "app", &request_uri(&push(&app, &[]).await), &[]);
    sqlx::query("update clients set metadata = metadata || '{\"scope\": \"profile\"}' where client_id = 'app'")
        .execute(world.core.store.pool())
        .await
        .unwrap();
    let mut browser = Browser::new();
    let location = browser.get(&url).await.location().unwrap();
    assert_eq!(parameter(&location, "error").as_deref(), Some("invalid_scope"));
    assert_dead(&browser.get(&url).await);
}

#[tokio::test]
async fn a_reference_is_good_for_a_minute_and_for_its_client() {
    let world = World::new().await;
    world.register_app("other", |_| {}).await;
    let app = world.relying_party("app").await;
    let reference = request_uri(&push(&app, &[]).await);
    let mut browser = Browser::new();
    for (client_id, reference) in [
        ("other", reference.as_str()),
        ("nobody", &reference),
        ("", &reference),
        ("app", "urn:ietf:params:oauth:request_uri:"),
        ("app", &reference[..reference.len() - 1]),
        ("app", &format!("{reference}x")),
    ] {
        assert_dead(&browser.get(&visit(&world, client_id, reference, &[])).await);
    }
    let url = visit(&world, "app", &reference, &[]);
    world.clock.advance(Duration::seconds(58));
    browser.open(&url).await.at(200, "/login");
    world.clock.advance(Duration::seconds(3));
    assert_dead(&browser.get(&url).await);
}

#[tokio::test]
async fn whoever_came_in_time_may_take_their_time_on_the_pages() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let url = visit(&world, "app", &request_uri(&push(&app, &[]).await), &[]);
    let mut browser = Browser::new();
    let page = browser.open(&url).await;
    world.clock.advance(Duration::minutes(20));
    let answer = agree(&world, &mut browser, page).await;
    assert!(parameter(&answer.location().unwrap(), "code").is_some());
}

#[tokio::test]
async fn only_what_was_pushed_counts() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let reference = request_uri(&push(&app, &[("state", "")]).await);
    // What somebody else put into the address is not looked at, however wrong it is.
    let forged = [
        ("state", "forged"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "token"),
        ("scope", "openid phone"),
        ("prompt", "none"),
    ];
    let mut browser = Browser::new();
    let page = browser.open(&visit(&world, "app", &reference, &forged)).await;
    let location = agree(&world, &mut browser, page).await.location().unwrap();
    assert!(location.as_str().starts_with(CALLBACK));
    assert_eq!(parameter(&location, "state"), None);
    assert!(parameter(&location, "code").is_some());
    // A second form of the request beside it is refused, and so is a repeated parameter.
    let reference = request_uri(&push(&app, &[]).await);
    assert_dead(
        &browser
            .get(&visit(&world, "app", &reference, &[("request", "e30.e30.")]))
            .await,
    );
    assert_dead(
        &browser
            .get(&visit(&world, "app", &reference, &[("client_id", "app")]))
            .await,
    );
}

#[tokio::test]
async fn what_the_authorization_endpoint_would_refuse_is_not_kept() {
    let world = World::new().await;
    let app = world.relying_party("app").await;
    for (more, error) in [
        (
            [("redirect_uri", "https://evil.example/")].as_slice(),
            "invalid_request",
        ),
        (&[("redirect_uri", "https://app.example/callback/")], "invalid_request"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "nonsense")], "unsupported_response_type"),
        (&[("response_mode", "nonsense")], "invalid_request"),
        (&[("scope", "unknown")], "invalid_scope"),
        (&[("resource", "https://nothing.example")], "invalid_target"),
        (&[("prompt", "none login")], "invalid_request"),
        (
            &[("code_challenge", "x"), ("code_challenge_method", "S256")],
            "invalid_request",
        ),
        (
            &[("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            "invalid_request",
        ),
        (&[("dpop_jkt", "short")], "invalid_request"),
        (
            &[("request_uri", "urn:ietf:params:oauth:request_uri:x")],
            "invalid_request",
        ),
        (&[("client_id", "other")], "invalid_client"),
        (&[("state", "one"), ("state", "two")], "invalid_request"),
    ] {
        let answer = push(&app, more).await;
        let status = if error == "invalid_client" { 401 } else { 400 };
        assert_eq!(answer.error(), (status, error.to_owned()), "{more:?} {}", answer.body);
        assert_eq!(answer.header("location"), None);
    }
    let count: i64 = sqlx::query_scalar("select count(*) from pushed_requests")
        .fetch_one(world.core.store.pool())
        .await
        .unwrap();
    assert_eq!(count, 0);
}

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn nobody_pushes_in_the_name_of_another_client_nor_by_another_method() {
    let world = World::new().await;
    let mut app = world.relying_party("app").await;
    app.client_secret = Some("wrong".to_owned());
    assert_eq!(push(&app, &[]).await.error(), (401, "invalid_client".to_owned()));
    let mut named = GOOD.to_vec();
    named.push(("client_id", "app"));
    let anonymous = app.post_raw(ENDPOINT, HeaderMap::new(), &named).await;
    assert_eq!(anonymous.error(), (401, "invalid_client".to_owned()));
    let url = app.endpoint(ENDPOINT);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = RelyingParty::send(method, url.clone(), None, HeaderMap::new(), "10.0.0.1").await;
        assert_eq!(answer.status, 405);
    }
}

#[tokio::test]
async fn the_secret_of_the_client_is_not_kept_with_its_request() {
    let world = World::new().await;
    world
        .register_app("posted", |metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
        })
        .await;
    let app = world.relying_party("posted").await;
    let mut parameters = GOOD.to_vec();
    parameters.extend([("client_id", "posted"), ("client_secret", SECRET)]);
    let kept = app.post_raw(ENDPOINT, HeaderMap::new(), &parameters).await;
    request_uri(&kept);
    let (row, hash): (Value, Vec<u8>) = sqlx::query_as("select parameters, request_uri_hash from pushed_requests")
        .fetch_one(world.core.store.pool())
        .await
        .unwrap();
    assert!(row.to_string().contains("client_id"));
    assert!(!row.to_string().contains("client_secret") && !row.to_string().contains(SECRET));
    assert_eq!(hash.len(), 32);
}

#[tokio::test]
async fn an_address_pushes_only_so_many_requests_of_public_clients() {
    let world = World::with(|policy| policy.sessions.requests_per_address = Some(3)).await;
    world
        .register_app("spa", |metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::None
        })
        .await;
    let mut spa = world.relying_party("spa").await;
    spa.client_secret = None;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    for _ in 0..3 {
        request_uri(&push(&spa, &pkce).await);
    }
    let full = push(&spa, &pkce).await;
    assert_eq!(full.error(), (429, "temporarily_unavailable".to_owned()));
    assert!(full.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    // Who has to authenticate is not held up by the others at its address.
    let app = world.relying_party("app").await;
    request_uri(&push(&app, &[]).await);
    world.clock.advance(Duration::minutes(11));
    request_uri(&push(&spa, &pkce).await);
}

#[tokio::test]
async fn a_code_that_is_bound_to_a_key_is_nothing_without_it() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let app = world.relying_party("app").await;
    let reference = request_uri(&push(&app, &[("dpop_jkt", CHALLENGE)]).await);
    let mut browser = Browser::new();
    let page = browser.open(&visit(&world, "app", &reference, &[])).await;
    let location = agree(&world, &mut browser, page).await.location().unwrap();
    let code = parameter(&location, "code").unwrap();
    let refused = app
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ])
        .await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_client_that_is_disabled_meanwhile_gets_nothing() {
    let world = World::new().await;
    let app = world.relying_party("app").await;
    let url = visit(&world, "app", &request_uri(&push(&app, &[]).await), &[]);
    sqlx::query("update clients set status = 'disabled' where client_id = 'app'")
        .execute(world.core.store.pool())
        .await
        .unwrap();
    assert_dead(&Browser::new().get(&url).await);
}
