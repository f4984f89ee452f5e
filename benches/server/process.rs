//! The processes that are measured: a PostgreSQL cluster with durable commits, and Signet on one core.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where this machine keeps the PostgreSQL server programs.
pub fn postgres_programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found
        .pop()
        .expect("PostgreSQL server programs under /usr/lib/postgresql")
        .1
}

fn as_database_owner(program: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if is_root {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--clear-groups",
                "--pdeathsig",
                "INT",
            ])
            .arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// A throw-away cluster on a private socket, with `fsync` and `synchronous_commit` as PostgreSQL ships them.
pub struct Cluster {
    child: Child,
    pub folder: tempfile::TempDir,
}

impl Cluster {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let programs = postgres_programs();
        let made = as_database_owner(&programs.join("initdb"))
            .args(["-A", "trust", "-U", "signet", "-D"])
            .arg(&data)
            .current_dir("/")
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let child = as_database_owner(&programs.join("postgres"))
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=200",
                "-c",
                "shared_buffers=256MB",
                "-k",
            ])
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .current_dir("/")
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { child, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while !cluster.psql("postgres", "select 1").0 {
            assert!(Instant::now() < until, "the cluster does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        cluster.psql("postgres", "create database signet");
        cluster
    }

    /// The address for Signet.
    pub fn url(&self) -> String {
        format!(
            "postgres://signet@localhost/signet?host={}",
            self.folder.path().display()
        )
    }

    /// Runs SQL; whether it worked, and what it printed.
    pub fn psql(&self, database: &str, sql: &str) -> (bool, String) {
        let out = Command::new(postgres_programs().join("psql"))
            .args([
                "-qAtX",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "signet",
                "-d",
                database,
                "-c",
                sql,
                "-h",
            ])
            .arg(self.folder.path())
            .output()
            .unwrap();
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).trim().to_owned(),
        )
    }

    /// Transactions per second of `pgbench -N` with 32 clients, on a database of its own in this cluster.
    pub fn pgbench(&self, seconds: u32) -> f64 {
        self.psql("postgres", "create database pgbench");
        let run = |args: &[&str]| {
            let out = Command::new(postgres_programs().join("pgbench"))
                .args(args)
                .args(["-U", "signet", "-h"])
                .arg(self.folder.path())
                .arg("pgbench")
                .output()
                .unwrap();
            String::from_utf8_lossy(&out.stdout).into_owned()
        };
        run(&["-i", "-q", "-s", "10"]);
        let told = run(&["-N", "-n", "-c", "32", "-j", "1", "-T", &seconds.to_string()]);
        told.lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
            .expect("pgbench tells its tps")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }
}

/// A server process whose cost is measured.
pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to its first discovery answer.
    pub started_in: Duration,
}

impl Server {
    /// Starts `command` pinned to one core and waits until `probe` gives its address and answers.
    pub fn start(mut command: Command, address: &str, path: &str) -> Self {
        assert!(!answers(address, path), "another server answers at {address} already");
        let began = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self {
            child,
            address: address.to_owned(),
            started_in: Duration::ZERO,
        };
        let until = began + Duration::from_secs(60);
        while !answers(address, path) {
            assert!(Instant::now() < until, "the server does not start");
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended");
            std::thread::sleep(Duration::from_millis(2));
        }
        server.started_in = began.elapsed();
        server
    }

    /// Starts this benchmark itself as the bare server.
    pub fn bare(size: usize) -> Self {
        let mut child = pinned(std::env::current_exe().unwrap().to_str().unwrap())
            .args(["--bare", &size.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            address: line.trim().to_owned(),
            started_in: Duration::ZERO,
        }
    }

    /// User and system time of the process so far.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10) // 100 ticks a second on every Linux that Rust runs on
    }

    /// CPU so far of all threads but those on which passwords are hashed. They bear the name of the runtime's own worker,
    /// which is older than any of them; on one core there is one.
    pub fn cpu_beside_hashing(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .unwrap()
            .flatten();
        let mut own_worker = true;
        let mut ids: Vec<u64> = threads
            .filter_map(|thread| thread.file_name().to_str()?.parse().ok())
            .collect();
        ids.sort_unstable();
        let nanos = ids.into_iter().filter_map(|id| {
            let read = |name: &str| fs::read_to_string(format!("/proc/{}/task/{id}/{name}", self.child.id())).ok();
            let is_hashing = read("comm")?.starts_with("tokio-rt-worker") && !std::mem::take(&mut own_worker);
            let on_cpu: u64 = read("schedstat")?.split(' ').next()?.parse().ok()?;
            (!is_hashing).then_some(on_cpu)
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Proportional set size, in MiB.
    pub fn memory(&self) -> f64 {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
        pss.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if self.child.try_wait().ok().flatten().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that runs on the first core; the load comes from the others.
pub fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0", program]);
    command
}

fn answers(address: &str, path: &str) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut head = [0_u8; 12];
    stream.write_all(request.as_bytes()).is_ok() && stream.read_exact(&mut head).is_ok() && head.ends_with(b"200")
}
