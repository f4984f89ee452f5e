//! An API that access tokens are issued for (RFC 8707).

use serde::{Deserialize, Serialize};

use crate::base::{Time, id::ResourceId};

/// How an access token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// A JWT (RFC 9068).
    #[default]
    Jwt,
    /// A random string that only introspection explains.
    Opaque,
}

impl TokenFormat {
    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }

    /// The format of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Jwt, Self::Opaque]
            .into_iter()
            .find(|format| format.as_str() == text)
    }
}

/// A scope of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceScope {
    /// Its name.
    pub name: String,
    /// What it permits, in words, for the consent page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A type of `authorization_details` that an API understands (RFC 9396 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsType {
    /// The `type` of such entries.
    #[serde(rename = "type")]
    pub name: String,
    /// What such an entry permits, in words, for the consent page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What an entry looks like, as a JSON Schema.
    pub schema: serde_json::Value,
}

/// An API resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Row id.
    pub id: ResourceId,
    /// Its absolute URI, the `aud` of its tokens.
    pub identifier: String,
    /// For people.
    pub name: Option<String>,
    /// The client_ids under which it speaks itself: they may look into tokens for it (RFC 7662 §4) and hand them on (RFC
    /// 8693). Who may merely call it is no such client.
    pub own_clients: Vec<String>,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
    /// Its types of `authorization_details`.
    pub authorization_details_types: Vec<DetailsType>,
    /// How its access tokens are written.
    pub access_token_format: TokenFormat,
    /// The algorithm that signs its JWTs (RS256, PS256, ES256, EdDSA); `None`: the server's default.
    pub access_token_signing_alg: Option<String>,
    /// How long its tokens live, in seconds; `None`: the server's default.
    pub access_token_lifetime_seconds: Option<i32>,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Resource {
    /// Whether it knows the scope.
    pub fn has_scope(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.name == name)
    }
}
