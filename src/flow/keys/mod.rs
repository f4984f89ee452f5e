//! The running key ring of one process: what it read from the database, ready to sign, to verify and to be published.
//!
//! `domain::keys` decides; this loads, opens the private halves, applies what was decided under a lock, and keeps the
//! result in memory. Signing and verifying never touch the database.

mod change;
mod snapshot;

use std::sync::{Arc, PoisonError, RwLock};

use snapshot::Snapshot;
use tokio::sync::Mutex;

use crate::{
    base::{Clock, Sealer, Time, seal::SealError},
    domain::keys::{self, Action, KeyPolicy, plan::AlreadyPending},
    model::{SigningKey, signing_key::IllegalTransition},
    spec::jose::{DecryptionKey, JwkSet, KeyAlg, KeySigner, SigningAlg, jwe::JweError, signer::KeyError},
    store::{self, Store, signing_key},
};

/// The purpose under which private halves are sealed; the context is the `kid`.
const SEAL_PURPOSE: &str = "signing_key";

/// Why the ring does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No key signs with this algorithm.
    #[error("there is no signing key for {0}")]
    NoSigner(KeyAlg),
    /// The database was out of reach for so long that a key read from it may be out of date: better no token at all than
    /// one that does not verify. Goes away by itself.
    #[error("the signing keys were not read from the database for too long")]
    Stale,
    /// A private half does not open.
    #[error("the signing key {kid} does not open")]
    Seal {
        /// Which.
        kid: String,
        /// Why; another master key, most likely.
        #[source]
        source: SealError,
    },
    /// A stored key is not sound, or a new one could not be made.
    #[error("the signing key {kid} is not usable")]
    Key {
        /// Which; empty for a new one.
        kid: String,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The same of a key that others encrypt to.
    #[error("the encryption key {kid} is not usable")]
    Decryption {
        /// Which.
        kid: String,
        /// Why.
        #[source]
        source: JweError,
    },
    /// A stored public half is not sound.
    #[error("the public half of the signing key {0} is not usable")]
    PublicKey(String),
    /// The plan does not fit the rows; a defect of ours.
    #[error("the signing key {kid} cannot change so")]
    Transition {
        /// Which.
        kid: String,
        /// Why.
        #[source]
        source: IllegalTransition,
    },
    /// A command for a successor came when one waits already; nothing was changed.
    #[error(transparent)]
    AlreadyPending(#[from] AlreadyPending),
    /// Another process changed the ring again and again.
    #[error("the key ring is being changed by others")]
    Contended,
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The JWKS as it is sent.
#[derive(Debug, Clone)]
pub struct PublishedJwks {
    /// JSON, serialised once per change.
    pub body: Arc<str>,
    /// Strong entity tag, with its quotes.
    pub etag: Arc<str>,
    /// For how long it may be kept (`Cache-Control: max-age`).
    pub max_age: time::Duration,
}

/// The ring. Shared by all request handlers and the worker that ticks it.
pub struct KeyRing {
    policy: KeyPolicy,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Held from reading the rows to showing them, so that a slow reader does not undo what a faster one has shown.
    loading: Mutex<()>,
}

impl KeyRing {
    /// The ring as it is in the database; makes the first keys where there are none.
    ///
    /// # Errors
    /// [`Error::Seal`] with a wrong master key; [`Error`].
    pub async fn open(policy: KeyPolicy, store: &Store, sealer: &Sealer, clock: &dyn Clock) -> Result<Self, Error> {
        let ring = Self {
            policy,
            snapshot: RwLock::new(Arc::new(Snapshot::empty())),
            loading: Mutex::default(),
        };
        ring.tick(store, sealer, clock).await?;
        Ok(ring)
    }

    /// The policy that it runs by.
    pub fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that signs with `alg` at `now`, to the second, whenever the last tick was.
    ///
    /// # Errors
    /// [`Error::NoSigner`], [`Error::Stale`].
    pub fn signer(&self, alg: SigningAlg, now: Time) -> Result<Arc<KeySigner>, Error> {
        let snapshot = self.current();
        if !self.policy.may_sign(snapshot.loaded_at, now) {
            return Err(Error::Stale);
        }
        snapshot.signer(alg, now).ok_or(Error::NoSigner(alg.into()))
    }

    /// The JWKS for `/jwks`.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn jwks(&self, now: Time) -> Result<PublishedJwks, Error> {
        let snapshot = self.current();
        let lifetime = self.policy.jwks_lifetime(snapshot.loaded_at, now);
        Ok(PublishedJwks {
            body: Arc::clone(&snapshot.body),
            etag: Arc::clone(&snapshot.etag),
            max_age: lifetime.ok_or(Error::Stale)?,
        })
    }

    /// The published keys, for verifying access tokens of ours.
    pub fn verify_keys(&self) -> Arc<JwkSet> {
        Arc::clone(&self.current().verify_keys)
    }

    /// The published keys and those that were retired in due course and are still remembered, for `id_token_hint`s that
    /// may be over their time. Keys that were replaced in an emergency are not among them.
    pub fn hint_keys(&self) -> Arc<JwkSet> {
        Arc::clone(&self.current().hint_keys)
    }

    /// The keys that decrypt what others encrypted to us: those in use, and those before and after them.
    pub fn decryption_keys(&self) -> Arc<[Arc<DecryptionKey>]> {
        Arc::clone(&self.current().decryption_keys)
    }

    /// Looks at the database and does what is due. To be called at least every third of [`KeyPolicy::propagation`], and
    /// whenever the database announces a change of `signing_key`.
    ///
    /// # Errors
    /// [`Error`]; what was known before stays in use.
    pub async fn tick(&self, store: &Store, sealer: &Sealer, clock: &dyn Clock) -> Result<(), Error> {
        let _loading = self.loading.lock().await;
        // Twice, because a first key whose interval is shorter than its publication has its successor due at once.
        for _ in 0..2 {
            let loaded_at = clock.now();
            let rows = signing_key::list(&store.pool).await?;
            if keys::plan(&rows, &self.policy, loaded_at).is_empty() {
                return self.install(rows, loaded_at, sealer);
            }
            change::change(store, sealer, clock, |rows, now| {
                Ok(keys::plan(rows, &self.policy, now))
            })
            .await?;
        }
        self.load(store, sealer, clock).await
    }

    /// Looks at the database without changing it.
    ///
    /// # Errors
    /// [`Error`]; what was known before stays in use.
    pub async fn reload(&self, store: &Store, sealer: &Sealer, clock: &dyn Clock) -> Result<(), Error> {
        let _loading = self.loading.lock().await;
        self.load(store, sealer, clock).await
    }

    async fn load(&self, store: &Store, sealer: &Sealer, clock: &dyn Clock) -> Result<(), Error> {
        let loaded_at = clock.now();
        let rows = signing_key::list(&store.pool).await?;
        self.install(rows, loaded_at, sealer)
    }

    /// Makes a successor for the key of `alg`, which takes over once it has been published long enough. Returns it.
    ///
    /// # Errors
    /// [`Error::AlreadyPending`], [`Error`].
    pub async fn rotate(
        &self,
        alg: impl Into<KeyAlg>,
        store: &Store,
        sealer: &Sealer,
        clock: &dyn Clock,
    ) -> Result<SigningKey, Error> {
        let alg = alg.into();
        self.command(alg, store, sealer, clock, |rows, now| {
            keys::rotate(rows, alg, &self.policy, now)
        })
        .await
    }

    /// The emergency: takes every key of `alg` out at once and signs with a new one, which is returned. What the old ones
    /// signed stops counting.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn replace(
        &self,
        alg: impl Into<KeyAlg>,
        store: &Store,
        sealer: &Sealer,
        clock: &dyn Clock,
    ) -> Result<SigningKey, Error> {
        let alg = alg.into();
        self.command(alg, store, sealer, clock, |rows, now| Ok(keys::replace(rows, alg, now)))
            .await
    }

    async fn command(
        &self,
        alg: KeyAlg,
        store: &Store,
        sealer: &Sealer,
        clock: &dyn Clock,
        decide: impl Fn(&[SigningKey], Time) -> Result<Vec<Action>, AlreadyPending>,
    ) -> Result<SigningKey, Error> {
        let created = change::change(store, sealer, clock, decide).await?;
        self.reload(store, sealer, clock).await?;
        created.into_iter().next().ok_or(Error::NoSigner(alg))
    }

    /// Opens and parses what is new, and shows the result to everyone at once.
    fn install(&self, rows: Vec<SigningKey>, loaded_at: Time, sealer: &Sealer) -> Result<(), Error> {
        let snapshot = Snapshot::build(rows, loaded_at, &self.current(), sealer)?;
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }
}

/// Every key that is still remembered, for the console and the command line.
///
/// # Errors
/// [`store::Error`].
pub async fn list(store: &Store) -> Result<Vec<SigningKey>, store::Error> {
    signing_key::list(&store.pool).await
}
