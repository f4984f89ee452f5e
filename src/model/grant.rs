//! What one authorization gave one client. Codes, refresh tokens and access tokens hang on it and die with it.

use crate::{
    base::{
        Time,
        id::{GrantId, SessionId, UserId},
    },
    spec::{
        oauth::{AuthorizationDetails, ScopeSet},
        oidc::ClaimsRequest,
    },
};

/// A grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// To whom.
    pub client_id: String,
    /// By whom.
    pub user_id: UserId,
    /// The session it was given in; the `sid` of its ID tokens.
    pub session_id: Option<SessionId>,
    /// Which scopes.
    pub scope: ScopeSet,
    /// Which API resources.
    pub resources: Vec<String>,
    /// Claims asked for by name.
    pub claims: ClaimsRequest,
    /// What it permits beyond scopes (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// For the ID token.
    pub nonce: Option<String>,
    /// When the person had authenticated.
    pub auth_time: Time,
    /// The class of that authentication.
    pub acr: Option<String>,
    /// Its methods.
    pub amr: Vec<String>,
    /// When it was given.
    pub created_at: Time,
    /// The last moment at which anything that hangs on it can be valid.
    pub expires_at: Time,
    /// When it was withdrawn.
    pub revoked_at: Option<Time>,
}

impl Grant {
    /// Whether it still holds.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}
