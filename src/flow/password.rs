//! Where passwords are hashed: a pool with a bound on work, on waiting and on memory.
//!
//! One hash takes some 16 ms and 19 MiB. As many run at once as there are cores; a bounded number of requests wait for
//! their turn, for a bounded time; the rest is told to come back ([`Error::Busy`]: 503 with `Retry-After`). The memory
//! is lent out again and again instead of being allocated for each hash. A request that is given up while it waits
//! leaves the queue at once; one that is given up later keeps its place until the hash is done, so that the bound holds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;
use tokio::sync::Semaphore;

use crate::base::{Rng, Secret};
use crate::domain::account::password_hash::{self, Cost, HashError, Salt, StoredHash};

/// How much the pool may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Cost of new hashes.
    pub cost: Cost,
    /// Hashes at once, at least 1.
    pub concurrency: usize,
    /// Requests that may wait for their turn.
    pub waiting: usize,
    /// How long one of them waits at most.
    pub max_wait: Duration,
}

impl PoolSettings {
    /// One hash per core, 64 requests waiting per core (about a second of work) for up to 5 seconds.
    pub fn for_cores(cores: usize, cost: Cost) -> Self {
        let concurrency = cores.max(1);
        Self {
            cost,
            concurrency,
            waiting: concurrency.saturating_mul(64),
            max_wait: Duration::from_secs(5),
        }
    }
}

/// What comparing a password with a stored hash gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Match {
        /// Whether the stored hash should be replaced by a new one now.
        rehash: bool,
    },
    /// It is not.
    NoMatch,
    /// The stored hash cannot be compared with; the person must set a new password. Took as long as [`Self::NoMatch`].
    Unusable(HashError),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too many passwords at once.
    #[error("too many passwords to check at once")]
    Busy {
        /// When to come back, for `Retry-After`.
        retry_after: Duration,
    },
    /// The computation failed.
    #[error("a password could not be hashed: {0}")]
    Failed(#[from] HashError),
}

/// The pool; clones share it.
#[derive(Clone)]
pub struct PasswordPool {
    settings: PoolSettings,
    rng: Arc<dyn Rng>,
    dummy: StoredHash,
    /// Everyone inside: hashing or waiting.
    places: Arc<Semaphore>,
    /// Those who hash.
    turns: Arc<Semaphore>,
    /// Imported hashes may ask for much more memory than ours: one such at a time.
    oversized: Arc<Semaphore>,
    memory: Arc<Memory>,
}

impl PasswordPool {
    /// A pool that takes salts from `rng`.
    pub fn new(settings: PoolSettings, rng: Arc<dyn Rng>) -> Self {
        let settings = PoolSettings {
            concurrency: settings.concurrency.max(1),
            ..settings
        };
        Self {
            settings,
            dummy: StoredHash::dummy(settings.cost, &*rng),
            rng,
            places: Arc::new(Semaphore::new(settings.concurrency.saturating_add(settings.waiting))),
            turns: Arc::new(Semaphore::new(settings.concurrency)),
            oversized: Arc::new(Semaphore::new(1)),
            memory: Arc::new(Memory::default()),
        }
    }

    /// Hashes a new password: a PHC string.
    ///
    /// # Errors
    /// [`Error::Busy`]: nothing was done, try later.
    pub async fn hash(&self, password: &Secret<String>) -> Result<String, Error> {
        let cost = self.settings.cost;
        let (password, salt) = (password.clone(), Salt::new(&*self.rng));
        let made = self.run(cost, move |memory| password_hash::hash(&password, &salt, cost, memory));
        Ok(made.await??)
    }

    /// Compares a password with a stored hash. The caller has counted the attempt before (`flow::throttle`).
    ///
    /// # Errors
    /// [`Error::Busy`]: nothing was compared, try later.
    pub async fn verify(&self, stored: &str, password: &Secret<String>) -> Result<Verdict, Error> {
        match StoredHash::parse(stored) {
            Ok(stored) => {
                let rehash = stored.is_outdated(self.settings.cost);
                let matches = self.compare(stored, password).await?;
                Ok(if matches {
                    Verdict::Match { rehash }
                } else {
                    Verdict::NoMatch
                })
            }
            Err(error) => {
                self.verify_dummy(password).await?;
                Ok(Verdict::Unusable(error))
            }
        }
    }

    /// Does the work of [`PasswordPool::verify`] for somebody who does not exist or has no password, so that the time
    /// of the answer does not tell.
    ///
    /// # Errors
    /// [`Error::Busy`], exactly when `verify` would give it.
    pub async fn verify_dummy(&self, password: &Secret<String>) -> Result<(), Error> {
        self.compare(self.dummy.clone(), password).await.map(drop)
    }

    /// Gives memory back to the system if nothing was hashed since the last call. For a periodic job.
    pub fn release_idle_memory(&self) {
        self.memory.release_idle();
    }

    async fn compare(&self, stored: StoredHash, password: &Secret<String>) -> Result<bool, Error> {
        let password = password.clone();
        let compared = self.run(stored.cost(), move |memory| stored.matches(&password, memory));
        Ok(compared.await??)
    }

    /// Waits for a turn and runs `work` on a thread for blocking work, with memory for `cost`.
    async fn run<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce(&mut [Block]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let busy = Error::Busy {
            retry_after: self.settings.max_wait.max(Duration::from_secs(1)),
        };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy)?;
        let is_oversized = cost.memory_kib() > self.settings.cost.memory_kib();
        let wait = async {
            // In this order, so that nobody holds a turn while waiting for something else.
            let oversized = match is_oversized {
                true => Some(Arc::clone(&self.oversized).acquire_owned().await.ok()?),
                false => None,
            };
            Some((oversized, Arc::clone(&self.turns).acquire_owned().await.ok()?))
        };
        let turn = tokio::time::timeout(self.settings.max_wait, wait).await;
        let turn = turn.map_err(|_| busy)?.ok_or(busy)?;
        let memory = Arc::clone(&self.memory);
        let task = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            if is_oversized {
                return work(&mut allocate(cost));
            }
            let mut lent = memory.lend(cost);
            let result = work(&mut lent);
            memory.take_back(lent);
            result
        });
        task.await.map_err(|_| Error::Failed(HashError::Failed))
    }
}

/// Blocks that wait for the next hash; never more than were in use at once.
#[derive(Default)]
struct Memory {
    idle: Mutex<Vec<Vec<Block>>>,
    uses: AtomicU64,
    uses_at_last_release: AtomicU64,
}

impl Memory {
    fn lend(&self, cost: Cost) -> Vec<Block> {
        self.uses.fetch_add(1, Ordering::Relaxed);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            // A hash by an older, cheaper setting uses the front of it.
            Some(blocks) if blocks.len() >= cost.memory_kib() as usize => blocks,
            _ => allocate(cost),
        }
    }

    fn take_back(&self, blocks: Vec<Block>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
    }

    fn release_idle(&self) {
        let uses = self.uses.load(Ordering::Relaxed);
        if self.uses_at_last_release.swap(uses, Ordering::Relaxed) == uses {
            let blocks = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
            drop(blocks);
        }
    }
}

/// Memory for one hash.
///
/// More than 32 MiB of address space are reserved, though only what a hash needs is touched: allocators hand such
/// pieces out by `mmap`, always, and give them back to the system when they are freed.
fn allocate(cost: Cost) -> Vec<Block> {
    const RESERVED_KIB: usize = 33 * 1024;
    let needed = cost.memory_kib() as usize;
    let mut blocks = Vec::with_capacity(needed.max(RESERVED_KIB));
    blocks.resize(needed, Block::new());
    blocks
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;
    use crate::base::SeededRng;

    fn pool(concurrency: usize, waiting: usize, max_wait: Duration) -> PasswordPool {
        let settings = PoolSettings {
            cost: Cost::new(64, 1, 1).unwrap(),
            concurrency,
            waiting,
            max_wait,
        };
        PasswordPool::new(settings, Arc::new(SeededRng::new(5)))
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    const LONG: Duration = Duration::from_secs(60);

    fn sleep_a_little(_: &mut [Block]) {
        std::thread::sleep(Duration::from_millis(20));
    }

    #[tokio::test]
    async fn a_hash_verifies_and_an_outdated_one_asks_for_a_new_one() {
        let pool = pool(1, 4, LONG);
        let stored = pool.hash(&secret("right")).await.unwrap();
        assert_ne!(stored, pool.hash(&secret("right")).await.unwrap(), "salts differ");
        assert_eq!(
            pool.verify(&stored, &secret("right")).await,
            Ok(Verdict::Match { rehash: false })
        );
        assert_eq!(pool.verify(&stored, &secret("wrong")).await, Ok(Verdict::NoMatch));
        let dearer = PoolSettings {
            cost: Cost::new(128, 2, 1).unwrap(),
            ..pool.settings
        };
        let dearer = PasswordPool::new(dearer, Arc::new(SeededRng::new(6)));
        assert_eq!(
            dearer.verify(&stored, &secret("right")).await,
            Ok(Verdict::Match { rehash: true })
        );
    }

    #[tokio::test]
    async fn a_hash_that_asks_for_4_gib_costs_what_any_other_does() {
        let pool = pool(1, 4, LONG);
        let stored =
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let verdict = pool.verify(stored, &secret("any")).await;
        assert_eq!(verdict, Ok(Verdict::Unusable(HashError::CostOutOfBounds)));
        assert_eq!(pool.memory.uses.load(Ordering::Relaxed), 1, "the dummy was compared");
    }

    #[tokio::test]
    async fn never_more_than_the_bound_run_at_once() {
        let pool = pool(3, 100, LONG);
        let (active, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let works = (0..40).map(|_| {
            let (active, most) = (Arc::clone(&active), Arc::clone(&most));
            pool.run(pool.settings.cost, move |memory| {
                most.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep_a_little(memory);
                active.fetch_sub(1, Ordering::SeqCst);
            })
        });
        for outcome in futures_util::future::join_all(works).await {
            outcome.unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert!(pool.memory.idle.lock().unwrap().len() <= 3, "memory is lent again");
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once_and_an_impatient_one_later() {
        let pool = pool(1, 1, Duration::from_millis(500));
        let block = |memory: &mut [Block]| {
            let _ = memory;
            std::thread::sleep(Duration::from_millis(1200));
        };
        let begin = Instant::now();
        let cost = pool.settings.cost;
        let (first, second, third) = tokio::join!(pool.run(cost, block), pool.run(cost, block), async {
            let outcome = pool.verify_dummy(&secret("x")).await;
            (outcome, begin.elapsed())
        });
        assert_eq!(first, Ok(()));
        let busy = Error::Busy {
            retry_after: Duration::from_secs(1),
        };
        assert_eq!(second, Err(busy), "it waited too long");
        assert_eq!(third.0, Err(busy), "there was no place");
        assert!(third.1 < Duration::from_millis(450), "{:?}", third.1);
        assert_eq!(pool.verify_dummy(&secret("x")).await, Ok(()), "the pool has recovered");
    }

    #[tokio::test]
    async fn abandoned_requests_leave_the_queue_and_give_their_turn_back() {
        let pool = pool(1, 10, LONG);
        let cost = pool.settings.cost;
        let finished = Arc::new(AtomicUsize::new(0));
        let (go_on, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for _ in 0..5 {
            let (finished, gate) = (Arc::clone(&finished), Arc::clone(&gate));
            let work = pool.run(cost, move |_| {
                let _ = gate.lock().unwrap().recv();
                finished.fetch_add(1, Ordering::SeqCst);
            });
            assert!(tokio::time::timeout(Duration::from_millis(2), work).await.is_err());
        }
        assert_eq!(pool.turns.available_permits(), 0, "the one that had begun runs on");
        assert_eq!(pool.places.available_permits(), 10, "those that waited are gone");
        go_on.send(()).unwrap();
        pool.verify_dummy(&secret("x")).await.unwrap();
        assert_eq!(finished.load(Ordering::SeqCst), 1);
        assert_eq!(pool.places.available_permits(), 11);
        assert_eq!(pool.turns.available_permits(), 1);
    }

    #[tokio::test]
    async fn hashes_with_much_memory_run_one_at_a_time() {
        let pool = pool(4, 10, LONG);
        let cost = Cost::new(1024, 1, 1).unwrap();
        let active = Arc::new(AtomicUsize::new(0));
        let works = (0..4).map(|_| {
            let active = Arc::clone(&active);
            pool.run(cost, move |memory| {
                let others = active.fetch_add(1, Ordering::SeqCst);
                sleep_a_little(memory);
                active.fetch_sub(1, Ordering::SeqCst);
                (others, memory.len())
            })
        });
        for outcome in futures_util::future::join_all(works).await {
            assert_eq!(outcome, Ok((0, 1024)));
        }
        assert!(pool.memory.idle.lock().unwrap().is_empty(), "their memory is not kept");
    }

    #[tokio::test]
    async fn idle_memory_is_given_back() {
        let pool = pool(1, 1, LONG);
        pool.verify_dummy(&secret("x")).await.unwrap();
        pool.release_idle_memory();
        assert_eq!(
            pool.memory.idle.lock().unwrap().len(),
            1,
            "it was used since the last call"
        );
        pool.release_idle_memory();
        assert!(pool.memory.idle.lock().unwrap().is_empty());
        pool.verify_dummy(&secret("x")).await.unwrap();
    }

    /// Counted, not timed: a busy machine must not decide.
    #[tokio::test]
    async fn unknown_people_cost_the_same_work() {
        let pool = pool(1, 4, LONG);
        let stored = StoredHash::parse(&pool.hash(&secret("right")).await.unwrap()).unwrap();
        assert_eq!(pool.dummy.cost(), stored.cost());
        assert!(!pool.dummy.is_outdated(stored.cost()), "same algorithm, same lengths");
        let uses = || pool.memory.uses.load(Ordering::Relaxed);
        let before = uses();
        pool.verify_dummy(&secret("wrong")).await.unwrap();
        assert_eq!(uses(), before + 1, "it was computed, not skipped");
        assert!(!pool.compare(pool.dummy.clone(), &secret("right")).await.unwrap());
    }
}
