//! The steps of the hosted pages: each does one thing for a person and, where an app waits, for its pending request.
//! [`super::authorize::proceed`] says what comes after it.

pub mod approval;
pub mod automated;
pub mod consent;
pub mod deferred;
pub mod new_password;
pub mod password;
pub mod recover;
pub mod register;
pub mod reset;
pub mod select_account;
pub mod sign_in;
pub mod verify;

use std::net::IpAddr;

use super::{
    Core, Failure, audit,
    authorize::{Browser, foreseen::Foreseen},
    outbox::Message,
    session::{self, Begun, SignedIn},
};
use crate::{
    base::{
        Locale, Secret, TokenHash,
        id::{AuthorizationRequestId, UserId},
    },
    domain::account::throttle::ThrottleKey,
    model::{Actor, AuditKind, AuthorizationRequest, Origin, Session},
    notify::mail_view::Letter,
    store::{self, PgExecutor, Tx, session::Beginning, throttle::End, user::Proof},
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

/// Somebody who has just proved who they are.
struct Arrival {
    begun: Begun,
    /// What waits for them in this browser, tied to the new authentication.
    request: Option<AuthorizationRequest>,
}

/// Somebody has proved who they are: the session begins (or goes on, if `before` is theirs), what waits in this browser
/// is tied to it, and the trail has a line about it. `None` if they are not active any more, or what they proved it by is
/// of the past: then nothing is written.
async fn arrive(
    core: &Core,
    tx: &mut Tx,
    visit: &Visit,
    (user_id, proof): (UserId, Proof),
    before: Option<&SignedIn>,
) -> Result<Option<Arrival>, Failure> {
    let Some(before) = before else {
        let session = session::new(core, user_id, &visit.origin);
        return arrive_anew(core, &mut **tx, visit, (session, proof), &[], None).await;
    };
    if !store::user::set_signed_in(&mut **tx, user_id, proof, core.now()).await? {
        return Ok(None);
    }
    let begun = session::authenticated(core, tx, user_id, Some(&before.session), &visit.origin).await?;
    let Session { id, auth_time, .. } = begun.session;
    let request = match visit.request {
        Some(request) => {
            let browser = &visit.browser.hash;
            store::authorization_request::set_authenticated(&mut **tx, request, browser, id, auth_time).await?
        }
        None => None,
    };
    let line = audit::event(core, AuditKind::SignedIn, &Actor::User(user_id), &visit.origin).in_session(id);
    store::audit_event::insert(&mut **tx, &line).await?;
    Ok(Some(Arrival { begun, request }))
}

/// The same in a browser in which nobody is signed in: one statement, which is a transaction by itself. It settles the
/// counters of the attempt, too, and gives the app what is foreseen.
async fn arrive_anew(
    core: &Core,
    db: impl PgExecutor<'_>,
    visit: &Visit,
    (session, proof): (Session, Proof),
    counters: &[(ThrottleKey, End)],
    foreseen: Option<&Foreseen>,
) -> Result<Option<Arrival>, Failure> {
    let token = core.rng.token();
    let line = audit::event(core, AuditKind::SignedIn, &Actor::User(session.user_id), &visit.origin);
    let line = line.in_session(session.id);
    let waiting = visit.request.map(|request| (request, &visit.browser.hash));
    let hash = TokenHash::of(token.expose());
    let beginning = Beginning {
        session: &session,
        token_hash: &hash,
        proof,
        line: &line,
        waiting,
        counters,
        given: foreseen.and_then(Foreseen::given),
    };
    match store::session::begin(db, beginning).await {
        Ok(request) => Ok(Some(Arrival {
            begun: Begun { session, token },
            request,
        })),
        Err(store::Error::Stale) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
