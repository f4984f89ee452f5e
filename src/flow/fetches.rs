//! What strangers may have this server fetch, and how often: anybody can call the authorization endpoint in the name of an
//! app.

use std::{net::IpAddr, sync::Arc};

use time::Duration;

use crate::{
    base::Clock,
    domain::account::throttle::{Subject, ThrottleKey},
    upstream::allowance::Allowance,
};

const SPAN: Duration = Duration::MINUTE;
/// For one address: a browser is sent with a new object now and then, and an office has many browsers.
const OF_ADDRESS: u32 = 20;
/// For one client, or for the host of documents, whoever asks: its server is not to be worn down by ours.
const OF_CLIENT: u32 = 120;
/// For the keys of one app that registered itself: a good address is asked once a minute at the most, one that fails every
/// five seconds. Only another address each time is asked more often.
const OF_KEYS: u32 = 12;

/// The counts.
pub struct Fetches {
    of_address: Allowance<Vec<u8>>,
    of_client: Allowance<String>,
    /// Each kind by itself: or else who has many keys fetched in vain keeps the documents of a host from everybody.
    objects_of_host: Allowance<String>,
    documents_of_host: Allowance<String>,
    keys_of_host: Allowance<String>,
    of_keys: Allowance<String>,
}

impl Fetches {
    /// Nothing was fetched yet.
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            of_address: Allowance::new(OF_ADDRESS, SPAN, Arc::clone(clock)),
            of_client: Allowance::new(OF_CLIENT, SPAN, Arc::clone(clock)),
            objects_of_host: Allowance::new(OF_CLIENT, SPAN, Arc::clone(clock)),
            documents_of_host: Allowance::new(OF_CLIENT, SPAN, Arc::clone(clock)),
            keys_of_host: Allowance::new(OF_CLIENT, SPAN, Arc::clone(clock)),
            of_keys: Allowance::new(OF_KEYS, SPAN, Arc::clone(clock)),
        }
    }

    /// Counts the fetch of a request object; `false`: it must not be. The `host` counts where the app registered itself: one
    /// person may have many such apps, and all of them name the same host.
    pub fn allow_request_object(&self, client_id: &str, host: Option<&str>, address: Option<IpAddr>) -> bool {
        self.allow_address(address)
            && self.of_client.take(client_id.to_owned())
            && host.is_none_or(|host| self.objects_of_host.take(host.to_owned()))
    }

    /// Counts the fetch of the document of a client at that host; `false`: it must not be.
    pub fn allow_document(&self, host: &str, address: Option<IpAddr>) -> bool {
        self.allow_address(address) && self.documents_of_host.take(host.to_owned())
    }

    /// Counts the fetch of the keys of an app that registered itself, wherever it says now that they are; `false`: it must
    /// not be.
    pub fn allow_keys(&self, client_id: &str, host: &str) -> bool {
        self.of_keys.take(client_id.to_owned()) && self.keys_of_host.take(host.to_owned())
    }

    fn allow_address(&self, address: Option<IpAddr>) -> bool {
        address.is_none_or(|address| {
            let key = ThrottleKey::of(Subject::Address(address));
            self.of_address.take(key.as_bytes().to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FixedClock, Time};

    #[test]
    fn one_address_cannot_use_up_what_all_others_have() {
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::new(Time::UNIX_EPOCH));
        let fetches = Fetches::new(&clock);
        let from = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let allowed = (0..1000).filter(|_| fetches.allow_request_object("app", None, from(1)));
        assert_eq!(allowed.count(), 20);
        assert!(fetches.allow_request_object("app", None, from(2)));
        let all: usize = (3..=255)
            .map(|last| {
                (0..20)
                    .filter(|_| fetches.allow_request_object("app", None, from(last)))
                    .count()
            })
            .sum();
        assert_eq!(all, 120 - 21);
        assert!(fetches.allow_request_object("other", None, None));
    }

    #[test]
    fn neither_one_app_nor_many_together_wear_a_server_down() {
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::new(Time::UNIX_EPOCH));
        let fetches = Fetches::new(&clock);
        let ask = |app: &str, host: &str| (0..100).filter(|_| fetches.allow_keys(app, host)).count();
        assert_eq!(ask("app", "a.example"), 12);
        assert_eq!(ask("app", "b.example"), 0, "another address is no other app");
        let of_many: usize = (0..50)
            .map(|number| ask(&format!("app-{number}"), "victim.example"))
            .sum();
        assert_eq!(of_many, 120);
        assert!(
            fetches.allow_document("victim.example", None),
            "who wears out the keys leaves the documents"
        );
        let host = Some("victim.example");
        let objects = (0..1000).filter(|n| fetches.allow_request_object(&format!("app-{}", n % 10), host, None));
        assert_eq!(objects.count(), 120);
        assert!(fetches.allow_request_object("of an operator", None, None));
    }
}
