//! Links to this server that would lead anywhere: apps that registered themselves have people sent on (RFC 9700 §4.11.2).

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::world::{prepare, prepared, sign_in, text, tokens};
use crate::support::browser::{Browser, Page};
use crate::support::registrar::{app, manage, registered};
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};

const BYE: &str = "https://suite.test:8443/bye";

async fn open(settings: &[(&str, &str)]) -> TestServer {
    let settings = [&[("SIGNET_REGISTRATION__POLICY", "open")], settings].concat();
    prepare(TestServer::with(&settings).await).await
}

async fn stranger(server: &TestServer) -> (Value, RelyingParty) {
    let wanted = json!({
        "client_name": "Your Bank",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [BYE],
    });
    let client = registered(server, &wanted).await;
    let app = app(server, &client).await;
    (client, app)
}

/// Requests that end without a page, each its own way.
const UNASKED: [(&[(&str, &str)], &str); 6] = [
    (&[("prompt", "none")], "login_required"),
    (&[("prompt", "none"), ("response_mode", "fragment")], "login_required"),
    (&[("scope", "nothing-that-there-is")], "invalid_scope"),
    (&[("response_type", "something")], "unsupported_response_type"),
    (&[("request", "not a token")], "invalid_request_object"),
    (&[("max_age", "soon")], "invalid_request"),
];

/// The page says where one would be sent, and by whose word, and sends nobody.
fn is_told(page: &Page, error: &str) {
    assert_eq!((page.status, page.location()), (200, None), "{}", page.body);
    assert!(page.text("h1").contains("suite.test"), "{}", page.text("h1"));
    assert!(page.text("#leave-text").contains("registered itself"));
    assert!(!page.body.contains("Your Bank"), "its name is its own word");
    assert!(
        !page.body.contains("form_post.js") && !page.body.contains("http-equiv"),
        "nothing goes on by itself"
    );
    let onward: Url = page.attribute("#leave-go", "href").parse().unwrap();
    assert!(onward.as_str().starts_with(CALLBACK));
    assert!(onward.as_str().contains(&format!("error={error}")), "{onward}");
}

#[tokio::test]
async fn a_stranger_has_nobody_sent_on_without_a_word() {
    let server = open(&[]).await;
    let (_, app) = stranger(&server).await;
    for (changes, error) in UNASKED {
        let url = app.ask(changes).url;
        is_told(&server.browser().get(&url).await, error);
        // nor from a link in somebody's mail
        let mail = "https://mail.example/inbox".parse().unwrap();
        is_told(&server.browser().open_from(&mail, &url).await, error);
    }
    // also who is signed in, and never allowed it anything
    let mut browser = signed_in(&server).await;
    is_told(
        &browser.get(&app.ask(&[("prompt", "none")]).url).await,
        "consent_required",
    );
    is_told(&browser.get(&app.ask(&[("scope", "x")]).url).await, "invalid_scope");
    // what would post itself waits for the person too
    let posted = app.ask(&[("prompt", "none"), ("response_mode", "form_post")]);
    let page = browser.get(&posted.url).await;
    let form = page.form("leave");
    assert_eq!(form.action.as_str(), CALLBACK);
    assert_eq!(form.field("error"), Some("consent_required"));
    assert!(!page.has("#form-post") && !page.body.contains("form_post.js"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' https://suite.test:8443"),
        "{policy}"
    );
    // in German as well
    let mut german = server.browser();
    german.speak("de");
    let page = german.get(&app.ask(&[("prompt", "none")]).url).await;
    assert!(page.text("h1").contains("Weiter zu suite.test"));
}

async fn signed_in(server: &TestServer) -> Browser {
    let mut browser = server.browser();
    let page = browser.open(&server.at("/login")).await.at(200, "/login");
    sign_in(&mut browser, &page, "ada").await;
    browser
}

/// A person cancels, and is not on the page of the one whom he did not trust.
#[tokio::test]
async fn who_cancels_is_told_where_the_way_back_leads() {
    let server = open(&[]).await;
    let (_, app) = stranger(&server).await;
    let mut browser = server.browser();
    let page = browser.open(&app.ask(&[]).url).await.at(200, "/login");
    let page = browser.press(&page, "cancel", "cancel-submit", &[]).await;
    is_told(&page, "access_denied");
    // whoever says no on the page that says where the answer goes has been told
    let mut browser = server.browser();
    let page = browser.open(&app.ask(&[]).url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    assert!(page.text("#app-registered-itself").contains("suite.test"));
    let page = browser.press(&page, "consent", "consent-deny", &[]).await;
    assert!(page.location().unwrap().as_str().starts_with(CALLBACK));
}

#[tokio::test]
async fn who_knows_the_app_or_comes_from_it_goes_on_at_once() {
    let server = open(&[]).await;
    let (client, app) = stranger(&server).await;
    let silent = app.ask(&[("prompt", "none")]);
    let goes = |page: Page| page.location().is_some_and(|to| to.as_str().starts_with(CALLBACK));
    // back to where one came from
    let (own, other) = ("https://suite.test:8443/start", "https://suite.test/start");
    let mut browser = server.browser();
    assert!(goes(browser.open_from(&own.parse().unwrap(), &silent.url).await));
    assert!(!goes(browser.open_from(&other.parse().unwrap(), &silent.url).await));
    // in a frame the address that people see is that of the page around it
    let mut framed = server.browser();
    framed.enter("iframe");
    assert!(goes(framed.get(&silent.url).await));
    // once they allowed it something
    let mut browser = server.browser();
    let page = browser.open(&app.ask(&[]).url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let page = browser.press(&page, "consent", "consent-allow", &[]).await;
    assert!(goes(page));
    assert!(goes(browser.get(&app.ask(&[("scope", "x")]).url).await));
    assert!(goes(
        browser
            .get(&app.ask(&[("prompt", "none"), ("scope", "openid email")]).url)
            .await
    ));
    // but nobody else
    is_told(&server.browser().get(&silent.url).await, "login_required");
    // an app for which an administrator answers
    let id = text(&client, "client_id").to_owned();
    server
        .run(move |core| async move {
            use signet::flow::admin::{By, client};
            let before = client::find(&core, &id).await.unwrap();
            let mut edit = client::Edit {
                metadata: before.metadata.clone(),
                roles: Vec::new(),
                status: before.status,
            };
            edit.metadata.require_consent = false;
            client::edit(&core, &By::command(), &id, before.version, &edit)
                .await
                .unwrap();
        })
        .await;
    assert!(goes(server.browser().get(&silent.url).await));
}

#[tokio::test]
async fn operators_apps_and_servers_that_want_it_so_go_on_at_once() {
    let server = open(&[("SIGNET_REGISTRATION__REDIRECT_AT_ONCE", "true")]).await;
    let known = server.relying_party("web", super::world::WEB_SECRET).await;
    let (client, app) = stranger(&server).await;
    for (changes, error) in UNASKED {
        for app in [&known, &app] {
            let to = server.browser().get(&app.ask(changes).url).await.location().unwrap();
            assert!(to.as_str().contains(&format!("error={error}")), "{to}");
        }
    }
    let given = tokens(&server, &app, &[], "ada").await;
    let url = bye(&server, &client, Some(text(&given, "id_token")));
    assert_eq!(server.browser().get(&url).await.location().unwrap().as_str(), BYE);
    // there only such apps are meant: the operator's go on everywhere
    let server = open(&[]).await;
    let known = server.relying_party("web", super::world::WEB_SECRET).await;
    let page = server.browser().get(&known.ask(&[("prompt", "none")]).url).await;
    assert!(page.location().unwrap().as_str().starts_with(CALLBACK));
}

fn bye(server: &TestServer, client: &Value, hint: Option<&str>) -> Url {
    let mut url = server.at("/end_session");
    url.query_pairs_mut()
        .append_pair("client_id", text(client, "client_id"))
        .append_pair("post_logout_redirect_uri", BYE)
        .extend_pairs(hint.map(|hint| ("id_token_hint", hint)));
    url
}

/// The other way on: to whoever asks that somebody be signed out.
#[tokio::test]
async fn signing_out_leads_nowhere_without_a_word_either() {
    let server = open(&[]).await;
    let (client, app) = stranger(&server).await;
    let given = tokens(&server, &app, &[], "ada").await;
    // whoever registers an app has a token of it about himself
    let hinted = bye(&server, &client, Some(text(&given, "id_token")));
    let page = server.browser().get(&hinted).await;
    assert_eq!((page.status, page.location()), (200, None));
    assert!(page.text("h1").contains("suite.test"));
    assert_eq!(page.attribute("#leave-go", "href"), BYE);
    let own = "https://suite.test:8443/start".parse().unwrap();
    let page = server.browser().open_from(&own, &hinted).await;
    assert_eq!(page.location().unwrap().as_str(), BYE);
    let url = bye(&server, &client, None);
    server.browser().open(&url).await.at(200, "/logout/done");
    // who is signed in is asked, and told where it goes on
    let mut browser = signed_in(&server).await;
    let page = browser.open(&url).await.at(200, "/logout");
    assert!(page.text("#app-registered-itself").contains("suite.test"));
    let page = browser.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    assert_eq!(page.location().unwrap().as_str(), BYE);
    // what is gone leads nowhere
    assert_eq!(manage(Method::DELETE, &client, None).await.status, 204);
    let page = server.browser().get(&url).await;
    assert_eq!((page.status, page.location()), (400, None));
}

#[tokio::test]
async fn what_is_no_page_asks_nothing_and_takes_nobodys_place() {
    let server = prepared().await;
    let app = server.relying_party("spa", "").await;
    let ask = app.ask(&[]);
    for part in ["image", "script", "empty", "object"] {
        let mut browser = server.browser();
        browser.enter(part);
        let page = browser.get(&ask.url).await;
        assert_eq!((page.status, page.location()), (400, None), "{part}");
    }
    let mut framed = server.browser();
    framed.enter("iframe");
    let page = framed.get(&ask.url).await;
    assert_eq!((page.status, page.location()), (400, None));
    assert!(page.body.contains("prompt=none"), "{}", page.body);
    assert_eq!(server.count("select count(*) from authorization_requests").await, 0);
    // what needs no page is answered there
    let silent = framed.get(&app.ask(&[("prompt", "none")]).url).await;
    let location = silent.location().unwrap();
    assert!(location.as_str().contains("error=login_required"), "{location}");
}
