//! Connections, and those that are kept at hand between requests.
//!
//! Two things of a pool cost a request dear. It sends a ping on whatever connection comes back to it, for it cannot know
//! whether a statement was given up half-way: a round trip, as dear as a statement. And each worker has a runtime of its
//! own, while a connection is watched by the runtime that opened it: every answer that arrives on a connection of another
//! worker wakes two threads instead of one. So a part of the connections is not the pool's. Each is opened by the runtime
//! that needs one, comes back through [`Own::keep`] from callers who know that every statement ended well, and is given to
//! nobody else.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::runtime::{Handle, Id};

/// A connection that nobody used for longer is asked whether it is well, as the pool does.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A connection: the pool's, to which it returns when dropped, or one of the store's own, which is closed when dropped.
#[derive(Debug)]
pub struct Connection(Source);

#[derive(Debug)]
enum Source {
    Pool(PoolConnection<Postgres>),
    Own(OwnConnection),
}

#[derive(Debug)]
struct OwnConnection {
    inner: PgConnection,
    /// The runtime that opened it and watches it.
    home: Id,
    opened_at: Instant,
    used_at: Instant,
    /// One of so many.
    _place: Place,
}

impl From<PoolConnection<Postgres>> for Connection {
    fn from(inner: PoolConnection<Postgres>) -> Self {
        Self(Source::Pool(inner))
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.0 {
            Source::Pool(connection) => connection,
            Source::Own(own) => &own.inner,
        }
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.0 {
            Source::Pool(connection) => connection,
            Source::Own(own) => &mut own.inner,
        }
    }
}

/// Given back when dropped.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The store's own connections; those at hand with the one that was used last on top.
#[derive(Debug)]
pub(super) struct Own {
    at_hand: Mutex<Vec<OwnConnection>>,
    open: Arc<AtomicUsize>,
    most: usize,
    idle_timeout: Duration,
    max_lifetime: Duration,
    patience: Duration,
}

impl Own {
    /// So many beside those of the pool, which live as long and lie idle as long as its.
    pub(super) fn beside(pool: &PgPool, most: usize) -> Self {
        let options = pool.options();
        Self {
            at_hand: Mutex::new(Vec::new()),
            open: Arc::default(),
            most,
            idle_timeout: options.get_idle_timeout().unwrap_or(Duration::MAX),
            max_lifetime: options.get_max_lifetime().unwrap_or(Duration::MAX),
            patience: options.get_acquire_timeout(),
        }
    }

    fn at_hand(&self) -> MutexGuard<'_, Vec<OwnConnection>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that this runtime opened and that is well, or a new one; `None` if there are enough.
    pub(super) async fn acquire(&self, pool: &PgPool) -> Result<Option<Connection>, sqlx::Error> {
        let home = Handle::current().id();
        while let Some(mut own) = self.take(home) {
            if own.used_at.elapsed() < TRUSTED_FOR || self.is_well(&mut own).await {
                return Ok(Some(Connection(Source::Own(own))));
            }
        }
        let Some(place) = self.place() else {
            return Ok(None);
        };
        let options = pool.connect_options();
        let inner = match tokio::time::timeout(self.patience, PgConnection::connect_with(&options)).await {
            Ok(opened) => opened?,
            Err(_) => return Err(sqlx::Error::PoolTimedOut),
        };
        let now = Instant::now();
        Ok(Some(Connection(Source::Own(OwnConnection {
            inner,
            home,
            opened_at: now,
            used_at: now,
            _place: place,
        }))))
    }

    fn take(&self, home: Id) -> Option<OwnConnection> {
        let mut at_hand = self.at_hand();
        let last = at_hand.iter().rposition(|own| own.home == home)?;
        Some(at_hand.remove(last))
    }

    async fn is_well(&self, own: &mut OwnConnection) -> bool {
        if self.is_old(own) {
            return false;
        }
        matches!(tokio::time::timeout(self.patience, own.inner.ping()).await, Ok(Ok(())))
    }

    fn is_old(&self, own: &OwnConnection) -> bool {
        own.used_at.elapsed() >= self.idle_timeout || own.opened_at.elapsed() >= self.max_lifetime
    }

    fn place(&self) -> Option<Place> {
        let free = |open: usize| (open < self.most).then_some(open + 1);
        self.open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, free)
            .ok()?;
        Some(Place(Arc::clone(&self.open)))
    }

    /// Has it at hand for the next caller on its runtime; one of the pool goes back there.
    pub(super) fn keep(&self, connection: Connection) {
        if let Connection(Source::Own(mut own)) = connection
            && own.opened_at.elapsed() < self.max_lifetime
        {
            own.used_at = Instant::now();
            self.at_hand().push(own);
        }
    }

    /// Closes what lies idle or lives too long.
    pub(super) fn close_old(&self) {
        let old: Vec<_> = self.at_hand().extract_if(.., |own| self.is_old(own)).collect();
        drop(old);
    }

    /// All that are at hand, to be closed.
    pub(super) fn drain(&self) -> Vec<PgConnection> {
        let all = std::mem::take(&mut *self.at_hand());
        all.into_iter().map(|own| own.inner).collect()
    }
}
