//! The steps of the hosted pages: each does one thing for a person and, where an app waits, for its pending request.
//! [`super::authorize::proceed`] says what comes after it.

pub mod consent;
pub mod new_password;
pub mod password;
pub mod recover;
pub mod register;
pub mod reset;
pub mod select_account;
pub mod sign_in;
pub mod verify;

use std::net::IpAddr;

use super::{Core, Failure, authorize::Browser, outbox::Message, session::Begun};
use crate::{
    base::{Locale, Secret, id::AuthorizationRequestId},
    model::Origin,
    notify::mail_view::Letter,
    store::{self, Tx},
};

/// Who sends a form, and from where.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The browser's cookies.
    pub browser: Browser,
    /// The proof of an earlier sign-in, as the cookie has it.
    pub device: Option<String>,
    /// For the audit trail.
    pub origin: Origin,
    /// For counting attempts.
    pub address: Option<IpAddr>,
    /// The language of the page; mails are in it.
    pub locale: Locale,
    /// The request that waits.
    pub request: Option<AuthorizationRequestId>,
}

/// Somebody is signed in now: what the browser must remember.
#[derive(Debug)]
pub struct Welcome {
    /// The session cookie's new value.
    pub session: Secret<String>,
    /// A proof that this browser knows the account, when it had none yet.
    pub device: Option<Secret<String>>,
}

/// What mails call this server.
pub(super) const PRODUCT: &str = "Signet";

/// Puts a mail to `to` into the outbox.
pub(super) async fn post(core: &Core, tx: &mut Tx, letter: &Letter, to: &str) -> Result<(), Failure> {
    let mail = letter.write(to).map_err(|_| Failure::Mail)?;
    core.outbox.insert(tx, &Message::Mail(mail), core.now()).await?;
    Ok(())
}

/// Ties a new authentication to the waiting request, if it belongs to this browser.
async fn tie(tx: &mut Tx, visit: &Visit, begun: &Begun) -> Result<(), Failure> {
    let Some(id) = visit.request else {
        return Ok(());
    };
    let found = store::authorization_request::lock(&mut **tx, id, &visit.browser.hash).await?;
    if found.is_some_and(|request| request.finished_at.is_none()) {
        let session = &begun.session;
        store::authorization_request::set_authenticated(&mut **tx, id, session.id, session.auth_time).await?;
    }
    Ok(())
}
