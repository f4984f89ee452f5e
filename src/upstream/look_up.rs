//! Name look-ups, so many at once. The system's resolver cannot be stopped: a name whose server never answers holds its
//! thread, and its place here, much longer than a fetch may take.
//!
//! Names that strangers wrote down have places of their own, so that they keep nobody waiting but one another; and the names
//! of one domain get few of them, so that whoever has one domain does not hold them all.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For addresses that operators wrote down.
const OF_OPERATORS: usize = 16;
/// For addresses that strangers wrote down.
const OF_STRANGERS: usize = 12;
/// For the names of one domain, where strangers wrote them down.
const OF_DOMAIN: usize = 2;

/// What goes wrong in a resolver.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Who finds the addresses of a name; blocks.
type Find = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The places of each domain, while somebody has or wants one.
type Domains = Mutex<HashMap<String, Arc<Semaphore>>>;

/// The places of one kind of addresses.
#[derive(Clone)]
pub struct LookUps {
    places: Arc<Semaphore>,
    domains: Option<Arc<Domains>>,
    find: Arc<Find>,
}

impl std::fmt::Debug for LookUps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let free = self.places.available_permits();
        f.debug_struct("LookUps").field("free", &free).finish_non_exhaustive()
    }
}

/// A place, held until the look-up has ended.
struct Place {
    _place: OwnedSemaphorePermit,
    _in_domain: Option<OwnedSemaphorePermit>,
}

impl LookUps {
    /// For addresses that operators wrote down.
    pub fn of_operators() -> Self {
        Self {
            places: Arc::new(Semaphore::new(OF_OPERATORS)),
            domains: None,
            find: Arc::new(by_system),
        }
    }

    /// For addresses that strangers wrote down.
    pub fn of_strangers() -> Self {
        Self {
            places: Arc::new(Semaphore::new(OF_STRANGERS)),
            domains: Some(Arc::default()),
            find: Arc::new(by_system),
        }
    }

    /// The addresses of a name, once there is a place.
    ///
    /// # Errors
    /// The resolver's.
    pub async fn run(&self, name: &str) -> Result<Vec<SocketAddr>, Error> {
        let place = self.place(name).await?;
        let (find, name) = (Arc::clone(&self.find), name.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let _held = place;
            find(&name)
        });
        Ok(found.await.map_err(io::Error::other)??)
    }

    async fn place(&self, name: &str) -> Result<Place, Error> {
        // the domain's first: who waits for that must not hold what others could use
        let in_domain = match &self.domains {
            Some(domains) => Some(of_domain(domains, name).acquire_owned().await?),
            None => None,
        };
        Ok(Place {
            _place: Arc::clone(&self.places).acquire_owned().await?,
            _in_domain: in_domain,
        })
    }
}

fn of_domain(domains: &Domains, name: &str) -> Arc<Semaphore> {
    let mut domains = domains.lock().unwrap_or_else(PoisonError::into_inner);
    // whoever has or wants a place holds the semaphore as well
    domains.retain(|_, places| Arc::strong_count(places) > 1);
    let places = domains
        .entry(domain(name))
        .or_insert_with(|| Arc::new(Semaphore::new(OF_DOMAIN)));
    Arc::clone(places)
}

/// The last two labels. Where whole suffixes are two labels, strangers there share their places; look-ups that are answered
/// take milliseconds.
fn domain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    let start = name.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
    name.get(start..).unwrap_or(name).to_ascii_lowercase()
}

fn by_system(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((name, 0).to_socket_addrs()?.collect())
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use tokio::time::timeout;

    use super::*;

    /// Look-ups of strangers' names where names with `silent` in them are not answered before the sender is gone.
    fn look_ups() -> (LookUps, mpsc::SyncSender<()>) {
        let (held, wait) = mpsc::sync_channel::<()>(0);
        let wait = Mutex::new(wait);
        let find = move |name: &str| {
            if name.contains("silent") {
                let _ended = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }
            Ok(vec![SocketAddr::from(([192, 0, 2, 1], 0))])
        };
        let look_ups = LookUps {
            find: Arc::new(find),
            ..LookUps::of_strangers()
        };
        (look_ups, held)
    }

    async fn is_answered(look_ups: &LookUps, name: &str) -> bool {
        let answer = timeout(Duration::from_millis(300), look_ups.run(name)).await;
        answer.is_ok_and(|found| found.is_ok())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_domain_that_is_silent_keeps_nobody_else_waiting() {
        let (look_ups, held) = look_ups();
        let asked = (0..50).map(|number| {
            let look_ups = look_ups.clone();
            let name = format!("n{number}.silent.example");
            tokio::spawn(async move { is_answered(&look_ups, &name).await })
        });
        let asked: Vec<_> = asked.collect();
        for one in asked {
            assert!(!one.await.unwrap());
        }
        assert_eq!(look_ups.places.available_permits(), OF_STRANGERS - OF_DOMAIN);
        assert!(is_answered(&look_ups, "keys.app.example").await);
        assert!(!is_answered(&look_ups, "other.SILENT.example.").await);
        drop(held);
        assert!(is_answered(&look_ups, "other.silent.example").await, "places come back");
        assert_eq!(look_ups.places.available_permits(), OF_STRANGERS);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn silent_names_of_strangers_take_no_place_of_operators() {
        let (strangers, held) = look_ups();
        for number in 0..=OF_STRANGERS {
            let name = format!("silent.number-{number}.example");
            assert!(!is_answered(&strangers, &name).await);
        }
        assert_eq!(strangers.places.available_permits(), 0);
        assert!(
            !is_answered(&strangers, "keys.app.example").await,
            "strangers wait for strangers"
        );
        let operators = LookUps {
            find: Arc::new(|_: &str| Ok(Vec::new())),
            ..LookUps::of_operators()
        };
        assert!(is_answered(&operators, "keys.app.example").await);
        drop(held);
    }

    #[tokio::test]
    async fn domains_are_remembered_while_they_are_looked_up_only() {
        let (look_ups, _held) = look_ups();
        for number in 0..20 {
            assert!(is_answered(&look_ups, &format!("a.number-{number}.example")).await);
        }
        let domains = look_ups.domains.as_ref().unwrap().lock().unwrap();
        assert!(domains.len() <= 1, "{}", domains.len());
    }

    #[test]
    fn a_domain_is_two_labels() {
        for (name, expected) in [
            ("a.b.Example.com", "example.com"),
            ("example.com.", "example.com"),
            ("localhost", "localhost"),
            ("", ""),
            (".", ""),
            ("a.b.é.com", "é.com"),
        ] {
            assert_eq!(domain(name), expected, "{name}");
        }
    }
}
