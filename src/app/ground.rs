//! What everything else stands on: settings, an open database, the sealer.

use std::{sync::Arc, time::Duration};

use super::database::embedded::{Embedded, Options};
use super::database::{self, master_key};
use super::settings::Settings;
use crate::base::{Sealer, SystemClock, SystemRng};
use crate::store::Store;

/// The ground of a process: opened first, closed last.
pub struct Ground {
    /// The settings.
    pub settings: Arc<Settings>,
    /// Connections to the migrated database.
    pub store: Store,
    /// Seals secrets at rest, with the right master key.
    pub sealer: Arc<Sealer>,
    /// The cluster, if Signet runs it or uses one that another Signet runs.
    pub embedded: Option<Arc<Embedded>>,
}

/// Who opens the ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The server: the embedded database must be its own.
    Serve,
    /// A command: it may use the embedded database of a running server.
    Command,
}

/// Why there is no ground to stand on.
#[derive(Debug, thiserror::Error)]
pub enum GroundError {
    /// The database.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] master_key::Error),
    /// The data folder.
    #[error("cannot make the data folder {}: {cause}", path.display())]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// The operating system's answer.
        cause: std::io::Error,
    },
}

/// How long connections may take to come back at the end: no request is under way any more.
const CLOSING_PATIENCE: Duration = Duration::from_secs(5);

impl Ground {
    /// Starts or attaches the embedded database if the settings name none, connects, migrates, and opens the sealer.
    ///
    /// # Errors
    /// The first thing that fails; what was started is stopped again.
    pub async fn open(settings: Settings, purpose: Purpose) -> Result<Self, GroundError> {
        make_data_dir(&settings)?;
        let embedded = match settings.has_embedded_database() {
            true => Some(Arc::new(start_embedded(&settings, purpose).await?)),
            false => None,
        };
        let patience = match purpose {
            Purpose::Serve => database::SERVER_PATIENCE,
            Purpose::Command => database::COMMAND_PATIENCE,
        };
        let store = database::connect(&settings, embedded.as_deref(), patience).await?;
        let sealer = master_key::open(&settings, store.pool(), &SystemClock, &SystemRng).await?;
        Ok(Self {
            settings: Arc::new(settings),
            store,
            sealer: Arc::new(sealer),
            embedded,
        })
    }

    /// Closes the connections and stops the embedded database, if it is ours.
    pub async fn close(self) {
        if !self.store.close(CLOSING_PATIENCE).await {
            tracing::warn!("some connections to the database did not come back in time and were left behind");
        }
        if let Some(embedded) = self.embedded {
            // It blocks until the last checkpoint is written.
            let stopped = tokio::task::spawn_blocking(move || embedded.stop()).await;
            if let Err(error) = stopped {
                tracing::error!(%error, "the embedded PostgreSQL was not stopped cleanly");
            }
        }
    }
}

/// Mail goes there also with a database elsewhere.
fn make_data_dir(settings: &Settings) -> Result<(), GroundError> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(&settings.data_dir)
        .map_err(|cause| GroundError::DataDir {
            path: settings.data_dir.clone(),
            cause,
        })
}

async fn start_embedded(settings: &Settings, purpose: Purpose) -> Result<Embedded, database::Error> {
    let options = Options {
        data_dir: settings.data_dir.clone(),
        max_connections: settings.database.max_connections,
    };
    let work = move || match purpose {
        Purpose::Serve => Embedded::start(&options),
        Purpose::Command => Embedded::start_or_attach(&options),
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(database::embedded::Error::Stopped.into()),
    }
}
