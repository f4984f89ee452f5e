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
        // RFC 8414 §3: OAuth has its metadata elsewhere
        let is_openid = !name.starts_with("oauth-") && !name.starts_with("machine-");
        let document = if is_openid {
            "openid-configuration"
        } else {
            "oauth-authorization-server"
        };
        let discovery = format!("https://localhost:8443/.well-known/{document}");
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
    assert_eq!(plans, 34);
}

/// The files beside which somebody presses, with their names.
fn plans_with_pages() -> Vec<(String, Value)> {
    let names = std::fs::read_dir(format!("{FOLDER}/plans"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all = names.map(|name| name.strip_suffix(".json").unwrap().to_owned());
    let all: Vec<_> = all.map(|name| (name.clone(), plan(&name))).collect();
    let with_pages: Vec<_> = all.into_iter().filter(|(_, told)| !told["browser"].is_null()).collect();
    assert_eq!(with_pages.len(), 26);
    with_pages
}

/// What is pressed in the pages that a visit to `/authorize` leads to, and what is waited for.
fn touched(visit: &Value) -> Vec<&str> {
    let tasks = visit["tasks"].as_array().unwrap().iter();
    let commands = tasks.flat_map(|task| task["commands"].as_array().unwrap());
    commands.map(|command| command[2].as_str().unwrap()).collect()
}

/// The suite finds fields and buttons by name and id.
#[test]
fn the_suite_presses_what_is_there() {
    let pages = [
        "login/sign_in",
        "login/consent",
        "login/logout",
        "login/pieces",
        "error",
    ];
    let pages: String = pages
        .map(|page| std::fs::read_to_string(format!("templates/{page}.html")).unwrap())
        .concat();
    for (name, told) in plans_with_pages() {
        let browser = told["browser"].to_string();
        for id in ["sign-in-submit", "consent-allow", "sign-out-confirm", "failure"] {
            assert!(browser.contains(&format!("\"{id}\"")), "{name}: {id}");
            assert!(pages.contains(&format!("id=\"{id}\"")), "{id}");
        }
        // a module that ends on the page about an error is at no callback
        let tasks = told["browser"][0]["tasks"].as_array().unwrap();
        assert!(tasks.iter().all(|task| task["optional"] == true), "{name}");
    }
    assert!(pages.contains("id=\"cancel-submit\""));
}

/// Modules in which the person does something else: turns back, or comes twice and signs in the second time.
#[test]
fn the_suite_is_told_where_the_person_does_otherwise() {
    let mut changed = 0;
    for (name, told) in plans_with_pages() {
        let profile = match name.split('-').next().unwrap() {
            "fapi1" => "fapi1-advanced-final",
            "fapi2" | "signing" | "oauth" | "rar" => "fapi2-security-profile-final",
            _ => continue,
        };
        let browser = |module: &str| told["override"][format!("{profile}-{module}")]["browser"].clone();
        let rejects = browser("user-rejects-authentication");
        assert_eq!(touched(&rejects[0]), ["cancel-submit", "submission_complete"], "{name}");
        let twice = browser("par-ensure-reused-request-uri-prior-to-auth-completion-succeeds");
        assert_eq!(twice[0]["match-limit"], 1, "{name}");
        assert!(touched(&twice[0]).is_empty(), "{name}");
        assert!(touched(&twice[1]).contains(&"sign-in-submit"), "{name}");
        // a module has no browser but this one
        for visit in [&rejects[0], &twice[0], &twice[1]] {
            assert_eq!(visit["match"], told["browser"][0]["match"], "{name}");
        }
        changed += 1;
    }
    assert_eq!(changed, 22);
    // and what is named is what the suite calls it
    let listed = std::fs::read_to_string("docs/conformance.md").unwrap();
    for (name, told) in plans_with_pages() {
        for module in told["override"].as_object().into_iter().flat_map(|all| all.keys()) {
            assert!(listed.contains(&format!("| `{module}` |")), "{name}: {module}");
        }
    }
}
