//! `oidcc-backchannel-rp-initiated-logout-certification-test-plan`.

use serde_json::json;
use tokio::sync::OnceCell;

use super::files;
use super::suite::{Mode, POST_LOGOUT, Suite};
use crate::support::app_server::AppServer;
use crate::support::server::TestServer;

const ADDRESS: &str = "https://suite.test:8443/test/a/acme/backchannel_logout";

static SERVER: OnceCell<(TestServer, AppServer)> = OnceCell::const_new();

async fn suite() -> (Suite, &'static AppServer) {
    let (server, own) = SERVER
        .get_or_init(|| async {
            let own = AppServer::start_tls();
            let other = format!("{}/backchannel_logout", own.origin);
            (files::server_where(ADDRESS, &other).await, own)
        })
        .await;
    (Suite::told(server, Mode::Query, "openid-backchannel").await, own)
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let (suite, _) = suite().await;
    assert_eq!(suite.client.metadata["backchannel_logout_supported"], true);
    assert_eq!(suite.client.metadata["backchannel_logout_session_supported"], true);
    assert!(suite.client.metadata["end_session_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let (suite, own) = suite().await;
    let mut browser = suite.server.browser();
    let flow = suite.flow(&mut browser, &[]).await;
    let state = "aZ9-._q0".repeat(16);
    let mut url = suite.client.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", &flow.tokens.id_token)
        .append_pair("post_logout_redirect_uri", POST_LOGOUT)
        .append_pair("state", &state);
    let location = browser.open(&url).await.location().unwrap();
    assert_eq!(location.as_str(), format!("{POST_LOGOUT}?state={state}"));

    let [call] = &own.wait_for(1).await[..] else { panic!() };
    assert_eq!(
        (call.method.as_str(), call.target.as_str()),
        ("POST", "/backchannel_logout")
    );
    assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
    let form = call.form();
    let [(name, token)] = &form[..] else { panic!("{form:?}") };
    assert_eq!(name, "logout_token");
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    // iss, aud, iat, exp and the signature
    let claims = suite.client.verify_id_token(token, None, None).await;
    for claim in ["sub", "sid"] {
        assert!(claims[claim].is_string());
        assert_eq!(claims[claim], flow.tokens.claims[claim], "{claim}");
    }
    assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
    assert_eq!(
        claims["events"],
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(claims["nonce"].is_null());

    let ask = suite.ask(&[("prompt", "none")]);
    let visit = suite.visit(&mut browser, &ask.url).await;
    assert_eq!(suite.refusal(&ask, &visit), "login_required");
}
