//! Which tokens of others a client may exchange (RFC 8693): written by the operator, never registered by the client.

use serde::{Deserialize, Serialize};

/// What the new token says about who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeMode {
    /// It names the actor beside the person: `act` (RFC 8693 §1.1).
    #[default]
    Delegation,
    /// It speaks for the person and does not tell who holds it.
    Impersonation,
}

/// One rule; what no rule allows is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRule {
    /// The client_ids of those whose tokens it may bring.
    pub subject_clients: Vec<String>,
    /// The API resources that it may get tokens for.
    pub audiences: Vec<String>,
    /// The scopes that go along, of those that the token has. None does by itself: the next API may mean something else by
    /// the same name.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What the new token says about who acts.
    #[serde(default)]
    pub mode: ExchangeMode,
}

impl ExchangeRule {
    /// Whether it speaks of tokens of that client, for that API.
    pub fn covers(&self, subject_client: &str, audience: &str) -> bool {
        self.subject_clients.iter().any(|one| one == subject_client) && self.audiences.iter().any(|one| one == audience)
    }
}
