//! Who is signed in in a browser: sessions begin, are proved anew, and end.

use std::sync::Arc;

use super::{Core, Failure, audit, logout::back_channel};
use crate::{
    base::{
        Secret, Time, TokenHash,
        id::{SessionId, UserId},
    },
    domain::{authorize::ACR_PASSWORD, claims::SessionFacts},
    model::{Actor, AuditKind, Client, Origin, Session, User, UserStatus},
    store::{self, Connection, Tx, grant::Offline},
};

/// How coarse `last_seen_at` is.
const SEEN_EVERY: time::Duration = time::Duration::minutes(1);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// With what.
    pub session: Session,
    /// Who; read from the database just now.
    pub user: Arc<User>,
}

impl SignedIn {
    /// What claims may know about the sign-in.
    pub fn facts(&self) -> SessionFacts<'_> {
        SessionFacts {
            id: Some(self.session.id),
            auth_time: self.session.auth_time,
            acr: self.session.acr.as_deref(),
            amr: &self.session.amr,
        }
    }
}

/// Who is signed in in the browser that sent this cookie; nobody if the session is over or the person is suspended.
///
/// # Errors
/// The store's.
pub async fn current(core: &Core, token: Option<&Secret<String>>) -> Result<Option<SignedIn>, store::Error> {
    let Some(token) = token else {
        return Ok(None);
    };
    let now = core.now();
    let mut db = core.store.acquire().await?;
    let signed_in = find(core, &mut db, &TokenHash::of(token.expose()), now).await?;
    core.store.keep(db);
    Ok(signed_in)
}

async fn find(
    core: &Core,
    db: &mut Connection,
    token_hash: &TokenHash,
    now: Time,
) -> Result<Option<SignedIn>, store::Error> {
    let Some(session) = store::session::find(&mut **db, token_hash).await? else {
        return Ok(None);
    };
    if !session.is_live(now, core.policy.sessions.idle) {
        return Ok(None);
    }
    // Not from the cache: whether the password must be replaced is not announced.
    let Some(user) = store::user::find(&mut **db, session.user_id).await? else {
        return Ok(None);
    };
    if user.status != UserStatus::Active {
        return Ok(None);
    }
    if session.last_seen_at + SEEN_EVERY < now {
        store::session::touch(&mut **db, session.id, now).await?;
    }
    Ok(Some(SignedIn {
        session,
        user: Arc::new(user),
    }))
}

/// A session that has just been begun or renewed, and the cookie's new value.
#[derive(Debug)]
pub struct Begun {
    /// The session.
    pub session: Session,
    /// What the cookie holds from now on.
    pub token: Secret<String>,
}

/// The person of a session has proved again who they are: it goes on under a new cookie value. `None` if it has been ended
/// meanwhile; that is not undone by a proof that was on its way.
///
/// # Errors
/// The store's.
pub async fn renew(core: &Core, tx: &mut Tx, session: &Session) -> Result<Option<Begun>, store::Error> {
    let token = core.rng.token();
    let session = proved(session.clone(), core.now(), core.policy.sessions.absolute);
    let is_live = store::session::reauthenticate(&mut **tx, &session, &TokenHash::of(token.expose())).await?;
    Ok(is_live.then_some(Begun { session, token }))
}

/// Somebody has signed in. The browser's session goes on under a new cookie value if it is theirs (its `sid`
/// stays, so that what hangs on it does too); somebody else's ends, for nobody could reach it any more.
///
/// # Errors
/// The store's.
pub async fn authenticated(
    core: &Core,
    tx: &mut Tx,
    user_id: UserId,
    before: Option<&Session>,
    origin: &Origin,
) -> Result<Begun, Failure> {
    if let Some(own) = before.filter(|session| session.user_id == user_id)
        && let Some(begun) = renew(core, tx, own).await?
    {
        return Ok(begun);
    }
    if let Some(other) = before.filter(|session| session.user_id != user_id) {
        end(core, tx, other, AuditKind::SessionEnded, origin).await?;
    }
    let (session, token) = (new(core, user_id, origin), core.rng.token());
    store::session::insert(&mut **tx, &session, &TokenHash::of(token.expose())).await?;
    Ok(Begun { session, token })
}

/// A session of somebody who has just proved who they are; not yet in the database.
pub(super) fn new(core: &Core, user_id: UserId, origin: &Origin) -> Session {
    let now = core.now();
    Session {
        id: SessionId::new(now, &*core.rng),
        user_id,
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        acr: Some(ACR_PASSWORD.to_owned()),
        user_agent: origin.user_agent.clone(),
        address: origin.address.clone(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + core.policy.sessions.absolute,
        ended_at: None,
    }
}

fn proved(session: Session, now: Time, absolute: time::Duration) -> Session {
    Session {
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        acr: Some(ACR_PASSWORD.to_owned()),
        last_seen_at: now,
        expires_at: now + absolute,
        ..session
    }
}

/// Remembers that an app takes part in a session, if it wants to hear of its end.
///
/// # Errors
/// The store's.
pub async fn joined(
    core: &Core,
    db: impl store::PgExecutor<'_>,
    client: &Client,
    session_id: SessionId,
) -> Result<(), store::Error> {
    let metadata = &client.metadata;
    if metadata.backchannel_logout_uri.is_none() && metadata.frontchannel_logout_uri.is_none() {
        return Ok(());
    }
    store::session_client::insert(db, session_id, &client.client_id, core.now()).await
}

/// Ends a session. What was granted in it dies with it, except what may outlive it (OIDC Core §11); its apps hear of it.
///
/// # Errors
/// The store's.
pub async fn end(core: &Core, tx: &mut Tx, session: &Session, kind: AuditKind, origin: &Origin) -> Result<(), Failure> {
    let now = core.now();
    if !store::session::end(&mut **tx, session.id, now).await? {
        return Ok(());
    }
    back_channel::tell(core, tx, &[session.id]).await?;
    store::grant::revoke_for_session(&mut **tx, session.id, Offline::Keep, kind.as_str(), now).await?;
    let line = audit::event(core, kind, &Actor::User(session.user_id), origin).in_session(session.id);
    Ok(store::audit_event::insert(&mut **tx, &line).await?)
}

/// Ends every session of a person but perhaps one, with what was granted in them: their password has changed.
///
/// # Errors
/// The store's.
pub async fn end_others(core: &Core, tx: &mut Tx, user_id: UserId, except: Option<SessionId>) -> Result<(), Failure> {
    let now = core.now();
    let ended = store::session::end_all_for_user(&mut **tx, user_id, except, now).await?;
    back_channel::tell(core, tx, &ended).await?;
    for id in ended {
        store::grant::revoke_for_session(&mut **tx, id, Offline::Revoke, "password changed", now).await?;
    }
    Ok(())
}
