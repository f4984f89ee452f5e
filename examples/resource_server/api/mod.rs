//! The API: its settings and its server. `routes` is what an API of your own replaces; `guard` decides who comes in, and
//! stands on `token` (is it good?), `proof` (is the sender its owner?) and `refused` (how a client is told).

mod guard;
mod proof;
mod refused;
mod routes;
mod tls;
mod token;

use std::{fs, net::TcpListener, time::Duration};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web::Data};
use url::Url;

use guard::Guard;

/// Why the API does not start.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long the issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an operator says.
pub struct Settings {
    /// `ISSUER`: whose tokens are good here.
    pub issuer: String,
    /// `LISTEN`: address and port.
    pub listen: String,
    /// `URL`: where clients find the API. A DPoP proof names it, so it is never taken from the request.
    pub url: Url,
    /// `AUDIENCE`: what the issuer calls the API (RFC 8707); the URL if nothing else is said.
    pub audience: String,
    /// `INTROSPECTION_ID` and `INTROSPECTION_SECRET`: with them the issuer is asked about each token; without, its keys are
    /// enough.
    pub introspection: Option<(String, String)>,
    /// `SENDER_CONSTRAINED=required`: tokens that are tied to no key are refused (FAPI 2.0 Security Profile §5.3.4).
    pub only_tied: bool,
    /// `TLS_CERT_FILE` and `TLS_KEY_FILE`: serve https, and ask clients for certificates.
    pub tls: Option<(String, String)>,
    /// `EXTRA_CA_FILE`: an authority that vouches for the issuer, beside those of the system.
    pub extra_ca: Option<String>,
}

impl Settings {
    /// Reads them by name.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let or = |name: &str, default: &str| get(name).unwrap_or_else(|| default.to_owned());
        let url = or("URL", "http://localhost:3001");
        Ok(Self {
            issuer: or("ISSUER", "http://localhost:8080"),
            listen: or("LISTEN", "127.0.0.1:3001"),
            audience: or("AUDIENCE", &url),
            url: url.parse()?,
            introspection: get("INTROSPECTION_ID").zip(get("INTROSPECTION_SECRET")),
            only_tied: get("SENDER_CONSTRAINED").as_deref() == Some("required"),
            tls: get("TLS_CERT_FILE").zip(get("TLS_KEY_FILE")),
            extra_ca: get("EXTRA_CA_FILE"),
        })
    }
}

/// The server, not yet awaited.
///
/// # Errors
/// Files that will not do.
pub fn serve(settings: &Settings, listener: TcpListener) -> Result<Server, Failure> {
    let guard = Data::new(Guard::new(settings, client(settings)?));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(guard.clone())
            .wrap(from_fn(routes::name_the_interaction))
            .configure(routes::configure)
    })
    .workers(1)
    .on_connect(tls::keep_certificate)
    .disable_signals(); // a signal ends the process
    let server = match &settings.tls {
        Some((cert, key)) => server.listen_rustls_0_23(listener, tls::config(cert, key)?)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// How the issuer is asked. A redirect would lead to somebody else.
fn client(settings: &Settings) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE);
    let builder = match &settings.extra_ca {
        Some(file) => builder.tls_certs_merge([reqwest::Certificate::from_pem(&fs::read(file)?)?]),
        None => builder,
    };
    Ok(builder.build()?)
}
