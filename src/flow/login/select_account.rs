//! Choosing the account that is signed in (`prompt=select_account`). Whoever wants another signs in instead.

use crate::{
    flow::{Core, Failure, authorize::Pending},
    store,
};

/// Writes that the account that is signed in was chosen for the request.
///
/// # Errors
/// A [`Failure`].
pub async fn choose(core: &Core, pending: &Pending) -> Result<(), Failure> {
    if let Some(session_id) = pending.session_id() {
        let id = pending.request.id;
        store::authorization_request::set_selected(core.store.pool(), id, session_id, core.now()).await?;
    }
    Ok(())
}
