//! A program that registers itself (RFC 7591) and manages what it registered (RFC 7592).

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{self, HeaderMap};
use serde_json::Value;
use signet::base::Clock;
use time::Duration;

use super::relying_party::{Answer, RelyingParty};
use super::server::TestServer;

/// Registers from that address.
pub async fn register_from(server: &TestServer, token: Option<&str>, wanted: &Value, address: &str) -> Answer {
    let url = server.at("/clients");
    RelyingParty::send(Method::POST, url, Some(wanted.to_string()), headers(token), address).await
}

/// Registers.
pub async fn register(server: &TestServer, token: Option<&str>, wanted: &Value) -> Answer {
    register_from(server, token, wanted, "10.1.1.1").await
}

/// A registration that goes well.
pub async fn registered(server: &TestServer, wanted: &Value) -> Value {
    let answer = register(server, None, wanted).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// Reads, replaces or deletes the registration at its own address, with its own token.
pub async fn manage(method: Method, registration: &Value, body: Option<&Value>) -> Answer {
    let token = registration["registration_access_token"].as_str().unwrap();
    manage_with(method, registration, token, body).await
}

/// The same with another token.
pub async fn manage_with(method: Method, registration: &Value, token: &str, body: Option<&Value>) -> Answer {
    let url = registration["registration_client_uri"].as_str().unwrap();
    let body = body.map(Value::to_string);
    RelyingParty::send(method, url.parse().unwrap(), body, headers(Some(token)), "10.1.1.1").await
}

/// What was registered, as an app that uses it.
pub async fn app(server: &TestServer, registration: &Value) -> RelyingParty {
    let clock: Arc<dyn Clock> = server.clock.clone();
    let client_id = registration["client_id"].as_str().unwrap();
    let secret = registration["client_secret"].as_str().unwrap_or_default();
    let redirect_uri = registration["redirect_uris"][0].as_str().unwrap_or_default();
    RelyingParty::discover(server.issuer(), clock, (client_id, secret), redirect_uri).await
}

/// An initial access token of a week.
pub async fn initial_token(server: &TestServer, uses: Option<i32>) -> String {
    use signet::flow::client_registration::initial_token::{New, create};
    let new = New {
        note: Some("a test".to_owned()),
        uses,
        lifetime: Duration::days(7),
    };
    let (_, value) = server
        .run(move |core| async move { create(&core, &new).await.unwrap() })
        .await;
    value.expose().clone()
}

fn headers(token: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    if let Some(token) = token {
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    headers
}
