//! What every use case stands on: the store, the ring, the pool, the caches and the operator's decisions.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;

use super::{
    cache::{Caches, Catalog},
    client_authorities::ClientAuthorities,
    client_document::ClientDocuments,
    discovery::Discovery,
    fetches::Fetches,
    keys::KeyRing,
    outbound::Outbound,
    outbox::Outbox,
    password::PasswordPool,
    recent::Recent,
};
use crate::{
    base::{
        Clock, Pseudonyms, Rng, Sealer, Time, TokenHash,
        id::{GrantId, SessionId, UserId},
        seal::SealError,
    },
    domain::{
        claims::{CompiledRules, Failure},
        client_metadata::is_client_id,
        dpop::nonce,
        permission,
        policy::Policy,
        security_profile, subject,
        token::refresh_token,
    },
    model::{AccessToken, Client, Grant, User},
    spec::{jose::SigningAlg, oauth::client_document},
    store::{self, PgExecutor, Store},
    upstream::http::HttpClient,
};

/// How long the database may take where there is something to use instead of its answer.
const HASTE: Duration = Duration::from_secs(1);

/// The running identity provider, without any way in.
pub struct Core {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Secrets at rest.
    pub sealer: Arc<Sealer>,
    /// Signing keys.
    pub keys: KeyRing,
    /// Password hashing.
    pub passwords: PasswordPool,
    /// What must leave.
    pub outbox: Outbox,
    /// To addresses that operators wrote down.
    pub to_registered: Outbound,
    /// To those of apps that registered themselves.
    pub to_strangers: Outbound,
    /// The documents of clients that are named by one.
    pub client_documents: ClientDocuments,
    /// How often strangers may have something fetched.
    pub fetches: Fetches,
    /// The metadata document.
    pub discovery: Discovery,
    /// What the operator decided.
    pub policy: Policy,
    /// Who vouches for client certificates; set by whoever knows the files.
    pub client_authorities: ClientAuthorities,
    /// What is remembered of the database.
    pub caches: Caches,
    /// What was written a moment ago.
    pub(super) recent: Recent,
    /// The key under which refresh tokens follow one another, derived once.
    refresh_key: OnceLock<hmac::Key>,
    /// The key of the nonces for DPoP proofs, derived once.
    dpop_nonce_key: OnceLock<hmac::Key>,
    /// What people are called to clients that see pairwise subjects, made once.
    pseudonyms: OnceLock<Pseudonyms>,
    /// Custom-claim failures that were logged already.
    logged: Mutex<HashSet<Failure>>,
}

/// What [`Core`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Secrets at rest.
    pub sealer: Arc<Sealer>,
    /// Signing keys, loaded.
    pub keys: KeyRing,
    /// Password hashing.
    pub passwords: PasswordPool,
    /// For fetches that this server makes.
    pub http: HttpClient,
    /// What the operator decided.
    pub policy: Policy,
}

impl Core {
    /// Puts the parts together. Nothing is remembered until [`super::job::listen`] runs.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            clock,
            rng,
            sealer,
            keys,
            passwords,
            http,
            policy,
        } = parts;
        let outbox = Outbox::new(Arc::clone(&sealer), Arc::clone(&rng));
        let strangers = http.for_strangers();
        Self {
            outbox,
            client_documents: ClientDocuments::new(strangers.clone(), Arc::clone(&clock)),
            to_registered: Outbound::new(http, &clock),
            to_strangers: Outbound::new(strangers, &clock),
            fetches: Fetches::new(&clock),
            discovery: Discovery::default(),
            store,
            clock,
            rng,
            sealer,
            keys,
            passwords,
            policy,
            client_authorities: ClientAuthorities::default(),
            caches: Caches::default(),
            recent: Recent::default(),
            refresh_key: OnceLock::new(),
            pseudonyms: OnceLock::new(),
            dpop_nonce_key: OnceLock::new(),
            logged: Mutex::default(),
        }
    }

    /// The way to the addresses that this client registered.
    pub fn way_to(&self, client: &Client) -> &Outbound {
        match client.registered_itself {
            true => &self.to_strangers,
            false => &self.to_registered,
        }
    }

    /// The instant now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The key under which refresh tokens follow one another.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn refresh_key(&self) -> Result<&hmac::Key, SealError> {
        self.derived(&self.refresh_key, refresh_token::MAC_PURPOSE)
    }

    /// The key of the nonces for DPoP proofs, the same in every process.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn dpop_nonce_key(&self) -> Result<&hmac::Key, SealError> {
        self.derived(&self.dpop_nonce_key, nonce::MAC_PURPOSE)
    }

    fn derived<'a>(&self, kept: &'a OnceLock<hmac::Key>, purpose: &str) -> Result<&'a hmac::Key, SealError> {
        if let Some(known) = kept.get() {
            return Ok(known);
        }
        let derived = self.sealer.mac_key(purpose)?;
        Ok(kept.get_or_init(|| derived))
    }

    /// What people are called to clients that see pairwise subjects.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn pseudonyms(&self) -> Result<&Pseudonyms, SealError> {
        if let Some(known) = self.pseudonyms.get() {
            return Ok(known);
        }
        let made = Pseudonyms::new(&self.sealer)?;
        Ok(self.pseudonyms.get_or_init(|| made))
    }

    /// What `sub` says of the person to this client. Every `sub` that leaves this server comes from here.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn subject(&self, client: &Client, id: UserId) -> Result<String, SealError> {
        subject::of(self.pseudonyms()?, client, id)
    }

    /// What `sid` says of the session to this client. Every `sid` that leaves this server comes from here.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn sid(&self, client: &Client, id: SessionId) -> Result<String, SealError> {
        subject::session_of(self.pseudonyms()?, client, id)
    }

    /// What signs for a client: what it registered, else `default`, unless its security profile wants something better.
    pub fn signing_alg(&self, client: &Client, registered: Option<&str>, default: SigningAlg) -> SigningAlg {
        let rules = security_profile::of(client, self.policy.security.profile);
        rules.signing_alg(registered, default, &self.keys.policy().algs)
    }

    /// What APIs may want their tokens signed with: what the server's security profile allows and has keys for. Whom a client
    /// of another profile gets tokens for is not known when an API is declared; then [`Core::signing_alg`] decides.
    pub fn resource_algs(&self) -> Vec<SigningAlg> {
        let rules = security_profile::rules(self.policy.security.profile);
        rules.usable_algs(&self.keys.policy().algs).collect()
    }

    /// The client of that identifier.
    ///
    /// # Errors
    /// The store's.
    pub async fn client(&self, client_id: &str) -> Result<Option<Arc<Client>>, store::Error> {
        // What nobody can have registered is not looked for; PostgreSQL would refuse a NUL in it.
        let documents = self.policy.registration.client_id_documents;
        let is_document = documents && client_document::address(client_id).is_some();
        if !is_client_id(client_id) && !is_document {
            return Ok(None);
        }
        let key = client_id.to_owned();
        if let Some(known) = self.caches.get(&self.caches.clients, &key) {
            return Ok(known);
        }
        self.or_lapsed(self.caches.lapsed_client(client_id).map(Some), async {
            let mark = self.caches.mark();
            let found = store::client::find(self.store.pool(), client_id).await?.map(Arc::new);
            // unknown identifiers are not kept: anybody could fill the cache with them
            match &found {
                Some(_) => self.caches.keep(&self.caches.clients, key, found.clone(), mark),
                None => self.caches.clients.forget(&key),
            }
            Ok(found)
        })
        .await
    }

    /// What is read, or what was read before (see [`super::cache`]) when the database is away.
    async fn or_lapsed<T>(
        &self,
        lapsed: Option<T>,
        read: impl Future<Output = Result<T, store::Error>>,
    ) -> Result<T, store::Error> {
        let Some(lapsed) = lapsed else {
            return read.await;
        };
        if self.caches.is_silent() {
            return Ok(lapsed);
        }
        match tokio::time::timeout(HASTE, read).await {
            Err(_) | Ok(Err(store::Error::Unavailable(_))) => {
                self.caches.fell_silent();
                Ok(lapsed)
            }
            Ok(answer) => answer,
        }
    }

    /// The person of that id; read through `db` if need be. Who holds a connection gives that: waiting for a second one
    /// while others do the same can block all of them.
    ///
    /// # Errors
    /// The store's.
    pub async fn user(&self, db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Arc<User>>, store::Error> {
        if let Some(known) = self.caches.get(&self.caches.users, &id) {
            return Ok(known);
        }
        let mark = self.caches.mark();
        let found = store::user::find(db, id).await?.map(Arc::new);
        self.caches.keep(&self.caches.users, id, found.clone(), mark);
        Ok(found)
    }

    /// The grant of that id, revoked ones too.
    ///
    /// # Errors
    /// The store's.
    pub async fn grant(&self, id: GrantId) -> Result<Option<Arc<Grant>>, store::Error> {
        if let Some(known) = self.caches.get(&self.caches.grants, &id) {
            return Ok(known);
        }
        let mark = self.caches.mark();
        let found = store::grant::find(self.store.pool(), id).await?.map(Arc::new);
        self.caches.keep(&self.caches.grants, id, found.clone(), mark);
        Ok(found)
    }

    /// Forgets at once a grant that this process itself has just revoked; the others hear of it a moment later.
    pub fn forget_grant(&self, id: GrantId) {
        self.caches.grants.forget(&id);
    }

    /// An access token that was found good before, by the hash of its wire value. Its expiry, grant and revocation are
    /// still to be asked for.
    pub fn remembered_access_token(&self, hash: &TokenHash) -> Option<Arc<AccessToken>> {
        self.caches.get(&self.caches.access_tokens, hash)
    }

    /// The mark to take before an access token is looked up or verified.
    pub fn mark(&self) -> u64 {
        self.caches.mark()
    }

    /// Remembers an access token that is good, read after `mark` was taken.
    pub fn remember_access_token(&self, hash: TokenHash, token: Arc<AccessToken>, mark: u64) {
        self.caches.keep(&self.caches.access_tokens, hash, token, mark);
    }

    /// Forgets at once an access token that this process itself has just revoked.
    pub fn forget_access_token(&self, hash: &TokenHash) {
        self.caches.access_tokens.forget(hash);
    }

    /// Whether a JWT access token was revoked before its time, by its `jti`.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_revoked(&self, jti: &str) -> Result<bool, store::Error> {
        let hash = TokenHash::of(jti);
        match self.caches.is_revoked(&hash) {
            Some(revoked) => Ok(revoked),
            None => store::revoked_token::contains(self.store.pool(), &hash).await,
        }
    }

    /// Remembers at once what this process itself has just revoked.
    pub fn note_revoked(&self, jti: &str, expires_at: Time) {
        self.caches.revoke(TokenHash::of(jti), expires_at);
    }

    /// API resources, roles and custom claims.
    ///
    /// # Errors
    /// The store's.
    pub async fn catalog(&self) -> Result<Arc<Catalog>, store::Error> {
        if let Some(known) = self.caches.catalog() {
            return Ok(known);
        }
        self.or_lapsed(self.caches.lapsed_catalog(), self.read_catalog()).await
    }

    async fn read_catalog(&self) -> Result<Arc<Catalog>, store::Error> {
        let mark = self.caches.mark();
        let resources = store::resource::list(self.store.pool()).await?;
        let roles = store::role::list(self.store.pool()).await?;
        let rules = store::claim_rule::list(self.store.pool()).await?;
        let trusted = store::trusted_issuer::list(self.store.pool()).await?;
        let (rules, faults) = CompiledRules::compile(&rules);
        for (rule, fault) in faults {
            tracing::warn!(rule = rule.name, %fault, "a custom claim does not compile and is left out");
        }
        let permissions = permission::Catalog::new(self.policy.issuer.as_str(), resources.clone(), &roles);
        let catalog = Arc::new(Catalog {
            permissions,
            resources: resources
                .into_iter()
                .map(|one| (one.identifier.clone(), Arc::new(one)))
                .collect(),
            roles: roles.into_iter().map(|one| (one.name.clone(), Arc::new(one))).collect(),
            trusted_issuers: trusted
                .into_iter()
                .map(|one| (one.issuer.clone(), Arc::new(one)))
                .collect(),
            rules,
        });
        self.caches.keep_catalog(Arc::clone(&catalog), mark);
        Ok(catalog)
    }

    /// Logs custom claims that were left out, each rule and reason once.
    pub fn log_failures(&self, failures: Vec<Failure>) {
        for failure in failures {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            if logged.len() < 1000 && logged.insert(failure.clone()) {
                tracing::warn!(rule = failure.rule, fault = %failure.fault, "a custom claim failed and is left out");
            }
        }
    }
}
