//! Confirming the address of a registration by the mailed code or link: the account comes into being.
//!
//! The link counts only in the browser that registered. Elsewhere it could be opened by somebody who never asked for
//! this account, and would vouch for a password that a stranger chose; they are asked for the code in the first browser.

use serde_json::Value;

use super::{Arrival, Visit, Welcome, arrive, register};
use crate::{
    base::{
        Secret, Time, TokenHash,
        id::{FactId, RegistrationId, UserId},
    },
    domain::{
        account::{
            device::{self, KnownDevice},
            registration::MAX_CODE_ATTEMPTS,
        },
        profile,
    },
    flow::{Core, Failure, audit, session},
    model::{Actor, AuditKind, Fact, FactSource, Registration, User, UserStatus},
    store::{self, user::Proof},
};

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// The account is made, and its owner signed in.
    Welcome(Welcome, Box<Registration>),
    /// Not the code.
    WrongCode,
    /// The code was tried too often; another mail brings no new tries, another registration does.
    TooManyTries,
    /// Somebody took the username meanwhile.
    UsernameTaken,
    /// The registration is over, or belongs to another browser.
    Over,
}

/// Confirms by the code.
///
/// # Errors
/// A [`Failure`].
pub async fn by_code(core: &Core, visit: &Visit, id: RegistrationId, code: &str) -> Result<Outcome, Failure> {
    let Some(registration) = register::open(core, visit, id).await? else {
        return Ok(Outcome::Over);
    };
    // Counted before it is compared, on its own: tries at the same moment are all counted.
    if !store::registration::count_attempt(core.store.pool(), id, MAX_CODE_ATTEMPTS, core.now()).await? {
        return Ok(Outcome::TooManyTries);
    }
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    if register::code_hash(id, &digits) != registration.code_hash {
        return Ok(Outcome::WrongCode);
    }
    complete(core, visit, registration).await
}

/// The registration whose link this is, if this browser may confirm it.
///
/// # Errors
/// The store's.
pub async fn find_by_link(
    core: &Core,
    visit: &Visit,
    token: &Secret<String>,
) -> Result<Option<Registration>, store::Error> {
    let hash = TokenHash::of(token.expose());
    match store::registration::find_by_link(core.store.pool(), &hash).await? {
        Some(found) => register::open(core, visit, found.id).await,
        None => Ok(None),
    }
}

/// Confirms by the link.
///
/// # Errors
/// A [`Failure`].
pub async fn by_link(core: &Core, visit: &Visit, token: &Secret<String>) -> Result<Outcome, Failure> {
    match find_by_link(core, visit, token).await? {
        Some(registration) => complete(core, visit, registration).await,
        None => Ok(Outcome::Over),
    }
}

async fn complete(core: &Core, visit: &Visit, registration: Registration) -> Result<Outcome, Failure> {
    let visit = &Visit {
        request: registration.authorization_request_id,
        ..visit.clone()
    };
    let now = core.now();
    let (user, facts) = account(core, &registration, now);
    let hash = Secret::new(registration.password_hash.clone());
    let before = session::current(core, visit.browser.session.as_ref()).await?;
    let mut tx = core.store.begin().await?;
    if !store::registration::complete(&mut *tx, registration.id, now).await? {
        return Ok(Outcome::Over);
    }
    match store::user::insert(&mut *tx, &user, Some(&hash)).await {
        Ok(()) => {}
        Err(store::Error::Conflict { constraint }) if constraint == store::user::USERNAME_KEY => {
            return Ok(Outcome::UsernameTaken);
        }
        // The address has an account. Its owner was told by mail; a guess at the code must not tell.
        Err(store::Error::Conflict { .. }) => return Ok(Outcome::WrongCode),
        Err(error) => return Err(error.into()),
    }
    store::fact::insert(&mut *tx, &facts).await?;
    let who = (user.id, Proof::Other);
    let Some(Arrival { begun, .. }) = arrive(core, &mut tx, visit, who, before.as_ref()).await? else {
        return Ok(Outcome::Over);
    };
    for kind in [AuditKind::Registered, AuditKind::EmailVerified] {
        let line = audit::event(core, kind, &Actor::User(user.id), &visit.origin).in_session(begun.session.id);
        store::audit_event::insert(&mut *tx, &line).await?;
    }
    tx.commit().await?;
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    let welcome = Welcome {
        session: begun.token,
        device: Some(KnownDevice::issue(&key, user.id, Some(now), &*core.rng)),
    };
    Ok(Outcome::Welcome(welcome, Box::new(registration)))
}

/// The person, and what they said about themselves; the address is verified, the rest is their word.
fn account(core: &Core, registration: &Registration, now: Time) -> (User, Vec<Fact>) {
    let user_id = UserId::new(now, &*core.rng);
    let fact = |name: &str, value: Value, verified: bool| Fact {
        id: FactId::new(now, &*core.rng),
        user_id,
        attribute: format!("profile.{name}"),
        value: Some(value),
        source: FactSource::User,
        verified,
        actor: Some(Actor::User(user_id).to_string()),
        asserted_at: now,
    };
    let mut facts = vec![fact("email", Value::from(registration.email.clone()), true)];
    for (name, value) in &registration.profile {
        facts.push(fact(name, value.clone(), false));
    }
    let resolved = profile::resolve(&facts);
    let user = User {
        id: user_id,
        username: registration.username.clone(),
        status: UserStatus::Active,
        profile: resolved.profile,
        custom_data: resolved.custom_data,
        locale: registration.locale,
        roles: Vec::new(),
        version: 1,
        origin: None,
        password_expired_at: None,
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    };
    (user, facts)
}
