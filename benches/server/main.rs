//! What Signet costs: server CPU per request, each as a ratio to a floor taken in the same run.
//!
//! ```text
//! script/bench            all figures
//! script/bench --quick    fewer requests
//! script/bench --large    again with a million users and ten million audit events
//! script/bench --only refresh
//! ```
//!
//! The server runs on one core, the load (32 connections) on the others. CPU is user plus system time of the server
//! process over the whole run, without PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod floor;
mod journey;
mod load;
mod process;
mod proof;

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

use journey::Journey;
use load::{get, repeat};
use process::{Cluster, Server, pinned};

const CONNECTIONS: usize = 32;
const ADDRESS: &str = "127.0.0.1:18099";
const ISSUER: &str = "http://localhost:18099";

/// What was asked for on the command line.
struct Options {
    requests: u64,
    large: bool,
    only: Option<String>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| name.contains(only))
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(size) = args
        .iter()
        .position(|arg| arg == "--bare")
        .and_then(|at| args.get(at + 1))
    {
        floor::serve_bare(size.parse().unwrap());
    }
    let options = Options {
        requests: if args.iter().any(|arg| arg == "--quick") {
            4_000
        } else {
            40_000
        },
        large: args.iter().any(|arg| arg == "--large"),
        only: args
            .iter()
            .position(|arg| arg == "--only")
            .and_then(|at| args.get(at + 1))
            .cloned(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(&options));
}

/// Starts Signet on one core over the cluster.
fn signet(cluster: &Cluster, data: &Path) -> Server {
    let mut command = pinned(env!("CARGO_BIN_EXE_signet"));
    environment(&mut command, cluster, data).arg("serve");
    Server::start(command, ADDRESS, "/.well-known/openid-configuration")
}

/// The start with the embedded database: the first one, which makes everything, and the next, which starts its cluster.
fn embedded_start(folder: &Path) {
    // the private socket's path has a short limit, and the cluster's owner must reach it
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.join("own");
    for (name, aim) in [
        ("first start, embedded database", ""),
        ("start, embedded database", "aim 2 s"),
    ] {
        let mut command = pinned(env!("CARGO_BIN_EXE_signet"));
        command
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("SIGNET_ISSUER", ISSUER)
            .env("SIGNET_LISTEN", ADDRESS)
            .env("SIGNET_DATA_DIR", &data)
            .env("SIGNET_LOG", "warn")
            .arg("serve");
        let server = Server::start(command, ADDRESS, "/.well-known/openid-configuration");
        println!("{name:<37} {:8.3} s      {aim}", server.started_in.as_secs_f64());
    }
}

fn environment<'a>(command: &'a mut Command, cluster: &Cluster, data: &Path) -> &'a mut Command {
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("SIGNET_ISSUER", ISSUER)
        .env("SIGNET_LISTEN", ADDRESS)
        .env("SIGNET_DATA_DIR", data)
        .env("SIGNET_DATABASE_URL", cluster.url())
        .env("SIGNET_MASTER_KEY", "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMDE=")
        .env("SIGNET_LIMITS__WORKER_THREADS", "1")
        // Everything comes from one address.
        .env("SIGNET_LIMITS__AUTHORIZATION_REQUESTS_PER_ADDRESS", "0")
        .env("SIGNET_LOG", "warn")
}

async fn run(options: &Options) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let cluster = Cluster::start();
    let resources = folder.path().join("bench.toml");
    fs::write(&resources, journey::resources()).unwrap();
    drop(signet(&cluster, &data)); // the first start makes schema and keys
    let mut apply = Command::new(env!("CARGO_BIN_EXE_signet"));
    let applied = environment(&mut apply, &cluster, &data)
        .arg("apply")
        .arg(&resources)
        .output()
        .unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));

    if options.wants("start") {
        embedded_start(folder.path());
    }
    let server = signet(&cluster, &data);
    println!(
        "start, existing cluster that runs     {:8.3} s      aim 0.3 s",
        server.started_in.as_secs_f64()
    );
    println!(
        "memory, idle (PSS)                    {:8.1} MiB    aim 25 MiB",
        server.memory()
    );
    figures(options, &server, &cluster).await;
    println!(
        "memory, after load (PSS)              {:8.1} MiB    aim 60 MiB",
        server.memory()
    );
    if options.large {
        drop(server);
        journey::fill(&cluster);
        let server = signet(&cluster, &data);
        println!("\nwith a million users and ten million audit events");
        figures(options, &server, &cluster).await;
        println!(
            "memory, after load (PSS)              {:8.1} MiB    aim 60 MiB",
            server.memory()
        );
    }
}

/// One line: CPU per request, the floor, their ratio, the aim, and the rate.
fn line(name: &str, micros: f64, floor: (&str, f64), aim: &str, rate: f64) {
    let (floor_name, floor) = floor;
    let ratio = micros / floor;
    println!("{name:<37} {micros:8.1} µs  = {ratio:5.2} × {floor_name} ({floor:.1} µs)   aim {aim:<22} {rate:9.0}/s");
}

async fn figures(options: &Options, server: &Server, cluster: &Cluster) {
    let journey = Arc::new(Journey::discover(&server.address).await);
    for (name, path) in [
        ("discovery", "/.well-known/openid-configuration"),
        ("jwks", journey.jwks.as_str()),
    ] {
        if options.wants(name) {
            let (micros, rate) = measure(server, get(path, ""), 200, options.requests).await;
            let size = journey.size(path).await;
            let bare = Server::bare(size);
            let (floor, _) = measure(&bare, get("/", ""), 200, options.requests).await;
            line(name, micros, ("bare answer", floor), "2 ×", rate);
        }
    }
    let message = [b'x'; 600];
    for (alg, aim) in [("RS256", "1.2 ×"), ("ES256", "60 µs"), ("EdDSA", "60 µs")] {
        let name = format!("client_credentials {alg}");
        if options.wants(&name) {
            let requests = if alg == "RS256" {
                options.requests / 4
            } else {
                options.requests
            };
            let request = journey.client_credentials(alg);
            let (micros, rate) = measure(server, request, 200, requests).await;
            line(&name, micros, ("signature", floor::signature(alg, &message)), aim, rate);
        }
    }
    let tokens = journey.tokens(0).await;
    let bare = Server::bare(400);
    let (bare, _) = measure(&bare, get("/", ""), 200, options.requests).await;
    let bearer = format!("authorization: Bearer {}\r\n", tokens.access_token);
    if options.wants("userinfo") {
        let (micros, rate) = measure(server, get(&journey.userinfo, &bearer), 200, options.requests).await;
        line("userinfo", micros, ("bare answer", bare), "50 µs", rate);
    }
    if options.wants("introspection") {
        let (micros, rate) = measure(server, journey.introspect(&tokens.access_token), 200, options.requests).await;
        line("introspection", micros, ("bare answer", bare), "50 µs", rate);
    }
    extensions(options, server, &journey).await;
    if options.wants("refresh") {
        refresh(options, server, cluster, &journey).await;
    }
    if options.wants("sign-in") {
        sign_in(options, server, &journey).await;
    }
}

/// Answers that are signed or encrypted, and the way of an app that pushes its requests and proves its key.
async fn extensions(options: &Options, server: &Server, journey: &Arc<Journey>) {
    let message = [b'x'; 600];
    let eddsa = floor::signature("EdDSA", &message);
    if options.wants("userinfo, encrypted") || options.wants("introspection as a JWT") {
        let sealed = journey.tokens_of(journey::SEALED, 1).await.access_token;
        let bearer = format!("authorization: Bearer {sealed}\r\n");
        if options.wants("userinfo, encrypted") {
            let request = get(&journey.userinfo, &bearer);
            let (micros, rate) = measure(server, request, 200, options.requests / 4).await;
            let agreement = ("key made and agreed on, P-256", floor::agreement());
            line("userinfo, encrypted (ECDH-ES)", micros, agreement, "", rate);
        }
        if options.wants("introspection as a JWT") {
            let request = journey.introspect_as_jwt(&sealed);
            let (micros, rate) = measure(server, request, 200, options.requests).await;
            line("introspection as a JWT", micros, ("EdDSA signature", eddsa), "", rate);
        }
    }
    if options.wants("token exchange") {
        let subject = journey.api_token(2).await;
        let request = journey.token_exchange(&subject);
        let (micros, rate) = measure(server, request, 200, options.requests / 4).await;
        let signature = ("ES256 signature", floor::signature("ES256", &message));
        line("token exchange", micros, signature, "", rate);
    }
    if options.wants("PAR, authorize, token with DPoP") {
        journey.bound(100).await; // warm
        let rounds = options.requests / 40;
        let before = server.cpu();
        let run = journey.bound(rounds).await;
        // the people sign in at the beginning, each once
        let hashes = journey::PEOPLE as f64 * floor::argon2();
        let micros = ((server.cpu() - before).as_secs_f64() * 1e6 - hashes) / run.requests as f64;
        let floor = floor::verification(&message) + 2.0 * eddsa;
        let floor = ("ES256 verified, EdDSA signed twice", floor);
        line("PAR, authorize, token with DPoP", micros, floor, "", run.per_second());
    }
}

/// One browser after another: the aim; then some at once. A hash fills the memory bus and takes now 13, now 16 ms on one
/// machine, so that the rest is not the difference to a floor but what the other threads used.
async fn sign_in(options: &Options, server: &Server, journey: &Arc<Journey>) {
    let rounds = (options.requests / 100).min(200);
    for (name, browsers) in [
        ("sign-in, authorize to tokens", 1),
        ("the same, 8 browsers at once", journey::PEOPLE),
    ] {
        journey.sign_in(browsers, 4 * browsers).await; // warm
        let before = (server.cpu(), server.cpu_beside_hashing());
        let run = journey.sign_in(browsers, rounds).await;
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e6 / run.requests as f64;
        let all = each(server.cpu() - before.0);
        let beside = each(server.cpu_beside_hashing() - before.1);
        let hash = ("Argon2id hash", floor::argon2());
        line(name, all, hash, "", run.per_second());
        println!("{:<37} {beside:8.1} µs  beside the hash   aim 1000 µs", "");
    }
}

async fn measure(server: &Server, request: Vec<u8>, status: u16, requests: u64) -> (f64, f64) {
    repeat(&server.address, request.clone(), status, requests / 10, CONNECTIONS).await; // warm
    let before = server.cpu();
    let run = repeat(&server.address, request, status, requests, CONNECTIONS).await;
    (
        (server.cpu() - before).as_secs_f64() * 1e6 / run.requests as f64,
        run.per_second(),
    )
}

async fn refresh(options: &Options, server: &Server, cluster: &Cluster, journey: &Journey) {
    let families = journey.families(CONNECTIONS).await;
    let before = server.cpu();
    let run = journey.refresh(families, options.requests / 4).await;
    let micros = (server.cpu() - before).as_secs_f64() * 1e6 / run.requests as f64;
    let pgbench = cluster.pgbench(5);
    line(
        "refresh, durable",
        micros,
        ("EdDSA signature", floor::signature("EdDSA", &[b'x'; 600])),
        "300 µs",
        run.per_second(),
    );
    println!(
        "{:<37} {:8.0}/s  = {:5.2} × pgbench -N ({pgbench:.0}/s)   aim 0.5 ×",
        "",
        run.per_second(),
        run.per_second() / pgbench
    );
}
