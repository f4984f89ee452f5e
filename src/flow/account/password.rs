//! Changing one's own password.

use super::{
    confirm::{self, Checked},
    reachable,
};
use crate::{
    base::{Secret, Time, Translator},
    domain::account::{
        device::{self, KnownDevice},
        password_policy::Weakness,
    },
    flow::{
        Core, Failure,
        login::{PRODUCT, Visit, Welcome, password, post},
        session::{self, SignedIn},
    },
    model::AuditKind,
    notify::mail_view::Letter,
    store::{self, user::Proof},
};

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// It is the password from now on, and every other session has ended; this one goes on, in a browser that knows the
    /// account with its new password.
    Changed(Welcome),
    /// The present password is another one.
    Wrong,
    /// Too many attempts at the present password.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// The new one is the present one.
    Same,
    /// Another new one is needed.
    Weak(Weakness),
    /// There is no password that could be asked for, and the last sign-in was too long ago.
    ProofNeeded,
    /// The session has been ended meanwhile.
    SignedOut,
}

/// Whether the person has a password that the form must ask for.
///
/// # Errors
/// The store's.
pub async fn has_password(core: &Core, signed_in: &SignedIn) -> Result<bool, store::Error> {
    let (has_password, _) = store::user::find_password_age(core.store.pool(), signed_in.user.id).await?;
    Ok(has_password)
}

/// Replaces the password by somebody who knows the present one.
///
/// # Errors
/// A [`Failure`]; then nothing was changed, and the attempt did not count.
pub async fn change(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    current: &Secret<String>,
    new: &Secret<String>,
) -> Result<Outcome, Failure> {
    let user = &signed_in.user;
    let proof = match confirm::check_password(core, visit, signed_in, current).await? {
        Checked::Wrong => return Ok(Outcome::Wrong),
        Checked::Wait { until } => return Ok(Outcome::Wait { until }),
        Checked::NoPassword if !confirm::is_fresh(core, &signed_in.session) => return Ok(Outcome::ProofNeeded),
        Checked::Right(_) if current.expose() == new.expose() => return Ok(Outcome::Same),
        Checked::Right(proof) => proof,
        Checked::NoPassword => Proof::Other,
    };
    if let Err(weakness) = password::check(core, new, user) {
        return Ok(Outcome::Weak(weakness));
    }
    let hash = Secret::new(core.passwords.hash(new).await?);
    let now = core.now();
    let mut tx = core.store.begin().await?;
    if !store::user::hold(&mut *tx, user.id, proof).await? {
        return Ok(Outcome::Wrong);
    }
    let Some(begun) = session::renew(core, &mut tx, &signed_in.session).await? else {
        return Ok(Outcome::SignedOut);
    };
    let staying = Some(signed_in.session.id);
    let changed_at = password::write(core, &mut tx, user.id, &hash, now, staying).await?;
    let line = super::line(core, visit, signed_in, AuditKind::PasswordChanged).in_session(begun.session.id);
    store::audit_event::insert(&mut *tx, &line).await?;
    if let Some(email) = reachable(user) {
        let words = Translator::new(user.locale.unwrap_or(visit.locale));
        let letter = Letter::password_changed(words, PRODUCT, email, &core.policy.issuer.at("/recover"));
        post(core, &mut tx, &letter, email).await?;
    }
    tx.commit().await?;
    core.outbox.wake();
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    Ok(Outcome::Changed(Welcome {
        session: begun.token,
        device: Some(KnownDevice::issue(&key, user.id, Some(changed_at), &*core.rng)),
    }))
}
