//! The keys that a token is tied to (RFC 7800 §3).

use serde::{Deserialize, Serialize};

/// What `cnf` says. A token that names two keys is good only with both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The thumbprint of a DPoP key (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The SHA-256 of a client certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl Confirmation {
    /// Whether it names no key: then whoever has the token may use it.
    pub fn is_empty(&self) -> bool {
        self.jkt.is_none() && self.certificate.is_none()
    }

    /// The `token_type` of an access token that is tied to these keys (RFC 9449 §5; RFC 8705 leaves it at `Bearer`).
    pub fn token_type(&self) -> &'static str {
        match self.jkt {
            Some(_) => "DPoP",
            None => "Bearer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_those_of_the_standards() {
        let both = Confirmation {
            jkt: Some("k".to_owned()),
            certificate: Some("c".to_owned()),
        };
        let json = serde_json::json!({ "jkt": "k", "x5t#S256": "c" });
        assert_eq!(serde_json::to_value(&both).unwrap(), json);
        assert_eq!(serde_json::from_value::<Confirmation>(json).unwrap(), both);
        assert_eq!(
            serde_json::to_value(Confirmation::default()).unwrap(),
            serde_json::json!({})
        );
    }
}
