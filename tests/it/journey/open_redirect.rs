//! Addresses that look like registered ones, and others that somebody would like browsers to be sent to.

use tokio::sync::OnceCell;

use super::world::{PASSWORD, WEB_SECRET, prepared};
use crate::support::server::{CALLBACK, TestServer};

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

/// Variations of the registered address.
const LOOK_ALIKES: &[&str] = &[
    "https://suite.test:8443/test/a/acme/callback/",
    "https://suite.test:8443/test/a/acme/callback?x=1",
    "https://suite.test:8443/test/a/acme/callback#x",
    "https://suite.test:8443/test/a/acme/callback/../../evil",
    "https://suite.test:8443/test/a/acme/./callback",
    "https://suite.test:8443/test/a/acme/CALLBACK",
    "https://suite.test:8443/test/a/acme/%63allback",
    "https://suite.test:8443/test/a/acme/callback%2F..",
    "https://suite.test:8443/test/a/acme/callback\\@evil.example",
    "https://SUITE.test:8443/test/a/acme/callback",
    "https://suite.test:8443@evil.example/test/a/acme/callback",
    "https://evil.example:8443/test/a/acme/callback",
    "https://suite.test.evil.example:8443/test/a/acme/callback",
    "https://user@suite.test:8443/test/a/acme/callback",
    "https://suite.test/test/a/acme/callback",
    "https://suite.test:8444/test/a/acme/callback",
    "http://suite.test:8443/test/a/acme/callback",
    "//suite.test:8443/test/a/acme/callback",
    "/test/a/acme/callback",
    " https://suite.test:8443/test/a/acme/callback",
    "https://suite.test:8443/test/a/acme/callback ",
    "https://suite.test:8443/test/a/acme/callback\r\nLocation: https://evil.example",
    "https://suite.test:8443/test/a/acme/callback\u{0}",
    "javascript:alert(1)//https://suite.test:8443/test/a/acme/callback",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example/?u=https://suite.test:8443/test/a/acme/callback",
    "\u{ff}",
    "*",
    "null",
];

#[tokio::test]
async fn only_the_registered_address_is_answered() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    for redirect_uri in LOOK_ALIKES {
        for more in [
            [("prompt", "none")],
            [("response_mode", "form_post")],
            [("response_type", "x")],
        ] {
            let mut changes = vec![("redirect_uri", *redirect_uri)];
            changes.extend(more);
            let page = browser.get(&app.ask(&changes).url).await;
            assert_eq!((page.status, page.location()), (400, None), "{changes:?}");
            assert!(!page.has("form#form-post"), "{changes:?}");
            // The page in another language is the same request; that may name the address, as data.
            let own = page.attributes(".languages a", "href");
            assert!(own.iter().all(|href| href.starts_with("/authorize?")), "{own:?}");
            let (before, after) = page.body.split_once("<nav class=\"languages\"").unwrap();
            let (_, after) = after.split_once("</nav>").unwrap();
            assert!(!before.contains("evil.example"), "{changes:?}");
            assert!(!after.contains("evil.example"), "{changes:?}");
        }
    }
    // Twice, the first being good, or the second.
    for (first, second) in [(CALLBACK, "https://evil.example/"), ("https://evil.example/", CALLBACK)] {
        let mut url = app.ask(&[("redirect_uri", "")]).url;
        url.query_pairs_mut()
            .append_pair("redirect_uri", first)
            .append_pair("redirect_uri", second);
        let page = browser.get(&url).await;
        assert_eq!((page.status, page.location()), (400, None));
    }
}

#[tokio::test]
async fn a_native_app_may_use_any_port_on_loopback_and_nothing_else() {
    let server = server().await;
    let app = server.relying_party("native", "").await;
    let mut browser = server.browser();
    // RFC 8252 §7.3
    for good in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:51004/callback",
        "com.example.app:/callback",
    ] {
        let ask = app.ask(&[("redirect_uri", good), ("prompt", "none")]);
        let location = browser.get(&ask.url).await.location().unwrap();
        assert!(location.as_str().starts_with(good), "{location}");
        assert_eq!(app.code(&ask, &location).unwrap_err().error, "login_required");
    }
    for bad in [
        "http://127.0.0.1:51004/callback/x",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004@evil.example/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.2:51004/callback",
        "http://localhost:51004/callback",
        "http://[::1]:51004/callback",
        "https://127.0.0.1:51004/callback",
        "http://127.0.0.1:51004/callback?x=1",
        "com.example.app:/other",
        "com.example.apps:/callback",
    ] {
        let page = browser
            .get(&app.ask(&[("redirect_uri", bad), ("prompt", "none")]).url)
            .await;
        assert_eq!((page.status, page.location()), (400, None), "{bad}");
    }
}

#[tokio::test]
async fn pages_lead_to_known_places_only() {
    let server = server().await;
    let evil = [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2fevil.example",
        "javascript:alert(1)",
        "/account@evil.example",
        "/account/../../evil",
        " /account",
    ];
    for target in evil {
        for name in ["return_to", "request", "next", "redirect_uri", "continue"] {
            let mut url = server.at("/login");
            url.query_pairs_mut().append_pair(name, target);
            let mut browser = server.browser();
            let page = browser.open(&url).await.at(200, "/login");
            let fields = [("identifier", "ada"), ("password", PASSWORD)];
            let mut form = page.form("sign-in").filled(&fields);
            if name == "request" {
                form = form.forged("request", target);
            }
            let answer = browser.send_once(&page, &form).await;
            let location = answer.location().unwrap();
            assert_eq!(location, server.at("/account"), "{name}={target}");
        }
    }
}

#[tokio::test]
async fn signing_out_leads_to_registered_places_only() {
    let server = server().await;
    let mut browser = server.browser();
    for uri in [
        "https://evil.example/",
        "https://suite.test:8443/bye/",
        "https://suite.test:8443/bye?x=1",
        "https://suite.test:8443/bye#x",
        "javascript:alert(1)",
        "//suite.test:8443/bye",
    ] {
        let mut url = server.at("/end_session");
        url.query_pairs_mut()
            .append_pair("client_id", "web")
            .append_pair("post_logout_redirect_uri", uri);
        let page = browser.get(&url).await;
        assert_eq!((page.status, page.location()), (400, None), "{uri}");
    }
}
