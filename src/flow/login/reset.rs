//! Choosing a new password by a mailed link: good once, and every other session ends.

use super::{Arrival, PRODUCT, Visit, Welcome, arrive, password, post};
use crate::{
    base::{Secret, TokenHash, Translator},
    domain::account::{
        device::{self, KnownDevice},
        password_policy::Weakness,
    },
    flow::{Core, Failure, audit, session, throttle},
    model::{Actor, AuditKind, EmailLink, EmailLinkPurpose, User, UserStatus},
    notify::mail_view::Letter,
    store::{self, user::Proof},
};

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// The password is changed, and its owner signed in.
    Welcome(Welcome, Box<EmailLink>),
    /// Another one is needed.
    Weak(Weakness, Box<User>),
    /// The link is used up or too old.
    Dead,
}

/// Whose link this is, if it is still good.
///
/// # Errors
/// The store's.
pub async fn find(core: &Core, token: &Secret<String>) -> Result<Option<(EmailLink, User)>, store::Error> {
    let pool = core.store.pool();
    let Some(link) = store::email_link::find(pool, &TokenHash::of(token.expose())).await? else {
        return Ok(None);
    };
    let good =
        link.purpose == EmailLinkPurpose::ResetPassword && link.used_at.is_none() && link.expires_at > core.now();
    if !good {
        return Ok(None);
    }
    let user = store::user::find(pool, link.user_id).await?;
    Ok(user
        .filter(|user| user.status == UserStatus::Active)
        .map(|user| (link, user)))
}

/// Sets the new password.
///
/// # Errors
/// A [`Failure`].
pub async fn reset(
    core: &Core,
    visit: &Visit,
    token: &Secret<String>,
    new: &Secret<String>,
) -> Result<Outcome, Failure> {
    let Some((link, user)) = find(core, token).await? else {
        return Ok(Outcome::Dead);
    };
    if let Err(weakness) = password::check(core, new, &user) {
        return Ok(Outcome::Weak(weakness, Box::new(user)));
    }
    let hash = Secret::new(core.passwords.hash(new).await?);
    let visit = &Visit {
        request: link.authorization_request_id,
        ..visit.clone()
    };
    let now = core.now();
    let before = session::current(core, visit.browser.session.as_ref()).await?;
    let mut tx = core.store.begin().await?;
    // The person before the link, as everybody does who changes a password and kills the links to a new one.
    if !store::user::hold(&mut *tx, user.id, Proof::Other).await? {
        return Ok(Outcome::Dead);
    }
    if !store::email_link::redeem(&mut *tx, &link.link_hash, now).await? {
        return Ok(Outcome::Dead);
    }
    let changed_at = password::write(core, &mut tx, user.id, &hash, now, None).await?;
    let who = (user.id, Proof::Other);
    let Some(Arrival { begun, .. }) = arrive(core, &mut tx, visit, who, before.as_ref()).await? else {
        return Ok(Outcome::Dead);
    };
    let line = audit::event(core, AuditKind::PasswordChanged, &Actor::User(user.id), &visit.origin)
        .in_session(begun.session.id);
    store::audit_event::insert(&mut *tx, &line).await?;
    let words = Translator::new(user.locale.unwrap_or(visit.locale));
    let letter = Letter::password_changed(words, PRODUCT, &link.email, &core.policy.issuer.at("/recover"));
    post(core, &mut tx, &letter, &link.email).await?;
    tx.commit().await?;
    core.outbox.wake();
    // Whoever reads the owner's mail has no need to wait for a guesser's failures to fade.
    throttle::absolve(&core.store, &user).await?;
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    let welcome = Welcome {
        session: begun.token,
        device: Some(KnownDevice::issue(&key, user.id, Some(changed_at), &*core.rng)),
    };
    Ok(Outcome::Welcome(welcome, Box::new(link)))
}
