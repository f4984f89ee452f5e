//! Deletes what has expired, in small batches, so that tables stay as large as what lives.

use crate::{flow::Core, store};

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
    while store::sweep::sweep(core.store.pool(), now, BATCH).await?.is_full(BATCH) {
        tokio::task::yield_now().await;
    }
    store::outbox::delete_finished(core.store.pool(), now - KEEP_DELIVERED, i64::from(BATCH)).await?;
    Ok(())
}
