//! `authorization_details` (RFC 9396 §2): what is to be permitted, in more words than a scope has.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ErrorCode, OAuthError};
use crate::{
    base::storable::{is_storable, is_storable_json},
    spec::jose::strict_objects,
};

/// The longest value; it is kept with every request that waits.
const MAX_LENGTH: usize = 16 * 1024;

/// Most entries.
const MAX_ENTRIES: usize = 20;

/// The entries, each an object with a `type`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<Map<String, Value>>);

impl AuthorizationDetails {
    /// Parses the parameter.
    ///
    /// # Errors
    /// `invalid_authorization_details` (RFC 9396 §5) unless it is an array of objects that each have a `type`.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        if text.len() > MAX_LENGTH {
            return Err(refused("authorization_details is too long"));
        }
        let Ok(entries) = strict_objects(text.as_bytes()) else {
            return Err(refused("authorization_details is not a JSON array of objects"));
        };
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            return Err(refused("authorization_details has no entry or too many"));
        }
        for entry in &entries {
            // RFC 9396 §2: `type` is required
            if !entry.get("type").is_some_and(Value::is_string) {
                return Err(refused("an entry of authorization_details has no type"));
            }
            if !entry
                .iter()
                .all(|(name, value)| is_storable(name) && is_storable_json(value))
            {
                return Err(refused("authorization_details has a character that no text may have"));
            }
        }
        Ok(Self(entries))
    }

    /// Whether nothing is asked for or given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries.
    pub fn entries(&self) -> &[Map<String, Value>] {
        &self.0
    }

    /// The `type` of an entry.
    pub fn type_of(entry: &Map<String, Value>) -> &str {
        entry.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Those entries that `keep` keeps.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Map<String, Value>) -> bool) -> Self {
        Self(self.0.iter().filter(|entry| keep(entry)).cloned().collect())
    }
}

fn refused(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidAuthorizationDetails, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_of_typed_objects_is_read() {
        let details =
            AuthorizationDetails::parse(r#"[{"type":"payment","amount":{"value":"1"}},{"type":"x"}]"#).unwrap();
        let types: Vec<_> = details.entries().iter().map(AuthorizationDetails::type_of).collect();
        assert_eq!(types, ["payment", "x"]);
        assert_eq!(
            details
                .filter(|entry| AuthorizationDetails::type_of(entry) == "x")
                .entries()
                .len(),
            1
        );
    }

    #[test]
    fn anything_else_is_invalid_authorization_details() {
        let many = format!("[{}]", vec![r#"{"type":"x"}"#; 21].join(","));
        let long = format!(r#"[{{"type":"{}"}}]"#, "x".repeat(MAX_LENGTH));
        for bad in [
            "",
            "{}",
            "[]",
            "null",
            "1",
            r#"{"type":"x"}"#,
            r#"["x"]"#,
            "[{}]",
            r#"[{"type":1}]"#,
            r#"[{"type":"x"}"#,
            r#"[{"type":"x","type":"y"}]"#,
            r#"[{"type":"x","a":"\u0000"}]"#,
            &many,
            &long,
        ] {
            let error = AuthorizationDetails::parse(bad).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidAuthorizationDetails, "{bad:.60}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_is_refused_without_panic(text in "\\PC{0,200}") {
            let _ = AuthorizationDetails::parse(&text);
        }
    }
}
