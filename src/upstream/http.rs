//! The guarded HTTP client: for addresses that somebody else wrote down.
//!
//! It speaks https to public hosts only. Names are resolved here and every address is looked at, also one that stands
//! in the URL itself; the connection goes to the address that was looked at, so a name cannot change its meaning in
//! between. No redirects, no proxies, no cookies, bounded time and size.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Response, redirect};
use url::{Host, Url};

use super::{address::is_public, look_up::LookUps};
use crate::base::Secret;

/// Which hosts may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public hosts, over https.
    Public,
    /// Also loopback and private addresses, and plain http to loopback: for development and for closed networks.
    Private,
}

/// How the client behaves.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Which hosts may be reached.
    pub reach: Reach,
    /// Certificates (PEM) of authorities to trust besides the system's.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Addresses of names that are not looked up, whether they may be reached or not.
    pub hosts: HashMap<String, IpAddr>,
    /// For a whole fetch, look-up and body included.
    pub timeout: Duration,
    /// For a connection.
    pub connect_timeout: Duration,
    /// The largest body, in bytes.
    pub max_body: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            reach: Reach::Public,
            extra_ca_pem: None,
            hosts: HashMap::new(),
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            max_body: 128 * 1024,
        }
    }
}

/// Why nothing was fetched. Display is for the log of this server; it names no part of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is not one that may be fetched.
    #[error("the URL may not be fetched: {0}")]
    Url(&'static str),
    /// The host is this machine or in a private network.
    #[error("the host is not on the public internet (SIGNET_OUTBOUND__ALLOW_PRIVATE)")]
    PrivateAddress,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection, no TLS, or no HTTP.
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    /// An answer other than 200; redirects are not followed.
    #[error("the host answered {0}")]
    Status(u16),
    /// A larger body than allowed.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// The most bytes allowed.
        limit: usize,
    },
    /// Somebody has had this server fetch so much already that it rests.
    #[error("so much was fetched for the same one that it must wait")]
    TooOften,
    /// The body is not what was asked for.
    #[error("the answer is not what was asked for")]
    Malformed,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The further authorities are not certificates.
    #[error("the extra CA file holds no certificate in PEM form")]
    ExtraCa,
    /// TLS could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Tls(#[source] reqwest::Error),
}

/// The client; clones share connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    /// The same for addresses that strangers wrote down.
    of_strangers: Client,
    reach: Reach,
    max_body: usize,
}

impl HttpClient {
    /// A client.
    ///
    /// # Errors
    /// As [`BuildError`] says.
    pub fn new(settings: &HttpSettings) -> Result<Self, BuildError> {
        let extra = match &settings.extra_ca_pem {
            Some(pem) => Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(BuildError::ExtraCa)?,
            None => Vec::new(),
        };
        let build = |look_ups| {
            let resolver = GuardedResolver {
                reach: settings.reach,
                hosts: settings.hosts.clone(),
                look_ups,
            };
            Self::build(settings, resolver, extra.clone()).map_err(BuildError::Tls)
        };
        Ok(Self {
            client: build(LookUps::of_operators())?,
            of_strangers: build(LookUps::of_strangers())?,
            reach: settings.reach,
            max_body: settings.max_body,
        })
    }

    fn build(
        settings: &HttpSettings,
        resolver: GuardedResolver,
        extra: Vec<Certificate>,
    ) -> Result<Client, reqwest::Error> {
        Client::builder()
            .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(Arc::new(resolver))
            .tls_certs_merge(extra)
            .build()
    }

    /// The client for addresses that strangers wrote down: what they have it wait for holds up nobody else.
    #[must_use]
    pub fn for_strangers(&self) -> Self {
        Self {
            client: self.of_strangers.clone(),
            ..self.clone()
        }
    }

    /// Fetches a body. Only the answer 200 counts.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn get(&self, url: &Url, accept: &'static str) -> Result<Vec<u8>, FetchError> {
        check(url, self.reach)?;
        let request = self.client.get(url.clone()).header("accept", accept);
        let response = request.send().await.map_err(failure)?;
        match response.status().as_u16() {
            200 => self.body(response).await,
            status => Err(FetchError::Status(status)),
        }
    }

    /// Sends a form. Any answer of success counts, and its body is not looked at: some frameworks answer 204 where a standard
    /// has 200.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn post_form(&self, url: &Url, encoded: String) -> Result<(), FetchError> {
        check(url, self.reach)?;
        let request = self
            .client
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded);
        let status = request.send().await.map_err(failure)?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(FetchError::Status(status.as_u16()))
        }
    }

    /// Sends JSON under a bearer token. As with [`HttpClient::post_form`], any answer of success counts.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    pub async fn post_json(&self, url: &Url, bearer: &Secret<String>, json: String) -> Result<(), FetchError> {
        check(url, self.reach)?;
        let request = self
            .client
            .post(url.clone())
            .header("content-type", "application/json")
            .bearer_auth(bearer.expose())
            .body(json);
        let status = request.send().await.map_err(failure)?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(FetchError::Status(status.as_u16()))
        }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        let too_large = FetchError::TooLarge { limit: self.max_body };
        if response
            .content_length()
            .is_some_and(|length| length > self.max_body as u64)
        {
            return Err(too_large);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > self.max_body {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Whether `url` may be fetched as far as it tells by itself; a name is looked at again when it is resolved. Also for
/// settings and registrations, which refuse a hopeless URL at once.
///
/// # Errors
/// [`FetchError::Url`] or [`FetchError::PrivateAddress`].
pub fn check(url: &Url, reach: Reach) -> Result<(), FetchError> {
    let host = url.host().ok_or(FetchError::Url("it names no host"))?;
    // The HTTP library connects to an address in the URL without asking the resolver.
    let address: Option<IpAddr> = match host {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    };
    let is_loopback = match (host, address) {
        (Host::Domain(name), _) => name == "localhost" || name.ends_with(".localhost"),
        (_, Some(address)) => address.to_canonical().is_loopback(),
        _ => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Url("it holds a user name or password"));
    }
    match (url.scheme(), reach) {
        ("https", _) => {}
        ("http", Reach::Private) if is_loopback => {}
        _ => return Err(FetchError::Url("it is not https")),
    }
    if reach == Reach::Public && (is_loopback || address.is_some_and(|address| !is_public(address))) {
        return Err(FetchError::PrivateAddress);
    }
    Ok(())
}

/// Resolves names by the settings, else by the system, and keeps only addresses that may be reached.
#[derive(Debug)]
struct GuardedResolver {
    reach: Reach,
    hosts: HashMap<String, IpAddr>,
    look_ups: LookUps,
}

/// What the resolver says when it found nothing but private addresses.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct NoPublicAddress;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, look_ups) = (self.reach, self.look_ups.clone());
        let known = self
            .hosts
            .get(name.as_str())
            .map(|address| SocketAddr::new(*address, 0));
        Box::pin(async move {
            let mut addresses = match known {
                Some(address) => vec![address],
                None => look_ups.run(name.as_str()).await?,
            };
            if reach == Reach::Public {
                addresses.retain(|address| is_public(address.ip()));
                if addresses.is_empty() {
                    return Err(NoPublicAddress.into());
                }
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// What went wrong, without the URL: it may hold what only its owner should know.
fn failure(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    if error.is_timeout() {
        return FetchError::Timeout;
    }
    let mut source = error.source();
    let mut innermost = error.to_string();
    while let Some(cause) = source {
        if cause.is::<NoPublicAddress>() {
            return FetchError::PrivateAddress;
        }
        innermost = cause.to_string();
        source = cause.source();
    }
    FetchError::Unreachable(innermost)
}

#[cfg(test)]
mod tests;
