//! The database goes away while requests run, and comes back; the server is killed, or asked to stop in the middle of a
//! request.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, StatusCode};
use signet::base::TokenHash;
use signet::flow::Core;
use tempfile::TempDir;

use crate::support::browser::Browser;
use crate::support::cluster::Cluster;
use crate::support::database::TestDatabase;
use crate::support::fleet::{
    API, APP, ISSUER, MACHINE, at, client_of, code, environment, operator, populate, relying_party, serve, tokens,
};
use crate::support::process::{Process, eventually, send};
use crate::support::relying_party::RelyingParty;

/// No request takes longer, whatever becomes of the database.
const LONGEST: Duration = Duration::from_secs(8);
/// By then everything works again.
const RECOVERY: Duration = Duration::from_secs(20);

/// One request and its answer.
#[derive(Debug)]
struct Record {
    status: StatusCode,
    retry_after: Option<String>,
    content_type: String,
    took: Duration,
    ended: Instant,
}

/// What each kind of request met.
#[derive(Default)]
struct Records(Mutex<BTreeMap<&'static str, Vec<Record>>>);

/// Requests of many kinds, again and again, side by side.
struct Load {
    records: Arc<Records>,
    stop: Arc<AtomicBool>,
    tasks: tokio::task::JoinSet<()>,
}

impl Load {
    fn new() -> Self {
        Self {
            records: Arc::default(),
            stop: Arc::default(),
            tasks: tokio::task::JoinSet::new(),
        }
    }

    fn add(&mut self, name: &'static str, request: impl Fn() -> RequestBuilder + Send + 'static) {
        self.records.0.lock().unwrap().insert(name, Vec::new());
        let (records, stop) = (Arc::clone(&self.records), Arc::clone(&self.stop));
        self.tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = request().send().await.unwrap_or_else(|error| panic!("{name}: {error}"));
                let header = |name: &str| {
                    answer
                        .headers()
                        .get(name)
                        .map(|value| value.to_str().unwrap().to_owned())
                };
                let record = Record {
                    status: answer.status(),
                    retry_after: header("retry-after"),
                    content_type: header("content-type").unwrap_or_default(),
                    took: began.elapsed(),
                    ended: Instant::now(),
                };
                answer.bytes().await.unwrap();
                records.0.lock().unwrap().entry(name).or_default().push(record);
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        });
    }

    /// Waits until each kind of request was answered well several times since `then`.
    async fn recovers(&self, then: Instant) {
        loop {
            let waiting: Vec<String> = {
                let records = self.records.0.lock().unwrap();
                let is_well = |records: &[Record]| {
                    let last: Vec<_> = records.iter().rev().take(5).collect();
                    last.len() == 5
                        && last
                            .iter()
                            .all(|record| record.ended > then && !record.status.is_server_error())
                };
                let ill = records.iter().filter(|(_, records)| !is_well(records));
                ill.map(|(name, records)| format!("{name}: {:?}", records.last()))
                    .collect()
            };
            if waiting.is_empty() {
                return;
            }
            assert!(then.elapsed() < RECOVERY, "no recovery: {waiting:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn end(mut self) -> BTreeMap<&'static str, Vec<Record>> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.records.0.lock().unwrap())
    }
}

/// What answers from memory.
const FROM_MEMORY: [&str; 3] = ["discovery", "jwks", "client_credentials"];

/// The usual requests of apps, APIs and browsers at that process.
fn usual_load(
    process: &Process,
    machine: &RelyingParty,
    app: &RelyingParty,
    access_token: &str,
    person: &Browser,
) -> Load {
    let mut load = Load::new();
    let http = client_of(process.address());
    let get = |path: &str| {
        let (http, url) = (http.clone(), at(path));
        move || http.get(url.clone())
    };
    let post = |app: &RelyingParty, endpoint: &str, parameters: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let (http, url) = (http.clone(), app.endpoint(endpoint));
        let (client_id, secret) = (app.client_id.clone(), app.client_secret.clone());
        move || {
            http.post(url.clone())
                .basic_auth(&client_id, secret.as_ref())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.clone())
        }
    };
    load.add("discovery", get("/.well-known/openid-configuration"));
    load.add("jwks", get("/jwks"));
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    load.add("client_credentials", post(machine, "token_endpoint", &grant));
    load.add(
        "introspect",
        post(app, "introspection_endpoint", &[("token", access_token)]),
    );
    let code = [
        ("grant_type", "authorization_code"),
        ("code", "unknown"),
        ("redirect_uri", "https://app.example/callback"),
    ];
    load.add("unknown code", post(app, "token_endpoint", &code));
    let userinfo = get("/userinfo");
    let access_token = access_token.to_owned();
    load.add("userinfo", move || userinfo().bearer_auth(&access_token));
    let authorize = app.ask(&[]).url;
    load.add("authorize", get(&format!("/authorize?{}", authorize.query().unwrap())));
    add_pages(&mut load, &http, person);
    load
}

/// The pages that a person opens who is signed in.
fn add_pages(load: &mut Load, http: &Client, person: &Browser) {
    let cookies: Vec<String> = person
        .cookies()
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    for (name, path) in [
        ("account", "/account"),
        ("sign in", "/login?switch=1"),
        ("consent", "/consent"),
    ] {
        let (http, url, cookies) = (http.clone(), at(path), cookies.join("; "));
        load.add(name, move || {
            let page = http.get(url.clone()).header("cookie", &cookies);
            page.header("accept", "text/html")
        });
    }
}

/// Nobody saw anything but an answer, or 503 with a word about when to come back.
fn judge(records: &BTreeMap<&'static str, Vec<Record>>, process: &Process) {
    let mut outages = 0;
    for (name, records) in records {
        for record in records {
            assert!(record.took < LONGEST, "{name} took long: {record:?}");
            if !record.status.is_server_error() {
                assert_ne!(record.status, StatusCode::REQUEST_TIMEOUT, "{name}: {record:?}");
                continue;
            }
            assert_eq!(record.status, StatusCode::SERVICE_UNAVAILABLE, "{name}: {record:?}");
            let log = || process.log();
            assert!(
                !FROM_MEMORY.contains(name),
                "{name} needs no database: {record:?}\n{}",
                log()
            );
            let seconds: u64 = record
                .retry_after
                .as_deref()
                .unwrap_or_else(|| panic!("{name}: {record:?}"))
                .parse()
                .unwrap();
            assert!((1..=60).contains(&seconds));
            let is_page = ["authorize", "account", "sign in", "consent"].contains(name);
            let expected = if is_page { "text/html" } else { "application/json" };
            assert!(record.content_type.starts_with(expected), "{name}: {record:?}");
            outages += 1;
        }
    }
    assert!(outages > 0, "nobody noticed that the database was away");
}

/// A server with people and apps on a database that is somewhere else.
struct Scene {
    process: Process,
    machine: RelyingParty,
    app: RelyingParty,
    access_token: String,
    refresh_token: String,
    person: Browser,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Scene {
    async fn on(database_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(database_url, &[]);
        let process = serve(&folder, environment.clone()).await;
        let (ground, core) = operator(&folder, environment.clone()).await;
        populate(&core).await;
        drop(core);
        ground.close().await;
        Self::at(process, environment, folder).await
    }

    async fn at(process: Process, environment: Vec<(String, String)>, folder: TempDir) -> Self {
        let (app, machine) = (
            relying_party(&process, APP).await,
            relying_party(&process, MACHINE).await,
        );
        let (person, ask, code) = code(&process, &app, &[("scope", "openid offline_access")]).await;
        let tokens = app.exchange(&ask, &code).await.ok();
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self {
            access_token: token("access_token"),
            refresh_token: token("refresh_token"),
            process,
            machine,
            app,
            person,
            environment,
            folder,
        }
    }

    fn load(&self) -> Load {
        usual_load(
            &self.process,
            &self.machine,
            &self.app,
            &self.access_token,
            &self.person,
        )
    }
}

/// The first process of the embedded cluster.
fn postmaster(data_dir: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_is_killed_while_requests_run() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let embedded = [
        ("SIGNET_DATABASE_URL", ""),
        ("SIGNET_MASTER_KEY", ""),
        ("SIGNET_DEMO__ENABLED", "false"),
    ];
    let environment = environment("", &embedded);
    let process = serve(&folder, environment.clone()).await;
    {
        // Beside the server, as a command works.
        let (ground, core) = operator(&folder, environment.clone()).await;
        populate(&core).await;
        drop(core);
        ground.close().await;
    }
    let scene = Scene::at(process, environment, folder).await;
    let load = scene.load();
    load.recovers(Instant::now()).await;
    for _ in 0..2 {
        let before = postmaster(&data_dir).unwrap();
        send("-KILL", before);
        let then = Instant::now();
        eventually("the cluster is started again", || {
            postmaster(&data_dir).filter(|id| *id != before)
        });
        load.recovers(then).await;
    }
    judge(&load.end().await, &scene.process);
    // Nothing of what was committed is lost.
    assert_eq!(scene.app.refresh(&scene.refresh_token).await.status, 200);
    assert!(
        tokio::task::spawn_blocking(|| scene.process.terminate())
            .await
            .unwrap()
            .success()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_elsewhere_is_stopped_killed_and_started_again() {
    let mut cluster = Cluster::start();
    let scene = Scene::on(&cluster.url()).await;
    let load = scene.load();
    load.recovers(Instant::now()).await;
    cluster.stop();
    tokio::time::sleep(Duration::from_secs(4)).await;
    cluster.start_again();
    load.recovers(Instant::now()).await;
    cluster.kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.start_again();
    load.recovers(Instant::now()).await;
    judge(&load.end().await, &scene.process);
    // Announcements arrive again: what is revoked is dead at once, also where it was remembered.
    assert_eq!(scene.app.introspect(&scene.access_token).await["active"], true);
    assert_eq!(scene.app.refresh(&scene.refresh_token).await.status, 200);
    scene.app.revoke(&scene.access_token).await;
    assert_eq!(scene.app.introspect(&scene.access_token).await["active"], false);
    // What the caches hold is honest again: a change by another process is seen.
    let (ground, core) = operator(&scene.folder, scene.environment.clone()).await;
    disable(&core, "machine").await;
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    let began = Instant::now();
    while scene.machine.token(&grant).await.status == 200 {
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "the disabled client is still let in"
        );
    }
    ground.close().await;
}

async fn disable(core: &Core, client_id: &str) {
    use signet::flow::admin::{self, By};
    let client = admin::client::find(core, client_id).await.unwrap();
    let edit = admin::client::Edit {
        metadata: client.metadata,
        roles: client.roles,
        status: signet::model::ClientStatus::Disabled,
    };
    admin::client::edit(core, &By::command(), client_id, client.version, &edit)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_starts_again_with_every_session_and_token() {
    let database = TestDatabase::new().await;
    let mut scene = Scene::on(database.url()).await;
    let before = scene.app.jwks().await;
    scene.process.kill();
    let process = serve(&scene.folder, scene.environment.clone()).await;
    assert!(!process.output().contains("one-time password"));
    let app = relying_party(&process, APP).await;
    assert_eq!(app.jwks().await, before);
    app.verify_access_token(&scene.access_token, ISSUER).await;
    assert_eq!(app.userinfo(&scene.access_token).await.status, 200);
    assert_eq!(app.refresh(&scene.refresh_token).await.status, 200);
    scene.person.go_through(client_of(process.address()));
    let ask = app.ask(&[("prompt", "none")]);
    let answer = scene.person.open(&ask.url).await;
    assert!(app.code(&ask, &answer.location().unwrap()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_finishes_what_runs() {
    let database = TestDatabase::new().await;
    let scene = Scene::on(database.url()).await;
    let (_, ask, code) = code(&scene.process, &scene.app, &[]).await;
    // A connection that lies idle must not hold the server up.
    assert_eq!(
        client_of(scene.process.address())
            .get(at("/jwks"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let address = scene.process.address();

    // The code's row is locked, so its redemption waits.
    let mut lock = database.pool().begin().await.unwrap();
    sqlx::query("select from authorization_codes where code_hash = $1 for update")
        .bind(TokenHash::of(&code).as_bytes())
        .fetch_one(&mut *lock)
        .await
        .unwrap();
    let slow = tokio::spawn(async move { scene.app.exchange(&ask, &code).await });
    eventually_waits_for_a_lock(&database).await;
    let stopping = tokio::task::spawn_blocking(|| scene.process.terminate());
    // It listens no more, and is still there.
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(10), "it still takes connections");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!slow.is_finished());
    assert!(!stopping.is_finished());
    lock.rollback().await.unwrap();
    let answer = slow.await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let released = Instant::now();
    assert!(stopping.await.unwrap().success());
    assert!(
        released.elapsed() < Duration::from_secs(8),
        "it took {:?} to stop",
        released.elapsed()
    );
}

async fn eventually_waits_for_a_lock(database: &TestDatabase) {
    let began = Instant::now();
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(database.pool())
        .await
        .unwrap()
        == 0
    {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for the lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_stays_locked_ends_in_503_and_not_in_500() {
    let database = TestDatabase::new().await;
    let scene = Scene::on(database.url()).await;
    let tokens = tokens(&scene.process, &scene.app, &[("scope", "openid offline_access")]).await;
    let mut lock = database.pool().begin().await.unwrap();
    sqlx::query("select from refresh_tokens for update")
        .fetch_all(&mut *lock)
        .await
        .unwrap();
    let began = Instant::now();
    let answer = scene.app.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
    assert!(began.elapsed() < LONGEST);
    lock.rollback().await.unwrap();
    assert_eq!(
        scene
            .app
            .refresh(tokens["refresh_token"].as_str().unwrap())
            .await
            .status,
        200
    );
}
