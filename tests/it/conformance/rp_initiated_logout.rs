//! `oidcc-rp-initiated-logout-certification-test-plan`. Its requests are GETs without `client_id`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;
use url::Url;

use super::files;
use super::suite::{Flow, Mode, POST_LOGOUT, Suite};
use crate::support::browser::{Browser, Page};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn suite() -> Suite {
    Suite::new(SERVER.get_or_init(files::server).await, Mode::Query).await
}

/// As long as the suite's, with every mark that needs no escaping.
fn state() -> String {
    "aZ9-._~q".repeat(16)
}

/// Somebody who is signed in.
async fn signed_in(suite: &Suite) -> (Browser, Flow) {
    let mut browser = suite.server.browser();
    let flow = suite.flow(&mut browser, &[]).await;
    (browser, flow)
}

fn logout(suite: &Suite, parameters: &[(&str, &str)]) -> Url {
    let mut url = suite.client.endpoint("end_session_endpoint");
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    url
}

async fn is_signed_in(suite: &Suite, browser: &mut Browser) -> bool {
    let ask = suite.ask(&[("prompt", "none")]);
    let visit = suite.visit(browser, &ask.url).await;
    match suite.client.code_of(&ask, visit.response()) {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.error, "login_required");
            false
        }
    }
}

/// An error page or a question; whatever the person presses, the browser is not sent back to the app.
async fn stays_here(suite: &Suite, browser: &mut Browser, parameters: &[(&str, &str)]) {
    let page = browser.open(&logout(suite, parameters)).await;
    assert_eq!(page.location(), None);
    let ended = match page.status {
        200 => confirm(browser, page).await,
        _ => page,
    };
    assert_eq!(ended.location(), None);
    assert!([200, 400].contains(&ended.status), "{}", ended.status);
}

async fn confirm(browser: &mut Browser, page: Page) -> Page {
    let page = page.at(200, "/logout");
    browser.press(&page, "sign-out", "sign-out-confirm", &[]).await
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let suite = suite().await;
    assert_eq!(
        suite.client.metadata["end_session_endpoint"],
        suite.server.at("/end_session").as_str()
    );
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let state = state();
    let parameters = [
        ("id_token_hint", flow.tokens.id_token.as_str()),
        ("post_logout_redirect_uri", POST_LOGOUT),
        ("state", &state),
    ];
    let answer = browser.open(&logout(&suite, &parameters)).await;
    let location = answer.location().unwrap();
    assert_eq!(location.as_str().split('?').next(), Some(POST_LOGOUT));
    let pairs: Vec<_> = location.query_pairs().into_owned().collect();
    assert_eq!(pairs, [("state".to_owned(), state)]);
    assert!(!is_signed_in(&suite, &mut browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let bad = format!("{POST_LOGOUT}random");
    let parameters = [
        ("id_token_hint", flow.tokens.id_token.as_str()),
        ("post_logout_redirect_uri", &bad),
        ("state", "s"),
    ];
    stays_here(&suite, &mut browser, &parameters).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let added = format!("{POST_LOGOUT}?foo=bar");
    let parameters = [
        ("id_token_hint", flow.tokens.id_token.as_str()),
        ("post_logout_redirect_uri", &added),
        ("state", "s"),
    ];
    stays_here(&suite, &mut browser, &parameters).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let payload = flow.tokens.id_token.split('.').nth(1).unwrap();
    let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let parameters = [
        ("id_token_hint", unsigned.as_str()),
        ("post_logout_redirect_uri", POST_LOGOUT),
        ("state", "s"),
    ];
    stays_here(&suite, &mut browser, &parameters).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let (signed, signature) = flow.tokens.id_token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[10] ^= 0x5a;
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let parameters = [
        ("id_token_hint", forged.as_str()),
        ("post_logout_redirect_uri", POST_LOGOUT),
        ("state", "s"),
    ];
    stays_here(&suite, &mut browser, &parameters).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let suite = suite().await;
    let (mut browser, _) = signed_in(&suite).await;
    let parameters = [("post_logout_redirect_uri", POST_LOGOUT), ("state", "s")];
    stays_here(&suite, &mut browser, &parameters).await;
}

/// The person is asked, says yes, is signed out and told so.
async fn signs_out_here(parameters: &[(&str, &str)]) {
    let suite = suite().await;
    let (mut browser, _) = signed_in(&suite).await;
    let page = browser.open(&logout(&suite, parameters)).await;
    let done = confirm(&mut browser, page).await.at(200, "/logout/done");
    assert!(done.text("h1").contains("signed out"));
    assert!(!is_signed_in(&suite, &mut browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    signs_out_here(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    signs_out_here(&[("state", "s")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let parameters = [("id_token_hint", flow.tokens.id_token.as_str()), ("state", "s")];
    let page = browser.open(&logout(&suite, &parameters)).await.at(200, "/logout/done");
    assert!(page.text("h1").contains("signed out"));
    assert!(!is_signed_in(&suite, &mut browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let suite = suite().await;
    let (mut browser, flow) = signed_in(&suite).await;
    let parameters = [
        ("id_token_hint", flow.tokens.id_token.as_str()),
        ("post_logout_redirect_uri", POST_LOGOUT),
    ];
    let answer = browser.open(&logout(&suite, &parameters)).await;
    assert_eq!(answer.location().unwrap().as_str(), POST_LOGOUT);
    assert!(!is_signed_in(&suite, &mut browser).await);
}
