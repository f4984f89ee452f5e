//! `config/conformance/`: everything that a run of the suite is made of. The plans are driven on a server that was made of
//! these files alone, by clients that know what the suite is told; only addresses are others.

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
    let mut resources = resources();
    if !address.is_empty() {
        assert!(resources.contains(address), "{address}");
        resources = resources.replace(address, other);
    }
    let settings = [("SIGNET_OUTBOUND__HOSTS", "suite.test=127.0.0.1")];
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
