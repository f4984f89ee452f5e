//! An access token as this server knows it, whichever way it is written.

use serde_json::{Map, Value};

use super::Confirmation;
use crate::{
    base::{
        Time,
        id::{GrantId, UserId},
    },
    spec::oauth::ScopeSet,
};

/// What an access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    /// `jti` of a JWT; `None` for an opaque one.
    pub jti: Option<String>,
    /// What it hangs on; `None` for client_credentials.
    pub grant_id: Option<GrantId>,
    /// Who got it.
    pub client_id: String,
    /// Whom it speaks for; `None` for client_credentials.
    pub user_id: Option<UserId>,
    /// What it permits.
    pub scope: ScopeSet,
    /// The keys that it is tied to.
    pub confirmation: Confirmation,
    /// Where it is good.
    pub audience: Vec<String>,
    /// Custom claims and whatever else it carries.
    pub claims: Map<String, Value>,
    /// When it was made.
    pub issued_at: Time,
    /// When it dies.
    pub expires_at: Time,
}
