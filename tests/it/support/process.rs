//! The real program as a process of its own, on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Generous, because tests share the machine with compilers.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running `signet serve`. Killed when dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
    output: Log,
    log: Log,
}

/// What the process writes to standard output or standard error.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

/// `signet` with these arguments on this data folder. The environment holds nothing that the test did not say, and the
/// working directory is `/`, where no settings file lies.
pub fn signet(arguments: &[&str], data_dir: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signet"));
    command
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SIGNET_DATA_DIR", data_dir)
        .env("SIGNET_LISTEN", "127.0.0.1:0")
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Runs a command of `signet` to its end.
pub fn run(arguments: &[&str], data_dir: &Path, environment: &[(&str, &str)]) -> Output {
    signet(arguments, data_dir, environment).output().unwrap()
}

impl Process {
    /// Starts the server and waits until it says where it listens.
    pub fn serve(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = signet(&["serve"], data_dir, environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::follow(child.stderr.take().unwrap(), |_| {});
        let (found, address) = std::sync::mpsc::channel();
        let output = Log::follow(child.stdout.take().unwrap(), move |line| {
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                let _ = found.send(address.parse().unwrap());
            }
        });
        match address.recv_timeout(PATIENCE) {
            Ok(address) => Self {
                child,
                address,
                output,
                log,
            },
            Err(_) => {
                let _ = child.kill();
                panic!("signet does not serve: {:?}\n{}", child.wait(), log.text());
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The status line of its answer to `GET path`.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    /// Everything that it printed so far.
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// SIGKILL; returns when the process is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns how the process ended.
    pub fn terminate(mut self) -> ExitStatus {
        send("-TERM", self.id());
        eventually("signet ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn follow(output: impl Read + Send + 'static, each: impl Fn(&str) + Send + 'static) -> Self {
        let log = Self::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                {
                    let mut text = kept.0.lock().unwrap();
                    text.push_str(&line);
                    text.push('\n');
                }
                each(&line);
            }
        });
        log
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Sends a signal by `kill`.
pub fn send(signal: &str, id: u32) {
    let status = Command::new("kill").args([signal, &id.to_string()]).status().unwrap();
    assert!(status.success(), "kill {signal} {id}");
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "it never happened that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
