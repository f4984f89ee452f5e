//! `config/conformance/`: everything that a run of the suite is made of. The plans are driven on a server that was made of
//! these files alone, by clients that know what the suite is told; only addresses are others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::support::server::TestServer;

const FOLDER: &str = "config/conformance";

/// What `signet apply config/conformance/resources/*.toml` reads.
pub fn resources() -> String {
    let mut files: Vec<_> = std::fs::read_dir(format!("{FOLDER}/resources"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.collect::<Vec<_>>().concat()
}

/// A server that holds the suite's clients and its person.
pub async fn server() -> TestServer {
    server_where("", "").await
}

/// The same where something of the suite is at another address.
pub async fn server_where(address: &str, other: &str) -> TestServer {
    server_with(&[], address, other).await
}

/// The same with other settings.
pub async fn server_with(more: &[(&str, &str)], address: &str, other: &str) -> TestServer {
    let mut resources = resources();
    if !address.is_empty() {
        assert!(resources.contains(address), "{address}");
        resources = resources.replace(address, other);
    }
    let settings = [&[("SIGNET_OUTBOUND__HOSTS", "suite.test=127.0.0.1")], more].concat();
    let server = TestServer::of_file(&format!("{FOLDER}/signet.toml"), &settings).await;
    server.holding(&resources).await
}

/// What the suite is told for a plan.
pub fn plan(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("{FOLDER}/plans/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A key or a certificate.
pub fn pem(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/keys/{name}.pem")).unwrap()
}

/// Clients as the resource files have them.
fn clients() -> BTreeMap<String, toml::Value> {
    let document: toml::Value = toml::from_str(&resources()).unwrap();
    let list = document["clients"].as_array().unwrap().iter().cloned();
    list.map(|client| (client["client_id"].as_str().unwrap().to_owned(), client))
        .collect()
}

#[test]
fn the_suite_is_told_what_the_server_holds() {
    let clients = clients();
    let mut plans = 0;
    for entry in std::fs::read_dir(format!("{FOLDER}/plans")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let told = plan(name.strip_suffix(".json").unwrap());
        let discovery = "https://localhost:8443/.well-known/openid-configuration";
        assert_eq!(told["server"]["discoveryUrl"], discovery, "{name}");
        for member in ["client", "client2", "client_secret_post"] {
            let Some(client_id) = told[member]["client_id"].as_str() else {
                continue;
            };
            let held = clients.get(client_id).unwrap_or_else(|| panic!("{name}: {client_id}"));
            let secret = held.get("client_secret").and_then(toml::Value::as_str);
            assert_eq!(told[member]["client_secret"].as_str(), secret, "{client_id}");
            let Some(key) = told[member]["jwks"]["keys"].get(0) else {
                continue;
            };
            let (key, public) = (key.as_object().unwrap(), held["jwks"]["keys"][0].as_table().unwrap());
            for (part, value) in public {
                assert_eq!(key[part].as_str(), value.as_str(), "{client_id}: {part}");
            }
            assert!(key.contains_key("d"), "{client_id} cannot sign");
        }
        for (member, file) in [("mtls", "mtls-1"), ("mtls2", "mtls-2")] {
            let Some(cert) = told[member]["cert"].as_str() else {
                continue;
            };
            assert_eq!(cert.as_bytes(), pem(&format!("{file}.cert")), "{name}");
        }
        plans += 1;
    }
    assert_eq!(plans, 18);
}

/// The suite finds fields and buttons by name and id.
#[test]
fn the_suite_presses_what_is_there() {
    let pages: String = ["sign_in", "consent", "logout"]
        .map(|page| std::fs::read_to_string(format!("templates/login/{page}.html")).unwrap())
        .concat();
    let browser = plan("openid-static")["browser"].to_string();
    for id in ["sign-in-submit", "consent-allow", "sign-out-confirm"] {
        assert!(pages.contains(&format!("id=\"{id}\"")) && browser.contains(id), "{id}");
    }
}
