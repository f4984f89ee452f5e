//! Delivers what waits in the outbox: at least once, retried for a day.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::base::{Clock, Rng};
use crate::domain::delivery::{self, Next};
use crate::domain::policy::Policy;
use crate::flow::login::recover::{self, Desk};
use crate::flow::outbox::{self, Message, Outbox};
use crate::notify::mail::Mailer;
use crate::store::{self, Store, outbox::Claimed};

/// Messages claimed at once; they are sent side by side.
const BATCH: i64 = 8;
/// How long one may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// After that time another process takes a message over. Longer than a batch can last.
const LEASE: Duration = Duration::from_secs(150);

/// What delivery works with.
#[derive(Clone)]
pub struct Delivery {
    /// The database.
    pub store: Store,
    /// Opens payloads and wakes the job.
    pub outbox: Outbox,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// What the operator decided, for messages that are answered here.
    pub policy: Arc<Policy>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub rng: Arc<dyn Rng>,
    /// How often to look for messages that other processes left or that are due again.
    pub poll: Duration,
}

impl Delivery {
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
                () = self.outbox.woken() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Claims one batch of due messages and tries each once. Returns how many there were.
    ///
    /// # Errors
    /// When the database does not answer. What was claimed by then is due again after the lease.
    pub async fn deliver_due(&self) -> Result<usize, store::Error> {
        let claimed = store::outbox::claim(&self.store.pool, self.clock.now(), LEASE, BATCH).await?;
        let outcomes = join_all(claimed.iter().map(|message| self.deliver(message))).await;
        outcomes.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(claimed.len())
    }

    async fn deliver(&self, claimed: &Claimed) -> Result<(), store::Error> {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.send(claimed)).await;
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

    async fn send(&self, claimed: &Claimed) -> Result<(), Failure> {
        match self.outbox.open(claimed)? {
            Message::Mail(mail) => match self.mailer.send(&mail, claimed.id, self.clock.now()).await {
                Ok(()) => Ok(()),
                Err(error) if error.is_permanent() => Err(Failure::Permanent(error.to_string())),
                Err(error) => Err(Failure::Transient(error.to_string())),
            },
            Message::Recovery(asked) => {
                let desk = Desk {
                    store: &self.store,
                    outbox: &self.outbox,
                    rng: &*self.rng,
                    policy: &self.policy,
                    now: self.clock.now(),
                };
                let answered = recover::answer(&desk, claimed.id, &asked).await;
                answered.map_err(|error| Failure::Transient(error.to_string()))
            }
        }
    }

    fn after_failure(&self, claimed: &Claimed) -> Next {
        let attempt = u32::try_from(claimed.attempt).unwrap_or(u32::MAX);
        delivery::after_failure(claimed.created_at, self.clock.now(), attempt, self.rng.below(1000))
    }
}

enum Failure {
    Transient(String),
    Permanent(String),
}

impl From<outbox::Error> for Failure {
    /// A payload that does not open is tried on: a process of a newer version, or with the right master key, may come.
    fn from(error: outbox::Error) -> Self {
        Self::Transient(error.to_string())
    }
}
