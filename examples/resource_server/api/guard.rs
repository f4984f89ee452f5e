//! Who comes in: whoever brings a token of the issuer that is for this API, and is the one whom it was given.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use serde_json::{Value, json};
use url::Url;

use super::{
    Settings,
    proof::{self, Proofs},
    refused::{Fault, Refused, Scheme},
    tls,
    token::{Claims, Reader, Token},
};

/// What a request must pass.
pub struct Guard {
    issuer: String,
    audience: String,
    url: Url,
    only_tied: bool,
    reader: Reader,
    proofs: Proofs,
    metadata: Arc<str>,
}

impl Guard {
    /// The guard that the settings want.
    pub fn new(settings: &Settings, http: reqwest::Client) -> Self {
        let metadata = with_path(&settings.url, "/.well-known/oauth-protected-resource");
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            url: settings.url.clone(),
            only_tied: settings.only_tied,
            reader: Reader::new(settings, http),
            proofs: Proofs::default(),
            metadata: metadata.as_str().into(),
        }
    }

    /// The token of a request.
    ///
    /// # Errors
    /// What the client is told.
    pub async fn token(&self, request: &HttpRequest) -> Result<Token, Refused> {
        let sent = sent(request);
        let scheme = sent.as_ref().ok().map(|(scheme, _)| *scheme);
        let checked = match sent {
            Ok((scheme, value)) => self.check(request, scheme, value).await,
            Err(fault) => Err(fault),
        };
        match checked {
            Ok(claims) => Ok(Token {
                claims,
                scheme: scheme.unwrap_or(Scheme::Bearer),
                metadata: Arc::clone(&self.metadata),
            }),
            Err(fault) => Err(Refused {
                fault,
                scheme,
                metadata: Arc::clone(&self.metadata),
            }),
        }
    }

    /// RFC 9728 §2
    pub fn about(&self) -> Value {
        json!({
            "resource": self.audience,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": proof::ALGORITHMS,
            "tls_client_certificate_bound_access_tokens": true,
        })
    }

    async fn check(&self, request: &HttpRequest, scheme: Scheme, value: &str) -> Result<Claims, Fault> {
        let claims = self.reader.read(value).await?;
        // RFC 9068 §4, RFC 7662 §4: a token for another API is none here, even from the same issuer
        if !claims.is_for(&self.audience) {
            return Err(Fault::Token("the token is for another audience"));
        }
        self.check_sender(request, scheme, value, &claims)?;
        Ok(claims)
    }

    /// A token that is tied to a key is good only in the hands that hold the key.
    fn check_sender(&self, request: &HttpRequest, scheme: Scheme, value: &str, claims: &Claims) -> Result<(), Fault> {
        let tied = &claims.cnf;
        if tied.is_beyond_us() {
            return Err(Fault::Token("the token is tied in a way that is not known here"));
        }
        // RFC 8705 §3: to the certificate of the connection
        if let Some(certificate) = &tied.certificate
            && tls::thumbprint(request).as_ref() != Some(certificate)
        {
            return Err(Fault::Token("the token is tied to another certificate"));
        }
        match (scheme, &tied.jkt) {
            (Scheme::Dpop, Some(jkt)) => {
                let url = with_path(&self.url, request.uri().path());
                let proof = proof::of(request)?;
                self.proofs.check(proof, request.method().as_str(), &url, value, jkt)
            }
            (Scheme::Dpop, None) => Err(Fault::Token("the token is tied to no DPoP key")),
            // RFC 9449 §7.2: or whoever stole it would leave the proof out
            (Scheme::Bearer, Some(_)) => Err(Fault::Token("the token is tied to a DPoP key")),
            (Scheme::Bearer, None) if self.only_tied && tied.certificate.is_none() => {
                Err(Fault::Token("the token is tied to no key"))
            }
            (Scheme::Bearer, None) => Ok(()),
        }
    }
}

/// The token of the `Authorization` header. In an address it would stand in logs (RFC 6750 §2.3), and nobody needs it in a
/// form.
fn sent(request: &HttpRequest) -> Result<(Scheme, &str), Fault> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().ok_or(Fault::Missing)?;
    if headers.next().is_some() {
        return Err(Fault::Request("there is more than one Authorization header"));
    }
    let malformed = Fault::Request("the Authorization header holds no access token");
    let (scheme, value) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(malformed)?;
    // RFC 9110 §11.1: names of schemes have no case
    let known = [("Bearer", Scheme::Bearer), ("DPoP", Scheme::Dpop)];
    let found = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
    // another scheme is no token at all
    let (_, scheme) = found.ok_or(Fault::Missing)?;
    let value = value.trim_start_matches(' ');
    let is_b64token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if value.is_empty() || !value.bytes().all(is_b64token) {
        return Err(malformed);
    }
    Ok((scheme, value))
}

/// `path` at the place of `url`.
fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}
