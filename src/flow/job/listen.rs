//! Keeps the caches honest: listens for announcements and forgets what has changed.

use std::collections::HashMap;

use crate::{
    flow::core::Core,
    store::{self, Change},
};

/// No access token lives longer, whatever a client or resource asks for.
const LONGEST_ACCESS_TOKEN: time::Duration = time::Duration::days(1);

/// Runs until it is dropped.
///
/// # Errors
/// Only when the first connection cannot be made; later losses are mended.
pub async fn run(core: &Core) -> Result<(), store::Error> {
    let mut listener = core.store.listen().await?;
    resume(core).await?;
    loop {
        let change = listener.next().await;
        match &change {
            Change::Everything if !listener.is_listening() => {
                tracing::warn!("announcements stopped; every question goes to the database until they are back");
                core.caches.disconnected();
            }
            Change::Everything => {
                while let Err(error) = resume(core).await {
                    tracing::warn!(%error, "the list of revoked tokens cannot be read yet");
                    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                }
                reload_keys(core).await;
            }
            Change::SigningKey(_) => reload_keys(core).await,
            Change::Outbox => core.outbox.wake(),
            _ => {}
        }
        core.caches.sweep_revoked(core.now());
        if change != Change::Everything {
            core.caches.apply(&change, core.now() + LONGEST_ACCESS_TOKEN);
        }
    }
}

async fn resume(core: &Core) -> Result<(), store::Error> {
    let revoked: HashMap<_, _> = store::revoked_token::list_live(core.store.pool(), core.now())
        .await?
        .into_iter()
        .collect();
    core.caches.connected(revoked);
    Ok(())
}

async fn reload_keys(core: &Core) {
    if let Err(error) = core.keys.reload(&core.store, &core.sealer, &*core.clock).await {
        tracing::error!(%error, "the signing keys cannot be read again");
    }
}
