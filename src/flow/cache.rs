//! What a server process remembers of the database, so that a warm request reads nothing.
//!
//! PostgreSQL is the truth. Every change that matters is announced on a channel; what was remembered is then forgotten.
//! Three things keep a missed or late announcement harmless: entries are believed for [`LIFETIME`] at most; a value that
//! was read while something changed is used but not kept; and while the listener is not connected nothing is believed.
//!
//! Clients and the catalog have a second life, for when the database is away: what was read within [`OUTAGE`] may then
//! still be used, because there is nobody to ask. Without it no token would be issued during a restart of the database.
//! People, grants and access tokens have none: whether somebody was suspended or something revoked is not guessed.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::sync::Cache;

use crate::{
    base::{
        Time, TokenHash,
        id::{ClientSecretId, GrantId, UserId},
    },
    domain::{claims::CompiledRules, permission},
    model::{AccessToken, Client, Grant, Resource, Role, User, trusted_issuer::TrustedIssuer},
    spec::jose::JwkSet,
    store::Change,
};

/// No entry is believed for longer.
pub const LIFETIME: Duration = Duration::from_secs(30);

/// Nor used for longer while the database is away.
pub const OUTAGE: Duration = Duration::from_secs(10 * 60);

/// How long the database is not asked again, where there is something to use instead, after it did not answer.
const REST: Duration = Duration::from_secs(1);

/// How often it is written that a client's secret was used.
const USE_SPAN: Duration = Duration::from_secs(60 * 60);

const CLIENTS: u64 = 10_000;
const PEOPLE: u64 = 20_000;
const TOKENS: u64 = 50_000;
/// Registered key sets that are held parsed; each may have 64 keys.
const KEY_SETS: u64 = 1_000;

/// The operator's definitions, few enough to be held whole.
#[derive(Debug, Default)]
pub struct Catalog {
    /// API resources by identifier.
    pub resources: HashMap<String, Arc<Resource>>,
    /// Roles by name.
    pub roles: HashMap<String, Arc<Role>>,
    /// Who may do what at which resource.
    pub permissions: permission::Catalog,
    /// Issuers whose assertions count, by name.
    pub trusted_issuers: HashMap<String, Arc<TrustedIssuer>>,
    /// Custom claims, compiled.
    pub rules: CompiledRules,
}

/// The caches of one process.
pub struct Caches {
    epoch: AtomicU64,
    listening: AtomicBool,
    /// How often the listener has connected. What was read before its last connection is not believed.
    connection: AtomicU64,
    pub(super) clients: Remembered<String, Option<Arc<Client>>>,
    pub(super) users: Remembered<UserId, Option<Arc<User>>>,
    pub(super) grants: Remembered<GrantId, Option<Arc<Grant>>>,
    /// Access tokens that were found good, by the hash of their wire value.
    pub(super) access_tokens: Remembered<TokenHash, Arc<AccessToken>>,
    /// The `jwks` of clients, parsed, with the client that each was read off.
    key_sets: Cache<String, (Arc<Client>, Arc<JwkSet>)>,
    catalog: RwLock<Option<Entry<Arc<Catalog>>>>,
    revoked: RwLock<HashMap<TokenHash, Time>>,
    /// Secrets of clients whose use was written lately.
    secret_uses: Cache<ClientSecretId, ()>,
    /// When the database last did not answer.
    silent_since: RwLock<Option<Instant>>,
}

/// One bounded map of the caches.
pub struct Remembered<K, V>(Cache<K, Entry<V>>);

/// A value, and whether it may be believed.
#[derive(Debug, Clone)]
struct Entry<V> {
    value: V,
    read: Instant,
    /// Of the listener's connection.
    connection: u64,
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Remembered<K, V> {
    fn new(capacity: u64, lifetime: Duration) -> Self {
        Self(Cache::builder().max_capacity(capacity).time_to_live(lifetime).build())
    }

    pub(super) fn forget(&self, key: &K) {
        self.0.invalidate(key);
    }

    fn forget_all(&self) {
        self.0.invalidate_all();
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            listening: AtomicBool::new(false),
            connection: AtomicU64::new(0),
            clients: Remembered::new(CLIENTS, OUTAGE),
            users: Remembered::new(PEOPLE, LIFETIME),
            grants: Remembered::new(TOKENS, LIFETIME),
            access_tokens: Remembered::new(TOKENS, LIFETIME),
            key_sets: Cache::builder().max_capacity(KEY_SETS).time_to_idle(LIFETIME).build(),
            catalog: RwLock::new(None),
            revoked: RwLock::new(HashMap::new()),
            secret_uses: Cache::builder().max_capacity(CLIENTS).time_to_live(USE_SPAN).build(),
            silent_since: RwLock::new(None),
        }
    }
}

impl Caches {
    /// What is remembered under `key`, if it may be believed now.
    pub(super) fn get<K, V>(&self, map: &Remembered<K, V>, key: &K) -> Option<V>
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        if !self.is_listening() {
            return None;
        }
        self.believed(map.0.get(key)?)
    }

    fn believed<V>(&self, entry: Entry<V>) -> Option<V> {
        let is_of_now = entry.connection == self.connection.load(Ordering::Acquire);
        (is_of_now && entry.read.elapsed() < LIFETIME).then_some(entry.value)
    }

    fn entry<V>(&self, value: V) -> Entry<V> {
        Entry {
            value,
            read: Instant::now(),
            connection: self.connection.load(Ordering::Acquire),
        }
    }

    /// The registered keys of `client`, parsed once for as long as the client itself is remembered.
    pub(super) fn registered_keys<E>(
        &self,
        client: &Arc<Client>,
        parse: impl FnOnce() -> Result<JwkSet, E>,
    ) -> Result<Arc<JwkSet>, E> {
        if let Some((of, set)) = self.key_sets.get(&client.client_id)
            && Arc::ptr_eq(&of, client)
        {
            return Ok(set);
        }
        let set = Arc::new(parse()?);
        let held = (Arc::clone(client), Arc::clone(&set));
        self.key_sets.insert(client.client_id.clone(), held);
        Ok(set)
    }

    /// The client that was last read under `client_id`, for when the database is away.
    pub(super) fn lapsed_client(&self, client_id: &str) -> Option<Arc<Client>> {
        self.clients.0.get(client_id)?.value
    }

    /// The catalog that was last read, for when the database is away.
    pub(super) fn lapsed_catalog(&self) -> Option<Arc<Catalog>> {
        let held = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|entry| entry.read.elapsed() < OUTAGE)
            .map(|entry| Arc::clone(&entry.value))
    }

    /// The database did not answer.
    pub(super) fn fell_silent(&self) {
        *self.silent_since.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the database did not answer a moment ago.
    pub(super) fn is_silent(&self) -> bool {
        let since = *self.silent_since.read().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < REST)
    }

    /// The mark to take before a read whose result is to be kept.
    pub(super) fn mark(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Keeps a value, unless anything changed since `mark` was taken. While the listener is not connected it is kept for
    /// its second life only, in the place of an older one.
    pub(super) fn keep<K, V>(&self, map: &Remembered<K, V>, key: K, value: V, mark: u64)
    where
        K: Clone + Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        if self.mark() != mark {
            return;
        }
        map.0.insert(key.clone(), self.entry(value));
        // An announcement may have come in between: it is counted first, and what it names forgotten then.
        if self.mark() != mark {
            map.forget(&key);
        }
    }

    /// The catalog, if it is fresh.
    pub(super) fn catalog(&self) -> Option<Arc<Catalog>> {
        if !self.is_listening() {
            return None;
        }
        let held = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        self.believed(held.clone()?)
    }

    pub(super) fn keep_catalog(&self, catalog: Arc<Catalog>, mark: u64) {
        let mut held = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        // Looked at under the lock: an announcement is counted before it comes here to forget.
        if self.mark() == mark {
            *held = Some(self.entry(catalog));
        }
    }

    /// Whether the use of that secret is the first one to be written within [`USE_SPAN`]; asking is using.
    pub(super) fn is_first_use(&self, secret: ClientSecretId) -> bool {
        self.secret_uses.entry(secret).or_insert(()).is_fresh()
    }

    /// Whether announcements arrive. While they do not, every question goes to the database.
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Acquire)
    }

    /// The listener is connected, and `revoked` is the list of tokens revoked before their time.
    pub(super) fn connected(&self, revoked: HashMap<TokenHash, Time>) {
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = revoked;
        self.connection.fetch_add(1, Ordering::AcqRel);
        self.forget_beliefs();
        self.listening.store(true, Ordering::Release);
    }

    /// The listener lost its connection. Nothing is believed any more; what has a second life stays for it.
    pub(super) fn disconnected(&self) {
        self.listening.store(false, Ordering::Release);
        self.forget_beliefs();
    }

    /// Whether a JWT access token was revoked, by the hash of its `jti`; `None`: only the database knows.
    pub(super) fn is_revoked(&self, jti: &TokenHash) -> Option<bool> {
        self.is_listening().then(|| {
            self.revoked
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .contains_key(jti)
        })
    }

    /// Remembers a revocation until the token would have died anyway.
    pub(super) fn revoke(&self, jti: TokenHash, expires_at: Time) {
        self.revoked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(jti, expires_at);
    }

    /// Drops revocations of tokens that are dead by themselves.
    pub(super) fn sweep_revoked(&self, now: Time) {
        self.revoked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, expires_at| *expires_at > now);
    }

    /// Forgets what has no second life.
    fn forget_beliefs(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.users.forget_all();
        self.grants.forget_all();
        self.access_tokens.forget_all();
    }

    fn forget_everything(&self) {
        self.forget_beliefs();
        self.clients.forget_all();
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Forgets what an announcement says has changed. A revocation is kept until `forget_at`, when its token is long dead.
    pub(super) fn apply(&self, change: &Change, forget_at: Time) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Everything => self.forget_everything(),
            Change::Client(client_id) => self.clients.forget(client_id),
            Change::User(id) => self.users.forget(id),
            Change::Grant(id) => self.grants.forget(id),
            Change::AccessToken(hash) => self.access_tokens.forget(hash),
            Change::RevokedToken(jti) => self.revoke(*jti, forget_at),
            Change::Resource(_) | Change::Role(_) | Change::ClaimRule(_) | Change::TrustedIssuer(_) => {
                *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = None;
            }
            // what a key signed counts no more once the key was taken out in an emergency
            Change::SigningKey(_) => self.access_tokens.forget_all(),
            // sessions are read from the database, the outbox has a worker
            Change::Session(_) | Change::Outbox => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening() -> Caches {
        let caches = Caches::default();
        caches.connected(HashMap::new());
        caches
    }

    #[test]
    fn a_value_is_kept_and_forgotten_by_its_announcement() {
        let caches = listening();
        let mark = caches.mark();
        caches.keep(&caches.clients, "a".to_owned(), None, mark);
        assert!(caches.get(&caches.clients, &"a".to_owned()).is_some());
        caches.apply(&Change::Client("a".to_owned()), Time::UNIX_EPOCH);
        assert!(caches.get(&caches.clients, &"a".to_owned()).is_none());
    }

    #[test]
    fn a_value_read_while_something_changed_is_not_kept() {
        let caches = listening();
        let mark = caches.mark();
        caches.apply(&Change::Client("a".to_owned()), Time::UNIX_EPOCH);
        caches.keep(&caches.clients, "a".to_owned(), None, mark);
        assert!(caches.get(&caches.clients, &"a".to_owned()).is_none());
    }

    #[test]
    fn nothing_is_believed_while_the_listener_is_away() {
        let caches = listening();
        let mark = caches.mark();
        caches.keep(&caches.clients, "a".to_owned(), None, mark);
        let jti = TokenHash::of("jti");
        caches.revoke(jti, Time::UNIX_EPOCH);
        assert_eq!(caches.is_revoked(&jti), Some(true));
        caches.disconnected();
        assert!(caches.get(&caches.clients, &"a".to_owned()).is_none());
        assert_eq!(caches.is_revoked(&jti), None);
    }

    #[test]
    fn what_has_a_second_life_is_believed_no_more_after_the_listener_was_away() {
        let caches = listening();
        caches.keep_catalog(Arc::default(), caches.mark());
        assert!(caches.catalog().is_some());
        caches.disconnected();
        assert!(caches.catalog().is_none());
        assert!(caches.lapsed_catalog().is_some());
        caches.connected(HashMap::new());
        assert!(caches.catalog().is_none());
        assert!(caches.lapsed_catalog().is_some());
        caches.apply(&Change::Role("a".to_owned()), Time::UNIX_EPOCH);
        assert!(caches.lapsed_catalog().is_none());
    }

    #[test]
    fn the_database_is_given_a_rest_after_it_did_not_answer() {
        let caches = listening();
        assert!(!caches.is_silent());
        caches.fell_silent();
        assert!(caches.is_silent());
    }

    #[test]
    fn registered_keys_are_parsed_once_per_reading_of_the_client() {
        let caches = listening();
        let client = Arc::new(crate::model::sample::client());
        let parsed = std::cell::Cell::new(0);
        let parse = || -> Result<JwkSet, ()> {
            parsed.set(parsed.get() + 1);
            Ok(JwkSet::new(Vec::new()))
        };
        let first = caches.registered_keys(&client, parse).unwrap();
        let second = caches.registered_keys(&client, parse).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(parsed.get(), 1);
        // read anew, perhaps with other keys
        let again = Arc::new(Client::clone(&client));
        caches.registered_keys(&again, parse).unwrap();
        assert_eq!(parsed.get(), 2);
    }
}
