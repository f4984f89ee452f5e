//! Serves until it is told to stop, then lets running requests end.

use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ground::Ground;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {cause}; set SIGNET_LISTEN to another address and port")]
    Listen {
        /// The address of the settings.
        address: std::net::SocketAddr,
        /// The operating system's answer.
        cause: std::io::Error,
    },
    /// The server failed while it ran.
    #[error("the server failed: {0}")]
    Failed(#[from] std::io::Error),
}

/// Serves on the ground until SIGTERM or SIGINT; then running requests end, and the ground is closed.
///
/// # Errors
/// See [`ServeError`]. The ground is closed in any case.
pub async fn serve(ground: Ground) -> Result<(), ServeError> {
    let outcome = run(&ground).await;
    ground.close().await;
    outcome
}

async fn run(ground: &Ground) -> Result<(), ServeError> {
    let settings = &ground.settings;
    let address = settings.listen;
    // Before anyone is told that the server is there.
    let stop = StopSignals::catch()?;
    let server = HttpServer::new(|| App::new().default_service(web::to(HttpResponse::NotFound)))
        .workers(settings.limits.worker_threads)
        .keep_alive(settings.limits.keep_alive)
        .client_request_timeout(settings.limits.request_timeout)
        .shutdown_timeout(settings.limits.shutdown_timeout.as_secs())
        .disable_signals()
        .bind(address)
        .map_err(|cause| ServeError::Listen { address, cause })?;
    let listening = server.addrs().first().copied().unwrap_or(address);
    let running = server.run();
    let handle = running.handle();
    greet(ground, listening);
    let stopper = tokio::spawn(async move {
        stop.wait().await;
        tracing::info!("stopping: running requests may end");
        handle.stop(true).await;
    });
    let outcome = running.await;
    stopper.abort();
    Ok(outcome?)
}

/// What the operator sees first.
#[allow(clippy::print_stdout)]
fn greet(ground: &Ground, listening: std::net::SocketAddr) {
    let issuer = &ground.settings.issuer;
    println!("Signet {}", env!("CARGO_PKG_VERSION"));
    println!("  issuer   {issuer}");
    println!("  console  {issuer}/console");
    println!("listening on {listening}");
    if issuer.is_loopback() && !issuer.is_https() && issuer.port() != Some(listening.port()) {
        tracing::warn!(
            %issuer, %listening,
            "the issuer names another port than the one that Signet listens on; set SIGNET_ISSUER, unless a proxy lies between"
        );
    }
}

/// SIGTERM and SIGINT. They are caught from the moment that this is made.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns at the first of them.
    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
