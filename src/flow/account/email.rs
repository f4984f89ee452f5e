//! Changing one's own e-mail address: a link goes to the new one, and only when it is opened by the person who asked,
//! signed in to the same account, does the address become theirs.
//!
//! The link alone is not enough on purpose. Otherwise somebody could ask for a stranger's address in an account of his
//! own, and the stranger's curious click would hand him a confirmed address that apps trust.

use super::{confirm, reachable};
use crate::{
    base::{Secret, Time, TokenHash, Translator},
    domain::{
        account::{
            identifier::parse_email,
            throttle::{Decision, MailPurpose},
        },
        profile::Statement,
    },
    flow::{
        Core, Failure,
        login::{PRODUCT, Visit, post, register::count_mail},
        session::SignedIn,
    },
    model::{AuditKind, EmailLink, EmailLinkPurpose, User},
    notify::mail_view::Letter,
    store::{self, Tx},
};

/// How asking for the change went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A mail is on its way to this address. It brings a link, or says that another account has the address.
    Sent(String),
    /// That is no e-mail address.
    Malformed,
    /// It is their confirmed address already.
    Unchanged,
    /// Too many mails to this address.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// They must prove again who they are.
    ProofNeeded,
}

/// Sends a link to the address that somebody wants to be theirs.
///
/// # Errors
/// A [`Failure`].
pub async fn ask(core: &Core, visit: &Visit, signed_in: &SignedIn, typed: &str) -> Result<Asked, Failure> {
    if !confirm::is_fresh(core, &signed_in.session) {
        return Ok(Asked::ProofNeeded);
    }
    let Ok(email) = parse_email(typed) else {
        return Ok(Asked::Malformed);
    };
    let user = &signed_in.user;
    if reachable(user).is_some_and(|own| own.eq_ignore_ascii_case(&email)) {
        return Ok(Asked::Unchanged);
    }
    if let Decision::Wait { until } = count_mail(core, visit, MailPurpose::ChangeAddress, &email).await? {
        return Ok(Asked::Wait { until });
    }
    let words = words(visit, user);
    let mut tx = core.store.begin().await?;
    // The page must not tell who else has an account; the owner of the address may know.
    let letter = match store::user::find_by_verified_email(&mut *tx, &email).await? {
        Some(_) => Letter::address_in_use(words, PRODUCT, &core.policy.issuer.at("/login")),
        None => {
            let link = link(core, &mut tx, signed_in, &email).await?;
            let minutes = core.policy.sign_up.verification.whole_minutes();
            Letter::change_address(words, PRODUCT, link.expose(), minutes)
        }
    };
    post(core, &mut tx, &letter, &email).await?;
    tx.commit().await?;
    core.outbox.wake();
    Ok(Asked::Sent(email))
}

fn words(visit: &Visit, user: &User) -> Translator {
    Translator::new(user.locale.unwrap_or(visit.locale))
}

/// Makes a link; earlier ones die.
async fn link(core: &Core, tx: &mut Tx, signed_in: &SignedIn, email: &str) -> Result<Secret<String>, store::Error> {
    let (token, now) = (core.rng.token(), core.now());
    let link = EmailLink {
        link_hash: TokenHash::of(token.expose()),
        purpose: EmailLinkPurpose::VerifyEmail,
        user_id: signed_in.user.id,
        email: email.to_owned(),
        authorization_request_id: None,
        created_at: now,
        expires_at: now + core.policy.sign_up.verification,
        used_at: None,
    };
    store::email_link::insert(&mut **tx, &link).await?;
    let path = format!("/account/email/verify?token={}", token.expose());
    Ok(Secret::new(core.policy.issuer.at(&path)))
}

/// The link of that secret, if it is still good and belongs to whoever is signed in.
///
/// # Errors
/// The store's.
pub async fn find(
    core: &Core,
    signed_in: &SignedIn,
    token: &Secret<String>,
) -> Result<Option<EmailLink>, store::Error> {
    let found = store::email_link::find(core.store.pool(), &TokenHash::of(token.expose())).await?;
    Ok(found.filter(|link| {
        link.purpose == EmailLinkPurpose::VerifyEmail
            && link.user_id == signed_in.user.id
            && link.used_at.is_none()
            && link.expires_at > core.now()
    }))
}

/// How the link's confirmation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// The address is theirs, and confirmed.
    Changed,
    /// The link is used up, too old, or another person's.
    Dead,
    /// Meanwhile another account has confirmed the address.
    Taken,
}

/// Makes the address that the link went to the person's own.
///
/// # Errors
/// A [`Failure`].
pub async fn verify(
    core: &Core,
    visit: &Visit,
    signed_in: &SignedIn,
    token: &Secret<String>,
) -> Result<Verified, Failure> {
    let Some(link) = find(core, signed_in, token).await? else {
        return Ok(Verified::Dead);
    };
    let now = core.now();
    let mut tx = core.store.begin().await?;
    if !store::email_link::redeem(&mut *tx, &link.link_hash, now).await? {
        return Ok(Verified::Dead);
    }
    let Some(user) = store::user::lock(&mut *tx, link.user_id).await? else {
        return Ok(Verified::Dead);
    };
    let before = reachable(&user).map(str::to_owned);
    let known = store::fact::list_current(&mut *tx, user.id).await?;
    let statement = Statement {
        attribute: "profile.email".to_owned(),
        value: link.email.as_str().into(),
        verified: true,
    };
    let user = match super::state(core, &mut tx, user, &known, vec![statement]).await {
        Err(error) if error.is_conflict(store::user::VERIFIED_EMAIL_KEY) => return Ok(Verified::Taken),
        other => other?,
    };
    // Links that went to the old address must give nobody a new password.
    store::email_link::delete_unused(&mut *tx, user.id, EmailLinkPurpose::ResetPassword).await?;
    let line = super::line(core, visit, signed_in, AuditKind::EmailVerified);
    store::audit_event::insert(&mut *tx, &line).await?;
    if let Some(before) = before.filter(|before| !before.eq_ignore_ascii_case(&link.email)) {
        let account = core.policy.issuer.at("/account");
        let letter = Letter::address_changed(words(visit, &user), PRODUCT, &before, &account);
        post(core, &mut tx, &letter, &before).await?;
    }
    tx.commit().await?;
    core.outbox.wake();
    Ok(Verified::Changed)
}
