//! How an authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices; Form Post Response Mode).

use serde::{Deserialize, Serialize};

/// A response mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect.
    Query,
    /// In its fragment.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The mode as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
