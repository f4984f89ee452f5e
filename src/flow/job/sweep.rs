//! Deletes what has expired, in small batches, so that tables stay as large as what lives.

use crate::{
    flow::{Core, client_registration},
    store::{
        self,
        sweep::{Ends, sweep},
    },
};

/// Rows of each kind in one statement.
const BATCH: u32 = 1000;
/// Delivered mails are kept so long, for questions.
const KEEP_DELIVERED: time::Duration = time::Duration::days(7);

/// Sweeps until nothing is left that has expired.
///
/// # Errors
/// The store's; what was swept before stays swept.
pub async fn run(core: &Core) -> Result<(), store::Error> {
    let now = core.now();
    let mut connection = core.store.acquire().await?;
    let ends = Ends {
        now,
        trail: now - core.policy.audit_retention,
    };
    while sweep(&mut connection, ends, BATCH).await?.more {
        tokio::task::yield_now().await;
    }
    drop(connection);
    client_registration::sweep(core).await?;
    store::outbox::delete_finished(core.store.pool(), now - KEEP_DELIVERED, i64::from(BATCH)).await?;
    Ok(())
}
