//! Clients that nobody registered: they are named by the address of a document about them
//! (draft-ietf-oauth-client-id-metadata-document).

use serde_json::{Value, json};
use time::Duration;

use super::client_auth::{claims, key, sign};
use super::encrypted_request::pass;
use super::world::{API, PASSWORD, prepare, refused, sign_in, text};
use crate::support::app_server::AppServer;
use crate::support::registrar::app;
use crate::support::relying_party::{Ask, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

const OUTBOUND: [(&str, &str); 3] = [
    ("SIGNET_OUTBOUND__HOSTS", "suite.test=127.0.0.1"),
    ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
    (
        "SIGNET_OUTBOUND__EXTRA_CA_FILE",
        "config/conformance/keys/suite.cert.pem",
    ),
];

/// A server that takes such clients, and the app's own, which has its document at every path.
async fn server() -> (TestServer, AppServer) {
    let settings = [&OUTBOUND[..], &[("SIGNET_REGISTRATION__CLIENT_ID_DOCUMENTS", "true")]].concat();
    let server = prepare(TestServer::with(&settings).await).await;
    (server, AppServer::start_tls())
}

/// The document of a program that speaks to many servers.
fn document(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_name": "Model Context",
        "client_uri": "https://suite.test/",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

fn serve(own: &AppServer, document: &Value) {
    own.answer(200, "content-type: application/json\r\n", &document.to_string());
}

/// The app that has its document there.
async fn client(server: &TestServer, client_id: &str) -> RelyingParty {
    app(server, &json!({ "client_id": client_id, "redirect_uris": [CALLBACK] })).await
}

const COUNT: &str = "select count(*) from clients where client_id like 'https://%'";

#[tokio::test]
async fn an_app_signs_people_in_without_registration_and_they_see_whose_it_is() {
    let (server, own) = server().await;
    let client_id = format!("{}/client.json", own.origin);
    serve(&own, &document(&client_id));
    let app = client(&server, &client_id).await;
    assert_eq!(app.metadata["client_id_metadata_document_supported"], true);
    let ask = app.ask(&[
        ("resource", API),
        ("scope", "openid profile orders:read offline_access"),
    ]);
    let mut browser = server.browser();
    let page = browser.open(&ask.url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    assert!(page.text("#app-host").contains("suite.test"));
    assert!(page.body.contains("Model Context"));
    let page = browser.press(&page, "consent", "consent-allow", &[]).await;
    let code = app.code(&ask, &page.location().unwrap()).unwrap();
    let given = app.exchange(&ask, &code).await.ok();
    // the API is what was asked for, so the token carries its scopes
    assert_eq!(given["scope"], "orders:read");
    let more = app
        .token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&given, "refresh_token")),
        ])
        .await
        .ok();
    assert!(more["access_token"].is_string());
    // all that needed one look at the document
    assert_eq!(own.received().len(), 1);
    assert_eq!(own.received()[0].target, "/client.json");
    assert_eq!(server.count(COUNT).await, 1);
}

async fn set_status(server: &TestServer, status: &'static str) {
    let set = async move |core: std::sync::Arc<signet::flow::Core>| {
        // as every edit: one that was read before is stale now
        let sql = "update clients set status = $1, version = version + 1 where client_id like 'https://%'";
        let done = sqlx::query(sql).bind(status).execute(core.store.pool()).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    server.run(set).await;
}

/// Waits until the server has heard of a change.
async fn becomes(server: &TestServer, ask: &Ask, status: u16) {
    let mut last = String::new();
    for _ in 0..100 {
        let page = server.browser().open(&ask.url).await;
        if page.status == status {
            return;
        }
        last = page.body;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not become {status}: {last}");
}

#[tokio::test]
async fn what_the_document_says_now_holds_and_without_it_nobody_new_comes() {
    let (server, own) = server().await;
    let client_id = format!("{}/client.json", own.origin);
    serve(&own, &document(&client_id));
    let app = client(&server, &client_id).await;
    let ask = app.ask(&[("scope", "openid offline_access")]);
    let given = super::world::tokens(&server, &app, &[("scope", "openid offline_access")], "ada").await;
    // another redirect_uri, and the old one is good no more once the document was read again
    let mut moved = document(&client_id);
    moved["redirect_uris"] = json!(["https://suite.test:8443/elsewhere"]);
    serve(&own, &moved);
    assert_eq!(server.browser().open(&ask.url).await.status, 200);
    server.clock.advance(Duration::minutes(11));
    assert_eq!(server.browser().open(&ask.url).await.status, 400);
    let there = app.ask(&[("redirect_uri", "https://suite.test:8443/elsewhere")]);
    assert_eq!(server.browser().open(&there.url).await.status, 200);
    // what an administrator decided stays
    set_status(&server, "disabled").await;
    server.clock.advance(Duration::minutes(11));
    serve(&own, &document(&client_id));
    becomes(&server, &ask, 400).await;
    set_status(&server, "active").await;
    becomes(&server, &ask, 200).await;
    // The document is gone: for a day the app goes on, then nobody signs in to it; who has tokens keeps them.
    own.answer(404, "", "");
    pass(&server, Duration::hours(2)).await;
    assert_eq!(server.browser().open(&ask.url).await.status, 200);
    pass(&server, Duration::hours(24)).await;
    assert_eq!(server.browser().open(&ask.url).await.status, 400);
    let more = app
        .token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&given, "refresh_token")),
        ])
        .await;
    assert!(more.ok()["access_token"].is_string());
}

/// A document is replaced by whoever wrote it: what people are called to the app is not, once they came.
#[tokio::test]
async fn a_document_does_not_move_to_another_sector() {
    let (server, own) = server().await;
    let client_id = format!("{}/client.json", own.origin);
    let mut document = document(&client_id);
    document["subject_type"] = json!("pairwise");
    serve(&own, &document);
    let app = client(&server, &client_id).await;
    let given = super::world::tokens(&server, &app, &[("scope", "openid offline_access")], "ada").await;
    let sub = app.verify_id_token_of(&given).await["sub"].clone();
    for (name, value) in [
        ("subject_type", json!("public")),
        ("redirect_uris", json!(["https://bank.example/any"])),
    ] {
        let mut moved = document.clone();
        moved[name] = value;
        serve(&own, &moved);
        pass(&server, Duration::minutes(11)).await;
        assert_eq!(server.browser().open(&app.ask(&[]).url).await.status, 400, "{name}");
    }
    let again = app.refresh(text(&given, "refresh_token")).await.ok();
    assert_eq!(app.verify_id_token_of(&again).await["sub"], sub);
}

/// What is served for a client of that name.
type Body = Box<dyn Fn(&str) -> String>;

#[tokio::test]
async fn a_document_that_is_not_the_clients_own_is_refused() {
    let (server, own) = server().await;
    let fresh = |number: usize| format!("{}/{number}.json", own.origin);
    let changed = |client_id: &str, name: &str, value: Value| {
        let mut changed = document(client_id);
        changed[name] = value;
        changed.to_string()
    };
    let answers: Vec<(u16, Body)> = vec![
        (404, Box::new(|id| document(id).to_string())),
        (302, Box::new(|id| document(id).to_string())),
        (500, Box::new(|_| String::new())),
        (200, Box::new(|_| "hello".to_owned())),
        (200, Box::new(|id| format!("[{}]", document(id)))),
        (200, Box::new(|_| document("https://suite.test/other.json").to_string())),
        (
            200,
            Box::new(|id| format!("{{\"client_id\":\"x\",{}", &document(id).to_string()[1..])),
        ),
        (
            200,
            Box::new(move |id| changed(id, "client_secret", json!("known to everybody"))),
        ),
        (
            200,
            Box::new(move |id| changed(id, "token_endpoint_auth_method", json!("client_secret_post"))),
        ),
        (
            200,
            Box::new(move |id| changed(id, "token_endpoint_auth_method", json!("private_key_jwt"))),
        ),
        (200, Box::new(move |id| changed(id, "require_consent", json!(false)))),
        (
            200,
            Box::new(move |id| changed(id, "security_profile", json!("oauth2.1"))),
        ),
        (
            200,
            Box::new(move |id| changed(id, "client_name", json!("x".repeat(5 * 1024)))),
        ),
    ];
    for (number, (status, body)) in answers.iter().enumerate() {
        let client_id = fresh(number);
        own.answer(*status, "location: /elsewhere\r\n", &body(&client_id));
        let app = client(&server, &client_id).await;
        let page = server.browser().get(&app.ask(&[]).url).await;
        assert_eq!((page.status, page.location()), (400, None), "{number}");
        let code = app.token(&[("grant_type", "authorization_code"), ("code", "x")]).await;
        assert_eq!(code.error(), refused(401, "invalid_client"), "{number}");
    }
    assert!(own.received().iter().all(|one| one.target != "/elsewhere"));
    assert_eq!(server.count(COUNT).await, 0);
    // an address that is none is not fetched
    let before = own.received().len();
    let query = format!("{}/client.json?x", own.origin);
    let page = server.browser().get(&client(&server, &query).await.ask(&[]).url).await;
    assert_eq!((page.status, own.received().len()), (400, before));
    // nor does one stranger have as many fetched as he likes
    own.answer(404, "", "");
    let mut browser = server.browser();
    for number in 100..140 {
        let app = client(&server, &fresh(number)).await;
        assert_eq!(browser.get(&app.ask(&[]).url).await.status, 400);
    }
    assert_eq!(own.received().len(), before + 20);
}

#[tokio::test]
async fn a_key_in_the_document_proves_who_comes() {
    let (server, own) = server().await;
    let client_id = format!("{}/client.json", own.origin);
    let (encoding, jwk) = key("k1");
    let mut document = document(&client_id);
    document["token_endpoint_auth_method"] = json!("private_key_jwt");
    document["jwks"] = json!({ "keys": [jwk] });
    serve(&own, &document);
    let app = client(&server, &client_id).await;
    let push = async |assertion: &str| {
        let ask = app.ask(&[]);
        let mut parameters: Vec<(String, String)> = ask.url.query_pairs().into_owned().collect();
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        parameters.push(("client_assertion_type".to_owned(), kind.to_owned()));
        parameters.push(("client_assertion".to_owned(), assertion.to_owned()));
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let endpoint = app.endpoint("pushed_authorization_request_endpoint");
        app.post_to(endpoint, reqwest::header::HeaderMap::new(), &parameters)
            .await
    };
    // the first that the server hears of it
    let pushed = push(&sign(&encoding, "k1", &claims(&server, &client_id))).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let (stranger, _) = key("k1");
    let refusal = push(&sign(&stranger, "k1", &claims(&server, &client_id))).await.error();
    assert_eq!(refusal, refused(401, "invalid_client"));
}

#[tokio::test]
async fn by_default_nobody_is_named_by_a_document() {
    let server = prepare(TestServer::with(&OUTBOUND).await).await;
    let own = AppServer::start_tls();
    let client_id = format!("{}/client.json", own.origin);
    serve(&own, &document(&client_id));
    let app = client(&server, &client_id).await;
    assert_eq!(app.metadata["client_id_metadata_document_supported"], Value::Null);
    assert_eq!(server.browser().get(&app.ask(&[]).url).await.status, 400);
    assert_eq!(own.received().len(), 0);
}

#[tokio::test]
async fn an_administrator_finds_and_deletes_such_an_app() {
    let (server, own) = server().await;
    let client_id = format!("{}/client.json", own.origin);
    serve(&own, &document(&client_id));
    let app = client(&server, &client_id).await;
    server.browser().open(&app.ask(&[]).url).await.at(200, "/login");
    let root = format!(
        "[[users]]\nusername = \"root\"\npassword = \"{PASSWORD}\"\nroles = [\"admin\"]\n[users.profile]\nemail = \"root@example.com\"\n"
    );
    server.apply(&root).await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/console/apps")).await;
    sign_in(&mut browser, &page, "root").await.at(200, "/console");
    let apps = browser.open(&server.at("/console/apps")).await.at(200, "/console/apps");
    let path = format!("/console/apps/{}", client_id.replace('/', "%2F"));
    assert!(apps.body.contains(&path), "{}", apps.body);
    // and reads why it is there, though nobody may register
    let policy = apps.texts("section[aria-labelledby=registration] p").concat();
    assert!(policy.contains("client_id_documents"), "{policy}");
    assert!(
        apps.text("section[aria-labelledby=registration] dl")
            .contains("authorization_code")
    );
    let page = browser.open(&server.at(&path)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&client_id));
    let page = browser.open(&server.at(&format!("{path}/delete"))).await;
    browser.submit(&page, "app-delete", &[]).await;
    assert_eq!(server.count(COUNT).await, 0);
}
