//! Ending sessions of one's own in other browsers.

use crate::{
    base::id::SessionId,
    flow::{
        Core, Failure,
        login::Visit,
        logout::back_channel,
        session::{self, SignedIn},
    },
    model::AuditKind,
    store::{self, grant::Offline},
};

/// Ends another session of the same person; `false` if it is over, somebody else's, or the one that asks: that one ends
/// by signing out.
///
/// # Errors
/// A [`Failure`].
pub async fn end(core: &Core, visit: &Visit, signed_in: &SignedIn, id: SessionId) -> Result<bool, Failure> {
    let mut tx = core.store.begin().await?;
    let found = store::session::find_by_id(&mut *tx, id).await?;
    let other = found.filter(|other| {
        other.user_id == signed_in.user.id && other.id != signed_in.session.id && other.ended_at.is_none()
    });
    let Some(other) = other else {
        return Ok(false);
    };
    session::end(core, &mut tx, &other, AuditKind::SessionEnded, &visit.origin).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends every other session of the person, and says how many that were. What was granted in them dies too, except what
/// may outlive a session (OIDC Core §11); that is taken away app by app.
///
/// # Errors
/// A [`Failure`].
pub async fn end_others(core: &Core, visit: &Visit, signed_in: &SignedIn) -> Result<usize, Failure> {
    let now = core.now();
    let kind = AuditKind::SessionEnded;
    let mut tx = core.store.begin().await?;
    let ended = store::session::end_all_for_user(&mut *tx, signed_in.user.id, Some(signed_in.session.id), now).await?;
    back_channel::tell(core, &mut tx, &ended).await?;
    for id in &ended {
        store::grant::revoke_for_session(&mut *tx, *id, Offline::Keep, kind.as_str(), now).await?;
        let line = super::line(core, visit, signed_in, kind).in_session(*id);
        store::audit_event::insert(&mut *tx, &line).await?;
    }
    tx.commit().await?;
    Ok(ended.len())
}
