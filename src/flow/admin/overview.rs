//! The state of this server at a glance, and the operator's definitions.

use time::Duration;

use super::{
    Error,
    audit::{self, Line},
};
use crate::{
    base::page::PageRequest,
    flow::Core,
    model::{AuditKind, Resource},
    store,
};

/// Sign-ins are counted no further than this.
pub const MOST: i64 = 10_000;
const EVENTS: u16 = 8;

/// The figures of the first page.
#[derive(Debug)]
pub struct Overview {
    /// People; an estimate where they are many.
    pub users: i64,
    /// Apps.
    pub clients: i64,
    /// Sign-ins in the last 24 hours, up to [`MOST`].
    pub sign_ins: i64,
    /// Failed ones, up to [`MOST`].
    pub failures: i64,
    /// Mails that were given up.
    pub failed_mails: i64,
    /// What happened lately.
    pub events: Vec<Line>,
}

/// The state now.
///
/// # Errors
/// The store's.
pub async fn overview(core: &Core) -> Result<Overview, Error> {
    let pool = core.store.pool();
    let since = core.now() - Duration::hours(24);
    let page = PageRequest {
        limit: EVENTS,
        after: None,
    };
    Ok(Overview {
        users: store::user::count(pool).await?,
        clients: store::client::count(pool).await?,
        sign_ins: store::audit_event::count_since(pool, AuditKind::SignedIn.as_str(), since, MOST).await?,
        failures: store::audit_event::count_since(pool, AuditKind::SignInFailed.as_str(), since, MOST).await?,
        failed_mails: store::outbox::count_failed(pool).await?,
        events: audit::list(core, None, None, &page).await?.items,
    })
}

/// Every API.
///
/// # Errors
/// The store's.
pub async fn resources(core: &Core) -> Result<Vec<Resource>, Error> {
    Ok(store::resource::list(core.store.pool()).await?)
}
