//! Why an endpoint of the back channel did not answer with what was asked for.

use super::{keys, outbox};
use crate::{
    base::{Time, seal::SealError},
    domain::token::Unwritable,
    spec::jose::{jwe::JweError, signer::KeyError},
    spec::oauth::OAuthError,
    store,
};

/// A refusal, or a failure of the machinery.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What is wrong with the request.
    #[error(transparent)]
    Protocol(#[from] OAuthError),
    /// The client is not let in. The cause was logged.
    #[error("{error}")]
    Client {
        /// What it is told.
        error: OAuthError,
        /// Whether it had tried the `Authorization` header, and so must be challenged (RFC 6749 §5.2).
        challenge: Challenge,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// A key did not sign.
    #[error(transparent)]
    Sign(#[from] KeyError),
    /// A key did not encrypt.
    #[error(transparent)]
    Encrypt(#[from] JweError),
    /// A sealed secret did not open, or a key could not be derived.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Claims could not be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// What must leave could not be written down.
    #[error(transparent)]
    Outbox(#[from] outbox::Error),
    /// Too many requests came from there.
    #[error("too many requests from one address")]
    TooMany {
        /// The earliest moment for the next one.
        until: Time,
    },
    /// Others changed the same row again and again.
    #[error("the refresh token is being used by many at once")]
    Contended,
}

impl Refusal {
    /// Whether the same request may succeed a moment later.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Contended
                | Self::Store(store::Error::Unavailable(_))
                | Self::Keys(
                    keys::Error::Stale | keys::Error::Contended | keys::Error::Store(store::Error::Unavailable(_))
                )
        )
    }
}

/// Whether a 401 carries `WWW-Authenticate: Basic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// It does.
    Basic,
    /// It does not.
    None,
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Unwritable(error.into())
    }
}
