//! A PostgreSQL cluster of a test's own, which it may stop, kill and start again.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::database::{as_user, await_ready, initdb, server_user};
use super::process::send;

/// The cluster. It is killed when dropped.
pub struct Cluster {
    folder: TempDir,
    user: Option<(u32, u32)>,
    server: Option<Child>,
}

impl Cluster {
    /// A new cluster that serves.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("signet-cluster-").tempdir().unwrap();
        let user = server_user(folder.path());
        initdb(folder.path(), user);
        let mut cluster = Self {
            folder,
            user,
            server: None,
        };
        cluster.start_again();
        cluster
    }

    /// The address of its first database.
    pub fn url(&self) -> String {
        format!(
            "postgres://signet@localhost/postgres?host={}",
            self.folder.path().display()
        )
    }

    /// Starts it again after it was stopped or killed.
    pub fn start_again(&mut self) {
        let folder = self.folder.path();
        let program = super::database::binary("postgres");
        // The same settings as a cluster that is meant to last, so that a crash is recovered from.
        let server = as_user(self.user, &program)
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-k")
            .arg(folder)
            .args(["-c", "listen_addresses=", "-c", "max_connections=60"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
        await_ready(folder);
    }

    /// Stops it cleanly: sessions are ended, and nobody may connect (`fast` shutdown).
    pub fn stop(&mut self) {
        self.end("-INT");
    }

    /// Kills its first process; the others end by themselves a moment later.
    pub fn kill(&mut self) {
        self.end("-KILL");
        // What it leaves behind must not look like a server that is ready.
        let pid_file = self.folder.path().join("data/postmaster.pid");
        wait_until_deserted(self.folder.path());
        let _ = std::fs::remove_file(pid_file);
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut server) = self.server.take() {
            send(signal, server.id());
            server.wait().unwrap();
        }
    }
}

/// Until no process stands in the cluster's folder any more.
fn wait_until_deserted(folder: &Path) {
    let began = Instant::now();
    let own = std::fs::canonicalize(folder.join("data")).unwrap();
    loop {
        let busy = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .any(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == own));
        if !busy {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the killed cluster does not end"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
