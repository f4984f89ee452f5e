//! What an operator hands out so that a program may register itself (RFC 7591 §1.2).

use crate::base::{Time, id::InitialAccessTokenId};

/// An initial access token, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// By which it is listed and taken back.
    pub id: InitialAccessTokenId,
    /// Whom it was given to, or what for.
    pub note: Option<String>,
    /// How many clients may still be registered with it; `None`: any number.
    pub uses_left: Option<i32>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
}
