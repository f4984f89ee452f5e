//! The database: embedded or given, at the right version, with every migration applied, as a pool of connections.
//!
//! | file | what it holds |
//! |---|---|
//! | `embedded/` | PostgreSQL inside the data folder |
//! | `master_key` | the key that seals secrets at rest, and the proof that it is the right one |

pub mod embedded;
pub mod master_key;

use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};

use super::settings::Settings;
use crate::store::Store;
use embedded::{Embedded, OLDEST_MAJOR};

/// Every migration, compiled in.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a server waits for a database that does not answer yet: it may start at the same time.
pub const SERVER_PATIENCE: Duration = Duration::from_secs(30);
/// How long a command does, whose answer somebody waits for.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(3);

/// How long a statement waits for a row that somebody else holds.
const LONGEST_WAIT_FOR_A_LOCK: Duration = Duration::from_secs(5);

/// Why there is no usable database. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded one does not run.
    #[error(transparent)]
    Embedded(#[from] embedded::Error),
    /// It does not answer, or refuses the connection.
    #[error("the database does not take a connection: {0}; check database.url (SIGNET_DATABASE_URL)")]
    NoConnection(#[source] sqlx::Error),
    /// The embedded one runs, but refuses the connection.
    #[error("the embedded database does not take a connection: {0}")]
    NoConnectionToEmbedded(#[source] sqlx::Error),
    /// Its version is too old.
    #[error("the database is PostgreSQL {major}; Signet needs {OLDEST_MAJOR} or newer")]
    TooOld {
        /// Its major version.
        major: u32,
    },
    /// A newer Signet has worked with it.
    #[error(
        "the database was changed by a newer Signet (migration {0} is unknown here); run that version or a later one"
    )]
    Newer(i64),
    /// A migration failed.
    #[error("the database could not be brought to this version: {0}")]
    Migration(#[source] MigrateError),
}

/// Opens the database that the settings name: waits for it, checks its version, applies the migrations (one process at
/// a time, by an advisory lock), and returns a pool. `embedded` is the running cluster where the settings name none; one that
/// they do name has `patience` to answer.
///
/// # Errors
/// See [`Error`].
pub async fn connect(settings: &Settings, embedded: Option<&Embedded>, patience: Duration) -> Result<Store, Error> {
    let options = options(settings, embedded)?;
    let mut connection = match embedded {
        Some(_) => open_or_create(&options).await.map_err(Error::NoConnectionToEmbedded)?,
        None => open_patiently(&options, patience).await.map_err(Error::NoConnection)?,
    };
    let version = connection.server_version_num().unwrap_or(0);
    if version / 10_000 < OLDEST_MAJOR {
        return Err(Error::TooOld {
            major: version / 10_000,
        });
    }
    MIGRATIONS.run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => Error::Newer(version),
        other => Error::Migration(other),
    })?;
    // Not worth an error: the work is done.
    let _ = connection.close().await;
    let (shared, own) = Store::shares(settings.database.max_connections);
    Ok(Store::new(pool(settings, options, shared), own))
}

/// How to reach the database of the settings, without limits on statements.
fn options(settings: &Settings, embedded: Option<&Embedded>) -> Result<PgConnectOptions, Error> {
    let options = match (&settings.database.url, embedded) {
        (Some(url), _) => PgConnectOptions::from_str(url.expose()).map_err(Error::NoConnection)?,
        (None, Some(embedded)) => embedded.connect_options(),
        (None, None) => return Err(Error::Embedded(embedded::Error::Stopped)),
    };
    Ok(options.application_name("signet").statement_cache_capacity(512))
}

fn pool(settings: &Settings, options: PgConnectOptions, max_connections: u32) -> PgPool {
    let statement = settings.database.statement_timeout;
    let options = options.options([
        ("statement_timeout", milliseconds(statement)),
        ("lock_timeout", milliseconds(statement.min(LONGEST_WAIT_FOR_A_LOCK))),
        ("idle_in_transaction_session_timeout", "30s".to_owned()),
    ]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_secs(600))
        .max_lifetime(Duration::from_secs(1800))
        // A question to the database before every use would cost each request a round trip. A connection that was just
        // used is taken as sound; if it is not, the one request fails and the pool drops the connection.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > Duration::from_secs(1) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

fn milliseconds(time: Duration) -> String {
    format!("{}ms", time.as_millis())
}

/// The embedded cluster's database; it is made the first time.
async fn open_or_create(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let refusal = match open_patiently(options, SERVER_PATIENCE).await {
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("3D000") => refusal,
        other => return other,
    };
    tracing::debug!(%refusal, "making the database");
    let mut connection = PgConnection::connect_with(&options.clone().database("postgres")).await?;
    match connection.execute("create database signet").await {
        // 42P04: another process was faster
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("42P04") => {}
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    PgConnection::connect_with(options).await
}

/// A database may start at the same time as Signet.
async fn open_patiently(options: &PgConnectOptions, patience: Duration) -> Result<PgConnection, sqlx::Error> {
    let began = Instant::now();
    loop {
        match PgConnection::connect_with(options).await {
            Err(error) if is_temporary(&error) && began.elapsed() < patience => {
                tracing::warn!(%error, "the database does not answer yet");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            other => return other,
        }
    }
}

fn is_temporary(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::NotFound
        ),
        // 57P03: it is starting up
        sqlx::Error::Database(refusal) => refusal.code().as_deref() == Some("57P03"),
        _ => false,
    }
}
