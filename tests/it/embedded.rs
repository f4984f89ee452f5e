//! The embedded database, with the real program: starts, crashes, restarts, two at once, clean stops.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use signet::app::{Ground, Purpose, Settings};
use signet::store::{self, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::support::database::TestDatabase;
use crate::support::process::{Process, eventually, run, send, signet};

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The parent of a data folder after a first start and a clean stop, made once per run and copied for each test. It
/// outlives the run; the next one removes it.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        if name
            .strip_prefix("embedded-")
            .is_some_and(|id| !Path::new("/proc").join(id).exists())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let parent = folder.join(format!("embedded-{}", std::process::id()));
    assert!(Process::serve(&parent.join("data"), &[]).terminate().success());
    parent
});

fn made_data_dir() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let data_dir = parent.path().join("data");
    let status = Command::new("cp")
        .arg("-a")
        .arg(MADE.join("data"))
        .arg(&data_dir)
        .status();
    assert!(status.unwrap().success());
    (parent, data_dir)
}

/// The processes of the cluster in that data folder: those that stand in its folder.
fn cluster_processes(data_dir: &Path) -> Vec<u32> {
    let own = fs::metadata(data_dir.join("postgres")).unwrap();
    let ids = fs::read_dir("/proc").unwrap().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| {
            fs::metadata(format!("/proc/{id}/cwd"))
                .is_ok_and(|other| (other.dev(), other.ino()) == (own.dev(), own.ino()))
        })
        .collect()
}

/// The first process of the cluster, once it is ready.
fn ready_postmaster(data_dir: &Path) -> Option<u32> {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let id = lines.next()?.trim().parse().ok()?;
    (lines.nth(6)?.trim() == "ready").then_some(id)
}

async fn connection(data_dir: &Path) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(data_dir.join("run"))
        .port(5432)
        .username("signet")
        .database("signet");
    PgConnection::connect_with(&options).await
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_first_start_makes_a_private_cluster_and_sigterm_stops_it_cleanly() {
    let (_parent, data_dir) = made_data_dir();
    assert_eq!(mode(&data_dir), 0o700);
    assert_eq!(mode(&data_dir.join("postgres")), 0o700);
    assert_eq!(mode(&data_dir.join("run")), 0o700);
    assert_eq!(mode(&data_dir.join("master.key")), 0o600);
    assert!(!data_dir.join("postgres.new").exists());
    let key = fs::read(data_dir.join("master.key")).unwrap();

    let process = Process::serve(&data_dir, &[]);
    assert!(process.get("/").starts_with("HTTP/1.1 "));
    assert!(!cluster_processes(&data_dir).is_empty());
    assert!(process.terminate().success());

    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
    // Both are there still after a crash, and gone after a clean stop.
    assert!(!data_dir.join("postgres/postmaster.pid").exists());
    assert!(!data_dir.join("run/.s.PGSQL.5432").exists());
    assert_eq!(fs::read(data_dir.join("master.key")).unwrap(), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_listens_on_its_socket_only() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    let mut connection = connection(&data_dir).await.unwrap();
    let listen: String = sqlx::query_scalar("show listen_addresses")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(listen, "");
    let owner = fs::metadata(data_dir.join("postgres")).unwrap().uid();
    assert_ne!(owner, 0);
    assert_eq!(
        fs::metadata(format!("/proc/{}", ready_postmaster(&data_dir).unwrap()))
            .unwrap()
            .uid(),
        owner
    );
    drop(process);
}

#[test]
fn a_killed_signet_leaves_no_cluster_behind_and_starts_again() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    process.kill();
    // At once, while the cluster of the dead one may still be stopping.
    let process = Process::serve(&data_dir, &[]);
    process.kill();
    eventually("the cluster stops by itself", || {
        cluster_processes(&data_dir).is_empty().then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_cluster_is_started_again() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    for _ in 0..2 {
        let first = ready_postmaster(&data_dir).unwrap();
        send("-KILL", first);
        let second = eventually("the cluster is ready again", || {
            ready_postmaster(&data_dir).filter(|id| *id != first)
        });
        assert_ne!(first, second);
        let mut connection = connection(&data_dir).await.unwrap();
        sqlx::query("select from users").execute(&mut connection).await.unwrap();
    }
    assert!(process.get("/").starts_with("HTTP/1.1 "), "{}", process.log());
    assert!(process.terminate().success());
    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
}

#[test]
fn everything_may_be_killed_at_once() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    let mut command = Command::new("kill");
    command.arg("-KILL").arg(process.id().to_string());
    command.args(cluster_processes(&data_dir).iter().map(u32::to_string));
    // It complains about a process that has ended by itself meanwhile.
    command.stderr(Stdio::null()).status().unwrap();
    process.kill();
    assert!(data_dir.join("postgres/postmaster.pid").exists());
    assert!(Process::serve(&data_dir, &[]).terminate().success());
}

#[test]
fn a_stale_process_id_that_now_belongs_to_another_program_is_no_obstacle() {
    let (_parent, data_dir) = made_data_dir();
    let owner = fs::metadata(data_dir.join("postgres")).unwrap();
    let mut stranger = Command::new("sleep");
    stranger
        .arg("600")
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if owner.uid() != fs::metadata(&data_dir).unwrap().uid() {
        stranger.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = stranger.spawn().unwrap();
    let stale = format!(
        "{}\n/somewhere\n1795000000\n5432\n/somewhere\n\n  1 1\nready\n",
        stranger.id()
    );
    fs::write(data_dir.join("postgres/postmaster.pid"), stale).unwrap();
    fs::write(data_dir.join("run/.s.PGSQL.5432.lock"), format!("{}\n", stranger.id())).unwrap();

    assert!(Process::serve(&data_dir, &[]).terminate().success());
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_second_signet_on_the_same_data_folder_is_refused() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    let second = run(&["serve"], &data_dir, &[]);
    assert_eq!(second.status.code(), Some(1));
    let message = text(&second);
    for part in [
        format!("another Signet (process {})", process.id()),
        "SIGNET_DATA_DIR".to_owned(),
    ] {
        assert!(message.contains(&part), "{message}");
    }
    assert!(process.get("/").starts_with("HTTP/1.1 "));
    assert!(process.terminate().success());
}

#[test]
fn a_data_folder_may_lie_deep_below_a_folder_that_only_its_owner_enters() {
    let parent = tempfile::tempdir().unwrap();
    fs::set_permissions(parent.path(), Permissions::from_mode(0o700)).unwrap();
    // Longer than the address of a unix socket may be.
    let data_dir = parent.path().join("a-long-name".repeat(12)).join("data");
    let process = Process::serve(&data_dir, &[]);
    assert!(process.get("/").starts_with("HTTP/1.1 "));
    assert!(process.terminate().success());
    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
}

#[test]
fn a_first_start_that_was_cut_off_is_made_good() {
    let parent = tempfile::tempdir().unwrap();
    let data_dir = parent.path().join("data");
    let mut first = signet(&["serve"], &data_dir, &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the cluster is being made", || {
        data_dir.join("postgres.new/base").exists().then_some(())
    });
    first.kill().unwrap();
    first.wait().unwrap();
    let process = Process::serve(&data_dir, &[]);
    assert!(process.terminate().success());
    assert!(!data_dir.join("postgres.new").exists());
}

#[test]
fn the_doctor_works_beside_a_running_server_and_alone() {
    let (_parent, data_dir) = made_data_dir();
    let process = Process::serve(&data_dir, &[]);
    let beside = run(&["doctor"], &data_dir, &[]);
    assert!(
        beside.status.success() && text(&beside).contains("ok       database: PostgreSQL"),
        "{}",
        text(&beside)
    );
    assert!(process.terminate().success());
    let alone = run(&["doctor"], &data_dir, &[]);
    assert!(alone.status.success(), "{}", text(&alone));
    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
    let mail = run(
        &["doctor"],
        &data_dir,
        &[("SIGNET_SMTP_URL", "smtp://user:hunter2@127.0.0.1:1")],
    );
    assert_eq!(mail.status.code(), Some(1));
    let message = text(&mail);
    assert!(
        message.contains("problem  mail: ") && message.contains("SIGNET_SMTP_URL"),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn the_doctor_makes_nothing_where_there_is_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let data_dir = parent.path().join("data");
    let lost = run(&["doctor"], &data_dir, &[]);
    assert_eq!(lost.status.code(), Some(1));
    let message = text(&lost);
    assert!(
        message.contains("there is no Signet in") && message.contains("SIGNET_DATA_DIR"),
        "{message}"
    );
    assert!(!data_dir.exists());
}

#[test]
fn a_master_key_that_is_wrong_or_lost_stops_the_start() {
    let (_parent, data_dir) = made_data_dir();
    let wrong = run(&["serve"], &data_dir, &[("SIGNET_MASTER_KEY", OTHER_KEY)]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong).contains("is not the one that sealed this database"),
        "{}",
        text(&wrong)
    );
    assert!(!text(&wrong).contains(OTHER_KEY));

    fs::remove_file(data_dir.join("master.key")).unwrap();
    let lost = run(&["serve"], &data_dir, &[]);
    assert_eq!(lost.status.code(), Some(1));
    assert!(text(&lost).contains("master.key is missing"), "{}", text(&lost));
    assert!(!data_dir.join("master.key").exists());
    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_ones_own_serves_several_processes() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().unwrap();
    let given = [
        ("SIGNET_DATABASE_URL", database.url()),
        ("SIGNET_MASTER_KEY", MASTER_KEY),
    ];
    let first = Process::serve(&folder.path().join("data"), &given);
    let second = Process::serve(&folder.path().join("data"), &given);
    assert!(!folder.path().join("data/postgres").exists());
    let wrong = [
        ("SIGNET_DATABASE_URL", database.url()),
        ("SIGNET_MASTER_KEY", OTHER_KEY),
    ];
    let third = run(&["serve"], &folder.path().join("data"), &wrong);
    assert!(
        text(&third).contains("is not the one that sealed this database"),
        "{}",
        text(&third)
    );
    assert!(first.terminate().success());
    assert!(second.terminate().success());
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let output = run(&["serve"], &data_dir, &[("SIGNET_ISSUER", "http://id.example.com")]);
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.contains("SIGNET_ISSUER") && message.contains("https"),
        "{message}"
    );
    assert!(!data_dir.exists());
    assert_eq!(run(&["fly"], &data_dir, &[]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_recover_when_the_cluster_was_killed() {
    let (_parent, data_dir) = made_data_dir();
    let environment = [("SIGNET_DATA_DIR".to_owned(), data_dir.to_str().unwrap().to_owned())];
    let settings = Settings::from_sources(Some(Path::new("/dev/null")), &environment).unwrap();
    let ground = Ground::open(settings, Purpose::Serve).await.unwrap();
    let store = ground.store.clone();
    // Several connections, all idle in the pool when it happens.
    let open: Vec<_> = futures_util::future::join_all((0..8).map(|_| store.begin())).await;
    drop(open);
    let embedded = ground.embedded.clone().unwrap();
    assert!(embedded.is_serving());

    send("-KILL", ready_postmaster(&data_dir).unwrap());
    let began = Instant::now();
    let mut failures = 0;
    let mut successes = 0;
    // Enough in a row to have used every connection of the pool.
    while successes < 20 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no recovery after {failures} failures"
        );
        match count_users(&store).await {
            Ok(_) => successes += 1,
            Err(store::Error::Unavailable(_)) => (failures, successes) = (failures + 1, 0),
            Err(other) => panic!("not an outage: {other}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(failures > 0, "nothing was lost, so nothing was tested");
    assert!(embedded.is_serving());
    ground.close().await;
    assert_eq!(cluster_processes(&data_dir), Vec::<u32>::new());
}

async fn count_users(store: &Store) -> Result<i64, store::Error> {
    let mut transaction = store.begin().await?;
    Ok(sqlx::query_scalar("select count(*) from users")
        .fetch_one(&mut *transaction)
        .await?)
}
