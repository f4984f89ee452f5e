//! The whole server in this process: [`Application`] on a free port, with a database, a data folder and a clock of its
//! own. It runs on a thread and a runtime of its own, so that the tests of a file may share one.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::thread::JoinHandle;

use signet::app::application::{Application, StartError};
use signet::app::ground::{Ground, Purpose};
use signet::app::settings::Settings;
use signet::base::{Clock, SystemRng};
use signet::flow::Core;
use signet::flow::resource_file::{self, Options, Plan, Source};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use url::Url;

use super::browser::Browser;
use super::clock::OffsetClock;
use super::database::TestDatabase;
use super::mailbox::Mailbox;
use super::relying_party::RelyingParty;

/// Where answers to the apps of the tests go, as the conformance suite names it.
pub const CALLBACK: &str = "https://suite.test:8443/test/a/acme/callback";

/// How often another port is tried when somebody else was faster.
const PORTS: usize = 8;

static NEXT: AtomicU32 = AtomicU32::new(1);
static SWEPT: Once = Once::new();

/// A running server. It stops with the value.
pub struct TestServer {
    pub clock: Arc<OffsetClock>,
    issuer: Url,
    core: Arc<Core>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    folder: PathBuf,
}

impl TestServer {
    /// A server as the operator gets it, but with cheap hashes and without PS256, whose key takes long to make.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with other settings, under the names of environment variables.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::launch("http", "127.0.0.1", settings, None).await
    }

    /// A server as a settings file has it, with a door for client certificates besides; only its addresses and its
    /// database are others, and `settings`.
    pub async fn of_file(file: &str, settings: &[(&str, &str)]) -> Self {
        let changes = [&[(MTLS_LISTEN, "")], settings].concat();
        Self::launch("https", "localhost", &changes, Some(file)).await
    }

    async fn launch(scheme: &str, host: &str, changes: &[(&str, &str)], file: Option<&str>) -> Self {
        let folder = new_folder();
        let mut settings: BTreeMap<String, String> = DEFAULTS
            .iter()
            .chain(changes)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        settings.insert("SIGNET_DATA_DIR".to_owned(), text(&folder.join("data")));
        let clock = Arc::new(OffsetClock::default());
        let (stop, stopped) = oneshot::channel();
        let (started, is_started) = oneshot::channel();
        let origin = format!("{scheme}://{host}");
        let own_clock = clock.clone();
        let config = match file {
            Some(file) => PathBuf::from(file),
            None => {
                let config = folder.join("signet.toml");
                fs::write(&config, "").unwrap();
                config
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(settings, &config, &origin, own_clock, started, stopped));
        });
        let (core, issuer, runtime) = is_started.await.expect("the server did not start");
        Self {
            clock,
            issuer,
            core,
            runtime,
            stop: Some(stop),
            thread: Some(thread),
            folder,
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        self.core.policy.issuer.as_str()
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> Url {
        self.issuer.join(path).unwrap()
    }

    /// What the server serves. Its database is for [`TestServer::run`].
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Does something with the server's own database, on the server's runtime: connections do not outlive theirs.
    pub async fn run<T, F>(&self, work: impl FnOnce(Arc<Core>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.spawn(work(self.core.clone())).await.unwrap()
    }

    /// The number that a query counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.run(move |core| async move { sqlx::query_scalar(sql).fetch_one(core.store.pool()).await.unwrap() })
            .await
    }

    /// Applies a resource file.
    pub async fn apply(&self, toml: &str) -> Plan {
        let source = Source {
            name: "test.toml".to_owned(),
            text: toml.to_owned(),
            folder: PathBuf::new(),
        };
        self.run(move |core| async move {
            resource_file::apply(&core, &[source], &Options::default())
                .await
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .await
    }

    /// The server with what a resource file makes.
    pub async fn holding(self, toml: &str) -> Self {
        self.apply(toml).await;
        self
    }

    /// A browser at an address of its own, so that nobody is slowed down for the mistakes of others.
    pub fn browser(&self) -> Browser {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let [_, high, middle, low] = number.to_be_bytes();
        Browser::at_address(&format!("10.{high}.{middle}.{low}"))
    }

    /// A registered app that has discovered the server. `secret` is empty for one without.
    pub async fn relying_party(&self, client_id: &str, secret: &str) -> RelyingParty {
        let clock: Arc<dyn Clock> = self.clock.clone();
        RelyingParty::discover(self.issuer(), clock, (client_id, secret), CALLBACK).await
    }

    /// The mails that the server sent.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(&self.folder.join("data"))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port of its own for clients with certificates.
const MTLS_LISTEN: &str = "SIGNET_MTLS__LISTEN";

/// Settings of every server here.
const DEFAULTS: &[(&str, &str)] = &[
    ("SIGNET_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ("SIGNET_DEMO__ENABLED", "false"),
    ("SIGNET_DATABASE__MAX_CONNECTIONS", "6"),
    ("SIGNET_KEYS__ALGORITHMS", "RS256,ES256,EdDSA"),
    ("SIGNET_KEYS__ENCRYPTION_ALGORITHMS", "ECDH-ES"),
    ("SIGNET_PASSWORDS__MEMORY_KIB", "64"),
    ("SIGNET_PASSWORDS__ITERATIONS", "1"),
    ("SIGNET_LIMITS__WORKER_THREADS", "1"),
    ("SIGNET_LIMITS__SHUTDOWN_TIMEOUT_SECONDS", "1"),
    // The tests' browsers say where they are.
    ("SIGNET_TRUSTED_PROXIES", "127.0.0.0/8,::1/128"),
];

type Started = (Arc<Core>, Url, Handle);

async fn serve(
    mut settings: BTreeMap<String, String>,
    config: &Path,
    origin: &str,
    clock: Arc<OffsetClock>,
    started: oneshot::Sender<Started>,
    stopped: oneshot::Receiver<()>,
) {
    let database = TestDatabase::new().await;
    settings.insert("SIGNET_DATABASE_URL".to_owned(), database.url().to_owned());
    for attempt in 1.. {
        // The issuer must name the port before it is bound.
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = free();
        if settings.contains_key(MTLS_LISTEN) {
            let port = free();
            settings.insert(MTLS_LISTEN.to_owned(), format!("127.0.0.1:{port}"));
            settings.insert("SIGNET_MTLS__URL".to_owned(), format!("{origin}:{port}"));
        }
        settings.insert("SIGNET_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        settings.insert("SIGNET_ISSUER".to_owned(), format!("{origin}:{port}"));
        let environment: Vec<_> = settings.clone().into_iter().collect();
        let settings = Settings::from_sources(Some(config), &environment).unwrap_or_else(|error| panic!("{error}"));
        let issuer: Url = settings.issuer.as_str().parse().unwrap();
        let ground = Ground::open(settings, Purpose::Serve).await.unwrap();
        match Application::start(&ground, clock.clone(), Arc::new(SystemRng)).await {
            Ok(application) => {
                let core = application.core().clone();
                let _ = started.send((core, issuer, Handle::current()));
                let stop = async {
                    let _ = stopped.await;
                };
                application.run_until(stop).await.unwrap();
                ground.close().await;
                return;
            }
            Err(StartError::Listen { .. }) if attempt < PORTS => ground.close().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// An empty folder. Those of earlier runs go first: what tests share is never dropped.
fn new_folder() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    SWEPT.call_once(|| {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            let process = name.strip_prefix("server-").and_then(|rest| rest.split('-').next());
            if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = parent.join(format!("server-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
