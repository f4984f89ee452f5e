//! A family of refresh tokens: one row, rotated in place.
//!
//! The wire form is `base64url(family uuid ‖ generation, 4 bytes big-endian ‖ secret, 32 bytes)`. The row keeps SHA-256
//! of the current wire value and of the one before it. A successor's secret is a MAC of its predecessor, so that a client
//! whose answer was lost gets the same successor again within the grace time, without the server keeping any token.

use super::Confirmation;
use crate::base::{
    Time, TokenHash,
    id::{GrantId, RefreshFamilyId},
};

/// A refresh token family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The family's id, part of every token of it.
    pub family_id: RefreshFamilyId,
    /// What it stands for.
    pub grant_id: GrantId,
    /// To whom it was given.
    pub client_id: String,
    /// The keys that it is tied to. A client that has to prove itself is proof enough, so only those of public clients name
    /// any (RFC 9449 §5, RFC 8705 §7.1).
    pub confirmation: Confirmation,
    /// How often it was rotated.
    pub generation: i32,
    /// The token that is good now.
    pub current_hash: TokenHash,
    /// The one before it.
    pub previous_hash: Option<TokenHash>,
    /// When it was last rotated.
    pub rotated_at: Option<Time>,
    /// When the family began.
    pub created_at: Time,
    /// When the current token dies unused.
    pub expires_at: Time,
    /// When the family was revoked.
    pub revoked_at: Option<Time>,
}
