//! The audit trail, for reading.

use super::Error;
use crate::{
    base::{
        id::UserId,
        page::{Page, PageRequest},
    },
    flow::Core,
    model::AuditEvent,
    store::{self, audit_event::AuditFilter},
};

/// Lines of the trail, the newest first; those about one person or of one kind where that is asked for.
///
/// # Errors
/// The store's, [`store::Error::BadCursor`] among them.
pub async fn list(
    core: &Core,
    user_id: Option<UserId>,
    kind: Option<&str>,
    page: &PageRequest,
) -> Result<Page<AuditEvent>, Error> {
    let filter = AuditFilter {
        user_id,
        kind: kind.map(str::to_owned),
    };
    Ok(store::audit_event::list(core.store.pool(), &filter, page).await?)
}
