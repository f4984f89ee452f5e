//! Request objects by reference: fetched only from where the app registered, and only what the address names (RFC 9101
//! §5.2, OIDC Core §6.2).

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use signet::base::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::client_auth::{key, sign};
use super::world::{prepare, sign_in};
use crate::support::server::{CALLBACK, TestServer};

/// An app's own server, which serves one document and counts how often it is asked.
pub struct Shelf {
    pub address: String,
    pub document: Arc<Mutex<String>>,
    asked: Arc<Mutex<usize>>,
}

impl Shelf {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/request.jwt", listener.local_addr().unwrap());
        let (document, asked): (Arc<Mutex<String>>, Arc<Mutex<usize>>) = Default::default();
        let (served, counted) = (document.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let body = served.lock().unwrap().clone();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/oauth-authz-req+jwt\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self {
            address,
            document,
            asked,
        }
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

fn hash(object: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, object.as_bytes()))
}

/// A server that may reach the app's, with that app.
async fn server(shelf: &Shelf, jwk: &Value, settings: &[(&str, &str)]) -> TestServer {
    let app = format!(
        r#"
[[clients]]
client_id = "referring"
client_secret = "the secret of the web app, well kept"
redirect_uris = ["{CALLBACK}"]
request_uris = ["{}"]
require_consent = false
jwks = {{ keys = [{{ kty = "EC", crv = "P-256", kid = "k1", x = {}, y = {} }}] }}
"#,
        shelf.address, jwk["x"], jwk["y"]
    );
    prepare(TestServer::with(settings).await).await.holding(&app).await
}

fn object(server: &TestServer, encoding: &jsonwebtoken::EncodingKey, state: &str) -> String {
    let now = server.clock.now().unix_timestamp();
    sign(
        encoding,
        "k1",
        &json!({
            "iss": "referring", "aud": server.issuer(), "client_id": "referring", "exp": now + 300,
            "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": state,
        }),
    )
}

fn at(server: &TestServer, request_uri: &str) -> Url {
    let mut url = server.at("/authorize");
    url.query_pairs_mut()
        .append_pair("client_id", "referring")
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("request_uri", request_uri);
    url
}

#[tokio::test]
async fn the_object_that_the_address_names_is_fetched_once_and_used() {
    let shelf = Shelf::start().await;
    let (encoding, jwk) = key("k1");
    let server = server(&shelf, &jwk, &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let signed = object(&server, &encoding, "fetched");
    *shelf.document.lock().unwrap() = signed.clone();
    let url = at(&server, &format!("{}#{}", shelf.address, hash(&signed)));
    let mut browser = server.browser();
    let page = browser.open(&url).await;
    let page = sign_in(&mut browser, &page, "ada").await;
    assert_eq!(page.parameter("state").as_deref(), Some("fetched"));
    assert!(page.parameter("code").is_some());
    assert!(browser.get(&url).await.parameter("code").is_some());
    assert_eq!(shelf.asked(), 1);
}

#[tokio::test]
async fn what_was_changed_behind_the_address_is_refused() {
    let shelf = Shelf::start().await;
    let (encoding, jwk) = key("k1");
    let server = server(&shelf, &jwk, &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let signed = object(&server, &encoding, "one");
    *shelf.document.lock().unwrap() = object(&server, &encoding, "two");
    let url = at(&server, &format!("{}#{}", shelf.address, hash(&signed)));
    let mut browser = server.browser();
    for _ in 0..3 {
        let page = browser.get(&url).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_uri"));
    }
    // Whoever repeats it makes no flood of it.
    assert_eq!(shelf.asked(), 1);
    // A document that nobody signed is refused as an object.
    *shelf.document.lock().unwrap() = "hello".to_owned();
    let page = browser
        .get(&at(&server, &format!("{}#{}", shelf.address, hash("hello"))))
        .await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_object"));
}

#[tokio::test]
async fn nothing_is_fetched_from_where_the_app_did_not_register() {
    let shelf = Shelf::start().await;
    let (_, jwk) = key("k1");
    let server = server(&shelf, &jwk, &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let mut browser = server.browser();
    for other in [
        format!("{}/other", shelf.address),
        format!("{}?x", shelf.address),
        shelf.address.replace("127.0.0.1", "localhost"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://suite.test:8443/request.jwt".to_owned(),
        "nonsense".to_owned(),
    ] {
        let page = browser.get(&at(&server, &other)).await;
        assert_eq!(
            page.parameter("error").as_deref(),
            Some("invalid_request_uri"),
            "{other}"
        );
    }
    assert_eq!(shelf.asked(), 0);
}

#[tokio::test]
async fn a_registered_address_in_the_private_network_is_not_reached_by_default() {
    let shelf = Shelf::start().await;
    let (encoding, jwk) = key("k1");
    let open = server(&shelf, &jwk, &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    *shelf.document.lock().unwrap() = object(&open, &encoding, "x");
    // Registered while it was allowed, on a server where it is no more.
    let closed = prepare(TestServer::start().await).await;
    let metadata = json!({ "redirect_uris": [CALLBACK], "request_uris": [shelf.address], "jwks": { "keys": [jwk] } });
    closed
        .run(move |core| async move {
            sqlx::query("update clients set metadata = metadata || $1 where client_id = 'web'")
                .bind(sqlx::types::Json(metadata))
                .execute(core.store.pool())
                .await
                .unwrap();
        })
        .await;
    let mut url = at(&closed, &shelf.address);
    url.query_pairs_mut().clear().extend_pairs([
        ("client_id", "web"),
        ("redirect_uri", CALLBACK),
        ("request_uri", &shelf.address),
    ]);
    let page = closed.browser().get(&url).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_uri"));
    assert_eq!(shelf.asked(), 0);
}

#[tokio::test]
async fn whoever_knows_an_app_cannot_have_its_server_asked_at_will() {
    let shelf = Shelf::start().await;
    let (encoding, jwk) = key("k1");
    let server = server(&shelf, &jwk, &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let signed = object(&server, &encoding, "x");
    *shelf.document.lock().unwrap() = signed.clone();
    let mut browser = server.browser();
    // what was fetched before costs nothing
    let good = at(&server, &format!("{}#{}", shelf.address, hash(&signed)));
    assert_eq!(browser.get(&good).await.status, 303);
    for number in 0..40 {
        let made_up = at(&server, &format!("{}#{}", shelf.address, hash(&number.to_string())));
        let page = browser.get(&made_up).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_uri"));
    }
    assert_eq!(shelf.asked(), 20);
    assert_eq!(browser.get(&good).await.status, 303);
    // somebody else is not held to it
    let other = at(&server, &format!("{}#{}", shelf.address, hash("other")));
    server.browser().get(&other).await;
    assert_eq!(shelf.asked(), 21);
    // and the time passes
    server.clock.advance(time::Duration::minutes(1));
    browser
        .get(&at(&server, &format!("{}#{}", shelf.address, hash("later"))))
        .await;
    assert_eq!(shelf.asked(), 22);
}
