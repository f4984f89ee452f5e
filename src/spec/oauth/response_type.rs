//! What an authorization response gives.

use serde::{Deserialize, Serialize};

use super::ResponseMode;

/// A response type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// An authorization code.
    Code,
}

impl ResponseType {
    /// Every type.
    pub const ALL: [Self; 1] = [Self::Code];

    /// The type as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
        }
    }

    /// The type of that name; the order of words does not count (RFC 6749 §3.1.1).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|response_type| response_type.as_str() == text)
    }

    /// The mode when none is asked for.
    pub fn default_mode(self) -> ResponseMode {
        match self {
            Self::Code => ResponseMode::Query,
        }
    }
}
