//! Consent: remembered for each person, app and scope; asked again only for what is new.

use tokio::sync::OnceCell;

use super::world::{API, WEB_SECRET, go, prepared, sign_in, text};
use crate::support::apps::web_app;
use crate::support::browser::Page;
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

#[tokio::test]
async fn only_what_is_new_is_asked_for() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[("scope", "openid email")]), "ada").await;
    // The same again, or less: no page.
    for scope in ["openid email", "email openid", "openid"] {
        let ask = app.ask(&[("scope", scope)]);
        let location = browser.open(&ask.url).await.location().unwrap();
        assert!(app.code(&ask, &location).is_ok(), "{scope}");
    }
    let more = app.ask(&[("scope", "openid email profile orders:read"), ("resource", API)]);
    let page = browser.open(&more.url).await.at(200, "/consent");
    let said = page.text("form#consent");
    assert!(
        said.contains("Ada Lovelace") && said.contains("See your orders"),
        "{said}"
    );
    assert!(!said.contains("ada@example.com"), "asked for twice: {said}");
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    assert!(app.code(&more, &answer.location().unwrap()).is_ok());
    let again = app.ask(&[
        ("scope", "openid profile email orders:read"),
        ("resource", API),
        ("prompt", "none"),
    ]);
    let location = browser.open(&again.url).await.location().unwrap();
    assert!(app.code(&again, &location).is_ok());
}

/// The page says of the demo's people what userinfo says of them.
#[tokio::test]
async fn what_the_operator_adds_is_shown_with_its_value() {
    let server = prepared().await;
    server.apply(include_str!("../../../config/demo.toml")).await;
    let app = server.relying_party("web", WEB_SECRET).await;
    for (language, lines) in [
        ("en", ["Plan: gold", "Name: Alice Marie Martin"]),
        ("de", ["Tarif: gold", "Name: Alice Marie Martin"]),
    ] {
        let mut browser = server.browser();
        browser.speak(language);
        let ask = app.ask(&[("scope", "openid profile")]);
        let page = browser.open(&ask.url).await.at(200, "/login");
        let fields = [("identifier", "alice"), ("password", "correct horse battery staple")];
        let page = browser.submit(&page, "sign-in", &fields).await.at(200, "/consent");
        let shown = shown(&page);
        for line in lines {
            assert!(shown.iter().any(|one| one == line), "{line}: {shown:?}");
        }
        if language == "de" {
            let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
            let code = app.code(&ask, &answer.location().unwrap()).unwrap();
            let given = app.exchange(&ask, &code).await.ok();
            let said = app.userinfo(text(&given, "access_token")).await.ok();
            assert_eq!(text(&said, "http://localhost:3000/claims/plan"), "gold");
            let account = browser.get(&server.at("/account")).await.at(200, "/account");
            let sees = account.text("[aria-labelledby=apps] li");
            assert!(sees.contains("Tarif"), "{sees}");
        }
    }
}

/// Who allows a scope allows also what it brings another day, so the page names it now.
#[tokio::test]
async fn what_nobody_has_yet_is_named_before_it_is_allowed() {
    let server = prepared().await;
    let rule = r#"
[[claims]]
name = "https://example.com/team"
value = "user.custom_data.team"
in = ["userinfo"]
title = "Team"
"#;
    server.apply(rule).await;
    let app = server.relying_party("web", WEB_SECRET).await;
    for (language, words, phone) in [
        ("en", "it will also see", "Phone number"),
        ("de", "sieht sie auch", "Telefon"),
    ] {
        let mut browser = server.browser();
        browser.speak(language);
        let ask = app.ask(&[("scope", "openid email phone address offline_access")]);
        let page = browser.open(&ask.url).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, "bob").await.at(200, "/consent");
        let later = page.text("#consent-later");
        for word in [words, phone, "Team"] {
            assert!(later.contains(word), "{word}: {later}");
        }
        assert!(
            !later.contains("E-Mail") && !later.contains("E-mail"),
            "it is there: {later}"
        );
    }
}

const RULES: &str = r#"
[[claims]]
name = "https://example.com/by-scope"
value = "'one'"
in = ["userinfo"]
scopes = ["payroll"]

[[claims]]
name = "https://example.com/by-client"
value = "'two'"
in = ["id_token"]
clients = ["web"]

[[claims]]
name = "https://example.com/by-resource"
value = "['three', 'four']"
in = ["access_token"]
resources = ["https://api.example"]

[[claims]]
name = "https://example.com/always"
value = "{'five': 5}"
in = ["access_token"]

[[claims]]
name = "https://example.com/broken"
value = "user.custom_data.nothing"
in = ["userinfo"]
"#;

#[tokio::test]
async fn a_claim_is_named_whatever_its_rule_asks_for() {
    let server = prepared().await;
    server.apply(RULES).await;
    let [by_scope, by_client, by_resource, always] = [
        "by-scope https://example.com/by-scope: one",
        "by-client https://example.com/by-client: two",
        "by-resource https://example.com/by-resource: three, four",
        "always https://example.com/always: five: 5",
    ];
    for (client_id, changes, expected) in [
        (
            "web",
            vec![("scope", "openid payroll orders:read"), ("resource", API)],
            vec![always, by_client, by_resource, by_scope],
        ),
        ("other", vec![("scope", "openid")], vec![always]),
    ] {
        let app = server.relying_party(client_id, WEB_SECRET).await;
        let mut browser = server.browser();
        let page = browser.open(&app.ask(&changes).url).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
        let mut shown = shown(&page);
        shown.pop();
        assert_eq!(shown, expected, "{client_id}");
        browser.press(&page, "consent", "consent-allow", &[]).await;
        let account = browser.get(&server.at("/account")).await.at(200, "/account");
        let apps = account.text("[aria-labelledby=apps] li");
        assert!(apps.contains("always"), "{apps}");
        assert_eq!(apps.contains("by-resource"), client_id == "web", "{apps}");
        assert!(!apps.contains("broken"), "{apps}");
    }
}

/// The lines of what the app will see; the last is the identifier.
fn shown(page: &Page) -> Vec<String> {
    let of = |part: &str| page.texts(&format!("[aria-labelledby=consent-sees] {part}"));
    let pairs = of("dt").into_iter().zip(of("dd"));
    pairs.map(|(name, value)| format!("{name}: {value}")).collect()
}

/// OIDC Dynamic Registration §2: "If present, the server SHOULD display this image to the End-User during approval", and
/// alike for `policy_uri` and `tos_uri`.
#[tokio::test]
async fn the_app_shows_its_logo_and_its_links() {
    let server = prepared().await;
    let shown = r#"
client_uri = "https://ledger.example/"
logo_uri = "https://ledger.example/logo.svg"
policy_uri = "https://ledger.example/privacy"
tos_uri = "https://ledger.example/terms"
"#;
    let described = web_app(("described", WEB_SECRET), "Described Ledger", shown);
    server.apply(&described).await;
    let app = server.relying_party("described", WEB_SECRET).await;
    let mut browser = server.browser();
    let sign_in_page = browser.open(&app.ask(&[]).url).await.at(200, "/login");
    let consent_page = sign_in(&mut browser, &sign_in_page, "ada").await.at(200, "/consent");
    for page in [sign_in_page, consent_page] {
        assert_eq!(
            page.attributes(".footnotes a", "href"),
            [
                "https://ledger.example/",
                "https://ledger.example/privacy",
                "https://ledger.example/terms"
            ],
            "{}",
            page.url
        );
        assert_eq!(
            page.attributes(".head .seal img", "src"),
            ["https://ledger.example/logo.svg"],
            "{}",
            page.url
        );
    }
}

/// Who allowed a scope has allowed each of its claims (OIDC Core §5.4, §5.5).
#[tokio::test]
async fn a_claim_of_an_allowed_scope_needs_no_question() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[("scope", "openid email")]), "ada").await;
    for (claims, expected) in [
        (r#"{"userinfo":{"email":null}}"#, None),
        (r#"{"userinfo":{"name":null}}"#, Some("consent_required")),
    ] {
        let ask = app.ask(&[("scope", "openid"), ("prompt", "none"), ("claims", claims)]);
        let location = browser.open(&ask.url).await.location().unwrap();
        let error = app.code(&ask, &location).err().map(|refused| refused.error);
        assert_eq!(error.as_deref(), expected, "{claims}");
    }
}

#[tokio::test]
async fn one_persons_consent_is_nobody_elses_and_one_apps_no_others() {
    let server = server().await;
    let app = server.relying_party("other", WEB_SECRET).await;
    let web = server.relying_party("web", WEB_SECRET).await;
    let mut ada = server.browser();
    go(&mut ada, &app.ask(&[("scope", "openid phone")]), "ada").await;
    let mut bob = server.browser();
    let page = bob.open(&app.ask(&[("scope", "openid phone")]).url).await;
    sign_in(&mut bob, &page, "bob").await.at(200, "/consent");
    ada.open(&web.ask(&[("scope", "openid phone")]).url)
        .await
        .at(200, "/consent");
}

#[tokio::test]
async fn a_refusal_gives_nothing_and_is_not_remembered() {
    let server = server().await;
    let app = server.relying_party("other", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[("scope", "openid address")]);
    let page = browser.open(&ask.url).await;
    let page = sign_in(&mut browser, &page, "bob").await.at(200, "/consent");
    let denied = browser.press(&page, "consent", "consent-deny", &[]).await;
    assert_eq!(
        app.code(&ask, &denied.location().unwrap()).unwrap_err().error,
        "access_denied"
    );
    let silent = app.ask(&[("scope", "openid address"), ("prompt", "none")]);
    let location = browser.open(&silent.url).await.location().unwrap();
    assert_eq!(app.code(&silent, &location).unwrap_err().error, "consent_required");
    browser
        .open(&app.ask(&[("scope", "openid address")]).url)
        .await
        .at(200, "/consent");
}

#[tokio::test]
async fn what_was_not_on_the_page_cannot_be_allowed() {
    let server = server().await;
    let app = server.relying_party("other", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[("scope", "openid"), ("prompt", "consent")]);
    let page = browser.open(&ask.url).await;
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let form = page
        .form("consent")
        .forged("decision", "allow")
        .forged("scope", "openid profile email offline_access")
        .forged("scopes", "profile");
    let answer = browser.send(&page, &form).await;
    let code = app.code(&ask, &answer.location().unwrap()).unwrap();
    let given = app.exchange(&ask, &code).await.ok();
    assert_eq!(text(&given, "scope"), "openid");
    let said = app.userinfo(text(&given, "access_token")).await.ok();
    assert_eq!(said.as_object().unwrap().len(), 1, "{said}");
}
