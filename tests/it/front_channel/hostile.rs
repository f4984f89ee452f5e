//! Bad input: an error or a plain page, never a 500, never a redirect elsewhere, never an echo.

use super::world::{PASSWORD, World, refusal};
use crate::support::browser::{Browser, Page};

const SCRIPT: &str = "\"><script>alert(1)</script>";

fn assert_plain(page: &Page, what: &str) {
    assert!(page.status < 500, "{what}: {}", page.status);
    assert!(!page.body.contains("<script>alert"), "{what}");
    if let Some(location) = page.location() {
        let home = page.url.origin() == location.origin();
        assert!(
            home || location.as_str().starts_with("https://app.example/callback"),
            "{what}: {location}"
        );
    }
}

#[tokio::test]
async fn a_request_without_a_sound_client_and_address_ends_on_a_page() {
    let world = World::new().await;
    let mut titles = Vec::new();
    for changes in [
        vec![("client_id", "nobody")],
        vec![("redirect_uri", "https://evil.example/")],
        vec![("client_id", "")],
    ] {
        for more in [vec![], vec![("prompt", "none")], vec![("request", "x")]] {
            let all: Vec<_> = changes.iter().copied().chain(more).collect();
            let page = Browser::new().get(&world.ask(&all)).await;
            assert_eq!((page.status, page.location()), (400, None), "{all:?}");
            titles.push(page.text("h1"));
        }
    }
    titles.dedup();
    // Each kind of error has words of its own.
    assert_eq!(titles.len(), 3, "{titles:?}");
}

#[tokio::test]
async fn every_refusal_goes_back_with_its_code() {
    let world = World::new().await;
    for (changes, code) in [
        (vec![("response_type", "")], "invalid_request"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("request", "eyJ")], "invalid_request_object"),
        (vec![("request_uri", "https://a.example")], "invalid_request_uri"),
        (vec![("registration", "{}")], "registration_not_supported"),
        (vec![("scope", "nonsense")], "invalid_scope"),
        (vec![("resource", "https://nowhere.example")], "invalid_target"),
        (vec![("prompt", "none login")], "invalid_request"),
        (vec![("max_age", "-1")], "invalid_request"),
        (
            vec![("code_challenge", "abc"), ("code_challenge_method", "plain")],
            "invalid_request",
        ),
        (vec![("id_token_hint", "nonsense")], "invalid_request"),
        (vec![("claims", "[]")], "invalid_request"),
    ] {
        assert_eq!(
            refusal(&Browser::new().get(&world.ask(&changes)).await),
            code,
            "{changes:?}"
        );
    }
}

#[tokio::test]
async fn hostile_parameters_break_nothing_and_are_never_echoed() {
    let world = World::new().await;
    let long = "x".repeat(5000);
    let names = [
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "prompt",
        "nonce",
        "login_hint",
        "ui_locales",
        "claims",
        "max_age",
        "display",
        "acr_values",
        "resource",
        "code_challenge",
        "id_token_hint",
        "response_mode",
    ];
    for name in names {
        for value in [
            SCRIPT,
            &long,
            "\u{0}",
            "é\u{202e}",
            "a\r\nSet-Cookie: x=1",
            "%00",
            "{{7*7}}",
        ] {
            let page = Browser::new().open(&world.ask(&[(name, value)])).await;
            assert_plain(&page, &format!("{name}={value:.20}"));
        }
    }
    for raw in [
        "/authorize?%ff=%ff",
        "/authorize?a=1&a=2",
        "/authorize?client_id=app&client_id=app",
        "/authorize?&&&=",
        "/login?request=x",
        "/consent",
        "/consent?request=00000000-0000-0000-0000-000000000000",
        "/login/select",
        "/login/new-password",
        "/register/verify",
        "/register/verify?token=%22%3E",
        "/recover/reset?token=",
        "/logout?state=%ff",
        "/logout/done?client_id=%22%3E%3Cscript%3Ealert(1)",
        "/nothing/here",
        "/login?ui_locales=%ff",
    ] {
        let page = Browser::new().get(&world.at(raw)).await;
        assert_plain(&page, raw);
    }
}

#[tokio::test]
async fn typed_values_come_back_escaped() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let page = browser
        .open(&world.ask(&[("login_hint", SCRIPT)]))
        .await
        .at(200, "/login");
    assert_eq!(page.form("sign-in").field("identifier"), Some(SCRIPT));
    let again = browser
        .submit(&page, "sign-in", &[("identifier", SCRIPT), ("password", "x")])
        .await;
    assert_plain(&again, "sign in");
    assert_eq!(again.form("sign-in").field("identifier"), Some(SCRIPT));
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_refused() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let good = page
        .form("sign-in")
        .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = browser.send(&page, &good.clone().forged("csrf", token)).await;
        assert_eq!(answer.status, 400, "{token}");
        assert!(browser.cookie("signet-session").is_none());
    }
    // From another site, even with the token.
    let mut elsewhere = page.clone();
    elsewhere.url = "https://evil.example/".parse().unwrap();
    assert_eq!(browser.send(&elsewhere, &good).await.status, 400);
    // With the token of another browser.
    let mut other = Browser::new();
    other.open(&world.at("/login")).await;
    assert_eq!(other.send(&page, &good).await.status, 400);
    assert_eq!(browser.send_once(&page, &good).await.status, 303);
}

#[tokio::test]
async fn pages_are_kept_by_nobody_and_framed_by_nobody() {
    let world = World::new().await;
    let mut browser = Browser::new();
    for page in [
        browser.open(&world.ask(&[])).await,
        browser.open(&world.at("/nothing")).await,
    ] {
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"));
    }
    let page = browser.open(&world.ask(&[])).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.ends_with("form-action 'self' https://app.example"), "{policy}");
}

#[tokio::test]
async fn other_methods_and_large_bodies_are_refused() {
    let world = World::new().await;
    let http = reqwest::Client::new();
    let put = http.put(world.at("/login")).send().await.unwrap();
    assert_eq!(put.status(), 405);
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let form = page
        .form("sign-in")
        .filled(&[("identifier", "ada")])
        .forged("password", &"x".repeat(70_000));
    assert_eq!(browser.send(&page, &form).await.status, 413);
}

#[tokio::test]
async fn a_page_for_what_went_wrong_is_there_in_another_language_at_the_same_address() {
    let world = World::new().await;
    let mut browser = Browser::new();
    for path in ["/nothing/here?x=1&ui_locales=en", "/authorize?client_id=nobody"] {
        let page = browser.open(&world.at(path)).await;
        let hrefs = page.attributes(".languages a", "href");
        let own = path.replace("&ui_locales=en", "");
        assert_eq!(hrefs, [format!("{own}&ui_locales=en"), format!("{own}&ui_locales=de")]);
        let german = browser.open(&page.url.join(&hrefs[1]).unwrap()).await;
        assert_eq!(german.status, page.status, "{path}");
        assert_eq!(german.attribute("html", "lang"), "de");
        assert_ne!(german.text("h1"), page.text("h1"));
        browser.forget("signet-locale");
    }
    // a browser would read that address as another server's
    let url = format!("{}//evil.example/", world.at("/").as_str().trim_end_matches('/'));
    let page = browser.get(&url.parse().unwrap()).await;
    assert_eq!(
        page.attributes(".languages a", "href")[0],
        "/evil.example/?ui_locales=en"
    );
}

#[tokio::test]
async fn the_answer_to_a_form_and_a_page_that_leads_on_have_no_language_links() {
    let world = World::new().await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    assert!(page.has(".languages a"));
    let form = page.form("sign-in").forged("csrf", "nonsense");
    let stale = browser.send(&page, &form).await;
    assert_eq!(stale.status, 400);
    assert!(stale.has("h1") && !stale.has(".languages"), "{}", stale.body);
    let answer = browser
        .get(&world.ask(&[("response_mode", "form_post"), ("prompt", "none")]))
        .await;
    assert!(answer.has("#form-post") && !answer.has(".languages"), "{}", answer.body);
}
