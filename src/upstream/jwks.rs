//! Key sets that clients serve at their `jwks_uri` (RFC 7591 §2), fetched when needed and kept.
//!
//! A key id that is not in the kept set may be a new key: the set is fetched again, at most once per
//! [`UNKNOWN_KEY_PAUSE`], so that a rotation is followed within a minute and made-up ids cause no flood. One fetch per
//! URL at a time; the others wait for its result, but not for longer than [`PATIENCE`] where the kept set has what they
//! look for. If a fetch fails, the kept set goes on for up to [`MAX_AGE`].

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::time::timeout;
use url::Url;

use super::http::{FetchError, HttpClient};
use crate::base::{Clock, Time};

/// A set is fetched again after that time. A key that its owner has withdrawn is trusted no longer than this while the
/// owner's server answers.
pub const FRESH_FOR: Duration = Duration::from_secs(10 * 60);
/// The least time between two fetches for the sake of an unknown key id.
pub const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(60);
/// After a failure nothing is fetched for that time.
pub const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// So long a question waits for a newer set where the kept one could answer it. Whoever is slower delays nobody: the
/// fetch goes on, and what its owner has withdrawn is trusted until it ends. After a fetch that got no answer in time
/// nobody waits at all.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How old a set may get while its server does not answer.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

const ACCEPT: &str = "application/jwk-set+json, application/json";
const MAX_SETS: u64 = 500;

type Parse<T> = dyn Fn(&[u8]) -> Option<T> + Send + Sync;

/// The kept sets, each parsed once into a `T`.
pub struct JwksCache<T> {
    clock: Arc<dyn Clock>,
    fetcher: Fetcher<T>,
    entries: Cache<String, Arc<Entry<T>>>,
}

/// What a fetch needs, so that it can go on when nobody waits for it any more.
struct Fetcher<T> {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    parse: Arc<Parse<T>>,
    accept: &'static str,
}

impl<T> Clone for Fetcher<T> {
    fn clone(&self) -> Self {
        Self {
            http: self.http.clone(),
            clock: Arc::clone(&self.clock),
            parse: Arc::clone(&self.parse),
            accept: self.accept,
        }
    }
}

impl<T> Fetcher<T> {
    async fn fetch(&self, url: &Url, entry: &Entry<T>) {
        let began = self.clock.now();
        let fetched = match self.http.get(url, self.accept).await {
            Ok(body) => (self.parse)(&body).ok_or(FetchError::Malformed),
            Err(error) => Err(error),
        };
        if let Err(error) = &fetched {
            tracing::warn!(host = url.host_str(), %error, "a key set cannot be fetched");
        }
        entry.keep(began, self.clock.now(), fetched);
    }
}

struct Entry<T> {
    state: Mutex<State<T>>,
    /// Held during a fetch.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

struct State<T> {
    set: Option<(Arc<T>, Time)>,
    /// When the last fetch began.
    began: Option<Time>,
    /// How it failed, and when.
    failed: Option<(FetchError, Time)>,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self {
            set: self.set.clone(),
            began: self.began,
            failed: self.failed.clone(),
        }
    }
}

impl<T> Entry<T> {
    fn state(&self) -> State<T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the result of a fetch. A set counts from the moment at which its fetch began: a key that was published
    /// in between may be missing. A failure counts from its end, for it may have taken as long as the pause after it.
    fn keep(&self, began: Time, ended: Time, fetched: Result<T, FetchError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.began = Some(began);
        match fetched {
            Ok(set) => {
                state.set = Some((Arc::new(set), began));
                state.failed = None;
            }
            Err(error) => state.failed = Some((error, ended)),
        }
    }
}

/// What to do with the state of a set.
enum Step<T> {
    /// The set is good. If it does not hold the key, it may be fetched again if `refetch` says so.
    Use {
        set: Arc<T>,
        refetch: bool,
    },
    Fetch,
    Fail(FetchError),
}

/// What became of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    /// It was made, by this question or by another one, well or badly.
    Tried,
    /// It was not allowed.
    TooOften,
}

impl<T: Send + Sync + 'static> JwksCache<T> {
    /// A cache that reads bodies with `parse`, which gives `None` for what is no key set.
    pub fn new(
        http: HttpClient,
        clock: Arc<dyn Clock>,
        parse: impl Fn(&[u8]) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetcher: Fetcher {
                http,
                clock: Arc::clone(&clock),
                parse: Arc::new(parse),
                accept: ACCEPT,
            },
            clock,
            entries: Cache::builder().max_capacity(MAX_SETS).time_to_idle(MAX_AGE).build(),
        }
    }

    /// The cache for documents of another type: what holds of key sets holds of whatever a client keeps at an address of
    /// its own.
    #[must_use]
    pub fn accepting(mut self, accept: &'static str) -> Self {
        self.fetcher.accept = accept;
        self
    }

    /// What `pick` finds in the set at `url`. Where it finds nothing in the kept set, it is asked again about a newer
    /// one. `None` if the newest set that can be had does not hold it either.
    ///
    /// # Errors
    /// [`FetchError`] if there is no set at all, or only one that is too old.
    pub async fn find<R>(&self, url: &Url, pick: impl Fn(&T) -> Option<R>) -> Result<Option<R>, FetchError> {
        self.find_within(url, || true, pick).await
    }

    /// The same where a stranger says what is to be fetched: `may_fetch` is asked before each fetch, and only then.
    ///
    /// # Errors
    /// As [`JwksCache::find`]; [`FetchError::TooOften`] where a fetch was needed and not allowed, and what is kept does not
    /// do.
    pub async fn find_within<R>(
        &self,
        url: &Url,
        may_fetch: impl Fn() -> bool,
        pick: impl Fn(&T) -> Option<R>,
    ) -> Result<Option<R>, FetchError> {
        let entry = self.entries.get_with_by_ref(url.as_str(), || {
            Arc::new(Entry {
                state: Mutex::new(State {
                    set: None,
                    began: None,
                    failed: None,
                }),
                fetching: Arc::default(),
            })
        });
        let kept = entry.state();
        let stale = match self.next(&kept) {
            Step::Fail(error) => return Err(error),
            Step::Use { set, refetch } => match pick(&set) {
                None if refetch => None,
                found => return Ok(found),
            },
            Step::Fetch => self.good(&kept),
        };
        let mut fetching = pin!(self.fetch(url, &entry, kept.began, may_fetch));
        let fetched = match stale {
            None => fetching.await,
            Some(stale) => match timeout(patience(&kept), &mut fetching).await {
                Ok(fetched) => fetched,
                Err(_) => match pick(&stale) {
                    Some(found) => return Ok(Some(found)),
                    None => fetching.await,
                },
            },
        };
        if fetched == Fetched::TooOften {
            // what is kept goes on as if nobody had answered
            let found = self.good(&kept).and_then(|set| pick(&set));
            return found.map(Some).ok_or(FetchError::TooOften);
        }
        // Whatever there is now will do: one question waits for one fetch at most.
        let state = entry.state();
        match (state.set, state.failed) {
            (Some((set, _)), None) => Ok(pick(&set)),
            (Some((set, fetched_at)), Some(_)) if self.age(fetched_at) < MAX_AGE => Ok(pick(&set)),
            (_, Some((error, _))) => Err(error),
            (None, None) => Err(FetchError::Timeout),
        }
    }

    /// How long ago something was. A clock that was set back must not keep an old set for good.
    fn age(&self, since: Time) -> Duration {
        (self.clock.now() - since).unsigned_abs()
    }

    /// The kept set, if it may still serve while its server does not answer.
    fn good(&self, state: &State<T>) -> Option<Arc<T>> {
        let (set, fetched_at) = state.set.as_ref()?;
        (self.age(*fetched_at) < MAX_AGE).then(|| Arc::clone(set))
    }

    fn next(&self, state: &State<T>) -> Step<T> {
        let failed = state
            .failed
            .as_ref()
            .filter(|(_, ended)| self.age(*ended) < FAILURE_PAUSE);
        match (&state.set, failed) {
            (Some((set, fetched_at)), _) if self.age(*fetched_at) < FRESH_FOR => Step::Use {
                set: Arc::clone(set),
                refetch: state.began.is_none_or(|began| self.age(began) >= UNKNOWN_KEY_PAUSE),
            },
            (Some((set, fetched_at)), Some(_)) if self.age(*fetched_at) < MAX_AGE => Step::Use {
                set: Arc::clone(set),
                refetch: false,
            },
            (_, Some((error, _))) => Step::Fail(error.clone()),
            (_, None) => Step::Fetch,
        }
    }

    /// Fetches the set, unless somebody else has done so since the fetch that began at `seen`. Once begun, it goes on also
    /// if its caller gives up.
    async fn fetch(
        &self,
        url: &Url,
        entry: &Arc<Entry<T>>,
        seen: Option<Time>,
        may_fetch: impl Fn() -> bool,
    ) -> Fetched {
        let turn = Arc::clone(&entry.fetching).lock_owned().await;
        if entry.state().began != seen {
            return Fetched::Tried;
        }
        if !may_fetch() {
            return Fetched::TooOften;
        }
        let (fetcher, url, entry) = (self.fetcher.clone(), url.clone(), Arc::clone(entry));
        let fetch = tokio::spawn(async move {
            fetcher.fetch(&url, &entry).await;
            drop(turn);
        });
        if let Err(error) = fetch.await {
            tracing::error!(%error, "a fetch of a key set broke off");
        }
        Fetched::Tried
    }
}

/// How long a question waits that the kept set can answer.
fn patience<T>(kept: &State<T>) -> Duration {
    match kept.failed {
        Some((FetchError::Timeout, _)) => Duration::ZERO,
        _ => PATIENCE,
    }
}

#[cfg(test)]
mod tests;
