//! Somebody who wants an account and has yet to show that the e-mail address is theirs.

use serde_json::{Map, Value};

use crate::base::{
    Locale, Time, TokenHash,
    id::{AuthorizationRequestId, RegistrationId},
};

/// A pending registration. No user exists until the address is confirmed, so nobody can occupy somebody else's address.
#[derive(Clone, PartialEq)]
pub struct Registration {
    /// In the address of the page.
    pub id: RegistrationId,
    /// The address to confirm, normalised.
    pub email: String,
    /// The wished username.
    pub username: Option<String>,
    /// PHC string of the chosen password.
    pub password_hash: String,
    /// Profile claims that were asked for.
    pub profile: Map<String, Value>,
    /// The language of the pages.
    pub locale: Option<Locale>,
    /// The request to go on with afterwards.
    pub authorization_request_id: Option<AuthorizationRequestId>,
    /// SHA-256 of the mailed link's secret.
    pub link_hash: TokenHash,
    /// SHA-256 of `ID:code`.
    pub code_hash: TokenHash,
    /// How many codes were tried.
    pub attempts: i32,
    /// When it began.
    pub created_at: Time,
    /// When it is forgotten.
    pub expires_at: Time,
    /// When the account was made.
    pub completed_at: Option<Time>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
