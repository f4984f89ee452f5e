//! Keys of apps at an address of theirs: fetched, followed as they change, and only where the operator lets it.

use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::client_auth::{ask_for, claims, key, sign};
use super::world::{prepare, refused};
use crate::support::registrar::{manage, registered};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

const DRAWER: &str = "https://drawer.example";

/// How soon the server of an app answers.
#[derive(Clone, Copy)]
enum Pace {
    AtOnce,
    /// Late enough for others to ask meanwhile.
    Late,
    Never,
}

/// An app's own server, which serves a key set and counts how often it is asked.
struct KeyServer {
    address: String,
    keys: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<usize>>,
    pace: Arc<Mutex<Pace>>,
    listening: JoinHandle<()>,
}

impl KeyServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let keys: Arc<Mutex<Vec<Value>>> = Arc::default();
        let asked: Arc<Mutex<usize>> = Arc::default();
        let pace = Arc::new(Mutex::new(Pace::AtOnce));
        let (served, counted, paced) = (keys.clone(), asked.clone(), pace.clone());
        let listening = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let body = json!({ "keys": *served.lock().unwrap() }).to_string();
                let pace = *paced.lock().unwrap();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    match pace {
                        Pace::AtOnce => {}
                        Pace::Late => tokio::time::sleep(std::time::Duration::from_millis(500)).await,
                        Pace::Never => std::future::pending().await,
                    }
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                });
            }
        });
        Self {
            address,
            keys,
            asked,
            pace,
            listening,
        }
    }

    /// From now on connections are refused.
    async fn stop(&mut self) {
        self.listening.abort();
        assert!((&mut self.listening).await.unwrap_err().is_cancelled());
    }

    fn answers(&self, pace: Pace) {
        *self.pace.lock().unwrap() = pace;
    }

    fn publish(&self, keys: &[&Value]) {
        *self.keys.lock().unwrap() = keys.iter().copied().cloned().collect();
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// The app, and an API whose tokens are opaque: the server's own keys would have to be looked at anew after every leap
    /// of the clock.
    fn client(&self) -> String {
        format!(
            r#"
[[clients]]
client_id = "remote"
token_endpoint_auth_method = "private_key_jwt"
jwks_uri = "{}"
grant_types = ["client_credentials"]
resources = ["{DRAWER}"]

[[resources]]
identifier = "{DRAWER}"
name = "Drawer"
access_token_format = "opaque"
"#,
            self.address
        )
    }
}

async fn ask(app: &RelyingParty, assertion: &str) -> Answer {
    ask_for(app, DRAWER, assertion, &[]).await
}

#[tokio::test]
async fn a_new_key_is_followed_and_made_up_ones_cause_no_flood() {
    let keys = KeyServer::start().await;
    let server = prepare(TestServer::with(&[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await).await;
    server.apply(&keys.client()).await;
    let app = server.relying_party("remote", "").await;
    let (first, first_public) = key("first");
    let (second, second_public) = key("second");
    keys.publish(&[&first_public]);
    for _ in 0..3 {
        ask(&app, &sign(&first, "first", &claims(&server, "remote"))).await.ok();
    }
    assert_eq!(keys.asked(), 1);
    keys.publish(&[&second_public]);
    server.clock.advance(Duration::seconds(61));
    ask(&app, &sign(&second, "second", &claims(&server, "remote")))
        .await
        .ok();
    assert_eq!(keys.asked(), 2);
    for _ in 0..3 {
        let unknown = ask(&app, &sign(&second, "made-up", &claims(&server, "remote"))).await;
        assert_eq!(unknown.error(), refused(401, "invalid_client"));
    }
    assert_eq!(keys.asked(), 2);
    // What its owner has withdrawn is not trusted for long.
    let withdrawn = ask(&app, &sign(&first, "first", &claims(&server, "remote"))).await;
    assert_eq!(withdrawn.error(), refused(401, "invalid_client"));
}

/// A server that takes key sets from this machine, with the app of the key server.
async fn reaching(keys: &KeyServer) -> TestServer {
    let server = prepare(TestServer::with(&[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await).await;
    server.holding(&keys.client()).await
}

#[tokio::test]
async fn kept_keys_go_on_for_a_day_while_their_server_is_down() {
    let mut keys = KeyServer::start().await;
    let server = reaching(&keys).await;
    let app = server.relying_party("remote", "").await;
    let (first, public) = key("first");
    keys.publish(&[&public]);
    let good = async || ask(&app, &sign(&first, "first", &claims(&server, "remote"))).await;
    good().await.ok();
    keys.stop().await;
    for hours in [1, 11, 11] {
        server.clock.advance(Duration::hours(hours));
        good().await.ok();
        good().await.ok();
        // a failure opens no door to a key that nobody knows
        let unknown = ask(&app, &sign(&first, "made-up", &claims(&server, "remote"))).await;
        assert_eq!(unknown.error(), refused(401, "invalid_client"));
    }
    assert_eq!(keys.asked(), 1);
    server.clock.advance(Duration::hours(1));
    assert_eq!(good().await.error(), refused(401, "invalid_client"));
}

#[tokio::test]
async fn many_questions_at_once_are_one_fetch() {
    let keys = KeyServer::start().await;
    let server = reaching(&keys).await;
    let app = server.relying_party("remote", "").await;
    let ((first, first_public), (second, second_public)) = (key("first"), key("second"));
    keys.publish(&[&first_public]);
    ask(&app, &sign(&first, "first", &claims(&server, "remote"))).await.ok();
    assert_eq!(keys.asked(), 1);
    keys.answers(Pace::Late);
    let crowd = async |key, kid| {
        let assertions: Vec<String> = (0..50).map(|_| sign(key, kid, &claims(&server, "remote"))).collect();
        for answer in join_all(assertions.iter().map(|assertion| ask(&app, assertion))).await {
            answer.ok();
        }
    };
    // all find the kept set too old
    server.clock.advance(Duration::minutes(11));
    crowd(&first, "first").await;
    assert_eq!(keys.asked(), 2);
    // all come with a key that is not in it yet
    keys.publish(&[&second_public]);
    server.clock.advance(Duration::seconds(61));
    crowd(&second, "second").await;
    assert_eq!(keys.asked(), 3);
    // and all wait for a server that takes the question and never answers
    keys.answers(Pace::Never);
    server.clock.advance(Duration::minutes(11));
    crowd(&second, "second").await;
    assert_eq!(keys.asked(), 4);
}

#[tokio::test]
async fn private_addresses_are_out_of_reach_unless_the_operator_says_so() {
    let keys = KeyServer::start().await;
    let server = prepare(TestServer::start().await).await;
    server.apply(&keys.client()).await;
    let app = server.relying_party("remote", "").await;
    let (private, public) = key("first");
    keys.publish(&[&public]);
    let answer = ask(&app, &sign(&private, "first", &claims(&server, "remote"))).await;
    assert_eq!(answer.error(), refused(401, "invalid_client"));
    assert_eq!(keys.asked(), 0);
    assert!(!answer.body.contains("127.0.0.1"), "{}", answer.body);
}

/// A registration that names another address each time, and somebody who asks for its keys after each change: the address
/// does not hear of most of that.
#[tokio::test]
async fn a_registration_that_moves_its_keys_about_sends_the_server_nowhere_much() {
    let keys = KeyServer::start().await;
    let settings = [
        ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
        ("SIGNET_REGISTRATION__POLICY", "open"),
    ];
    let server = prepare(TestServer::with(&settings).await).await;
    let mut wanted = json!({
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": keys.address,
    });
    let client = registered(&server, &wanted).await;
    let client_id = client["client_id"].as_str().unwrap();
    wanted["client_id"] = client["client_id"].clone();
    let app = server.relying_party(client_id, "").await;
    let (encoding, _) = key("nobody's");
    let mut replaced = 0;
    for number in 0..80 {
        wanted["jwks_uri"] = json!(format!("{}?{number}", keys.address));
        let answer = manage(Method::PUT, &client, Some(&wanted)).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some());
            break;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        replaced += 1;
        if replaced <= 20 {
            let assertion = sign(&encoding, "nobody's", &claims(&server, client_id));
            assert_eq!(ask(&app, &assertion).await.error(), refused(401, "invalid_client"));
        }
    }
    assert_eq!((keys.asked(), replaced), (12, 60));
    server.clock.advance(Duration::hours(1));
    assert_eq!(manage(Method::PUT, &client, Some(&wanted)).await.status, 200);
}

/// Whoever names the address of somebody else's keys, and wears out what strangers may have fetched from there, takes nothing
/// from an app that an operator registered, nor from one whose keys are kept.
#[tokio::test]
async fn strangers_wear_out_nobody_elses_keys() {
    let keys = KeyServer::start().await;
    let settings = [
        ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "0"),
    ];
    let server = prepare(TestServer::with(&settings).await)
        .await
        .holding(&keys.client())
        .await;
    let (encoding, own) = key("own");
    keys.publish(&[&own]);
    let wanted = |number: usize| {
        json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": format!("{}?{number}", keys.address),
        })
    };
    let kept = registered(&server, &wanted(0)).await;
    let kept_id = kept["client_id"].as_str().unwrap();
    let kept = server.relying_party(kept_id, "").await;
    // who is known goes on to the next question, which is another refusal
    let known = refused(400, "unauthorized_client");
    let asked = async |app: &_, client_id: &str| {
        let assertion = sign(&encoding, "own", &claims(&server, client_id));
        ask(app, &assertion).await.error()
    };
    assert_eq!(asked(&kept, kept_id).await, known);
    // what is kept has grown old when the others come
    server.clock.advance(Duration::minutes(11));
    let mut number = 0;
    let refused_to_fetch = loop {
        number += 1;
        let client = registered(&server, &wanted(number)).await;
        let client_id = client["client_id"].as_str().unwrap();
        let app = server.relying_party(client_id, "").await;
        let before = keys.asked();
        assert!(number <= 130);
        if asked(&app, client_id).await == refused(401, "invalid_client") {
            assert_eq!(keys.asked(), before);
            break number;
        }
    };
    assert_eq!(refused_to_fetch, 121);
    assert_eq!(asked(&kept, kept_id).await, known, "what is kept goes on");
    let remote = server.relying_party("remote", "").await;
    assert_eq!(
        ask(&remote, &sign(&encoding, "own", &claims(&server, "remote")))
            .await
            .status,
        200
    );
}
