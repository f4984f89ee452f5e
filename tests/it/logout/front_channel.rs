//! OpenID Connect Front-Channel Logout 1.0.

use time::Duration;
use url::Url;

use super::{PEOPLE, SECRET, app, sign_in, sign_out};
use crate::support::server::TestServer;

const ADDRESS: &str = "https://suite.test:8443/out";

async fn server() -> TestServer {
    let apps = app("one", &format!("frontchannel_logout_uri = \"{ADDRESS}?app=one\""))
        + &app("two", &format!("frontchannel_logout_uri = \"{ADDRESS}?app=two\""))
        + &app("never", &format!("frontchannel_logout_uri = \"{ADDRESS}?app=never\""))
        + &app("quiet", "");
    TestServer::start().await.holding(&(apps + PEOPLE)).await
}

#[tokio::test]
async fn the_page_loads_every_app_of_the_session_and_nothing_else() {
    let server = server().await;
    let mut browser = server.browser();
    let mut sid = String::new();
    for id in ["one", "two", "quiet"] {
        let (claims, _) = sign_in(&mut browser, &server.relying_party(id, SECRET).await).await;
        sid = claims["sid"].as_str().unwrap().to_owned();
    }
    let page = sign_out(&server, &mut browser).await.at(200, "/logout/apps");
    let mut frames = page.attributes("iframe", "src");
    frames.sort_unstable();
    let iss: String = url::form_urlencoded::byte_serialize(server.issuer().as_bytes()).collect();
    let expected = ["one", "two"].map(|id| format!("{ADDRESS}?app={id}&iss={iss}&sid={sid}"));
    assert_eq!(frames, expected);
    assert_eq!(page.attribute("a#continue", "href"), "/logout/done");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.ends_with("; frame-src https://suite.test:8443"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    // an app's page in a frame may not take the browser somewhere else
    assert!(!page.attribute("iframe", "sandbox").contains("allow-top-navigation"));
    assert!(browser.cookie("signet-session").is_none());
}

#[tokio::test]
async fn without_such_apps_the_browser_goes_straight_on() {
    let server = server().await;
    let mut browser = server.browser();
    sign_in(&mut browser, &server.relying_party("quiet", SECRET).await).await;
    sign_out(&server, &mut browser).await.at(200, "/logout/done");
}

/// The address of the page is good in one browser and for a while; it leads nowhere else, whoever made it up.
#[tokio::test]
async fn an_errand_of_somebody_else_does_nothing() {
    let server = server().await;
    let mut browser = server.browser();
    let app = server.relying_party("one", SECRET).await;
    let (_, id_token) = sign_in(&mut browser, &app).await;
    let mut logout = app.endpoint("end_session_endpoint");
    logout
        .query_pairs_mut()
        .append_pair("id_token_hint", &id_token)
        .append_pair("post_logout_redirect_uri", "https://suite.test:8443/bye");
    let page = browser.open(&logout).await.at(200, "/logout/apps");
    let address = page.url.clone();
    assert_eq!(page.attribute("a#continue", "href"), "https://suite.test:8443/bye");
    // loaded again, it is the same page
    browser.open(&address).await.at(200, "/logout/apps");

    let mut other = server.browser();
    other.open(&address).await.at(200, "/logout/done");
    let errand = address.query_pairs().next().unwrap().1.into_owned();
    let forged = |errand: &str| -> Url {
        let mut url = server.at("/logout/apps");
        url.query_pairs_mut().append_pair("errand", errand);
        url
    };
    let mut changed = errand.clone();
    let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.push(last);
    for text in ["", "A", "https://evil.example", &changed, &errand[1..]] {
        browser.open(&forged(text)).await.at(200, "/logout/done");
    }
    server.clock.advance(Duration::minutes(11));
    browser.open(&address).await.at(200, "/logout/done");
}
