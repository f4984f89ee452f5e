//! Taking access away from an app.

use crate::{
    flow::{Core, Failure, login::Visit, session::SignedIn},
    model::AuditKind,
    store,
};

/// Forgets what the person allowed the app, and revokes everything that it holds. `false` if it had nothing.
///
/// # Errors
/// A [`Failure`].
pub async fn withdraw(core: &Core, visit: &Visit, signed_in: &SignedIn, client_id: &str) -> Result<bool, Failure> {
    let (user_id, now) = (signed_in.user.id, core.now());
    let reason = AuditKind::ConsentWithdrawn.as_str();
    let mut tx = core.store.begin().await?;
    let had_consent = store::consent::delete(&mut *tx, user_id, client_id).await?;
    let revoked = store::grant::revoke_for_client(&mut *tx, user_id, client_id, reason, now).await?;
    if !had_consent && revoked == 0 {
        return Ok(false);
    }
    let line = super::line(core, visit, signed_in, AuditKind::ConsentWithdrawn)
        .for_client(client_id)
        .with("grants_revoked", revoked);
    store::audit_event::insert(&mut *tx, &line).await?;
    tx.commit().await?;
    Ok(true)
}
