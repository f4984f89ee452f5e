//! Whether a browser may be sent on to an app's address without a page of ours in between (RFC 9700 §4.11.2).
//!
//! Where everybody may register an app, its registered address is nobody's word but its own: a link to this server that ends
//! there would lend it this server's good name. So people are told where they would be sent, and go on themselves, unless
//! one of these holds: somebody here answers for the app, the person has allowed it before, the browser came from the very
//! place to which it would go back, or it is a frame of another page, whose address people see and not ours.

use url::Url;

use crate::model::Client;

/// How a browser came here, by its own word, which no page can put into its mouth (Fetch, "forbidden request-header").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The origin of the page that sent it, if it said so.
    pub from: Option<String>,
    /// Whether it is a frame of another page.
    pub framed: bool,
}

/// What a page says before somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing: go.
    AtOnce,
    /// Where it leads.
    Told,
}

/// What is known of the person at the browser and the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// They are signed in, and allowed it something.
    Allowed,
    /// Nothing.
    Not,
}

/// How somebody leaves for `address`, a registered one of the client.
pub fn way(client: &Client, known: Known, address: &str, arrival: &Arrival) -> Way {
    let is_back = arrival.from.is_some() && arrival.from == origin(address);
    match client.is_strange() && known == Known::Not && !is_back && !arrival.framed {
        true => Way::Told,
        false => Way::AtOnce,
    }
}

/// Scheme, host and port of an address on the web.
pub fn origin(address: &str) -> Option<String> {
    let origin = Url::parse(address).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Where an address leads, as short as it still says whose place that is: the host, or the scheme of an app on a device.
pub fn place(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) => url.host_str().unwrap_or_else(|| url.scheme()).to_owned(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{CALLBACK, client};

    fn stranger() -> Client {
        Client {
            registered_itself: true,
            ..client()
        }
    }

    fn from(page: &str) -> Arrival {
        Arrival {
            from: origin(page),
            framed: false,
        }
    }

    #[test]
    fn people_are_told_where_a_stranger_sends_them() {
        let way = |client: &Client, known, arrival: &Arrival| way(client, known, CALLBACK, arrival);
        let nowhere = Arrival::default();
        assert_eq!(way(&stranger(), Known::Not, &nowhere), Way::Told);
        assert_eq!(way(&client(), Known::Not, &nowhere), Way::AtOnce, "an operator's");
        let mut of_the_house = stranger();
        of_the_house.metadata.require_consent = false;
        assert_eq!(way(&of_the_house, Known::Not, &nowhere), Way::AtOnce);
        assert_eq!(way(&stranger(), Known::Allowed, &nowhere), Way::AtOnce);
        let framed = Arrival {
            framed: true,
            ..Arrival::default()
        };
        assert_eq!(way(&stranger(), Known::Not, &framed), Way::AtOnce);
    }

    #[test]
    fn back_is_where_one_came_from_and_nowhere_else() {
        for (page, expected) in [
            ("https://app.example/start?x=1", Way::AtOnce),
            ("https://app.example:443/", Way::AtOnce),
            ("https://app.example:8443/", Way::Told),
            ("http://app.example/", Way::Told),
            ("https://app.example.evil.example/", Way::Told),
            ("https://mail.example/", Way::Told),
            ("about:blank", Way::Told),
            ("", Way::Told),
        ] {
            assert_eq!(way(&stranger(), Known::Not, CALLBACK, &from(page)), expected, "{page}");
        }
        // what has no origin is nobody's place to come back to
        let (app, opaque) = ("com.example.app:/cb", Arrival::default());
        assert_eq!(way(&stranger(), Known::Not, app, &opaque), Way::Told);
    }

    #[test]
    fn a_place_is_a_host_or_a_scheme() {
        for (address, expected) in [
            ("https://app.example:8443/cb?x=1", "app.example"),
            ("https://user@app.example/", "app.example"),
            ("http://127.0.0.1/cb", "127.0.0.1"),
            ("com.example.app:/cb", "com.example.app"),
        ] {
            assert_eq!(place(address), expected);
        }
    }
}
