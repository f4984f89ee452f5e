//! What a person allowed an app, remembered.

use crate::base::{Time, id::UserId};

/// A remembered consent: one per person and app, growing with what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who allowed.
    pub user_id: UserId,
    /// Whom.
    pub client_id: String,
    /// Which OIDC scopes.
    pub scopes: Vec<String>,
    /// Which scopes of which APIs, as `RESOURCE SCOPE`.
    pub resource_scopes: Vec<String>,
    /// Which claims one by one.
    pub claims: Vec<String>,
    /// When first.
    pub granted_at: Time,
    /// When last widened or confirmed.
    pub updated_at: Time,
}
