//! Asking for a new password. The answer is the same whether or not there is such an account, and so is the work: the
//! request only leaves a message in the outbox. Whose name it is, is looked at when the message is delivered.

use super::{PRODUCT, Visit, register::count_mail};
use crate::{
    base::{
        Rng, Time, TokenHash, Translator,
        id::{AuthorizationRequestId, OutboxId},
    },
    domain::{
        account::{
            identifier::Identifier,
            throttle::{Decision, MailPurpose},
        },
        policy::Policy,
    },
    flow::{
        Core, Failure, audit,
        outbox::{Message, Outbox, Recovery},
    },
    model::{Actor, AuditKind, EmailLink, EmailLinkPurpose, Origin, User, UserStatus},
    notify::mail_view::Letter,
    store::{self, Store, Tx},
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

/// Has a link for a new password sent to whoever owns the account.
///
/// # Errors
/// A [`Failure`].
pub async fn recover(core: &Core, visit: &Visit, typed: &str) -> Result<Outcome, Failure> {
    let Ok(identifier) = Identifier::parse(typed) else {
        return Ok(Outcome::Sent);
    };
    let decision = count_mail(core, visit, MailPurpose::Recover, identifier.as_str()).await?;
    if let Decision::Wait { until } = decision {
        return Ok(Outcome::Wait { until });
    }
    let message = Message::Recovery(Recovery {
        identifier: identifier.as_str().to_owned(),
        locale: visit.locale,
        request: visit.request,
        address: visit.origin.address.clone(),
        user_agent: visit.origin.user_agent.clone(),
    });
    let mut tx = core.store.begin().await?;
    core.outbox.insert(&mut tx, &message, core.now()).await?;
    tx.commit().await?;
    core.outbox.wake();
    Ok(Outcome::Sent)
}

/// What it takes to answer.
pub struct Desk<'a> {
    /// The database.
    pub store: &'a Store,
    /// Takes the mail.
    pub outbox: &'a Outbox,
    /// For the link.
    pub rng: &'a dyn Rng,
    /// What the operator decided.
    pub policy: &'a Policy,
    /// When.
    pub now: Time,
}

/// Answers what was asked: a mail to the account's verified address, or nothing. The message `id` is over with it.
///
/// # Errors
/// A [`Failure`]; then nothing was done.
pub async fn answer(desk: &Desk<'_>, id: OutboxId, asked: &Recovery) -> Result<(), Failure> {
    match answer_for(desk, id, asked, asked.request).await {
        // The request that waited has been swept away meanwhile.
        Err(Failure::Store(error)) if error.is_conflict(store::email_link::REQUEST_KEY) => {
            answer_for(desk, id, asked, None).await
        }
        other => other,
    }
}

async fn answer_for(
    desk: &Desk<'_>,
    id: OutboxId,
    asked: &Recovery,
    request: Option<AuthorizationRequestId>,
) -> Result<(), Failure> {
    let found = store::user::find_for_sign_in(desk.store.pool(), &asked.identifier).await?;
    let user = found.map(|(user, _)| user);
    let origin = Origin {
        address: asked.address.clone(),
        user_agent: asked.user_agent.clone(),
    };
    let (kind, nobody) = (AuditKind::RecoveryRequested, Actor::Anonymous);
    let mut line = audit::event_at(desk.now, desk.rng, kind, &nobody, &origin);
    if let Some(user) = &user {
        line = line.about(user.id);
    }
    let mut tx = desk.store.begin().await?;
    // Another process may have taken the message over and been faster.
    if !store::outbox::update_delivered(&mut *tx, id, desk.now).await? {
        return Ok(());
    }
    store::audit_event::insert(&mut *tx, &line).await?;
    if let Some((user, email)) = user.as_ref().and_then(reachable) {
        send_link(desk, &mut tx, user, email, asked, request).await?;
    }
    tx.commit().await?;
    desk.outbox.wake();
    Ok(())
}

async fn send_link(
    desk: &Desk<'_>,
    tx: &mut Tx,
    user: &User,
    email: &str,
    asked: &Recovery,
    request: Option<AuthorizationRequestId>,
) -> Result<(), Failure> {
    let token = desk.rng.token();
    let valid = desk.policy.sign_up.recovery;
    let link = EmailLink {
        link_hash: TokenHash::of(token.expose()),
        purpose: EmailLinkPurpose::ResetPassword,
        user_id: user.id,
        email: email.to_owned(),
        authorization_request_id: request,
        created_at: desk.now,
        expires_at: desk.now + valid,
        used_at: None,
    };
    store::email_link::insert(&mut **tx, &link).await?;
    let path = format!("/recover/reset?token={}", token.expose());
    let address = desk.policy.issuer.at(&path);
    let words = Translator::new(user.locale.unwrap_or(asked.locale));
    let letter = Letter::reset_password(words, PRODUCT, email, &address, valid.whole_minutes());
    let mail = letter.write(email).map_err(|_| Failure::Mail)?;
    desk.outbox.insert(tx, &Message::Mail(mail), desk.now).await?;
    Ok(())
}

/// A link goes to verified addresses only: an address that was merely typed in may be a stranger's.
fn reachable(user: &User) -> Option<(&User, &str)> {
    let reachable = user.status == UserStatus::Active && user.is_true("email_verified");
    user.claim("email").filter(|_| reachable).map(|email| (user, email))
}
