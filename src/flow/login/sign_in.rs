//! Signing in with an identifier and a password.
//!
//! An unknown person, a wrong password and a password that cannot be compared with take the same work and get the same
//! answer. An attempt is counted before the password is looked at, and whoever must wait is told so by the name that was
//! typed, whether or not anybody has it; a person who is attacked under several names is guarded in silence. That an
//! account is suspended is told only to somebody who knows its password.

use std::sync::Arc;

use aws_lc_rs::hmac;

use super::{Arrival, Visit, Welcome, arrive, arrive_anew};
use crate::{
    base::{Secret, Time},
    domain::account::{
        device::{self, KnownDevice},
        identifier::Identifier,
        throttle::Decision,
    },
    flow::{
        Core, Failure, audit,
        authorize::{Next, foreseen::foresee},
        password::{self, Verdict},
        session::{self, Begun, SignedIn},
        throttle::{self, Attempt, Reservation, Target},
    },
    model::{Actor, AuditEvent, AuditKind, AuthorizationRequest, User, UserStatus},
    store::{
        self,
        user::{Named, Proof},
    },
};

/// What was typed.
#[derive(Debug)]
pub struct Credentials {
    /// E-mail address, username or phone number.
    pub identifier: String,
    /// The password.
    pub password: Secret<String>,
}

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// They are who they say.
    Welcome(Welcome, Then),
    /// They are not.
    Refused(Refused),
}

/// What comes after a sign-in.
#[derive(Debug)]
pub enum Then {
    /// The request that waits in this browser is theirs to go on with.
    Request(Box<AuthorizationRequest>, Box<SignedIn>),
    /// The request that waited is answered already.
    Answered(Box<Next>),
    /// Nothing waits.
    Nothing,
}

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Nobody has this identifier together with this password.
    Wrong,
    /// The password was right, but the account is suspended.
    Suspended,
    /// Too many attempts.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
}

/// Signs somebody in.
///
/// # Errors
/// A [`Failure`]; then the attempt did not count.
pub async fn sign_in(core: &Core, visit: &Visit, credentials: &Credentials) -> Result<Outcome, Failure> {
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    let Tried {
        found,
        known_device,
        reservation,
    } = count(core, visit, credentials, &key).await?;
    let user = found.as_ref().map(|(user, _)| user);
    if let Decision::Wait { until } = reservation.decision {
        return Ok(Outcome::Refused(Refused::Wait { until }));
    }
    let hash = found.as_ref().and_then(|(_, password)| Some(&password.as_ref()?.hash));
    let verdict = match compare(core, hash, &credentials.password).await {
        Err(password::Error::Busy { retry_after }) => {
            reservation.withdraw(core.store.pool()).await?;
            return Err(Failure::Busy { retry_after });
        }
        other => other?,
    };
    let (Decision::Allow, Verdict::Match { rehash }, Some((user, Some(stored)))) =
        (reservation.decision, verdict, &found)
    else {
        note(core, visit, user, &reservation).await?;
        return Ok(Outcome::Refused(Refused::Wrong));
    };
    if user.status == UserStatus::Suspended {
        reservation.succeed(core.store.pool()).await?;
        let line = failed(core, visit, Some(user));
        store::audit_event::insert(core.store.pool(), &line).await?;
        return Ok(Outcome::Refused(Refused::Suspended));
    }
    if rehash {
        renew_hash(core, user, &stored.hash, &credentials.password).await?;
    }
    let device = known_device
        .is_none()
        .then(|| KnownDevice::issue(&key, user.id, stored.changed_at, &*core.rng));
    let proof = Proof::Password(stored.changed_at);
    let Some((begun, then)) = welcome(core, visit, user, proof, &reservation).await? else {
        // Changed or suspended while it was compared.
        note(core, visit, Some(user), &reservation).await?;
        return Ok(Outcome::Refused(Refused::Wrong));
    };
    let welcome = Welcome {
        session: begun.token,
        device,
    };
    Ok(Outcome::Welcome(welcome, then))
}

/// Whom the name means, and the attempt counted.
struct Tried {
    found: Option<Named>,
    known_device: Option<KnownDevice>,
    reservation: Reservation,
}

/// Looks the name up and counts the attempt: at once, but in a browser that says that it knows the account, whose proof
/// must be looked at in between.
async fn count(core: &Core, visit: &Visit, credentials: &Credentials, key: &hmac::Key) -> Result<Tried, Failure> {
    let identifier = Identifier::parse(&credentials.identifier).ok();
    let odd: String = credentials.identifier.chars().take(100).collect();
    let typed = identifier.as_ref().map_or(odd.as_str(), Identifier::as_str);
    let (rules, now) = (&core.policy.throttle, core.now());
    let mut db = core.store.acquire().await?;
    let tried = match &visit.device {
        None => {
            let by_name = (typed, identifier.as_ref());
            let (found, reservation) = throttle::reserve_by_name(&mut *db, rules, by_name, visit.address, now).await?;
            Tried {
                found,
                known_device: None,
                reservation,
            }
        }
        Some(cookie) => {
            let found = match &identifier {
                Some(identifier) => store::user::find_for_sign_in(&mut *db, identifier.as_str()).await?,
                None => None,
            };
            let known_device = match &found {
                Some((user, Some(password))) => KnownDevice::verify(key, user.id, password.changed_at, cookie),
                _ => None,
            };
            let user = found.as_ref().map(|(user, _)| user);
            let attempt = Attempt {
                at: target(typed, user, known_device.as_ref()),
                address: visit.address,
            };
            let reservation = throttle::reserve(&mut *db, rules, attempt, now).await?;
            Tried {
                found,
                known_device,
                reservation,
            }
        }
    };
    core.store.keep(db); // hashing takes its time
    Ok(tried)
}

/// What the attempt is counted by. A browser that knows the account may be counted with its owner, whatever their name.
fn target<'a>(typed: &'a str, user: Option<&User>, device: Option<&'a KnownDevice>) -> Target<'a> {
    match (user, device) {
        (Some(user), Some(device)) => Target::Device { owner: user.id, device },
        (user, _) => Target::Name {
            typed,
            owner: user.map(|user| user.id),
        },
    }
}

async fn compare(
    core: &Core,
    hash: Option<&Secret<String>>,
    password: &Secret<String>,
) -> Result<Verdict, password::Error> {
    match hash {
        Some(hash) => core.passwords.verify(hash.expose(), password).await,
        None => core.passwords.verify_dummy(password).await.map(|()| Verdict::NoMatch),
    }
}

/// Writes the password under the parameters of today. A busy server leaves that for the next time.
async fn renew_hash(core: &Core, user: &User, old: &Secret<String>, password: &Secret<String>) -> Result<(), Failure> {
    if let Ok(new) = core.passwords.hash(password).await {
        store::user::rehash_password(core.store.pool(), user.id, old, &Secret::new(new)).await?;
    }
    Ok(())
}

async fn welcome(
    core: &Core,
    visit: &Visit,
    user: &User,
    proof: Proof,
    reservation: &Reservation,
) -> Result<Option<(Begun, Then)>, Failure> {
    let user = Arc::new(user.clone());
    let Some(before) = session::current(core, visit.browser.session.as_ref()).await? else {
        return welcome_anew(core, visit, user, proof, reservation).await;
    };
    let mut tx = core.store.begin().await?;
    let arrival = arrive(core, &mut tx, visit, (user.id, proof), Some(&before)).await?;
    tx.commit().await?;
    let Some(Arrival { begun, request }) = arrival else {
        return Ok(None);
    };
    reservation.succeed(core.store.pool()).await?;
    let then = then(&begun, user, request);
    Ok(Some((begun, then)))
}

/// In a browser in which nobody is signed in: one statement, with what the app is given if that can be foreseen.
async fn welcome_anew(
    core: &Core,
    visit: &Visit,
    user: Arc<User>,
    proof: Proof,
    reservation: &Reservation,
) -> Result<Option<(Begun, Then)>, Failure> {
    let session = session::new(core, user.id, &visit.origin);
    let foreseen = match visit.request {
        Some(request) => foresee(core, &visit.browser, request, &session, &user).await,
        None => None,
    };
    let mut db = core.store.acquire().await?;
    let counters = reservation.success();
    let arrival = arrive_anew(core, &mut *db, visit, (session, proof), &counters, foreseen.as_ref()).await?;
    core.store.keep(db);
    let Some(Arrival { begun, request }) = arrival else {
        return Ok(None);
    };
    let then = match (foreseen, request) {
        (Some(foreseen), Some(_)) => Then::Answered(Box::new(foreseen.came_true(core))),
        (_, request) => then(&begun, user, request),
    };
    Ok(Some((begun, then)))
}

fn then(begun: &Begun, user: Arc<User>, request: Option<AuthorizationRequest>) -> Then {
    let Some(request) = request else {
        return Then::Nothing;
    };
    let signed_in = SignedIn {
        session: begun.session.clone(),
        user,
    };
    Then::Request(Box::new(request), Box::new(signed_in))
}

/// Writes that the attempt failed, and that a wait begins with it. Those that come during the wait leave no line: or else
/// anybody could fill the trail.
async fn note(core: &Core, visit: &Visit, user: Option<&User>, reservation: &Reservation) -> Result<(), Failure> {
    let mut line = failed(core, visit, user);
    if reservation.decision == Decision::Fail {
        line = line.with("held_back", true);
    }
    throttle::note(core, line, reservation).await?;
    Ok(())
}

/// The identifier as typed is not written down: people type passwords into the wrong field.
fn failed(core: &Core, visit: &Visit, user: Option<&User>) -> AuditEvent {
    let line = audit::event(core, AuditKind::SignInFailed, &Actor::Anonymous, &visit.origin);
    match user {
        Some(user) => line.about(user.id),
        None => line,
    }
}
