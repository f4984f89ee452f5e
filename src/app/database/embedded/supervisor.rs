//! The thread that starts the cluster, waits for it, and starts it again when it dies.
//!
//! One thread does all of it, because the kernel ties a child's life to the thread that made it: as long as this one
//! lives the cluster may, and when Signet ends in whatever way, the cluster gets the signal to stop.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::folder::{self, Folder};
use super::process::{self, Signal};
use super::programs::Programs;
use super::{Error, Options, orphans};

/// A start may replay a long log of changes after a crash.
const PATIENCE_WITH_START: Duration = Duration::from_secs(600);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the thread and its owner share.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    is_serving: AtomicBool,
}

#[derive(Default)]
struct State {
    child: Option<Child>,
    is_stopping: bool,
    has_ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the cluster takes connections now.
    pub fn is_serving(&self) -> bool {
        self.is_serving.load(Ordering::Acquire)
    }

    /// Ends the cluster and the thread: a clean stop, and if that takes too long, a hard one.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.is_stopping = true;
        self.changed.notify_all();
        let stages = [
            (Signal::Fast, Duration::from_secs(60)),
            (Signal::Immediate, Duration::from_secs(10)),
            (Signal::Kill, Duration::from_secs(10)),
        ];
        for (signal, patience) in stages {
            // The child is reaped under this lock only, so its number is still its own.
            if let Some(child) = &state.child
                && let Err(error) = process::send(child.id(), signal)
            {
                tracing::warn!(%error, ?signal, "PostgreSQL could not be told to stop");
            }
            let (next, timeout) = self
                .changed
                .wait_timeout_while(state, patience, |state| !state.has_ended)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if !timeout.timed_out() {
                return;
            }
            tracing::warn!(?signal, "PostgreSQL does not stop");
        }
    }
}

/// The thread's work.
pub(super) struct Supervisor {
    pub options: Options,
    pub folder: Arc<Folder>,
    pub programs: Programs,
    pub shared: Arc<Shared>,
}

impl Supervisor {
    /// Runs until it is told to stop. The first start's outcome goes to `report`; when that fails, the thread ends.
    pub fn run(self, report: impl FnOnce(Result<(), Error>)) {
        let mut report = Some(report);
        let mut pause = Duration::from_millis(100);
        loop {
            let began = Instant::now();
            let outcome = self.start().map(|()| {
                if let Some(report) = report.take() {
                    report(Ok(()));
                }
                tracing::info!(
                    milliseconds = began.elapsed().as_millis(),
                    "the embedded PostgreSQL serves"
                );
                self.wait_for_end()
            });
            self.shared.is_serving.store(false, Ordering::Release);
            self.reap();
            match (outcome, report.take()) {
                (Err(error), Some(report)) => {
                    report(Err(error));
                    break;
                }
                (Err(error), None) => tracing::error!(%error, "the embedded PostgreSQL does not start"),
                (Ok(()), _) => {}
            }
            if began.elapsed() > LONGEST_PAUSE * 4 {
                pause = Duration::from_millis(100);
            }
            let state = self.shared.lock();
            if state.is_stopping {
                break;
            }
            tracing::error!("the embedded PostgreSQL ended; starting it again");
            let waited = self
                .shared
                .changed
                .wait_timeout_while(state, pause, |state| !state.is_stopping);
            if waited.unwrap_or_else(PoisonError::into_inner).0.is_stopping {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.shared.lock().has_ended = true;
        self.shared.changed.notify_all();
    }

    fn start(&self) -> Result<(), Error> {
        orphans::end(&self.folder.cluster())?;
        self.folder.remove_leftovers()?;
        if self.folder.major()?.is_none() {
            self.make_cluster()?;
        }
        let cluster = self.folder.cluster();
        let cluster = File::open(&cluster).map_err(Error::io("open", &cluster))?;
        let mut command = self.command("postgres", &cluster, Signal::Fast);
        command.args(["-k", &folder::name(self.folder.run())]);
        for setting in self.settings() {
            command.args(["-c", &setting]);
        }
        let (lines, id) = {
            let mut state = self.shared.lock();
            if state.is_stopping {
                return Err(Error::Stopped);
            }
            let mut child = command
                .spawn()
                .map_err(Error::io("run", &self.programs.folder.join("postgres")))?;
            let lines = Lines::follow(&mut child);
            (lines, state.child.insert(child).id())
        };
        self.wait_until_ready(id, &lines)
    }

    fn settings(&self) -> Vec<String> {
        let connections = format!("max_connections={}", self.options.max_connections.saturating_add(20));
        let mut settings = vec![connections];
        settings.extend(
            [
                "listen_addresses=",
                "unix_socket_permissions=0700",
                "cluster_name=signet",
                "jit=off",
                "timezone=UTC",
                "log_timezone=UTC",
                "lc_messages=C",
                "logging_collector=off",
                "log_destination=stderr",
                "log_line_prefix=",
                // The details of a message may quote people's data.
                "log_error_verbosity=terse",
                "log_min_messages=warning",
                "log_min_error_statement=panic",
            ]
            .map(str::to_owned),
        );
        settings
    }

    fn make_cluster(&self) -> Result<(), Error> {
        tracing::info!(major = self.programs.major, folder = %self.folder.cluster().display(), "making a new database");
        let new = self.folder.make_new_cluster()?;
        let handle = File::open(&new).map_err(Error::io("open", &new))?;
        let mut command = self.command("initdb", &handle, Signal::Kill);
        // The socket's folder has mode 0700: whoever reaches the socket is the database's user, or Signet.
        command.args(["-U", "signet", "-A", "trust", "-E", "UTF8"]);
        command.args(["--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C"]);
        let output = command
            .output()
            .map_err(Error::io("run", &self.programs.folder.join("initdb")))?;
        if !output.status.success() {
            return Err(Error::Program {
                program: "initdb",
                output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        self.folder.keep_new_cluster(&new)
    }

    /// A program of PostgreSQL over the given cluster folder, confined, with an environment of its own.
    fn command(&self, program: &str, cluster: &File, at_death: Signal) -> Command {
        let mut command = Command::new(self.programs.folder.join(program));
        command.args(["-D", &folder::name(cluster)]);
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("PATH", "/usr/bin:/bin");
        if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        process::confine(
            &mut command,
            self.folder.identity,
            [cluster.as_raw_fd(), self.folder.run().as_raw_fd()],
            at_death,
        );
        command
    }

    /// Ready is: line 8 of `postmaster.pid` says so, the file is the child's, and the socket takes a connection.
    fn wait_until_ready(&self, id: u32, lines: &Lines) -> Result<(), Error> {
        let file = self.folder.cluster().join("postmaster.pid");
        let own_id = id.to_string();
        let began = Instant::now();
        while began.elapsed() < PATIENCE_WITH_START {
            {
                let mut state = self.shared.lock();
                let ended = match &mut state.child {
                    Some(child) => child.try_wait().ok().flatten().is_some(),
                    None => true,
                };
                if ended {
                    state.child = None;
                    return Err(Error::Program {
                        program: "postgres",
                        output: lines.last(),
                    });
                }
            }
            let text = fs::read_to_string(&file).unwrap_or_default();
            let is_own = text.lines().next().is_some_and(|line| line.trim() == own_id);
            let is_ready = text.lines().nth(7).is_some_and(|line| line.trim() == "ready");
            if is_own && is_ready && UnixStream::connect(folder::socket(self.folder.run())).is_ok() {
                self.shared.is_serving.store(true, Ordering::Release);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Error::Program {
            program: "postgres",
            output: format!("not ready after {} s. {}", PATIENCE_WITH_START.as_secs(), lines.last()),
        })
    }

    fn wait_for_end(&self) {
        let id = self.shared.lock().child.as_ref().map(Child::id);
        if let Some(id) = id
            && let Err(error) = process::wait_without_reaping(id)
        {
            tracing::error!(%error, "PostgreSQL cannot be watched");
        }
    }

    /// Takes the ended child off the process table; one that is still there is killed first.
    fn reap(&self) {
        let mut state = self.shared.lock();
        if let Some(mut child) = state.child.take() {
            if let Ok(None) = child.try_wait() {
                let _ = child.kill();
            }
            match child.wait() {
                Ok(status) => tracing::debug!(%status, "PostgreSQL ended"),
                Err(error) => tracing::error!(%error, "PostgreSQL cannot be waited for"),
            }
        }
    }
}

/// What PostgreSQL prints: goes to the log, and the last lines are kept for the message of a failed start.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<VecDeque<String>>>);

impl Lines {
    fn follow(child: &mut Child) -> Self {
        let lines = Self::default();
        if let Some(output) = child.stderr.take() {
            let kept = lines.clone();
            let _ = std::thread::Builder::new()
                .name("postgres-log".to_owned())
                .spawn(move || {
                    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                        kept.take(String::from_utf8_lossy(&line).trim());
                    }
                });
        }
        lines
    }

    fn take(&self, line: &str) {
        match line.split(':').next() {
            Some("PANIC") => tracing::error!(target: "postgres", "{line}"),
            Some("WARNING") => tracing::warn!(target: "postgres", "{line}"),
            // Also FATAL: a session that was refused or ended, which its own side reports.
            _ => tracing::debug!(target: "postgres", "{line}"),
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(line.to_owned());
        if kept.len() > 10 {
            kept.pop_front();
        }
    }

    fn last(&self) -> String {
        // The reader may be a moment behind the process's end.
        std::thread::sleep(Duration::from_millis(50));
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join(" / ")
    }
}
