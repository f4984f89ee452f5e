//! Delivers what waits in the outbox: at least once, retried for a day. The rounds are the same for every lane; what
//! carries a message where it goes is a [`Carrier`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::base::{Clock, Rng};
use crate::domain::delivery::{self, Next};
use crate::flow::outbox::{Failure, Lane, Outbox};
use crate::store::{self, Store, outbox::Claimed};

/// How long one may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// After that time another process takes a message over. Longer than a batch can last.
const LEASE: Duration = Duration::from_secs(150);

/// Takes messages of one lane where they go.
pub trait Carrier: Send + Sync {
    /// Whose messages it carries.
    const LANE: Lane;
    /// Messages claimed at once; they are sent side by side.
    const BATCH: i64;

    /// Takes one there.
    fn send(&self, claimed: &Claimed) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What delivery works with.
#[derive(Clone)]
pub struct Delivery<C> {
    /// The database.
    pub store: Store,
    /// Wakes the job.
    pub outbox: Outbox,
    /// What takes messages where they go.
    pub carrier: C,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub rng: Arc<dyn Rng>,
    /// How often to look for messages that other processes left or that are due again.
    pub poll: Duration,
}

impl<C: Carrier> Delivery<C> {
    /// Delivers whatever is due, again and again, until `stop` completes. A batch that has begun is finished.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let more_may_be_due = match self.deliver_due().await {
                Ok(delivered) => delivered > 0,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read; trying again");
                    false
                }
            };
            let pause = if more_may_be_due { Duration::ZERO } else { self.poll };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.outbox.woken(C::LANE) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Claims one batch of due messages and tries each once. Returns how many there were.
    ///
    /// # Errors
    /// When the database does not answer. What was claimed by then is due again after the lease.
    pub async fn deliver_due(&self) -> Result<usize, store::Error> {
        let kinds = C::LANE.kinds();
        let claimed = store::outbox::claim(&self.store.pool, kinds, self.clock.now(), LEASE, C::BATCH).await?;
        let outcomes = join_all(claimed.iter().map(|message| self.deliver(message))).await;
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(claimed.len())
    }

    async fn deliver(&self, claimed: &Claimed) -> Result<(), store::Error> {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.carrier.send(claimed)).await;
        let now = self.clock.now();
        let (error, next) = match sent {
            Ok(Ok(())) => {
                tracing::debug!(id = %claimed.id, attempt = claimed.attempt, "a message has left");
                store::outbox::update_delivered(&self.store.pool, claimed.id, now).await?;
                return Ok(());
            }
            Ok(Err(Failure::Permanent(error))) => (error, Next::GiveUp),
            Ok(Err(Failure::Transient(error))) => (error, self.after_failure(claimed)),
            Err(_) => ("it took too long".to_owned(), self.after_failure(claimed)),
        };
        match next {
            Next::At(at) => {
                tracing::warn!(id = %claimed.id, attempt = claimed.attempt, %error, next = %at, "a message did not leave");
                store::outbox::update_deferred(&self.store.pool, claimed, at, &error).await
            }
            Next::GiveUp => {
                tracing::error!(id = %claimed.id, attempt = claimed.attempt, %error, "a message was given up");
                store::outbox::update_failed(&self.store.pool, claimed, now, &error).await
            }
        }
    }

    fn after_failure(&self, claimed: &Claimed) -> Next {
        let attempt = u32::try_from(claimed.attempt).unwrap_or(u32::MAX);
        delivery::after_failure(claimed.created_at, self.clock.now(), attempt, self.rng.below(1000))
    }
}
