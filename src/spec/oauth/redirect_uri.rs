//! Comparing and checking `redirect_uri` values.

use std::net::IpAddr;

use url::{Host, Url};

/// Why a URI may not be registered for redirection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriFault {
    /// Not an absolute URI (RFC 6749 §3.1.2).
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// Carries a fragment (RFC 6749 §3.1.2).
    #[error("must not have a fragment")]
    Fragment,
    /// `http` to a host that is not loopback.
    #[error("must use https; http is allowed only for localhost, 127.0.0.1 and [::1]")]
    PlainHttp,
    /// A scheme that runs code or reads files in a browser.
    #[error("uses a scheme that is not allowed")]
    Scheme,
    /// Has user information, blanks, control characters or is too long.
    #[error("has characters or parts that are not allowed")]
    Malformed,
}

/// Checks a URI before it is registered. Private-use schemes of native apps (RFC 8252 §7.1) need a dot, as there.
///
/// # Errors
/// The fault.
pub fn check(uri: &str) -> Result<(), RedirectUriFault> {
    if uri.len() > 2000
        || uri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'))
    {
        return Err(RedirectUriFault::Malformed);
    }
    let url = Url::parse(uri).map_err(|_| RedirectUriFault::NotAbsolute)?;
    if uri.contains('#') {
        return Err(RedirectUriFault::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriFault::Malformed);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err(RedirectUriFault::PlainHttp),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err(RedirectUriFault::Scheme),
    }
}

/// Whether `sent` may be redirected to, given one `registered` URI: simple string comparison (RFC 6749 §3.1.2.3, RFC 3986
/// §6.2.1), except that the port of an http loopback IP literal is free (RFC 8252 §7.3).
pub fn matches(registered: &str, sent: &str) -> bool {
    registered == sent || loopback_without_port(registered).is_some_and(|a| loopback_without_port(sent) == Some(a))
}

/// `http://127.0.0.1:PORT/path` as (literal host, everything after the port), if that is what it is. Works on the text
/// as sent, so that nothing but the port is ever normalised.
fn loopback_without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host_end = if authority.starts_with('[') {
        authority.find(']')? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at_checked(host_end)?;
    let digits = port.strip_prefix(':').unwrap_or("0");
    let port_is_fine =
        (port.is_empty() || port.starts_with(':')) && digits.parse::<u16>().is_ok() && !digits.starts_with('+');
    (matches!(host, "127.0.0.1" | "[::1]") && port_is_fine).then_some((host, path))
}

/// Whether a URL's host is this machine: `localhost` or a loopback address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comparison_is_exact() {
        assert!(matches("https://a.example/cb?x=1", "https://a.example/cb?x=1"));
        for other in [
            "https://a.example/cb",
            "https://a.example/cb?x=1&y=2",
            "https://a.example/cb/",
            "https://A.example/cb?x=1",
            "https://a.example:443/cb?x=1",
            "https://a.example/cb?x=1#f",
            "https://a.example/./cb?x=1",
        ] {
            assert!(!matches("https://a.example/cb?x=1", other), "{other}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_literal_is_free() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(matches("http://[::1]:3000/cb", "http://[::1]:4000/cb"));
        for other in [
            "http://127.0.0.1:51004/other",
            "http://127.0.0.2:51004/cb",
            "http://localhost:51004/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "https://127.0.0.1:51004/cb",
            "http://127.0.0.1:/../cb",
        ] {
            assert!(!matches("http://127.0.0.1/cb", other), "{other}");
        }
        assert!(!matches("http://localhost/cb", "http://localhost:3000/cb"));
    }

    #[test]
    fn dangerous_uris_cannot_be_registered() {
        use RedirectUriFault::*;
        for (uri, fault) in [
            ("/cb", NotAbsolute),
            ("https://a.example/cb#x", Fragment),
            ("https://a.example/cb#", Fragment),
            ("http://a.example/cb", PlainHttp),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("https://user@a.example/", Malformed),
            ("https://a.example/ cb", Malformed),
        ] {
            assert_eq!(check(uri), Err(fault), "{uri}");
        }
        for uri in [
            "https://a.example/cb?x=1",
            "http://localhost:3000/cb",
            "http://[::1]/cb",
            "com.example.app:/cb",
        ] {
            assert_eq!(check(uri), Ok(()), "{uri}");
        }
    }

    /// Texts that are put together as addresses are, rightly or not.
    fn address() -> impl Strategy<Value = String> {
        let parts = vec![
            "http",
            "https",
            "com.example.app",
            "javascript",
            "data",
            ":",
            "//",
            "/",
            "?",
            "#",
            "@",
            "\\",
            "%2f",
            "%00",
            "127.0.0.1",
            "127.1",
            "[::1]",
            "localhost",
            "evil.example",
            ".",
            "..",
            "8080",
            "0",
            " ",
            "x",
        ];
        let part = prop_oneof![8 => proptest::sample::select(parts).prop_map(str::to_owned), 1 => "\\PC{0,3}"];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    /// An address of this machine, but for the port, or one that looks like it.
    fn local() -> impl Strategy<Value = (String, String)> {
        let hosts = vec![
            "http://127.0.0.1",
            "http://[::1]",
            "http://localhost",
            "https://127.0.0.1",
            "http://127.0.0.10",
        ];
        let ports = "(:[0-9]{0,6}|:[0-9]{1,2}@|:\\+1|)";
        let tails = "(|[/?][a-z#@:.]{0,6}|[.@#][a-z]{1,4})";
        (proptest::sample::select(hosts), ports, ports, tails)
            .prop_map(|(host, one, two, tail)| (format!("{host}{one}{tail}"), format!("{host}{two}{tail}")))
    }

    /// A loopback literal, and what follows its port.
    fn without_port(uri: &str) -> Option<(&str, &str)> {
        let literal = ["http://127.0.0.1", "http://[::1]"]
            .into_iter()
            .find(|host| uri.starts_with(host))?;
        let rest = uri.strip_prefix(literal)?;
        let tail = rest
            .strip_prefix(':')
            .map_or(rest, |port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
        (tail.is_empty() || tail.starts_with(['/', '?'])).then_some((literal, tail))
    }

    proptest! {
        #[test]
        fn a_uri_always_matches_itself_and_never_a_longer_one(uri in "https?://[a-z0-9.:\\[\\]]{1,20}/[a-z?=&]{0,20}", tail in "[a-z/.@:]{1,5}") {
            prop_assert!(matches(&uri, &uri));
            let longer = format!("{uri}{tail}");
            prop_assert!(!matches(&uri, &longer));
        }

        #[test]
        fn what_may_be_registered_has_no_fragment_no_user_and_a_scheme_that_is_allowed(uri in prop_oneof![address(), "\\PC{0,60}"]) {
            if check(&uri).is_ok() {
                let url = Url::parse(&uri).unwrap();
                prop_assert!(!uri.contains(['#', '\\', ' ']) && url.fragment().is_none());
                prop_assert!(url.username().is_empty() && url.password().is_none());
                let is_allowed = match url.scheme() {
                    "https" => url.host().is_some(),
                    "http" => matches!(url.host_str(), Some("localhost" | "[::1]")) || url.host_str().is_some_and(|host| host.starts_with("127.")),
                    other => other.contains('.'),
                };
                prop_assert!(is_allowed, "{}", url);
            }
        }

        #[test]
        fn addresses_that_differ_match_only_in_the_port_of_a_loopback_literal((one, two) in prop_oneof![local(), (address(), address())]) {
            if one != two && matches(&one, &two) {
                prop_assert!(without_port(&one).is_some());
                prop_assert_eq!(without_port(&one), without_port(&two));
                let (one, two) = (Url::parse(&one).unwrap(), Url::parse(&two).unwrap());
                prop_assert_eq!((one.host(), one.path(), one.query()), (two.host(), two.path(), two.query()));
            }
        }
    }
}
