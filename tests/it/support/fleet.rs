//! Two real `signet serve` on one database, as behind a load balancer: one issuer, one set of people and apps.
//!
//! The issuer names no port, so a client that resolves its host to one process talks to that process and still sees the
//! same addresses, cookies and origins as with the other.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::redirect::Policy;
use serde_json::Value;
use signet::app::{Ground, Purpose, Settings, wiring};
use signet::base::{SystemClock, SystemRng};
use signet::flow::Core;
use signet::flow::resource_file::{self, Options, Source};
use tempfile::TempDir;
use url::Url;

use super::browser::{Browser, Page};
use super::database::TestDatabase;
use super::process::Process;
use super::relying_party::{Ask, RelyingParty};

pub const ISSUER: &str = "http://localhost";
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Ada's.
pub const PASSWORD: &str = "tide pool lantern 7";
pub const CALLBACK: &str = "https://app.example/callback";
pub const API: &str = "https://api.example";
/// Its access tokens are opaque.
pub const OPAQUE_API: &str = "https://opaque.example";
pub const APP: (&str, &str) = ("app", "0123456789abcdef0123456789abcdef");
pub const MACHINE: (&str, &str) = ("machine", "fedcba9876543210fedcba9876543210");

const RESOURCES: &str = r#"
[[resources]]
identifier = "https://api.example"
scopes = ["read"]

[[resources]]
identifier = "https://opaque.example"
access_token_format = "opaque"
scopes = ["look"]

[[clients]]
client_id = "app"
client_secret = "0123456789abcdef0123456789abcdef"
client_name = "Harbour Ledger"
redirect_uris = ["https://app.example/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false

[[clients]]
client_id = "machine"
client_secret = "fedcba9876543210fedcba9876543210"
grant_types = ["client_credentials"]
scope = "read"

[[clients]]
client_id = "signer"
client_secret = "00112233445566778899aabbccddeeff"
token_endpoint_auth_method = "client_secret_jwt"
grant_types = ["client_credentials"]

[[users]]
username = "ada"
password = "tide pool lantern 7"
[users.profile]
name = "Ada Lovelace"
email = "ada@example.com"
email_verified = true
"#;

/// The environment of every process: cheap, and the same for all.
pub fn environment(database_url: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut environment: Vec<(String, String)> = [
        ("SIGNET_ISSUER", ISSUER),
        ("SIGNET_DATABASE_URL", database_url),
        ("SIGNET_MASTER_KEY", MASTER_KEY),
        ("SIGNET_DATABASE__MAX_CONNECTIONS", "8"),
        ("SIGNET_LIMITS__WORKER_THREADS", "1"),
        ("SIGNET_KEYS__ALGORITHMS", "RS256,ES256"),
        ("SIGNET_PASSWORDS__MEMORY_KIB", "64"),
        ("SIGNET_PASSWORDS__ITERATIONS", "1"),
        ("SIGNET_LOG", "info,actix_server=warn,sqlx=warn"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in more {
        environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    environment
}

/// Starts a server with this environment, off the async threads.
pub async fn serve(folder: &TempDir, environment: Vec<(String, String)>) -> Process {
    let data_dir = folder.path().join("data");
    tokio::task::spawn_blocking(move || {
        let pairs: Vec<_> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Process::serve(&data_dir, &pairs)
    })
    .await
    .unwrap()
}

/// Connections to the issuer that end at this process.
pub fn client_of(address: SocketAddr) -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .resolve("localhost", address)
        .timeout(std::time::Duration::from_secs(30))
        .build()
        .unwrap()
}

/// The processes. A third one, without HTTP, is the operator's hand.
pub struct Fleet {
    pub a: Process,
    pub b: Process,
    pub operator: Core,
    _ground: Ground,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Fleet {
    /// Both, with people and apps, on a database of their own.
    pub async fn start(more: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(database.url(), more);
        let (a, b) = tokio::join!(serve(&folder, environment.clone()), serve(&folder, environment.clone()));
        let (ground, operator) = operator(&folder, environment).await;
        apply(&operator, RESOURCES).await;
        Self {
            a,
            b,
            operator,
            _ground: ground,
            _database: database,
            _folder: folder,
        }
    }

    /// One app, as it sees process A and as it sees process B.
    pub async fn relying_parties(&self, credentials: (&str, &str)) -> (RelyingParty, RelyingParty) {
        (
            relying_party(&self.a, credentials).await,
            relying_party(&self.b, credentials).await,
        )
    }
}

/// A process on the same database inside this one: the settings and the wiring of the real program.
pub async fn operator(folder: &TempDir, mut environment: Vec<(String, String)>) -> (Ground, Core) {
    let data_dir = folder.path().join("data").display().to_string();
    environment.push(("SIGNET_DATA_DIR".to_owned(), data_dir));
    let settings = Settings::from_sources(Some(std::path::Path::new("/dev/null")), &environment).unwrap();
    let ground = Ground::open(settings, Purpose::Command).await.unwrap();
    let core = wiring::core(&ground, Arc::new(SystemClock), Arc::new(SystemRng))
        .await
        .unwrap();
    (ground, core)
}

/// Applies a resource file.
pub async fn apply(core: &Core, text: &str) {
    let source = Source {
        name: "fleet.toml".to_owned(),
        text: text.to_owned(),
        folder: std::path::PathBuf::from("/"),
    };
    resource_file::apply(core, &[source], &Options::default())
        .await
        .unwrap();
}

/// Makes Ada and the apps.
pub async fn populate(core: &Core) {
    apply(core, RESOURCES).await;
}

/// The app as it sees that process.
pub async fn relying_party(process: &Process, credentials: (&str, &str)) -> RelyingParty {
    RelyingParty::discover_through(
        client_of(process.address()),
        ISSUER,
        Arc::new(SystemClock),
        credentials,
        CALLBACK,
    )
    .await
}

/// A browser that talks to that process.
pub fn browser(process: &Process) -> Browser {
    Browser::through(client_of(process.address()))
}

/// An address of the issuer.
pub fn at(path: &str) -> Url {
    Url::parse(ISSUER).unwrap().join(path).unwrap()
}

/// Signs Ada in on the page where the browser is.
pub async fn sign_in(browser: &mut Browser, page: &Page) -> Page {
    browser
        .submit(page, "sign-in", &[("identifier", "ada"), ("password", PASSWORD)])
        .await
}

/// A code for Ada, by a browser that has just signed in at that process.
pub async fn code(process: &Process, app: &RelyingParty, changes: &[(&str, &str)]) -> (Browser, Ask, String) {
    let mut browser = browser(process);
    let ask = app.ask(changes);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let answer = sign_in(&mut browser, &page).await;
    let location = answer
        .location()
        .unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body));
    let code = app.code(&ask, &location).unwrap();
    (browser, ask, code)
}

/// Tokens for Ada.
pub async fn tokens(process: &Process, app: &RelyingParty, changes: &[(&str, &str)]) -> Value {
    let (_, ask, code) = code(process, app, changes).await;
    app.exchange(&ask, &code).await.ok()
}
