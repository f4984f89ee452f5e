//! Scopes: a set of names that keeps the order in which they were asked for (RFC 6749 §3.3).

use serde::{Deserialize, Serialize};

use super::{ErrorCode, OAuthError};

/// The scope that asks for OpenID Connect (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that asks for a refresh token that outlives the session (OIDC Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

const MAX_SCOPES: usize = 100;
const MAX_LENGTH: usize = 2048;

/// A set of scope names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    /// Parses the `scope` parameter.
    ///
    /// # Errors
    /// `invalid_scope` for characters outside RFC 6749 §3.3, or more than Signet reads.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let refused = |why| Err(OAuthError::new(ErrorCode::InvalidScope, why));
        if text.len() > MAX_LENGTH {
            return refused("scope is too long");
        }
        if !text
            .chars()
            .all(|c| matches!(c, ' ' | '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
        {
            return refused("scope has characters that scopes may not have");
        }
        let set: Self = text
            .split(' ')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if set.0.len() > MAX_SCOPES {
            refused("too many scopes")
        } else {
            Ok(set)
        }
    }

    /// Whether `name` is in the set.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|scope| scope == name)
    }

    /// Whether every scope of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|scope| other.contains(scope))
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The names that `keep` keeps.
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// Whether the set has no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names as a slice, for the database.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl FromIterator<String> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut set: Vec<String> = Vec::new();
        for name in names {
            if !set.contains(&name) {
                set.push(name);
            }
        }
        Self(set)
    }
}

impl std::fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_repetition_is_not() {
        assert_eq!(
            ScopeSet::parse("email openid  email").unwrap().to_string(),
            "email openid"
        );
    }

    #[test]
    fn quotes_backslashes_controls_and_non_ascii_are_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "é"] {
            assert_eq!(ScopeSet::parse(bad).unwrap_err().code, ErrorCode::InvalidScope);
        }
    }
}
