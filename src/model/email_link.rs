//! A link that was mailed to a person; good once.

use crate::base::{
    Time, TokenHash,
    id::{AuthorizationRequestId, UserId},
};

/// What a mailed link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailLinkPurpose {
    /// Choose a new password.
    ResetPassword,
    /// Show that an address is theirs.
    VerifyEmail,
}

impl EmailLinkPurpose {
    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
        }
    }

    /// The purpose of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::ResetPassword, Self::VerifyEmail]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// A mailed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailLink {
    /// SHA-256 of its secret.
    pub link_hash: TokenHash,
    /// What it is for.
    pub purpose: EmailLinkPurpose,
    /// Whose.
    pub user_id: UserId,
    /// The address that it went to.
    pub email: String,
    /// The request to go on with afterwards.
    pub authorization_request_id: Option<AuthorizationRequestId>,
    /// When it was made.
    pub created_at: Time,
    /// When it dies.
    pub expires_at: Time,
    /// When it was used.
    pub used_at: Option<Time>,
}
