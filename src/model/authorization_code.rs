//! An authorization code; kept as its hash.

use crate::{
    base::{Time, TokenHash, id::GrantId},
    spec::oauth::CodeChallenge,
};

/// A code as the token endpoint finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    pub hash: TokenHash,
    /// What it stands for.
    pub grant_id: GrantId,
    /// To whom it was given.
    pub client_id: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the authorization request had named that.
    pub redirect_uri_given: bool,
    /// PKCE.
    pub code_challenge: Option<CodeChallenge>,
    /// The key that it is bound to (RFC 9449 §10), as its SHA-256 thumbprint.
    pub dpop_jkt: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it dies: at most 60 s later.
    pub expires_at: Time,
    /// When it was used.
    pub redeemed_at: Option<Time>,
}
