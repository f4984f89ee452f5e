//! What an authorization response gives (RFC 6749 §3.1.1, OAuth 2.0 Multiple Response Type Encoding Practices).

use serde::{Deserialize, Serialize};

use super::{GrantType, ResponseMode};

/// A response type: a set out of code, ID token and access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ResponseType {
    /// An authorization code.
    Code,
    /// An ID token.
    IdToken,
    /// An ID token and an access token.
    IdTokenToken,
    /// A code and an ID token.
    CodeIdToken,
    /// A code and an access token.
    CodeToken,
    /// All three.
    CodeIdTokenToken,
}

/// A name that is no response type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown response type")]
pub struct UnknownResponseType;

impl ResponseType {
    /// Every type that OpenID Connect knows.
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    /// The type as it is registered.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// The type of these words; their order does not count (RFC 6749 §3.1.1), but each stands once.
    pub fn parse(text: &str) -> Option<Self> {
        let sorted = |text: &str| {
            let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        // no type is longer
        let asked = (text.len() <= 19).then(|| sorted(text))?;
        Self::ALL.into_iter().find(|one| sorted(one.as_str()) == asked)
    }

    /// Whether a code is given.
    pub const fn has_code(self) -> bool {
        matches!(
            self,
            Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken
        )
    }

    /// Whether an ID token is given at the authorization endpoint.
    pub const fn has_id_token(self) -> bool {
        matches!(
            self,
            Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken
        )
    }

    /// Whether an access token is given at the authorization endpoint.
    pub const fn has_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// The grant types that it needs (OIDC Registration §2).
    pub fn grant_types(self) -> impl Iterator<Item = GrantType> {
        let code = self.has_code().then_some(GrantType::AuthorizationCode);
        let implicit = (self.has_id_token() || self.has_token()).then_some(GrantType::Implicit);
        code.into_iter().chain(implicit)
    }

    /// The mode when none is asked for: tokens never travel in a query (Multiple Response Types §3, §5).
    pub fn default_mode(self) -> ResponseMode {
        match self {
            Self::Code => ResponseMode::Query,
            _ => ResponseMode::Fragment,
        }
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;

    fn try_from(text: String) -> Result<Self, UnknownResponseType> {
        Self::parse(&text).ok_or(UnknownResponseType)
    }
}

impl From<ResponseType> for &'static str {
    fn from(response_type: ResponseType) -> Self {
        response_type.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_words_does_not_count_and_their_number_does() {
        for response_type in ResponseType::ALL {
            let mut words: Vec<&str> = response_type.as_str().split(' ').collect();
            words.reverse();
            assert_eq!(ResponseType::parse(&words.join(" ")), Some(response_type));
        }
        assert_eq!(
            ResponseType::parse("token id_token code"),
            Some(ResponseType::CodeIdTokenToken)
        );
        for bad in ["", " ", "token", "code code", "code  token", "code ", "Code", "none"] {
            assert_eq!(ResponseType::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_given_is_what_the_words_say() {
        for response_type in ResponseType::ALL {
            let has = |word| response_type.as_str().split(' ').any(|one| one == word);
            assert_eq!(response_type.has_code(), has("code"));
            assert_eq!(response_type.has_id_token(), has("id_token"));
            assert_eq!(response_type.has_token(), has("token"));
            let implicit = response_type.grant_types().any(|grant| grant == GrantType::Implicit);
            assert_eq!(implicit, response_type.default_mode() == ResponseMode::Fragment);
        }
    }

    #[test]
    fn json_has_the_registered_names() {
        let parsed: ResponseType = serde_json::from_str("\"id_token code\"").unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), "\"code id_token\"");
        assert!(serde_json::from_str::<ResponseType>("\"token\"").is_err());
    }
}
