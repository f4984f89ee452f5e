//! How an authorization response travels (OAuth 2.0 Multiple Response Type Encoding Practices; Form Post Response Mode;
//! JARM).

use serde::{Deserialize, Serialize};

/// A response mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect.
    #[serde(rename = "query")]
    Query,
    /// In its fragment.
    #[serde(rename = "fragment")]
    Fragment,
    /// As a form that the browser posts.
    #[serde(rename = "form_post")]
    FormPost,
    /// As a signed JWT in the query (JARM §2.3.1).
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// As a signed JWT in the fragment (JARM §2.3.2).
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// As a signed JWT in a form (JARM §2.3.3).
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

/// What carries a response, whatever form it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The query of the redirect.
    Query,
    /// Its fragment.
    Fragment,
    /// A form that the browser posts.
    Form,
}

/// The signed mode that leaves the carrier to the response type (JARM §2.3.4).
const JWT: &str = "jwt";

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Fragment,
        Self::FormPost,
        Self::QueryJwt,
        Self::FragmentJwt,
        Self::FormPostJwt,
    ];

    /// Every name that may be sent.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::as_str).chain([JWT])
    }

    /// The mode as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// The mode of that name for a response type whose own mode is `default`.
    pub fn parse(text: &str, default: Self) -> Option<Self> {
        if text == JWT {
            return Some(default.signed());
        }
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// What carries the response.
    pub const fn carrier(self) -> Carrier {
        match self {
            Self::Query | Self::QueryJwt => Carrier::Query,
            Self::Fragment | Self::FragmentJwt => Carrier::Fragment,
            Self::FormPost | Self::FormPostJwt => Carrier::Form,
        }
    }

    /// Whether the response is a signed JWT.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }

    const fn signed(self) -> Self {
        match self.carrier() {
            Carrier::Query => Self::QueryJwt,
            Carrier::Fragment => Self::FragmentJwt,
            Carrier::Form => Self::FormPostJwt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str(), ResponseMode::Query), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
            assert_eq!(mode.is_signed(), mode.as_str().ends_with(".jwt"));
        }
        for bad in ["", "Query", "query.JWT", ".jwt", "web_message"] {
            assert_eq!(ResponseMode::parse(bad, ResponseMode::Query), None, "{bad}");
        }
    }

    #[test]
    fn jwt_alone_follows_the_response_type() {
        let jwt = |default| ResponseMode::parse("jwt", default);
        assert_eq!(jwt(ResponseMode::Query), Some(ResponseMode::QueryJwt));
        assert_eq!(jwt(ResponseMode::Fragment), Some(ResponseMode::FragmentJwt));
        assert_eq!(ResponseMode::names().count(), 7);
    }
}
