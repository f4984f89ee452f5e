//! Connections, and those that are kept at hand between requests.
//!
//! The pool sends a ping on whatever connection comes back to it, for it cannot know whether a statement was given up
//! half-way. That is a round trip, as dear as a statement. A caller who knows that every statement on a connection ended
//! well gives it to [`Kept::keep`] instead; the next caller gets the one that was used last, whose statements are prepared
//! and whose memory is warm.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
    thread::ThreadId,
    time::{Duration, Instant},
};

use sqlx::{PgConnection, Postgres, pool::PoolConnection};

/// After that time a connection goes back to the pool, which looks whether it is well and not too old.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// A connection of the pool; returns to it when dropped.
#[derive(Debug)]
pub struct Connection {
    inner: PoolConnection<Postgres>,
    /// When the pool gave it.
    taken_at: Instant,
}

impl From<PoolConnection<Postgres>> for Connection {
    fn from(inner: PoolConnection<Postgres>) -> Self {
        Self {
            inner,
            taken_at: Instant::now(),
        }
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// The connections at hand, the one that was used last on top.
#[derive(Debug)]
pub(super) struct Kept {
    stack: Mutex<Vec<(ThreadId, Connection)>>,
    most: usize,
}

impl Kept {
    /// At most half of a pool's connections: the pool's own callers must never wait for them.
    pub(super) fn of(max_connections: u32) -> Self {
        let most = usize::try_from(max_connections / 2).unwrap_or(usize::MAX);
        Self {
            stack: Mutex::new(Vec::new()),
            most,
        }
    }

    fn stack(&self) -> MutexGuard<'_, Vec<(ThreadId, Connection)>> {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that this thread used last, else any: each worker has a runtime of its own, and a connection is watched by
    /// the runtime on which it was opened.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut stack = self.stack();
        let here = std::thread::current().id();
        let own = stack.iter().rposition(|(thread, _)| *thread == here);
        let (_, connection) = match own {
            Some(own) => stack.remove(own),
            None => stack.pop()?,
        };
        Some(connection)
    }

    /// Keeps a connection on which every statement ended well, unless there are enough or the pool should see it.
    pub(super) fn keep(&self, connection: Connection) {
        let mut stack = self.stack();
        if stack.len() < self.most && connection.taken_at.elapsed() < KEPT_FOR {
            stack.push((std::thread::current().id(), connection));
        }
    }

    /// Gives back to the pool what was taken from it too long ago.
    pub(super) fn release_old(&self) {
        let is_old = |(_, kept): &mut (ThreadId, Connection)| kept.taken_at.elapsed() >= KEPT_FOR;
        let old: Vec<_> = self.stack().extract_if(.., is_old).collect();
        drop(old);
    }

    /// Everything, to be closed. Not to be given back: the ping of the pool would wait for a runtime that may have ended.
    pub(super) fn drain(&self) -> Vec<PoolConnection<Postgres>> {
        let all = std::mem::take(&mut *self.stack());
        all.into_iter().map(|(_, kept)| kept.inner).collect()
    }
}
