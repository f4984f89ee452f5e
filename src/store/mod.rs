//! All SQL lives here and nowhere else: one file per entity, queries checked at compile time.
//!
//! Queries are free functions that take `impl PgExecutor<'_>` (one statement) or `&mut PgConnection` (several in the
//! caller's transaction). Verbs: `find`, `list`, `lock`, `insert`, `update`, `delete`. Nothing here decides anything:
//! rules are in `domain`, the order of work in `flow`.

pub mod throttle;

use sqlx::{PgPool, Postgres, Transaction};

/// The database of one Signet.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
}

/// One transaction. Dropped without [`Tx::commit`] it is rolled back.
pub type Tx = Transaction<'static, Postgres>;

impl Store {
    /// A store over an open pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database gives no connection.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.pool.begin().await?)
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

/// Whether an SQLSTATE says that the server is going, coming or full: connection exceptions (class 08), too many
/// connections (53300), and shutdown, crash and start-up (57P01 to 57P03).
fn is_outage(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "53300" | "57P01" | "57P02" | "57P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_shuts_down_is_an_outage_and_a_syntax_error_is_not() {
        assert!(is_outage("57P01"));
        assert!(is_outage("08006"));
        assert!(!is_outage("42601"));
    }

    #[test]
    fn a_pool_that_times_out_is_an_outage() {
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(_)));
        assert!(matches!(Error::from(sqlx::Error::RowNotFound), Error::NotFound));
    }
}
