//! Proving again who one is: by the password, within a session that goes on.

use time::Duration;

use crate::{
    base::{Secret, Time},
    domain::account::{
        device::{self, KnownDevice},
        throttle::Decision,
    },
    flow::{
        Core, Failure,
        login::Visit,
        password::{self, Verdict},
        session::{self, SignedIn},
        throttle::{self, Attempt, Target},
    },
    model::{AuditKind, Session},
    store::{self, user::Proof},
};

/// How old a proof may be for what would give the account away, or a whole server.
pub const FRESH: Duration = Duration::minutes(15);

/// Whether the person proved who they are so lately that dangerous changes need not ask again.
pub fn is_fresh(core: &Core, session: &Session) -> bool {
    core.now() < session.auth_time + FRESH
}

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// They did; the session's cookie has this new value.
    Proved(Secret<String>),
    /// It is not their password.
    Wrong,
    /// Too many attempts.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// They have no password; a mailed link gives them one.
    NoPassword,
    /// The session has been ended meanwhile.
    SignedOut,
}

/// Renews the proof of a session by its owner's password.
///
/// # Errors
/// A [`Failure`]; then the attempt did not count.
pub async fn prove(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    password: &Secret<String>,
) -> Result<Outcome, Failure> {
    let proof = match check_password(core, visit, signed_in, password).await? {
        Checked::Right(proof) => proof,
        Checked::Wrong => return Ok(Outcome::Wrong),
        Checked::Wait { until } => return Ok(Outcome::Wait { until }),
        Checked::NoPassword => return Ok(Outcome::NoPassword),
    };
    let mut tx = core.store.begin().await?;
    if !store::user::hold(&mut *tx, signed_in.user.id, proof).await? {
        return Ok(Outcome::Wrong);
    }
    let Some(begun) = session::renew(core, &mut tx, &signed_in.session).await? else {
        return Ok(Outcome::SignedOut);
    };
    let line = super::line(core, visit, signed_in, AuditKind::SignedIn)
        .in_session(begun.session.id)
        .with("again", true);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(Outcome::Proved(begun.token))
}

/// Whether a password is somebody's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is.
    Right(Proof),
    /// It is not.
    Wrong,
    /// Too many attempts; it was not looked at.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// They have none.
    NoPassword,
}

/// Compares a password with the one of the person who is signed in. Whoever sits at an unlocked browser may guess here
/// as slowly as on the sign-in page.
pub(super) async fn check_password(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    typed: &Secret<String>,
) -> Result<Checked, Failure> {
    let user_id = signed_in.user.id;
    let Some(stored) = store::user::find_password(core.store.pool(), user_id).await? else {
        return Ok(Checked::NoPassword);
    };
    let key = core.sealer.mac_key(device::KEY_PURPOSE)?;
    let known_device = visit
        .device
        .as_ref()
        .and_then(|cookie| KnownDevice::verify(&key, user_id, stored.changed_at, cookie));
    let attempt = Attempt {
        at: match &known_device {
            Some(device) => Target::Device { owner: user_id, device },
            None => Target::Own(user_id),
        },
        address: visit.address,
    };
    let reservation = throttle::reserve(core.store.pool(), &core.policy.throttle, attempt, core.now()).await?;
    if let Decision::Wait { until } = reservation.decision {
        return Ok(Checked::Wait { until });
    }
    match core.passwords.verify(stored.hash.expose(), typed).await {
        Ok(Verdict::Match { .. }) => {
            reservation.succeed(core.store.pool()).await?;
            Ok(Checked::Right(Proof::Password(stored.changed_at)))
        }
        Ok(Verdict::NoMatch | Verdict::Unusable(_)) => {
            let line = super::line(core, visit, signed_in, AuditKind::SignInFailed).with("again", true);
            throttle::note(core, line, &reservation).await?;
            Ok(Checked::Wrong)
        }
        Err(password::Error::Busy { retry_after }) => {
            reservation.withdraw(core.store.pool()).await?;
            Err(Failure::Busy { retry_after })
        }
        Err(error) => Err(error.into()),
    }
}
