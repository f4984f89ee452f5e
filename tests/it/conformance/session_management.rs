//! `oidcc-session-management-certification-test-plan`. The suite has an app's page ask the OP iframe; here the iframe's
//! sum is done from what its script could read, and `tests/browser` has the script itself do it.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;

use super::files;
use super::suite::{Mode, POST_LOGOUT, Suite, Visit};
use crate::support::browser::Browser;
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn suite() -> Suite {
    Suite::new(SERVER.get_or_init(files::server).await, Mode::Query).await
}

fn session_state(visit: &Visit) -> String {
    let found = visit.response().iter().find(|(name, _)| name == "session_state");
    found.expect("a session_state").1.clone()
}

/// What the iframe answers to a page of `origin` (Session Management §3.2).
fn check_session(browser: &Browser, client_id: &str, origin: &str, session_state: &str) -> &'static str {
    let cookie = browser.cookie("__Host-signet-state");
    if let Some(cookie) = cookie {
        // the script must be able to read it
        assert!(!cookie.attributes.to_ascii_lowercase().contains("httponly"));
    }
    let state = cookie.map_or("", |cookie| cookie.value.as_str());
    let (_, salt) = session_state.rsplit_once('.').unwrap();
    let hash = digest::digest(
        &digest::SHA256,
        format!("{client_id} {origin} {state} {salt}").as_bytes(),
    );
    match format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash)) == session_state {
        true => "unchanged",
        false => "changed",
    }
}

#[tokio::test]
async fn oidcc_session_management_discovery_endpoint_verification() {
    let suite = suite().await;
    assert!(suite.client.metadata["end_session_endpoint"].is_string());
    let iframe = RelyingParty::fetch(suite.client.endpoint("check_session_iframe")).await;
    assert_eq!(iframe.status, 200);
    assert!(iframe.header("content-type").unwrap().starts_with("text/html"));
    // any app may frame it, and it loads nothing but its script
    assert_eq!(iframe.header("x-frame-options"), None);
    let policy = iframe.header("content-security-policy").unwrap();
    assert!(
        policy.contains("frame-ancestors *") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    let script = iframe.body.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let script = RelyingParty::fetch(suite.server.at(script)).await;
    assert_eq!(script.status, 200);
    assert!(script.body.contains("postMessage"));
}

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout() {
    const ORIGIN: &str = "https://suite.test:8443";
    let suite = suite().await;
    let mut browser = suite.server.browser();
    let flow = suite.flow(&mut browser, &[]).await;
    let state = session_state(&flow.visit);
    let ask = |browser: &Browser, client_id: &str, origin: &str| check_session(browser, client_id, origin, &state);
    assert_eq!(ask(&browser, &suite.client.client_id, ORIGIN), "unchanged");
    // a state is good for one app at one origin
    assert_eq!(ask(&browser, "oidf-2", ORIGIN), "changed");
    assert_eq!(ask(&browser, &suite.client.client_id, "https://evil.test"), "changed");
    // it stays the same while the session lasts, whoever asks
    let again = suite.flow(&mut browser, &[("prompt", "none")]).await;
    assert_ne!(session_state(&again.visit), state);
    assert_eq!(ask(&browser, &suite.client.client_id, ORIGIN), "unchanged");
    let anew = suite.flow(&mut browser, &[("prompt", "login")]).await;
    assert!(anew.visit.asked_to_sign_in());
    assert_eq!(ask(&browser, &suite.client.client_id, ORIGIN), "unchanged");

    let mut url = suite.client.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", &flow.tokens.id_token)
        .append_pair("post_logout_redirect_uri", POST_LOGOUT);
    assert!(browser.open(&url).await.location().is_some());
    assert_eq!(ask(&browser, &suite.client.client_id, ORIGIN), "changed");
    // and somebody else's session is another one
    suite.flow(&mut browser, &[]).await;
    assert_eq!(ask(&browser, &suite.client.client_id, ORIGIN), "changed");
}
