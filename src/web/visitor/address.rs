//! Where a request comes from: the peer, or what trusted proxies say about it.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};

use crate::base::network::Network;

/// Networks of proxies whose forwarding headers count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// The networks in CIDR form. What cannot be read trusts nobody; the settings refuse it before.
    pub fn parse(networks: &[String]) -> Self {
        Self(networks.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Whether the address is such a proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The address of whoever sent the request: the last one in the chain that is not a trusted proxy.
    ///
    /// `X-Forwarded-For` and `Forwarded` (RFC 7239) are both read. If both came and disagree, one of them is the
    /// client's own invention that the proxy let through, and neither is believed.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer?.to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        let by_list = self.walk(peer, &hops(headers, &X_FORWARDED_FOR));
        let by_standard = self.walk(peer, &hops(headers, &FORWARDED));
        match (by_list, by_standard) {
            (Some(one), Some(other)) if one != other => Some(peer),
            (Some(found), _) | (None, Some(found)) => Some(found),
            (None, None) => Some(peer),
        }
    }

    /// Goes the chain back from the nearest hop; what cannot be read ends it.
    fn walk(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> Option<IpAddr> {
        let mut found = None;
        for hop in hops.iter().rev() {
            let Some(address) = hop else {
                return found.or(Some(peer));
            };
            found = Some(*address);
            if !self.trusts(*address) {
                break;
            }
        }
        found
    }
}

/// The addresses that a header names, from the farthest to the nearest; `None` for one that cannot be read.
fn hops(headers: &HeaderMap, name: &HeaderName) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|element| {
            if *name == FORWARDED {
                let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
                let (_, node) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case("for"))?;
                node_address(node.trim().trim_matches('"'))
            } else {
                node_address(element.trim())
            }
        })
        .collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn node_address(node: &str) -> Option<IpAddr> {
    let bare = node
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(node);
    bare.parse()
        .ok()
        .or_else(|| node.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let trusted =
            TrustedProxies::parse(&["10.0.0.0/8".to_owned(), "fd00::/8".to_owned(), "nonsense/99".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        trusted.client(peer.parse().ok(), &map).unwrap().to_string()
    }

    const LIST: HeaderName = X_FORWARDED_FOR;

    #[test]
    fn a_stranger_cannot_say_that_he_is_somebody_else() {
        assert_eq!(client("192.0.2.9", &[(LIST, "198.51.100.1")]), "192.0.2.9");
        // What the client wrote itself stands left of what the proxy saw.
        assert_eq!(
            client("10.0.0.1", &[(LIST, "203.0.113.7, 198.51.100.1")]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &[(LIST, "203.0.113.7"), (LIST, "198.51.100.1, 10.2.2.2")]),
            "198.51.100.1"
        );
    }

    #[test]
    fn both_headers_are_read_and_believed_only_when_they_agree() {
        let standard = "for=\"[2001:db8::17]:4711\";proto=https, for=10.3.3.3";
        assert_eq!(client("fd00::1", &[(FORWARDED, standard)]), "2001:db8::17");
        assert_eq!(
            client("10.0.0.1", &[(FORWARDED, "For=192.0.2.60"), (LIST, "198.51.100.1")]),
            "10.0.0.1"
        );
        assert_eq!(
            client("10.0.0.1", &[(FORWARDED, "for=192.0.2.60"), (LIST, "192.0.2.60:81")]),
            "192.0.2.60"
        );
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(LIST, "unknown")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(LIST, "203.0.113.7, ?, 10.9.9.9")]), "10.9.9.9");
        assert_eq!(client("::ffff:10.0.0.1", &[(LIST, "::ffff:192.0.2.1")]), "192.0.2.1");
    }
}
