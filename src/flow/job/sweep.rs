//! Deletes what has expired, in small batches, so that tables stay as large as what lives.

use crate::{
    flow::{Core, Failure, client_registration, logout::back_channel},
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
pub async fn run(core: &Core) -> Result<(), Failure> {
    let now = core.now();
    while end_sessions(core).await? {}
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

/// Ends sessions that have run out; their apps hear of it before the rows go. Whether there may be more.
async fn end_sessions(core: &Core) -> Result<bool, Failure> {
    let batch = i64::from(BATCH);
    let mut tx = core.store.begin().await?;
    let ended = store::session::end_expired(&mut *tx, core.now(), batch).await?;
    back_channel::tell(core, &mut tx, &ended).await?;
    tx.commit().await?;
    Ok(i64::try_from(ended.len()) == Ok(batch))
}
