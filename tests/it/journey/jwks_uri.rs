//! Keys of apps at an address of theirs: fetched, followed as they change, and only where the operator lets it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client_auth::{ask, claims, key, sign};
use super::world::{prepare, refused};
use crate::support::server::TestServer;

/// An app's own server, which serves a key set and counts how often it is asked.
struct KeyServer {
    address: String,
    keys: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<usize>>,
}

impl KeyServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let keys: Arc<Mutex<Vec<Value>>> = Arc::default();
        let asked: Arc<Mutex<usize>> = Arc::default();
        let (served, counted) = (keys.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let body = json!({ "keys": *served.lock().unwrap() }).to_string();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self { address, keys, asked }
    }

    fn publish(&self, keys: &[&Value]) {
        *self.keys.lock().unwrap() = keys.iter().copied().cloned().collect();
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn client(&self) -> String {
        format!(
            r#"
[[clients]]
client_id = "remote"
token_endpoint_auth_method = "private_key_jwt"
jwks_uri = "{}"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
"#,
            self.address
        )
    }
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
