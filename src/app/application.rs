//! The running server: core, jobs and HTTP around an open ground. The same code in production and in tests.

use std::{future::Future, net::SocketAddr, sync::Arc};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};

use super::{
    ground::Ground,
    settings::Settings,
    tls::{self, Certificates},
    wiring::{self, WiringError},
    worker::Workers,
};
use crate::{
    base::{Clock, Rng},
    flow::Core,
    web::{
        guard::{self, Guard},
        headers, routes,
    },
};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The parts.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// The address is taken, or not this machine's.
    #[error(
        "cannot listen on {address}: {cause}; set SIGNET_LISTEN to another address and port, and SIGNET_ISSUER to the URL \
         at which browsers reach it, for example http://localhost:8081"
    )]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// The operating system's answer.
        cause: std::io::Error,
    },
    /// The certificate or its key.
    #[error(transparent)]
    Certificate(#[from] tls::Error),
    /// TLS.
    #[error("https cannot be served: {0}")]
    Tls(#[from] rustls::Error),
}

/// A server that listens.
pub struct Application {
    core: Arc<Core>,
    workers: Workers,
    server: Server,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
}

impl Application {
    /// Starts everything. When it returns, the address is bound and requests are answered.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(ground: &Ground, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, StartError> {
        let certificates = match &ground.settings.tls {
            Some(files) => Some(Certificates::read(files)?),
            None => None,
        };
        let core = Arc::new(wiring::core(ground, clock, rng).await?);
        let (server, address) = listen(&ground.settings, &core, certificates.as_ref())?;
        let workers = Workers::start(&ground.settings, &core)?;
        Ok(Self {
            core,
            workers,
            server,
            address,
            certificates,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// What https shows, to be read again when the files have changed; `None` over http.
    pub fn certificates(&self) -> Option<&Arc<Certificates>> {
        self.certificates.as_ref()
    }

    /// Serves until `stop` completes; then running requests and jobs end.
    ///
    /// # Errors
    /// The server's own failure.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let handle = self.server.handle();
        let stopping = async move {
            stop.await;
            tracing::info!("stopping: running requests may end");
            handle.stop(true).await;
        };
        let (served, ()) = futures_util::future::join(self.server, stopping).await;
        self.workers.stop().await;
        served
    }
}

fn listen(
    settings: &Settings,
    core: &Arc<Core>,
    certificates: Option<&Arc<Certificates>>,
) -> Result<(Server, SocketAddr), StartError> {
    let data: web::Data<Core> = web::Data::from(Arc::clone(core));
    let guard = web::Data::new(Guard {
        header_bytes: settings.limits.header_bytes,
        patience: settings.limits.request_timeout,
    });
    let address = settings.listen;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(guard.clone())
            .configure(routes::configure)
            .wrap(from_fn(guard::stand))
            .wrap(from_fn(headers::complete))
    })
    .workers(settings.limits.worker_threads)
    .keep_alive(settings.limits.keep_alive)
    .client_request_timeout(settings.limits.request_timeout)
    .shutdown_timeout(settings.limits.shutdown_timeout.as_secs())
    .disable_signals();
    let refused = |cause| StartError::Listen { address, cause };
    let server = match certificates {
        Some(certificates) => server
            .tls_handshake_timeout(settings.limits.request_timeout)
            .bind_rustls_0_23(address, certificates.server_config()?)
            .map_err(refused)?,
        None => server.bind(address).map_err(refused)?,
    };
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), address))
}
