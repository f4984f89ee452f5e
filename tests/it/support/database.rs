//! A fresh, migrated database for each test.
//!
//! The cluster is the one that `SIGNET_TEST_DATABASE_URL` names (its role must be allowed to create databases), else
//! one throw-away cluster per test run: made by `initdb` in a temporary folder, on a private unix socket, without
//! fsync. A small shell guards it. It ends the cluster and removes the folder when the test process is gone, however
//! that went, because its standard input closes then.
//!
//! Databases are copies of a template that is migrated once, so one costs some ten milliseconds.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use url::Url;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// One database, dropped together with the value.
pub struct TestDatabase {
    name: String,
    url: Url,
    pool: PgPool,
}

impl TestDatabase {
    /// A new database with every migration applied.
    pub async fn new() -> Self {
        Self::make(Template::Migrated).await
    }

    /// A new database with nothing in it.
    pub async fn empty() -> Self {
        Self::make(Template::Empty).await
    }

    async fn make(template: Template) -> Self {
        let cluster = CLUSTER.get_or_init(Cluster::open);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("signet_test_{}_{number}", std::process::id());
        let (done, answer) = oneshot::channel();
        cluster.admin.send(Order::Create(name.clone(), template, done)).unwrap();
        answer.await.unwrap();
        let url = with_database(&cluster.url, &name);
        let pool = PgPoolOptions::new()
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(20))
            .connect(url.as_str())
            .await
            .unwrap();
        Self { name, url, pool }
    }

    /// Connections to it.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Its address, as `SIGNET_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (done, dropped) = std::sync::mpsc::channel();
        if let Some(cluster) = CLUSTER.get()
            && cluster.admin.send(Order::Drop(self.name.clone(), done)).is_ok()
        {
            let _ = dropped.recv_timeout(Duration::from_secs(20));
        }
    }
}

enum Template {
    Migrated,
    Empty,
}

enum Order {
    Create(String, Template, oneshot::Sender<()>),
    Drop(String, std::sync::mpsc::Sender<()>),
}

struct Cluster {
    url: Url,
    admin: mpsc::UnboundedSender<Order>,
    /// Holds the guard's standard input open as long as this process lives.
    _guard: Option<Child>,
}

impl Cluster {
    fn open() -> Self {
        let (guard, url) = match std::env::var("SIGNET_TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => (None, Url::parse(&url).expect("SIGNET_TEST_DATABASE_URL is not a URL")),
            _ => {
                let (guard, url) = start();
                (Some(guard), url)
            }
        };
        let (admin, orders) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let admin_url = url.clone();
        // A thread and a runtime of its own: a test's runtime ends with the test.
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(administer(&admin_url, orders, ready));
        });
        is_ready.recv().expect("the template database could not be made");
        Self {
            url,
            admin,
            _guard: guard,
        }
    }
}

async fn administer(url: &Url, mut orders: mpsc::UnboundedReceiver<Order>, ready: std::sync::mpsc::Sender<()>) {
    let mut connection = PgConnection::connect(url.as_str()).await.unwrap();
    let template = make_template(url, &mut connection).await;
    ready.send(()).unwrap();
    while let Some(order) = orders.recv().await {
        match order {
            Order::Create(name, from, done) => {
                let template = match from {
                    Template::Migrated => template.as_str(),
                    Template::Empty => "template0",
                };
                run(&mut connection, format!("create database {name} template {template}")).await;
                let _ = done.send(());
            }
            Order::Drop(name, done) => {
                run(&mut connection, format!("drop database if exists {name} with (force)")).await;
                let _ = done.send(());
            }
        }
    }
}

/// The name of a database with all migrations applied; made once per set of migrations and cluster.
async fn make_template(url: &Url, connection: &mut PgConnection) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in MIGRATOR.iter() {
        migration.checksum.hash(&mut hasher);
    }
    let name = format!("signet_template_{:016x}", hasher.finish());
    // Several test processes may share a cluster.
    run(connection, "select pg_advisory_lock(5719237)".to_owned()).await;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    if !exists {
        let unfinished = format!("{name}_unfinished");
        run(connection, format!("drop database if exists {unfinished} with (force)")).await;
        run(connection, format!("create database {unfinished} template template0")).await;
        let mut inside = PgConnection::connect(with_database(url, &unfinished).as_str())
            .await
            .unwrap();
        MIGRATOR.run(&mut inside).await.unwrap();
        inside.close().await.unwrap();
        run(connection, format!("alter database {unfinished} rename to {name}")).await;
    }
    run(connection, "select pg_advisory_unlock(5719237)".to_owned()).await;
    name
}

async fn run(connection: &mut PgConnection, sql: String) {
    // A database that was just left may count its last connection for a moment longer.
    for attempt in 0.. {
        match connection.execute(AssertSqlSafe(sql.clone())).await {
            Ok(_) => return,
            Err(_) if attempt < 50 => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

fn with_database(url: &Url, name: &str) -> Url {
    let mut url = url.clone();
    url.set_path(name);
    url
}

/// Makes and starts a throw-away cluster.
fn start() -> (Child, Url) {
    let folder = tempfile::Builder::new().prefix("signet-pg-").tempdir().unwrap().keep();
    let drop_to = server_user(&folder);
    initdb(&folder, drop_to);
    let data = folder.join("data");
    let server = as_user(drop_to, &binary("postgres"));
    let guard = Command::new("sh")
        .args(["-c", GUARD, "sh"])
        .arg(&folder)
        .arg(server.get_program())
        .args(server.get_args())
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&folder)
        .args(["-c", "listen_addresses="])
        .args([
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "synchronous_commit=off",
        ])
        .args([
            "-c",
            "max_connections=1000",
            "-c",
            "shared_buffers=64MB",
            "-c",
            "max_wal_size=256MB",
        ])
        .current_dir(&folder)
        // A Ctrl-C at the terminal must not reach it before the tests have ended.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    await_ready(&folder);
    let url = format!("postgres://signet@localhost/postgres?host={}", folder.display());
    (guard, Url::parse(&url).unwrap())
}

/// Whom PostgreSQL runs as in a fresh folder, if not as the tests; the folder is theirs then, and nobody else's.
pub fn server_user(folder: &Path) -> Option<(u32, u32)> {
    let drop_to = (fs::metadata(folder).unwrap().uid() == 0)
        .then(|| ["postgres", "nobody"].map(ids).into_iter().flatten().next());
    let drop_to = drop_to.map(|found| found.expect("root needs a user `postgres` or `nobody` to run PostgreSQL as"));
    if let Some((uid, gid)) = drop_to {
        chown(folder, Some(uid), Some(gid)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    drop_to
}

/// Makes a cluster in `folder/data`.
pub fn initdb(folder: &Path, user: Option<(u32, u32)>) {
    let made = as_user(user, &binary("initdb"))
        .args([
            "-A",
            "trust",
            "-U",
            "signet",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(folder.join("data"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
}

/// `$1` is the folder, the rest is the server's command line.
const GUARD: &str = r#"
trap '' INT TERM HUP
folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
while read -r _; do :; done
kill -INT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// Waits until the cluster in `folder/data` takes connections.
pub fn await_ready(folder: &Path) {
    let started = Instant::now();
    loop {
        let pid_file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if pid_file.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return;
        }
        if started.elapsed() > Duration::from_secs(60) {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("the test cluster did not start: {log}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A command that runs as `user`, and gets SIGINT (the server's fast shutdown) when its parent dies.
pub fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let Some((uid, gid)) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT", "--clear-groups"]);
    command
        .arg(format!("--reuid={uid}"))
        .arg(format!("--regid={gid}"))
        .arg("--")
        .arg(program);
    command
}

/// User and group number of an account of this machine.
fn ids(name: &str) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Where a program of PostgreSQL lies: the distribution's newest, `pg_config`'s, or the first on the PATH.
pub fn binary(name: &str) -> PathBuf {
    let mut distribution: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    distribution.sort();
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    distribution
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(configured)
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("PostgreSQL's `{name}` is not installed"))
}
