//! Proof Key for Code Exchange, method S256 (RFC 7636). `plain` is not offered: OAuth 2.1 §7.5.2 advises against it.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{ErrorCode, OAuthError};
use crate::base::secret;

/// A `code_challenge` of method S256: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method`.
    ///
    /// # Errors
    /// `invalid_request` for a method other than S256 (an omitted one means `plain`, RFC 7636 §4.3), or a challenge that is
    /// not the base64url of 32 bytes.
    pub fn parse(challenge: &str, method: Option<&str>) -> Result<Self, OAuthError> {
        if method != Some("S256") {
            return Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "code_challenge_method must be S256",
            ));
        }
        match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(challenge.to_owned())),
            _ => Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "code_challenge is not the base64url of a SHA-256",
            )),
        }
    }

    /// A challenge that the database kept.
    pub fn from_stored(challenge: String) -> Self {
        Self(challenge)
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is well formed (RFC 7636 §4.1) and its SHA-256 is this challenge (§4.6).
    pub fn matches(&self, verifier: &str) -> bool {
        let well_formed = (43..=128).contains(&verifier.len())
            && verifier
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        well_formed && secret::equal(URL_SAFE_NO_PAD.encode(hash).as_bytes(), self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_matches() {
        let challenge = CodeChallenge::parse(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.matches(VERIFIER));
        assert!(!challenge.matches(&VERIFIER.replace('d', "e")));
        assert!(!challenge.matches("short"));
    }

    #[test]
    fn plain_and_unnamed_methods_are_refused() {
        for method in [None, Some("plain"), Some("s256")] {
            assert!(CodeChallenge::parse(CHALLENGE, method).is_err());
        }
        assert!(CodeChallenge::parse("abc", Some("S256")).is_err());
    }
}
