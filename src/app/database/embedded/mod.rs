//! PostgreSQL of Signet's own: a cluster inside the data folder, run with the server programs that the machine has.
//!
//! It listens on a unix socket in a folder of mode 0700 and on nothing else. As root it runs as `postgres`, else as
//! `nobody`. It cannot outlive Signet, is started again when it dies, and is stopped with Signet.
//!
//! | file | what it holds |
//! |---|---|
//! | `programs` | where the server programs are |
//! | `folder` | the data folder, its owner, its lock |
//! | `orphans` | processes that an earlier run left behind |
//! | `supervisor` | the thread that keeps the cluster running |
//! | `process` | the system calls; all `unsafe` code |

mod folder;
mod orphans;
mod process;
mod programs;
mod supervisor;

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use folder::Folder;
pub(in crate::app) use programs::OLDEST_MAJOR;
use supervisor::{Shared, Supervisor};

/// Whether a data folder holds a cluster, of whatever version and in whatever state.
pub fn has_cluster(data_dir: &Path) -> bool {
    data_dir.join("postgres").exists()
}

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder.
    pub data_dir: PathBuf,
    /// Connections that Signet will open at most; the cluster takes some more.
    pub max_connections: u32,
}

/// Why the embedded database does not run. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another Signet holds the data folder.
    #[error(
        "another Signet{} uses the data folder {}; stop it, or give this one a folder of its own with SIGNET_DATA_DIR",
        process.map(|id| format!(" (process {id})")).unwrap_or_default(), folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// Its process.
        process: Option<u32>,
    },
    /// No server programs, or only too old ones.
    #[error(
        "no PostgreSQL {OLDEST_MAJOR} or newer is installed{}; install it, for example with `apt-get install \
         postgresql`, or name a database of your own with SIGNET_DATABASE_URL",
        majors(found)
    )]
    NoPrograms {
        /// Major versions that are installed.
        found: Vec<u32>,
    },
    /// The cluster was made by a version that is not installed.
    #[error(
        "the data folder holds a database of PostgreSQL {major}, which is not installed{}; install it, for example \
         with `apt-get install postgresql-{major}`",
        majors(found)
    )]
    OtherMajor {
        /// The cluster's version.
        major: u32,
        /// Major versions that are installed.
        found: Vec<u32>,
    },
    /// Root has no unprivileged user to run the database as.
    #[error("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as; make one")]
    NoUser,
    /// The cluster belongs to root.
    #[error("{} belongs to root, but PostgreSQL refuses to run as root; run `chown -R postgres: {}`", .0.display(), .0.display())]
    OwnedByRoot(PathBuf),
    /// The cluster belongs to someone else.
    #[error("{} belongs to user {uid}; run Signet as that user or as root, or set SIGNET_DATA_DIR", cluster.display())]
    OwnedByOther {
        /// The cluster's folder.
        cluster: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Strangers may write into the data folder.
    #[error("everyone may write to the data folder {}; run `chmod o-w` on it or set SIGNET_DATA_DIR", .0.display())]
    WorldWritable(PathBuf),
    /// Something else lies where the cluster should.
    #[error("{} holds no PostgreSQL cluster; move it away, or restore it from a backup", .0.display())]
    NoCluster(PathBuf),
    /// A file or folder does not obey.
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What it printed last.
        output: String,
    },
    /// It was told to stop before it had started.
    #[error("stopped while starting")]
    Stopped,
}

impl Error {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { action, path, cause }
    }
}

fn majors(found: &[u32]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let list: Vec<String> = found.iter().map(u32::to_string).collect();
    format!(" (found: {})", list.join(", "))
}

/// The running cluster. Dropping it stops it.
pub struct Embedded {
    run: File,
    own: Option<Own>,
}

/// What only the Signet has that runs the cluster.
struct Own {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Holds the lock.
    _folder: Arc<Folder>,
}

impl Embedded {
    /// Locks the data folder, makes the cluster if there is none, ends what an earlier run left, starts the cluster and
    /// waits until it serves. Blocks the thread for that time.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn start(options: &Options) -> Result<Self, Error> {
        let folder = Arc::new(Folder::open(&options.data_dir)?);
        let programs = programs::find(folder.major()?)?;
        let run = folder.run().try_clone().map_err(Error::io("open", &options.data_dir))?;
        let shared = Arc::new(Shared::default());
        let supervisor = Supervisor {
            options: options.clone(),
            folder: Arc::clone(&folder),
            programs,
            shared: Arc::clone(&shared),
        };
        let (report, outcome) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                supervisor.run(move |result| {
                    let _ = report.send(result);
                });
            })
            .map_err(Error::io("start a thread for", &options.data_dir))?;
        let embedded = Self {
            run,
            own: Some(Own {
                shared,
                thread: Mutex::new(Some(thread)),
                _folder: folder,
            }),
        };
        outcome.recv().unwrap_or(Err(Error::Stopped))?;
        Ok(embedded)
    }

    /// Uses the cluster that a running Signet has started on the same data folder, or else starts it. For commands that
    /// work beside a server.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn start_or_attach(options: &Options) -> Result<Self, Error> {
        let refusal = match Self::start(options) {
            Err(refusal @ Error::InUse { .. }) => refusal,
            other => return other,
        };
        let run = folder::open_run(&options.data_dir)?;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            if UnixStream::connect(folder::socket(&run)).is_ok() {
                return Ok(Self { run, own: None });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(refusal)
    }

    /// How to connect to it as its owner: by the open socket folder, whose name is good in this process only.
    pub fn connect_options(&self) -> PgConnectOptions {
        // Everything is said, so that PGHOST and its like do not interfere.
        PgConnectOptions::new_without_pgpass()
            .socket(folder::name(&self.run))
            .port(5432)
            .username("signet")
            .password("")
            .database("signet")
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("postgres://signet@localhost/signet?host={}", folder::name(&self.run))
    }

    /// Whether it takes connections now.
    pub fn is_serving(&self) -> bool {
        match &self.own {
            Some(own) => own.shared.is_serving(),
            None => UnixStream::connect(folder::socket(&self.run)).is_ok(),
        }
    }

    /// Stops the cluster if this process runs it, and returns when it has ended. A second call does nothing.
    pub fn stop(&self) {
        let Some(own) = &self.own else {
            return;
        };
        let thread = own.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            own.shared.stop();
            if thread.join().is_err() {
                tracing::error!("the thread that runs PostgreSQL failed");
            }
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop();
    }
}
