//! Token type identifiers (RFC 8693 §3).

/// An access token of this server.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Any JWT.
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
