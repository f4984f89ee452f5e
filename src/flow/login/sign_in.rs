//! Signing in with an identifier and a password.
//!
//! An unknown person, a wrong password and a password that cannot be compared with take the same work and get the same
//! answer. An attempt is counted before the password is looked at, and whoever must wait is told so whether or not the
//! account exists. That an account is suspended is told only to somebody who knows its password.

use super::{Visit, Welcome, tie};
use crate::{
    base::{Secret, Time},
    domain::account::{
        device::{self, KnownDevice},
        identifier::Identifier,
        throttle::Decision,
    },
    flow::{
        Core, Failure, audit,
        password::{self, Verdict},
        session,
        throttle::{self, Attempt},
    },
    model::{Actor, AuditKind, User, UserStatus},
    store,
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
    Welcome(Welcome),
    /// They are not.
    Refused(Refused),
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
    let identifier = Identifier::parse(&credentials.identifier).ok();
    let found = match &identifier {
        Some(identifier) => store::user::find_for_sign_in(core.store.pool(), identifier.as_str()).await?,
        None => None,
    };
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    let known_device = match (&found, &visit.device) {
        (Some((user, _)), Some(cookie)) => KnownDevice::verify(&key, user.id, cookie),
        _ => None,
    };
    let account = match (&found, &identifier) {
        (Some((user, _)), _) => user.id.to_string(),
        (None, Some(identifier)) => identifier.as_str().to_owned(),
        (None, None) => credentials.identifier.chars().take(100).collect(),
    };
    let attempt = Attempt {
        account: &account,
        address: visit.address,
        device: known_device.as_ref(),
    };
    let rules = &core.policy.throttle;
    let user = found.as_ref().map(|(user, _)| user);
    if let Decision::Wait { until } = throttle::reserve(&core.store, rules, attempt, core.now()).await? {
        note(core, visit, AuditKind::SignInThrottled, user).await?;
        return Ok(Outcome::Refused(Refused::Wait { until }));
    }
    let hash = found.as_ref().and_then(|(_, hash)| hash.as_ref());
    let verdict = match compare(core, hash, &credentials.password).await {
        Err(password::Error::Busy { retry_after }) => {
            throttle::withdraw(&core.store, rules, attempt).await?;
            return Err(Failure::Busy { retry_after });
        }
        other => other?,
    };
    let (Verdict::Match { rehash }, Some((user, Some(stored)))) = (verdict, &found) else {
        note(core, visit, AuditKind::SignInFailed, user).await?;
        return Ok(Outcome::Refused(Refused::Wrong));
    };
    throttle::succeed(&core.store, rules, attempt).await?;
    if user.status == UserStatus::Suspended {
        note(core, visit, AuditKind::SignInFailed, Some(user)).await?;
        return Ok(Outcome::Refused(Refused::Suspended));
    }
    if rehash {
        renew_hash(core, user, stored, &credentials.password).await?;
    }
    let device = known_device
        .is_none()
        .then(|| KnownDevice::issue(&key, user.id, &*core.rng));
    let session = welcome(core, visit, user).await?;
    Ok(Outcome::Welcome(Welcome { session, device }))
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

async fn welcome(core: &Core, visit: &Visit, user: &User) -> Result<Secret<String>, Failure> {
    let before = session::current(core, visit.browser.session.as_ref()).await?;
    let before = before.as_ref().map(|signed_in| &signed_in.session);
    let mut tx = core.store.begin().await?;
    let begun = session::authenticated(core, &mut tx, user.id, before, &visit.origin).await?;
    tie(&mut tx, visit, &begun).await?;
    store::user::touch_last_sign_in(&mut *tx, user.id, begun.session.auth_time).await?;
    let line =
        audit::event(core, AuditKind::SignedIn, &Actor::User(user.id), &visit.origin).in_session(begun.session.id);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(begun.token)
}

/// The identifier as typed is not written down: people type passwords into the wrong field.
async fn note(core: &Core, visit: &Visit, kind: AuditKind, user: Option<&User>) -> Result<(), Failure> {
    let mut line = audit::event(core, kind, &Actor::Anonymous, &visit.origin);
    if let Some(user) = user {
        line = line.about(user.id);
    }
    store::audit_event::insert(core.store.pool(), &line).await?;
    Ok(())
}
