//! Slows guessing down: count an attempt, make it, say how it ended.

use std::net::IpAddr;

use crate::base::Time;
use crate::domain::account::device::KnownDevice;
use crate::domain::account::throttle::{Decision, Rule, Rules, Subject, ThrottleKey};
use crate::store::{self, Store};

/// Who tries to get into what.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The user's id, or the identifier as typed (normal form) if nobody has it.
    pub account: &'a str,
    /// Where the request comes from; `None` if that is not known.
    pub address: Option<IpAddr>,
    /// The proof that this browser has signed in to this account before.
    pub device: Option<&'a KnownDevice>,
}

impl Attempt<'_> {
    /// A known browser is counted by itself, everyone else together.
    fn account_counter<'r>(&self, rules: &'r Rules) -> (ThrottleKey, &'r Rule) {
        match self.device {
            Some(device) => {
                let (account, device) = (self.account, device.id());
                (ThrottleKey::of(Subject::Device { account, device }), &rules.device)
            }
            None => (ThrottleKey::of(Subject::Account(self.account)), &rules.account),
        }
    }

    fn address_counter<'r>(&self, rules: &'r Rules) -> Option<(ThrottleKey, &'r Rule)> {
        let key = ThrottleKey::of(Subject::Address(self.address?));
        Some((key, &rules.address))
    }
}

/// Counts the attempt as failed. To be called before the password or code is compared; on [`Decision::Wait`] it must
/// not be compared at all, whether or not the account exists.
///
/// # Errors
/// When the database does not answer: then nothing may be compared either.
pub async fn reserve(store: &Store, rules: &Rules, attempt: Attempt<'_>, now: Time) -> Result<Decision, store::Error> {
    if let Some((key, rule)) = attempt.address_counter(rules) {
        let decision = store::throttle::record_failure(store, key, rule, now).await?;
        if decision != Decision::Allow {
            return Ok(decision);
        }
    }
    let (key, rule) = attempt.account_counter(rules);
    store::throttle::record_failure(store, key, rule, now).await
}

/// The attempt was right: the account starts afresh. The address only gets this one attempt back, or else somebody
/// could clear its counter by signing in to an account of his own now and then.
///
/// # Errors
/// When the database does not answer.
pub async fn succeed(store: &Store, rules: &Rules, attempt: Attempt<'_>) -> Result<(), store::Error> {
    store::throttle::clear(&store.pool, attempt.account_counter(rules).0).await?;
    if let Some((key, rule)) = attempt.address_counter(rules) {
        store::throttle::forgive(&store.pool, key, rule).await?;
    }
    Ok(())
}

/// The attempt was never made (the server was busy): it does not count.
///
/// # Errors
/// When the database does not answer.
pub async fn withdraw(store: &Store, rules: &Rules, attempt: Attempt<'_>) -> Result<(), store::Error> {
    let (key, rule) = attempt.account_counter(rules);
    store::throttle::forgive(&store.pool, key, rule).await?;
    if let Some((key, rule)) = attempt.address_counter(rules) {
        store::throttle::forgive(&store.pool, key, rule).await?;
    }
    Ok(())
}
