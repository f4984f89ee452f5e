//! Delivers what waits in the outbox: at least once, retried for a day. The rounds are the same for every lane; what
//! carries a message where it goes is a [`Carrier`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, future::join_all, stream::FuturesUnordered};

use crate::base::{Clock, Rng};
use crate::domain::delivery::{self, Next, Outcome, Turns};
use crate::flow::outbox::{Failure, Lane, Outbox};
use crate::store::{self, Store, outbox::Claimed};

/// How long one may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// After that time another process takes a message over. Longer than an attempt can last.
const LEASE: Duration = Duration::from_secs(150);

/// Takes messages of one lane where they go.
pub trait Carrier: Send + Sync {
    /// Whose messages it carries.
    const LANE: Lane;
    /// The most messages that are on their way at a time.
    const AT_ONCE: usize;

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
    /// Delivers whatever is due, again and again, until `stop` completes. What has begun is finished.
    ///
    /// Nothing waits for the slowest: as soon as one message has left, or has not, the next one goes.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut turns = Turns::default();
        let mut under_way = FuturesUnordered::new();
        loop {
            let room = C::AT_ONCE.saturating_sub(under_way.len());
            let (claimed, ended): (_, Vec<(String, Outcome)>) =
                meanwhile(self.claim(room, &turns), &mut under_way).await;
            let some_ended = !ended.is_empty();
            for (recipient, outcome) in ended {
                turns.end(&recipient, outcome, self.clock.now());
            }
            match claimed {
                Ok(claimed) => {
                    for message in claimed {
                        turns.begin(&message.recipient);
                        under_way.push(self.attempt(message));
                    }
                }
                Err(error) => tracing::warn!(%error, "the outbox cannot be read; trying again"),
            }
            if some_ended {
                // they made room that was not there when the question was asked
                continue;
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some((recipient, outcome)) = under_way.next() => {
                    turns.end(&recipient, outcome, self.clock.now());
                    // those that ended meanwhile make room together
                    while let Some(Some((recipient, outcome))) = under_way.next().now_or_never() {
                        turns.end(&recipient, outcome, self.clock.now());
                    }
                }
                () = self.outbox.woken(C::LANE) => {}
                () = tokio::time::sleep(self.poll) => {}
            }
        }
        while under_way.next().await.is_some() {}
    }

    /// Takes as many due messages as there is room for and tries each once. Returns how many there were.
    ///
    /// # Errors
    /// When the database does not answer. What was claimed by then is due again after the lease.
    pub async fn deliver_due(&self) -> Result<usize, store::Error> {
        let claimed = self.claim(C::AT_ONCE, &Turns::default()).await?;
        Ok(join_all(claimed.into_iter().map(|message| self.attempt(message)))
            .await
            .len())
    }

    async fn claim(&self, room: usize, turns: &Turns) -> Result<Vec<Claimed>, store::Error> {
        let (pool, kinds, now) = (&self.store.pool, C::LANE.kinds(), self.clock.now());
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        match C::LANE.share() {
            _ if room == 0 => Ok(Vec::new()),
            None => store::outbox::claim(pool, kinds, now, LEASE, limit).await,
            Some(share) => {
                let not_now = &turns.not_now(now);
                let turns = store::outbox::Turns { share, not_now };
                store::outbox::claim_in_turn(pool, kinds, (now, LEASE), limit, turns).await
            }
        }
    }

    /// Tries a message once; for whom it was and whether they can be reached.
    async fn attempt(&self, claimed: Claimed) -> (String, Outcome) {
        let outcome = match self.deliver(&claimed).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(id = %claimed.id, %error, "what became of a message cannot be written; it is tried again");
                Outcome::Answered
            }
        };
        (claimed.recipient, outcome)
    }

    async fn deliver(&self, claimed: &Claimed) -> Result<Outcome, store::Error> {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.carrier.send(claimed)).await;
        let now = self.clock.now();
        let (error, next, outcome) = match sent {
            Ok(Ok(())) => {
                tracing::debug!(id = %claimed.id, attempt = claimed.attempt, "a message has left");
                store::outbox::update_delivered(&self.store.pool, claimed.id, now).await?;
                return Ok(Outcome::Answered);
            }
            Ok(Err(Failure::Permanent(error))) => (error, Next::GiveUp, Outcome::Answered),
            Ok(Err(Failure::Transient(error))) => (error, self.after_failure(claimed), Outcome::Failed),
            Err(_) => (
                "it took too long".to_owned(),
                self.after_failure(claimed),
                Outcome::Failed,
            ),
        };
        match next {
            Next::At(at) => {
                tracing::warn!(id = %claimed.id, attempt = claimed.attempt, %error, next = %at, "a message did not leave");
                store::outbox::update_deferred(&self.store.pool, claimed, at, &error).await?;
            }
            Next::GiveUp => {
                tracing::error!(id = %claimed.id, attempt = claimed.attempt, %error, "a message was given up");
                store::outbox::update_failed(&self.store.pool, claimed, now, &error).await?;
            }
        }
        Ok(outcome)
    }

    fn after_failure(&self, claimed: &Claimed) -> Next {
        let attempt = u32::try_from(claimed.attempt).unwrap_or(u32::MAX);
        delivery::after_failure(claimed.created_at, self.clock.now(), attempt, self.rng.below(1000))
    }
}

/// Waits for an answer of the database and lets what is under way go on: it may hold the connection that is waited for.
async fn meanwhile<A, T>(
    asked: impl Future<Output = A>,
    under_way: &mut FuturesUnordered<impl Future<Output = T>>,
) -> (A, Vec<T>) {
    let (mut asked, mut ended) = (pin!(asked), Vec::new());
    loop {
        tokio::select! {
            biased;
            answer = &mut asked => return (answer, ended),
            Some(one) = under_way.next() => ended.push(one),
        }
    }
}
