//! The issuer: the URL that names this server in every token.

use std::fmt;

use url::{Host, Url};

/// An issuer identifier (OpenID Connect Discovery §3): https, or http on this machine only; without path, query,
/// fragment, credentials or a trailing slash, in the normal form of RFC 3986 §6.2.2, since relying parties compare it as
/// text.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    url: Url,
}

impl Issuer {
    /// Reads an issuer; the error says what is wrong, to stand after the quoted value.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
        let issuer = Self {
            text: text.to_owned(),
            url,
        };
        let url = &issuer.url;
        match url.scheme() {
            _ if !url.has_host() => return Err("names no host".to_owned()),
            "https" => {}
            "http" if issuer.is_loopback() => {}
            "http" => return Err("must be https: http is only for localhost and loopback addresses".to_owned()),
            _ => return Err("must be an https URL".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have neither query nor fragment".to_owned());
        }
        if text.ends_with('/') {
            return Err("must not end with a slash: it would be part of the name that apps compare".to_owned());
        }
        let normal = url.as_str().trim_end_matches('/');
        if normal != text {
            return Err(format!("is not in normal form: write {normal}"));
        }
        if url.path() != "/" {
            return Err(format!(
                "has the path {}, below which this version cannot serve: pages and endpoints stand at the root of the \
                 host, so give Signet a host name of its own",
                url.path()
            ));
        }
        Ok(issuer)
    }

    /// The issuer, exactly as in `iss`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, as browsers send them in `Origin`.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host's name or address.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port, also where the scheme implies it.
    pub fn port(&self) -> Option<u16> {
        self.url.port_or_known_default()
    }

    /// Whether browsers reach it through TLS. Cookies are `Secure` then.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it names this machine only.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for text in [
            "https://id.example.com",
            "https://id.example.com:8443",
            "http://localhost:8080",
            "http://demo.localhost",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_breaks_comparison_or_secrecy_is_refused() {
        for (text, fault) in [
            ("id.example.com", "is not a URL"),
            ("http://id.example.com", "must be https"),
            ("http://localhost.example.com", "must be https"),
            ("ftp://id.example.com", "must be an https"),
            ("mailto:x@example.com", "names no host"),
            ("https://id.example.com/", "slash"),
            ("https://example.com/auth/", "slash"),
            ("https://id.example.com?x=1", "query"),
            ("https://id.example.com#x", "fragment"),
            ("https://me:pw@id.example.com", "user name"),
            ("https://ID.example.com", "write https://id.example.com"),
            ("https://id.example.com:443", "write https://id.example.com"),
            ("https://example.com/a/../b", "write https://example.com/b"),
            ("https://example.com/auth", "has the path /auth"),
            ("http://localhost:8080/auth", "a host name of its own"),
        ] {
            let error = Issuer::parse(text).unwrap_err();
            assert!(error.contains(fault), "{text}: {error}");
        }
    }

    #[test]
    fn its_origin_host_and_port_are_those_of_the_url() {
        let issuer = Issuer::parse("https://example.com:8443").unwrap();
        assert_eq!(issuer.origin(), "https://example.com:8443");
        assert_eq!((issuer.host(), issuer.port()), ("example.com", Some(8443)));
    }
}
