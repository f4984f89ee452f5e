//! Passwords, sessions and the end of an account.

use serde_json::{Map, json};

use super::{Hashed, NewPassword, forget_links, hash, visible};
use crate::{
    base::{
        Secret,
        id::{SessionId, UserId},
    },
    domain::account::password_policy::Surroundings,
    flow::{
        Core,
        admin::{By, Difference, Error, line, record},
        logout::back_channel,
    },
    model::{AuditKind, User, UserStatus, user::ADMIN_ROLE},
    store::{self, Tx, grant::Offline},
};

/// Gives somebody a password and signs them out everywhere. Returns the one-time password, to be shown once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a weak one.
pub async fn set_password(
    core: &Core,
    by: &By,
    id: UserId,
    password: &NewPassword,
) -> Result<Option<Secret<String>>, Error> {
    let user = store::user::find(core.store.pool(), id)
        .await?
        .ok_or(Error::NotFound("user"))?;
    let surroundings = Surroundings {
        username: user.username.as_deref(),
        email: user.claim("email"),
        app_names: &[],
    };
    let mut hashed = hash(core, password, &surroundings).await?;
    let mut tx = core.store.begin().await?;
    set_password_in(core, &mut tx, by, id, &hashed).await?;
    tx.commit().await?;
    Ok(hashed.one_time.take())
}

/// Writes a password in the caller's transaction; every session and grant of the person ends.
///
/// # Errors
/// [`Error::NotFound`].
pub(in crate::flow) async fn set_password_in(
    core: &Core,
    tx: &mut Tx,
    by: &By,
    id: UserId,
    password: &Hashed,
) -> Result<(), Error> {
    let now = core.now();
    let expired_at = password.one_time.is_some().then_some(now);
    let written = store::user::update_password(&mut **tx, id, &password.hash, now, expired_at).await;
    let _: crate::base::Time = written.map_err(|error| match error {
        store::Error::NotFound => Error::NotFound("user"),
        other => other.into(),
    })?;
    let ended = sign_out(core, tx, id, "password changed").await?;
    forget_links(tx, id).await?;
    let data = json!({"one_time": expired_at.is_some(), "sessions_ended": ended});
    let mut event = line(
        core,
        by,
        AuditKind::PasswordChanged,
        data.as_object().cloned().unwrap_or_default(),
    );
    event.user_id = Some(id);
    Ok(record(tx, event).await?)
}

/// Deletes somebody whose page showed `version`, with everything that hangs on them. The audit trail stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::LastAdministrator`].
pub async fn delete(core: &Core, by: &By, id: UserId, version: i64) -> Result<(), Error> {
    let mut tx = core.store.begin().await?;
    let user = store::user::lock(&mut *tx, id).await?.ok_or(Error::NotFound("user"))?;
    if user.version != version {
        return Err(Error::Stale);
    }
    delete_in(core, &mut tx, by, &user).await?;
    Ok(tx.commit().await?)
}

/// Deletes somebody who is locked in the caller's transaction.
///
/// # Errors
/// [`Error::LastAdministrator`]; then the transaction must be given up.
pub(in crate::flow) async fn delete_in(core: &Core, tx: &mut Tx, by: &By, user: &User) -> Result<(), Error> {
    // the sessions go with the person: their apps must hear of it before
    let ended = store::session::end_all_for_user(&mut **tx, user.id, None, core.now()).await?;
    back_channel::tell(core, tx, &ended).await?;
    store::user::delete(&mut **tx, user.id).await?;
    if may_administer(user) {
        keep_an_administrator(tx).await?;
    }
    let data = Difference::between(&visible(user), &Map::new()).data();
    let mut event = line(core, by, AuditKind::UserDeleted, data);
    event.user_id = Some(user.id);
    Ok(record(tx, event).await?)
}

/// Ends one session, with what was granted in it except what may outlive it (OIDC Core §11).
///
/// # Errors
/// [`Error::NotFound`] if it is over already or is somebody else's.
pub async fn end_session(core: &Core, by: &By, user_id: UserId, id: SessionId) -> Result<(), Error> {
    let now = core.now();
    let mut tx = core.store.begin().await?;
    let session = store::session::find_by_id(&mut *tx, id).await?;
    let theirs = session.is_some_and(|session| session.user_id == user_id);
    if !theirs || !store::session::end(&mut *tx, id, now).await? {
        return Err(Error::NotFound("session"));
    }
    back_channel::tell(core, &mut tx, &[id]).await?;
    store::grant::revoke_for_session(&mut *tx, id, Offline::Keep, AuditKind::SessionEnded.as_str(), now).await?;
    let mut event = line(core, by, AuditKind::SessionEnded, Map::new());
    event.user_id = Some(user_id);
    event.session_id = Some(id);
    record(&mut tx, event).await?;
    Ok(tx.commit().await?)
}

/// Signs somebody out everywhere and revokes what they granted. Returns how many sessions ended.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end_sessions(core: &Core, by: &By, user_id: UserId) -> Result<usize, Error> {
    let mut tx = core.store.begin().await?;
    store::user::lock(&mut *tx, user_id)
        .await?
        .ok_or(Error::NotFound("user"))?;
    let ended = sign_out(core, &mut tx, user_id, AuditKind::SessionEnded.as_str()).await?;
    let data = json!({"sessions_ended": ended});
    let mut event = line(
        core,
        by,
        AuditKind::SessionEnded,
        data.as_object().cloned().unwrap_or_default(),
    );
    event.user_id = Some(user_id);
    record(&mut tx, event).await?;
    tx.commit().await?;
    Ok(ended)
}

/// What follows from a change, in the same transaction.
pub(super) async fn after_change(core: &Core, tx: &mut Tx, before: &User, after: &User) -> Result<(), Error> {
    if before.status == UserStatus::Active && after.status == UserStatus::Suspended {
        sign_out(core, tx, after.id, "suspended").await?;
    }
    if before.claim("email") != after.claim("email") || after.status == UserStatus::Suspended {
        forget_links(tx, after.id).await?;
    }
    if may_administer(before) && !may_administer(after) {
        keep_an_administrator(tx).await?;
    }
    Ok(())
}

fn may_administer(user: &User) -> bool {
    user.status == UserStatus::Active && user.is_admin()
}

/// Refuses a change after which nobody could administer this server. Holds the role's row, so that two administrators who
/// remove each other at the same moment do not both succeed.
async fn keep_an_administrator(tx: &mut Tx) -> Result<(), Error> {
    if store::role::lock_and_count_active(tx, ADMIN_ROLE).await? == 0 {
        Err(Error::LastAdministrator)
    } else {
        Ok(())
    }
}

async fn sign_out(core: &Core, tx: &mut Tx, id: UserId, reason: &str) -> Result<usize, Error> {
    let now = core.now();
    let ended = store::session::end_all_for_user(&mut **tx, id, None, now).await?;
    back_channel::tell(core, tx, &ended).await?;
    store::grant::revoke_for_user(&mut **tx, id, reason, now).await?;
    Ok(ended.len())
}
