//! What tokens are made of, as text: the claims of access and ID tokens, the wire form of refresh tokens, `jti` values.
//! Who gets one is decided in `domain::grant`; signing and storing are the flow's.

pub mod access_token;
pub mod id_token;
pub mod jti;
pub mod logout_token;
pub mod refresh_token;

#[cfg(test)]
pub(crate) mod fixture;

pub use access_token::AccessTokenClaims;
pub use id_token::IdTokenClaims;
pub use refresh_token::RefreshWire;

/// A claims set could not be written as JSON; only custom claims could cause it.
#[derive(Debug, thiserror::Error)]
#[error("the claims cannot be written as JSON: {0}")]
pub struct Unwritable(#[from] serde_json::Error);
