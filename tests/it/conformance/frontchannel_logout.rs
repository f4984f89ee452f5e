//! `oidcc-frontchannel-rp-initiated-logout-certification-test-plan`. The suite's browser loads the frame and follows the
//! page; here the test does both.

use tokio::sync::OnceCell;
use url::Url;

use super::files;
use super::suite::{Mode, POST_LOGOUT, Suite};
use crate::support::server::TestServer;

/// Of the origin of the redirect_uri, as the standard wants.
const ADDRESS: &str = "https://suite.test:8443/test/a/acme/frontchannel_logout";

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn suite() -> Suite {
    let server = SERVER.get_or_init(files::server).await;
    Suite::told(server, Mode::Query, "openid-frontchannel").await
}

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let suite = suite().await;
    assert_eq!(suite.client.metadata["frontchannel_logout_supported"], true);
    assert_eq!(suite.client.metadata["frontchannel_logout_session_supported"], true);
    assert!(suite.client.metadata["end_session_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let suite = suite().await;
    let mut browser = suite.server.browser();
    let flow = suite.flow(&mut browser, &[]).await;
    let state = "aZ9-._q0".repeat(16);
    let mut url = suite.client.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", &flow.tokens.id_token)
        .append_pair("post_logout_redirect_uri", POST_LOGOUT)
        .append_pair("state", &state);
    let page = browser.open(&url).await.at(200, "/logout/apps");

    let frame: Url = page.attribute("iframe", "src").parse().unwrap();
    assert!(frame.as_str().starts_with(&format!("{ADDRESS}?")), "{frame}");
    let pairs: Vec<_> = frame.query_pairs().into_owned().collect();
    let sid = flow.tokens.claims["sid"].as_str().unwrap();
    assert_eq!(
        pairs,
        [
            ("iss".to_owned(), suite.server.issuer().to_owned()),
            ("sid".to_owned(), sid.to_owned())
        ]
    );

    // by itself, by script or without, or by a press
    let expected = format!("{POST_LOGOUT}?state={state}");
    assert_eq!(page.attribute("a#continue", "href"), expected);
    let refresh = page.attribute("meta[http-equiv=refresh]", "content");
    assert!(refresh.ends_with(&format!("; url={expected}")), "{refresh}");

    let ask = suite.ask(&[("prompt", "none")]);
    let visit = suite.visit(&mut browser, &ask.url).await;
    assert_eq!(suite.refusal(&ask, &visit), "login_required");
}
