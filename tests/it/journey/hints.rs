//! What a request says about the person and the page, without asking for anything (OIDC Core §3.1.2.1).

use tokio::sync::OnceCell;

use super::world::{PASSWORD, WEB_SECRET, code, go, prepared, text};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

/// `login_hint`: "Hint to the Authorization Server about the login identifier the End-User might use to log in". A hint
/// only: somebody else may sign in.
#[tokio::test]
async fn a_login_hint_stands_in_the_identifier_field_and_binds_nobody() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let identifier = "form#sign-in [name=identifier]";
    let ask = app.ask(&[("login_hint", "ada@example.com")]);
    let mut browser = server.browser();
    let page = browser.open(&ask.url).await.at(200, "/login");
    assert_eq!(page.attribute(identifier, "value"), "ada@example.com");
    let as_hinted = browser.submit(&page, "sign-in", &[("password", PASSWORD)]).await;
    assert!(app.code(&ask, &as_hinted.location().unwrap()).is_ok());

    let ask = app.ask(&[("login_hint", "ada@example.com")]);
    let mut other = server.browser();
    let page = other.open(&ask.url).await.at(200, "/login");
    let fields = [("identifier", "bob"), ("password", PASSWORD)];
    let as_another = other.submit(&page, "sign-in", &fields).await;
    assert!(app.code(&ask, &as_another.location().unwrap()).is_ok());

    let plain = app.ask(&[]);
    let page = server.browser().open(&plain.url).await.at(200, "/login");
    assert_eq!(page.form("sign-in").field("identifier").unwrap_or_default(), "");
}

/// `display`: the pages fit each of the four values as they are, and others too.
#[tokio::test]
async fn every_display_value_ends_with_a_code() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    for display in ["page", "popup", "touch", "wap", "sideways"] {
        let mut browser = server.browser();
        let ask = app.ask(&[("display", display)]);
        let page = browser.open(&ask.url).await.at(200, "/login");
        let fields = [("identifier", "ada"), ("password", PASSWORD)];
        let answer = browser.submit(&page, "sign-in", &fields).await;
        assert!(app.code(&ask, &answer.location().unwrap()).is_ok(), "{display}");
    }
}

/// An app that nobody allowed anything learns nothing of who is signed in by naming people (OIDC Core §17.3).
#[tokio::test]
async fn naming_a_person_silently_tells_a_stranger_nothing() {
    let server = prepared().await;
    let known = server.relying_party("web", WEB_SECRET).await;
    let (mut ada, mut bob) = (server.browser(), server.browser());
    let ask = known.ask(&[("scope", "openid")]);
    let code = code(&mut ada, &known, &ask, "ada").await;
    let given = known.exchange(&ask, &code).await.ok();
    let said = known.userinfo(text(&given, "access_token")).await.ok();
    go(&mut bob, &known.ask(&[("scope", "openid")]), "bob").await;

    let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, text(&said, "sub"));
    let silent = [("scope", "openid"), ("prompt", "none"), ("claims", claims.as_str())];
    let stranger = server.relying_party("other", WEB_SECRET).await;
    let mut answers = Vec::new();
    for browser in [&mut ada, &mut bob, &mut server.browser()] {
        let ask = stranger.ask(&silent);
        let location = browser.open(&ask.url).await.location().unwrap();
        let refusal = stranger.code(&ask, &location).unwrap_err();
        answers.push(refusal.error);
    }
    assert_eq!(answers, ["login_required"; 3]);
    // who was allowed something goes on as before
    let ask = known.ask(&silent);
    let location = ada.open(&ask.url).await.location().unwrap();
    assert!(known.code(&ask, &location).is_ok());
}
