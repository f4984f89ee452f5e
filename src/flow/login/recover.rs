//! Asking for a new password. The answer is the same whether or not there is such an account.

use super::{PRODUCT, Visit, post, register::count_mail};
use crate::{
    base::{Time, TokenHash, Translator},
    domain::account::{
        identifier::Identifier,
        throttle::{Decision, MailPurpose},
    },
    flow::{Core, Failure, audit},
    model::{Actor, AuditKind, EmailLink, EmailLinkPurpose, User, UserStatus},
    notify::mail_view::Letter,
    store,
};

/// How it went, as far as anybody may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// If there is such an account with a verified address, a mail is on its way.
    Sent,
    /// Too many mails.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
}

/// Sends a link for a new password to whoever owns the account.
///
/// # Errors
/// A [`Failure`].
pub async fn recover(core: &Core, visit: &Visit, typed: &str) -> Result<Outcome, Failure> {
    let Ok(identifier) = Identifier::parse(typed) else {
        return Ok(Outcome::Sent);
    };
    if let Decision::Wait { until } = count_mail(core, visit, MailPurpose::Recover, identifier.as_str()).await? {
        return Ok(Outcome::Wait { until });
    }
    let found = store::user::find_for_sign_in(core.store.pool(), identifier.as_str()).await?;
    let user = found.map(|(user, _)| user);
    let mut line = audit::event(core, AuditKind::RecoveryRequested, &Actor::Anonymous, &visit.origin);
    if let Some(user) = &user {
        line = line.about(user.id);
    }
    let mut tx = core.store.begin().await?;
    store::audit_event::insert(&mut *tx, &line).await?;
    if let Some((user, email)) = user.as_ref().and_then(reachable) {
        let token = core.rng.token();
        let now = core.now();
        let link = EmailLink {
            link_hash: TokenHash::of(token.expose()),
            purpose: EmailLinkPurpose::ResetPassword,
            user_id: user.id,
            email: email.to_owned(),
            authorization_request_id: visit.request,
            created_at: now,
            expires_at: now + core.policy.sign_up.recovery,
            used_at: None,
        };
        store::email_link::insert(&mut *tx, &link).await?;
        let address = core
            .policy
            .issuer
            .at(&format!("/recover/reset?token={}", token.expose()));
        let words = Translator::new(user.locale.unwrap_or(visit.locale));
        let minutes = core.policy.sign_up.recovery.whole_minutes();
        let letter = Letter::reset_password(words, PRODUCT, email, &address, minutes);
        post(core, &mut tx, &letter, email).await?;
    }
    tx.commit().await?;
    core.outbox.wake();
    Ok(Outcome::Sent)
}

/// A link goes to verified addresses only: an address that was merely typed in may be a stranger's.
fn reachable(user: &User) -> Option<(&User, &str)> {
    let reachable = user.status == UserStatus::Active && user.is_true("email_verified");
    user.claim("email").filter(|_| reachable).map(|email| (user, email))
}
