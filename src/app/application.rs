//! The running server: core, jobs and HTTP around an open ground. The same code in production and in tests.

use std::{any::Any, future::Future, net::SocketAddr, sync::Arc};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server},
    middleware::from_fn,
    rt::net::TcpStream,
    web,
};

use super::{
    ground::Ground,
    reload::Files,
    settings::Settings,
    tls::{self, Certificates, ClientCertificates},
    wiring::{self, WiringError},
    worker::Workers,
};
use crate::{
    base::{Clock, Rng},
    flow::Core,
    spec::x509::ClientCertificate,
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
    files: Files,
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
        let files = Files::open(&ground.settings, certificates.clone(), &core)?;
        let (server, address) = listen(&ground.settings, &core, certificates.as_ref())?;
        let workers = Workers::start(&ground.settings, &core)?;
        Ok(Self {
            core,
            workers,
            server,
            address,
            files,
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

    /// What may be read again while it runs.
    pub fn files(&self) -> &Files {
        &self.files
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
    .on_connect(keep_certificate)
    .disable_signals();
    let refused = |address| move |cause| StartError::Listen { address, cause };
    let server = match certificates {
        Some(certificates) => {
            let asking = || certificates.server_config(ClientCertificates::Asked);
            let silent = || certificates.server_config(ClientCertificates::Ignored);
            let server = server.tls_handshake_timeout(settings.limits.request_timeout);
            match (settings.mtls.listen, &settings.mtls.client_ca_file) {
                // Where clients with certificates have a door of their own, no browser is asked for one.
                (Some(own), _) => server
                    .bind_rustls_0_23(address, silent()?)
                    .map_err(refused(address))?
                    .bind_rustls_0_23(own, asking()?)
                    .map_err(refused(own))?,
                (None, Some(_)) => server.bind_rustls_0_23(address, asking()?).map_err(refused(address))?,
                (None, None) => server.bind_rustls_0_23(address, silent()?).map_err(refused(address))?,
            }
        }
        None => server.bind(address).map_err(refused(address))?,
    };
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), address))
}

/// Keeps the certificate that a connection began with, for its requests.
fn keep_certificate(connection: &dyn Any, kept: &mut Extensions) {
    let Some(tls) = connection.downcast_ref::<TlsStream<TcpStream>>() else {
        return;
    };
    let (_, session) = tls.get_ref();
    if let Some(chain) = session.peer_certificates() {
        let chain = chain.iter().map(|one| one.as_ref().to_vec()).collect();
        match ClientCertificate::from_chain(chain) {
            Ok(certificate) => drop(kept.insert(Arc::new(certificate))),
            Err(error) => tracing::info!(%error, "what a client showed is not looked at"),
        }
    }
}
