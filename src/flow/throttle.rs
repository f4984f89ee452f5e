//! Slows guessing down: count an attempt, make it, say how it ended.

use std::net::IpAddr;

use crate::base::{
    Time,
    id::{AuditEventId, UserId},
};
use crate::domain::account::device::KnownDevice;
use crate::domain::account::identifier::Identifier;
use crate::domain::account::throttle::{Decision, MailPurpose, Rule, Rules, Subject, ThrottleKey};
use crate::flow::Core;
use crate::model::{AuditEvent, AuditKind, User};
use crate::store::throttle::{Counted, End};
use crate::store::user::Named;
use crate::store::{self, PgExecutor, Store};

/// What somebody tries, and where from.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// What.
    pub at: Target<'a>,
    /// Where the request comes from; `None` if that is not known.
    pub address: Option<IpAddr>,
}

/// What somebody tries to get at.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// The account of a name, as a stranger.
    Name {
        /// The name as typed, in its normal form if it has one.
        typed: &'a str,
        /// Whose it is.
        owner: Option<UserId>,
    },
    /// An account in a browser that has signed in to it before: counted by itself, so that strangers cannot hold it up.
    Device {
        /// Whose it is.
        owner: UserId,
        /// The proof that the browser brought.
        device: &'a KnownDevice,
    },
    /// The account that one is signed in to already.
    Own(UserId),
    /// A device, by guessing the code that it shows, as somebody who is signed in.
    UserCode(UserId),
    /// A document of a sector, on behalf of somebody at that address who registers an app.
    Sector(IpAddr),
    /// Whether there is such a person, as that client.
    Hint(&'a str),
    /// A mail to somebody.
    Mail {
        /// What for.
        purpose: MailPurpose,
        /// The address or the name, in normal form.
        to: &'a str,
    },
}

/// Whether somebody is told that a counter makes them wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Told,
    Silent,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    key: ThrottleKey,
    rule: Rule,
    voice: Voice,
    /// The address starts afresh for nobody: or else somebody could clear its counter by signing in to an account of his
    /// own now and then.
    is_address: bool,
}

impl Attempt<'_> {
    /// What it is counted by, in the order of counting: who has to wait at one is not counted at the next. So somebody
    /// whose address must wait cannot hold up names, and under a name that must wait nobody can hold up its owner.
    fn counters(&self, rules: &Rules) -> Vec<Counter> {
        let counter = |subject, rule, voice| Counter {
            key: ThrottleKey::of(subject),
            rule,
            voice,
            is_address: matches!(subject, Subject::Address(_)),
        };
        let told = |subject, rule| counter(subject, rule, Voice::Told);
        let address = self
            .address
            .map(|address| told(Subject::Address(address), rules.address));
        let mut counters = Vec::from_iter(address);
        match self.at {
            Target::Name { typed, owner } => {
                let owner = owner.map(|owner| owner.to_string());
                let person = owner.as_deref().map_or(Subject::Nobody(typed), Subject::Person);
                counters.push(told(Subject::Name(typed), rules.name));
                counters.push(counter(person, rules.person, Voice::Silent));
            }
            Target::Device { owner, device } => {
                let (person, device) = (&owner.to_string(), device.id());
                counters.push(told(Subject::Device { person, device }, rules.device));
            }
            Target::Own(owner) => {
                let owner = owner.to_string();
                counters.push(told(Subject::Own(&owner), rules.name));
                // No secret here: they know who they are.
                counters.push(told(Subject::Person(&owner), rules.person));
            }
            Target::UserCode(guesser) => {
                let guesser = guesser.to_string();
                counters.push(told(Subject::UserCode(&guesser), rules.name));
            }
            Target::Sector(address) => counters.push(told(Subject::Sector(address), rules.name)),
            Target::Hint(client_id) => counters.push(told(Subject::Hint(client_id), rules.address)),
            Target::Mail { purpose, to } => counters.push(told(Subject::Mail { purpose, to }, rules.name)),
        }
        counters
    }
}

/// An attempt that was counted.
#[derive(Debug)]
#[must_use]
pub struct Reservation {
    /// Whether it may be made.
    pub decision: Decision,
    /// Until when the next one has to wait, if this one fails: then a wait begins.
    pub wait: Option<Time>,
    counted: Vec<Counter>,
}

/// Counts the attempt as failed, outside of any transaction. To be called before the password or code is compared; on
/// [`Decision::Wait`] it must not be compared at all, whether or not the account exists.
///
/// # Errors
/// When the database does not answer: then nothing may be compared either.
pub async fn reserve(
    db: impl PgExecutor<'_>,
    rules: &Rules,
    attempt: Attempt<'_>,
    now: Time,
) -> Result<Reservation, store::Error> {
    let counters = attempt.counters(rules);
    let asked: Vec<_> = counters.iter().map(|counter| (counter.key, counter.rule)).collect();
    let counted = store::throttle::count(db, &asked, now).await?;
    Ok(Reservation::of(counters, &counted, now))
}

/// The same for a stranger at a name, with whoever has it: one statement, which does the same work whether or not anybody
/// has. `typed` is what to count by, `identifier` what to look for.
///
/// # Errors
/// As [`reserve`].
pub async fn reserve_by_name(
    db: impl PgExecutor<'_>,
    rules: &Rules,
    (typed, identifier): (&str, Option<&Identifier>),
    address: Option<IpAddr>,
    now: Time,
) -> Result<(Option<Named>, Reservation), store::Error> {
    let attempt = |owner| Attempt {
        at: Target::Name { typed, owner },
        address,
    };
    let strangers = attempt(None).counters(rules);
    let asked: Vec<_> = strangers.iter().map(|counter| (counter.key, counter.rule)).collect();
    let Some((nobody, before)) = asked.split_last() else {
        return Err(store::Error::Stale); // a name has counters
    };
    let identifier = identifier.map(Identifier::as_str);
    let (found, counted) = store::user::find_and_count(db, identifier, before, *nobody, now).await?;
    let owner = found.as_ref().map(|(user, _)| user.id);
    let reservation = Reservation::of(attempt(owner).counters(rules), &counted, now);
    Ok((found, reservation))
}

impl Reservation {
    fn of(mut counters: Vec<Counter>, counted: &[Counted], now: Time) -> Self {
        let ends = || counters.iter().zip(counted);
        let told = |(counter, _): &(&Counter, &Counted)| counter.voice == Voice::Told;
        let decision = match ends().find(|(_, counted)| !counted.is_counted) {
            None => Decision::Allow,
            Some((
                Counter {
                    voice: Voice::Silent, ..
                },
                _,
            )) => Decision::Fail,
            Some((_, counted)) => Decision::Wait {
                until: counted.blocked_until,
            },
        };
        let wait = ends()
            .filter(told)
            .filter(|(_, counted)| counted.is_counted && counted.blocked_until > now)
            .map(|(_, counted)| counted.blocked_until)
            .max();
        counters.truncate(counted.iter().filter(|counted| counted.is_counted).count());
        Self {
            decision,
            wait,
            counted: counters,
        }
    }

    /// The attempt was right: what it was counted by starts afresh, but the address only gets this one attempt back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn succeed(&self, db: impl PgExecutor<'_>) -> Result<(), store::Error> {
        store::throttle::settle(db, &self.success()).await
    }

    /// What [`Reservation::succeed`] writes, for whoever writes it together with something else.
    pub fn success(&self) -> Vec<(ThrottleKey, End)> {
        self.ends(|counter| match counter.is_address {
            true => End::TakeBack(counter.rule),
            false => End::Forget,
        })
    }

    /// The attempt was never made (the server was busy): it does not count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw(&self, db: impl PgExecutor<'_>) -> Result<(), store::Error> {
        store::throttle::settle(db, &self.ends(|counter| End::TakeBack(counter.rule))).await
    }

    fn ends(&self, end: impl Fn(&Counter) -> End) -> Vec<(ThrottleKey, End)> {
        self.counted.iter().map(|counter| (counter.key, end(counter))).collect()
    }
}

/// Writes that an attempt failed: its line, and one more if a wait begins with it.
///
/// # Errors
/// When the database does not answer.
pub async fn note(core: &Core, failed: AuditEvent, reservation: &Reservation) -> Result<(), store::Error> {
    let Some(until) = reservation.wait else {
        return store::audit_event::insert(core.store.pool(), &failed).await;
    };
    let seconds = (until - failed.at).whole_seconds();
    let throttled = AuditEvent {
        id: AuditEventId::new(failed.at, &*core.rng),
        kind: AuditKind::SignInThrottled.as_str().to_owned(),
        ..failed.clone()
    };
    let mut tx = core.store.begin().await?;
    store::audit_event::insert(&mut *tx, &failed).await?;
    store::audit_event::insert(&mut *tx, &throttled.with("wait_seconds", seconds)).await?;
    tx.commit().await
}

/// Forgets every failure at a person and at each of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn absolve(store: &Store, user: &User) -> Result<(), store::Error> {
    let id = user.id.to_string();
    let typed = [
        user.username.as_deref(),
        user.claim("email"),
        user.claim("phone_number"),
    ];
    let names: Vec<Identifier> = typed
        .into_iter()
        .flatten()
        .filter_map(|name| Identifier::parse(name).ok())
        .collect();
    let names = names.iter().map(|name| Subject::Name(name.as_str()));
    let subjects = names.chain([Subject::Own(&id), Subject::Person(&id)]);
    let ends: Vec<_> = subjects
        .map(|subject| (ThrottleKey::of(subject), End::Forget))
        .collect();
    store::throttle::settle(store.pool(), &ends).await
}
