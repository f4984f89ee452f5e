//! PKCE (RFC 7636) and what a code is bound to.

use time::Duration;
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, code, prepared, refused};
use crate::support::relying_party::{Ask, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

/// The refusal that goes back to the app.
async fn refusal(server: &TestServer, app: &RelyingParty, ask: &Ask) -> String {
    let page = server.browser().open(&ask.url).await;
    app.code(ask, &page.location().unwrap()).unwrap_err().error
}

#[tokio::test]
async fn a_public_client_must_send_an_s256_challenge() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    for changes in [
        [("code_challenge", ""), ("code_challenge_method", "")],
        [("code_challenge", ""), ("code_challenge_method", "S256")],
        // RFC 7636 §4.3: without a method it would be plain.
        [("code_challenge_method", ""), ("x", "")],
        [("code_challenge_method", "plain"), ("x", "")],
        [("code_challenge_method", "s256"), ("x", "")],
        [("code_challenge", "too-short"), ("x", "")],
    ] {
        let ask = app.ask(&changes);
        assert_eq!(refusal(server, &app, &ask).await, "invalid_request", "{changes:?}");
    }
    let ask = app.ask(&[("code_challenge", "é".repeat(43).as_str())]);
    assert_eq!(refusal(server, &app, &ask).await, "invalid_request");
}

#[tokio::test]
async fn the_verifier_must_fit_the_challenge() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let mut browser = server.browser();
    let ask = app.ask(&[]);
    let code = code(&mut browser, &app, &ask, "ada").await;
    let challenge = ask
        .url
        .query_pairs()
        .find(|(name, _)| name == "code_challenge")
        .unwrap()
        .1;
    let long = "a".repeat(129);
    for verifier in ["", "short", &"a".repeat(43), &long, &*challenge] {
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        if !verifier.is_empty() {
            parameters.push(("code_verifier", verifier));
        }
        assert_eq!(
            app.token(&parameters).await.error(),
            refused(400, "invalid_grant"),
            "{verifier}"
        );
    }
    // None of these used the code up: whoever has the verifier still gets in.
    app.exchange(&ask, &code).await.ok();
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_a_downgrade() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let ask = app.ask(&[("code_challenge", ""), ("code_challenge_method", "")]);
    let code = code(&mut server.browser(), &app, &ask, "ada").await;
    // RFC 9700 §2.1.1
    assert_eq!(app.exchange(&ask, &code).await.error(), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_is_for_its_client_and_its_redirect_uri_only() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let other = server.relying_party("other", WEB_SECRET).await;
    let ask = app.ask(&[]);
    let code = code(&mut server.browser(), &app, &ask, "ada").await;
    assert_eq!(other.exchange(&ask, &code).await.error(), refused(400, "invalid_grant"));
    for redirect_uri in [
        "",
        "https://suite.test:8443/test/a/acme/callback/",
        "https://evil.example/",
    ] {
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", ask.code_verifier.as_str()),
        ];
        if !redirect_uri.is_empty() {
            parameters.push(("redirect_uri", redirect_uri));
        }
        assert_eq!(
            app.token(&parameters).await.error(),
            refused(400, "invalid_grant"),
            "{redirect_uri}"
        );
    }
    app.exchange(&ask, &code).await.ok();
}

#[tokio::test]
async fn a_code_dies_after_a_minute() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[]);
    let late = code(&mut browser, &app, &ask, "ada").await;
    server.clock.advance(Duration::seconds(61));
    assert_eq!(app.exchange(&ask, &late).await.error(), refused(400, "invalid_grant"));
    let ask = app.ask(&[]);
    let good = code(&mut browser, &app, &ask, "ada").await;
    server.clock.advance(Duration::seconds(58));
    app.exchange(&ask, &good).await.ok();
}
