//! All SQL lives here and nowhere else: one file per entity, queries checked at compile time.
//!
//! Queries are free functions that take `impl PgExecutor<'_>` (one statement; give them [`Store::pool`], a
//! [`Connection`] or a [`Tx`]) or `&mut PgConnection` (several statements in the caller's transaction). Verbs: `find`,
//! `list`, `lock`, `insert`, `update`, `delete`. Nothing here decides anything: rules are in `domain`, the order of work
//! in `flow`.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Transaction};

use connection::Own;

use crate::{base::TokenHash, model::Confirmation};

pub mod access_token;
pub mod audit_event;
pub mod authorization_code;
pub mod authorization_request;
pub mod claim_rule;
pub mod client;
pub mod client_registration;
pub mod client_secret;
mod connection;
pub mod consent;
mod cursor;
pub mod deferred_authorization;
pub mod email_link;
pub mod fact;
pub mod grant;
pub mod listen;
pub mod outbox;
pub mod pushed_request;
pub mod refresh_token;
pub mod registration;
pub mod resource;
pub mod revoked_token;
pub mod role;
pub mod session;
pub mod session_client;
pub mod setting;
pub mod signing_key;
pub mod sweep;
pub mod throttle;
pub mod trusted_issuer;
pub mod used_jti;
pub mod user;

pub use connection::Connection;
pub use listen::{Change, Listener};
/// What a statement runs on: a pool, a connection or a transaction.
pub use sqlx::PgExecutor;

/// A JSON object column.
type JsonObject = Json<Map<String, Value>>;

/// The database of one Signet.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    own: Arc<Own>,
}

impl Store {
    /// A store over an open pool, which may open so many connections beside it.
    pub fn new(pool: PgPool, own: u32) -> Self {
        let own = Arc::new(Own::beside(&pool, usize::try_from(own).unwrap_or(usize::MAX)));
        Self { pool, own }
    }

    /// How many connections of `max` the pool gets, and how many the store opens beside it. Two at least are the pool's:
    /// one is held by whoever listens to changes.
    pub const fn shares(max: u32) -> (u32, u32) {
        let own = max.saturating_sub(2) / 2;
        (max - own, own)
    }

    /// A store with at most `max_connections`; none is opened yet. A caller waits at most `patience` for one, then gets
    /// [`Error::Unavailable`].
    pub fn connect(options: PgConnectOptions, max_connections: u32, patience: Duration) -> Self {
        let (pool, own) = Self::shares(max_connections);
        Self::new(
            PgPoolOptions::new()
                .max_connections(pool)
                .acquire_timeout(patience)
                // A round trip before every statement would cost more than the rare failure on a connection that died
                // while it lay idle; that one request is answered with 503 and the connection is thrown away.
                .test_before_acquire(false)
                .connect_lazy_with(options),
            own,
        )
    }

    /// The pool, for single statements.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// One connection for several statements without a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database gives none in time.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        if !self.pool.is_closed()
            && let Some(own) = self.own.acquire(&self.pool).await?
        {
            return Ok(own);
        }
        Ok(self.pool.acquire().await?.into())
    }

    /// Takes back a connection on which every statement ended well, to have it at hand. One that is dropped instead is
    /// closed, or goes back to the pool, which costs a round trip.
    pub fn keep(&self, connection: Connection) {
        self.own.keep(connection);
        // looked at afterwards, so that nothing that comes while the pool closes is left open
        if self.pool.is_closed() {
            drop(self.own.drain());
        }
    }

    /// Closes connections that were at hand for long. To be called now and then.
    pub fn close_old(&self) {
        self.own.close_old();
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database gives no connection.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(Tx(self.pool.begin().await?))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query_scalar!("select 1").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Subscribes to what changes in the database, through any process.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the first subscription fails; later losses are reported as [`Change::Everything`].
    pub async fn listen(&self) -> Result<Listener, Error> {
        Listener::open(&self.pool).await
    }

    /// Gives every connection back and refuses new work. Those that are not back after `patience` (a host that is gone, a
    /// statement that hangs) are left to the end of the process; `false` then.
    pub async fn close(&self, patience: Duration) -> bool {
        let closing = self.pool.close();
        let all = async {
            for own in self.own.drain() {
                // it is over either way
                let _ = own.close().await;
            }
            closing.await;
        };
        tokio::time::timeout(patience, all).await.is_ok()
    }
}

/// The keys that a token is tied to as they are kept: nothing where there are none.
fn confirmation(named: &Confirmation) -> Option<Json<&Confirmation>> {
    (!named.is_empty()).then_some(Json(named))
}

/// One transaction. Dropped without [`Tx::commit`] it is rolled back. Statements take it as `&mut *tx`.
#[derive(Debug)]
pub struct Tx(Transaction<'static, Postgres>);

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection broke: then nobody knows whether it was committed.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit().await?)
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection broke, which undoes it too.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.0.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection, or it broke: the same work may succeed a moment later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A unique, foreign key or check constraint refused the row.
    #[error("the constraint {constraint} refused the change")]
    Conflict {
        /// The constraint's name in the schema.
        constraint: String,
    },
    /// The row changed since it was read, or is gone.
    #[error("the row has changed since it was read")]
    Stale,
    /// A page was asked for with a cursor that this list did not give.
    #[error("not a cursor of this list")]
    BadCursor,
    /// The row that the work needs is not there.
    #[error("no such row")]
    NotFound,
    /// A stored value that this version cannot read; names table, column and row, never the value.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// Anything else; a defect of ours or of the schema.
    #[error("the database refused a statement: {0}")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            // The cause may quote the value, so only the column is named.
            sqlx::Error::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error),
            sqlx::Error::Database(refusal) => {
                if let Some(constraint) = refusal.constraint() {
                    return Self::Conflict {
                        constraint: constraint.to_owned(),
                    };
                }
                match refusal.code().as_deref() {
                    Some(code) if is_outage(code) => Self::Unavailable(error),
                    _ => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}

impl Error {
    /// Whether the named constraint refused the change.
    pub fn is_conflict(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }
}

/// A hash as a `bytea` column holds it.
fn token_hash(bytes: &[u8], column: &str) -> Result<TokenHash, Error> {
    TokenHash::from_bytes(bytes).ok_or_else(|| Error::Corrupt(column.to_owned()))
}

/// A value of a closed set, as its text column holds it.
fn known<T>(value: Option<T>, column: &str) -> Result<T, Error> {
    value.ok_or_else(|| Error::Corrupt(column.to_owned()))
}

/// The first `limit` of `rows`, which were asked for one more than that, and whether there was one more.
fn cut<T>(mut rows: Vec<T>, limit: u16) -> (Vec<T>, bool) {
    let limit = usize::from(limit);
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

/// Whether an SQLSTATE says that the same work may succeed a moment later: connection exceptions (class 08), a server
/// without connections, memory or disk (class 53), one that goes, crashes or comes (57P01 to 57P03), one that took too
/// long (57014, 55P03, 25P03), and transactions that stood in each other's way (40001, 40P01).
fn is_outage(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("53")
        || matches!(
            code,
            "57P01" | "57P02" | "57P03" | "57014" | "55P03" | "25P03" | "40001" | "40P01"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_shuts_down_is_an_outage_and_a_syntax_error_is_not() {
        assert!(is_outage("57P01"));
        assert!(is_outage("08006"));
        // lock_not_available, query_canceled
        assert!(is_outage("55P03") && is_outage("57014"));
        assert!(!is_outage("42601"));
    }

    #[test]
    fn a_pool_that_times_out_is_an_outage() {
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(_)));
        assert!(matches!(Error::from(sqlx::Error::RowNotFound), Error::NotFound));
    }
}
