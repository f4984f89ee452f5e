//! A secret of an app. An app may have several, so that it can move from one to the next.

use crate::base::{Time, TokenHash, id::ClientSecretId};

/// How many secrets an app may have at once. Each is compared at every request that brings one.
pub const MOST_SECRETS: usize = 5;

/// One secret of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its id.
    pub id: ClientSecretId,
    /// SHA-256 of it.
    pub hash: TokenHash,
    /// Itself, sealed (purpose `client_secret`, context the client_id); only for client_secret_jwt.
    pub sealed: Option<Vec<u8>>,
    /// What people call it.
    pub label: Option<String>,
    /// How it begins, if it was made here.
    pub hint: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// From when on it is refused.
    pub expires_at: Option<Time>,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Time>,
}

impl ClientSecret {
    /// Whether it lets its client in.
    pub fn is_good(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// One that lets its client in for ever, by its hash alone.
    pub fn lasting(id: ClientSecretId, hash: TokenHash, created_at: Time) -> Self {
        Self {
            id,
            hash,
            sealed: None,
            label: None,
            hint: None,
            created_at,
            expires_at: None,
            last_used_at: None,
        }
    }
}
