//! Why a use case could not be carried out, whatever it was about to decide.

use std::time::Duration;

use super::{Refusal, outbox, password};
use crate::{base::seal::SealError, store};

/// A failure of the machinery. What is wrong with a request is no failure: that is part of a use case's outcome.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// More work than the server takes on at once.
    #[error("too much to do at once")]
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Password(password::Error),
    /// A key could not be derived.
    #[error("a key could not be derived: {0}")]
    Seal(#[from] SealError),
    /// A mail could not be written.
    #[error("a mail could not be written")]
    Mail,
    /// Tokens could not be made.
    #[error(transparent)]
    Tokens(Box<Refusal>),
    /// A message could not be put into the outbox.
    #[error(transparent)]
    Outbox(outbox::Error),
}

impl Failure {
    /// Whether the database or the keys are away: the same work may succeed a moment later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Store(store::Error::Unavailable(_)) => true,
            Self::Tokens(refusal) => refusal.is_outage(),
            _ => false,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(error) => Self::Store(error),
            other => Self::Tokens(Box::new(other)),
        }
    }
}

impl From<password::Error> for Failure {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Busy { retry_after } => Self::Busy { retry_after },
            password::Error::Failed(_) => Self::Password(error),
        }
    }
}

impl From<outbox::Error> for Failure {
    fn from(error: outbox::Error) -> Self {
        match error {
            outbox::Error::Store(error) => Self::Store(error),
            outbox::Error::Seal(error) => Self::Seal(error),
            outbox::Error::Payload => Self::Outbox(error),
        }
    }
}
