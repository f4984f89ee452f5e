//! The API of the plans whose tokens are not for userinfo: the example, as `config/conformance/api.env` sets it up.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;
use url::Url;

use super::variant::Openid;
use crate::support::api;
use crate::support::server::TestServer;

/// The scope that opens it.
pub const SCOPE: &str = "accounts";
/// The entry that opens a part of it.
pub const DETAILS: &str = r#"[{"accounts":["current"],"type":"account_information"}]"#;

/// One for each server.
static STARTED: Mutex<BTreeMap<String, Url>> = Mutex::new(BTreeMap::new());

/// Where the API lists accounts, for tokens of the server.
pub fn accounts(server: &TestServer) -> Url {
    let mut started = STARTED.lock().unwrap();
    let issuer = server.issuer().to_owned();
    let at = started.entry(issuer.clone()).or_insert_with(|| {
        let file = settings();
        // only addresses are others
        let mut settings: Vec<(&str, &str)> = file.iter().map(|(name, value)| (&**name, &**value)).collect();
        settings.push(("ISSUER", &issuer));
        settings.push(("AUDIENCE", &file["URL"]));
        api::start(&settings)
    });
    at.join("accounts").unwrap()
}

/// What `api.env` says.
fn settings() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string("config/conformance/api.env").unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

/// What the resource answered is what the token permits.
pub fn check(openid: Openid, tokens: &Value, answer: &Value) {
    match openid {
        Openid::Yes => {}
        Openid::No => assert_eq!(shown(answer), ["current", "savings"]),
        Openid::WithDetails => {
            let details: Value = serde_json::from_str(DETAILS).unwrap();
            assert_eq!(tokens["authorization_details"], details);
            assert_eq!(shown(answer), ["current"]);
        }
    }
}

/// The accounts of an answer.
fn shown(answer: &Value) -> Vec<&str> {
    let accounts = answer["accounts"].as_array().unwrap_or_else(|| panic!("{answer}"));
    accounts.iter().map(|account| account["id"].as_str().unwrap()).collect()
}
