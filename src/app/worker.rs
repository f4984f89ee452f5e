//! What a server process does beside answering: listens for changes, looks after keys, delivers mail, sweeps up.
//!
//! Every process runs all of it; rows are claimed or locked, so that many may.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use super::{settings::Settings, wiring};
use crate::flow::{Core, job};

const SWEEP_EVERY: Duration = Duration::from_secs(60);
const MEMORY_EVERY: Duration = Duration::from_secs(10);
/// How long running jobs may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running jobs.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts every job on the current runtime.
    ///
    /// # Errors
    /// Wrong mail settings.
    pub fn start(settings: &Settings, core: &Arc<Core>) -> Result<Self, wiring::WiringError> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (mail, calls) = (wiring::mail(settings, core)?, wiring::calls(core));
        let ended = stopped.clone();
        tasks.spawn(async move { mail.run(until(ended)).await });
        let ended = stopped.clone();
        tasks.spawn(async move { calls.run(until(ended)).await });

        let listening = Arc::clone(core);
        tasks.spawn(or_stopped(stopped.clone(), async move {
            while let Err(error) = job::listen::run(&listening).await {
                tracing::warn!(%error, "cannot listen for changes yet");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }));

        let ring = Arc::clone(core);
        let interval = wiring::key_interval(settings);
        tasks.spawn(or_stopped(stopped.clone(), async move {
            loop {
                tokio::time::sleep(interval).await;
                if let Err(error) = ring.keys.tick(&ring.store, &ring.sealer, &*ring.clock).await {
                    tracing::warn!(%error, "the signing keys could not be looked after; trying again");
                }
            }
        }));

        let swept = Arc::clone(core);
        tasks.spawn(or_stopped(stopped.clone(), async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                if let Err(error) = job::sweep::run(&swept).await {
                    tracing::warn!(%error, "what has expired could not be swept up; trying again");
                }
            }
        }));

        let memory = Arc::clone(core);
        tasks.spawn(or_stopped(stopped, async move {
            loop {
                tokio::time::sleep(MEMORY_EVERY).await;
                memory.passwords.release_idle_memory();
                memory.store.close_old();
            }
        }));
        Ok(Self { stop, tasks })
    }

    /// Tells every job to end and waits for those that are in the middle of something.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("a job did not end in time");
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // an error means that the sender is gone, which is an end as well
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn or_stopped(stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = until(stopped) => {}
        () = work => {}
    }
}
