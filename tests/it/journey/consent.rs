//! Consent: remembered for each person, app and scope; asked again only for what is new.

use tokio::sync::OnceCell;

use super::world::{API, WEB_SECRET, go, prepared, sign_in, text};
use crate::support::apps::web_app;
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

#[tokio::test]
async fn what_the_operator_adds_to_a_scope_is_named() {
    let server = prepared().await;
    let rule = "[[claims]]\nname = \"https://example.com/salary\"\nvalue = \"'much'\"\nin = [\"userinfo\"]\nscopes = [\"payroll\"]\n";
    server.apply(rule).await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[("scope", "openid payroll")]);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let said = page.text("form#consent");
    assert!(said.contains("https://example.com/salary"), "{said}");
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
