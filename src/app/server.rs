//! `signet serve`: greets, serves until it is told to stop, then lets running requests end.

use std::{convert::Infallible, sync::Arc};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    application::{Application, StartError},
    first_start::{self, FirstStartError},
    ground::Ground,
    reload::Files,
};
use crate::base::{SystemClock, SystemRng};

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// What the first start makes.
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
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
    // Before anyone is told that the server is there.
    let stop = StopSignals::catch()?;
    let reload = signal(SignalKind::hangup())?;
    let application = Application::start(ground, Arc::new(SystemClock), Arc::new(SystemRng)).await?;
    let first = first_start::run(&ground.settings, application.core()).await?;
    greet(ground, application.address(), first.as_ref());
    if ground.settings.ciba_approval {
        tracing::warn!(
            "testing.ciba_approval is on: whoever reaches this server can decide for everybody what apps ask them"
        );
    }
    let reloading = reload_certificates(reload, application.files().clone());
    tokio::select! {
        served = application.run_until(stop.wait()) => Ok(served?),
        never = reloading => match never {},
    }
}

/// SIGHUP: reads the certificates again, as often as it comes.
async fn reload_certificates(mut hangup: Signal, files: Files) -> Infallible {
    loop {
        if hangup.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        if files.is_empty() {
            tracing::info!("SIGHUP: there is no TLS certificate to read again");
            continue;
        }
        match files.read_again() {
            Ok(()) => tracing::info!("the TLS certificates were read again"),
            Err(error) => tracing::error!(%error, "the TLS certificates stay as they were"),
        }
    }
}

/// What the operator sees first. The one-time password is printed, never logged.
#[allow(clippy::print_stdout)]
fn greet(ground: &Ground, listening: std::net::SocketAddr, first: Option<&first_start::Administrator>) {
    let issuer = &ground.settings.issuer;
    println!("Signet {}", env!("CARGO_PKG_VERSION"));
    println!("  issuer             {issuer}");
    println!("  console            {issuer}/console");
    if let Some(administrator) = first {
        println!("  administrator      {}", administrator.username);
        println!("  one-time password  {}", administrator.password.expose());
    }
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

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
