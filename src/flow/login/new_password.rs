//! Replacing a one-time password, right after signing in with it.

use super::{Visit, password};
use crate::{
    base::Secret,
    domain::account::password_policy::Weakness,
    flow::{Core, Failure, audit, session::SignedIn},
    model::{Actor, AuditKind},
    store::{self, user::Proof},
};

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is the password from now on.
    Changed,
    /// Another one is needed.
    Weak(Weakness),
    /// The session has been ended meanwhile.
    SignedOut,
}

/// Sets the password of somebody who is signed in; their other sessions end.
///
/// # Errors
/// A [`Failure`].
pub async fn replace(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    new: &Secret<String>,
) -> Result<Outcome, Failure> {
    let user = &signed_in.user;
    if let Err(weakness) = password::check(core, new, user) {
        return Ok(Outcome::Weak(weakness));
    }
    let hash = Secret::new(core.passwords.hash(new).await?);
    let mut tx = core.store.begin().await?;
    // The person first: whoever resets the password at this moment ends the session before it is looked at, or after.
    let is_theirs = store::user::hold(&mut *tx, user.id, Proof::Other).await?
        && store::session::hold(&mut *tx, signed_in.session.id).await?;
    if !is_theirs {
        return Ok(Outcome::SignedOut);
    }
    let staying = Some(signed_in.session.id);
    password::write(core, &mut tx, user.id, &hash, core.now(), staying).await?;
    let line = audit::event(core, AuditKind::PasswordChanged, &Actor::User(user.id), &visit.origin)
        .in_session(signed_in.session.id);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(Outcome::Changed)
}
