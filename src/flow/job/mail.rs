//! Carries mail, and answers whoever asked for a new password.

use std::sync::Arc;

use super::outbox::Carrier;
use crate::{
    base::{Clock, Rng},
    domain::policy::Policy,
    flow::{
        login::recover::{self, Desk},
        outbox::{Failure, Lane, Message, Outbox},
    },
    notify::mail::Mailer,
    store::{Store, outbox::Claimed},
};

/// What carrying mail takes.
#[derive(Clone)]
pub struct MailCarrier {
    /// The database.
    pub store: Store,
    /// Opens payloads.
    pub outbox: Outbox,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// What the operator decided, for messages that are answered here.
    pub policy: Arc<Policy>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of the messages that follow.
    pub rng: Arc<dyn Rng>,
}

impl Carrier for MailCarrier {
    const LANE: Lane = Lane::Mail;
    const AT_ONCE: usize = 8;

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
            Message::Logout(_) | Message::Ping(_) => Err(Failure::Permanent("not a message to a person".to_owned())),
        }
    }
}
