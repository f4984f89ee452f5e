//! A custom claim: a name, an expression, and where it goes.

use serde::{Deserialize, Serialize};

use super::localized::Localized;
use crate::base::{Time, id::ClaimRuleId};

/// Where a claim is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// The ID token.
    IdToken,
    /// A JWT access token, and introspection.
    AccessToken,
    /// The userinfo answer.
    Userinfo,
}

impl Placement {
    /// Every placement.
    pub const ALL: [Self; 3] = [Self::IdToken, Self::AccessToken, Self::Userinfo];

    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdToken => "id_token",
            Self::AccessToken => "access_token",
            Self::Userinfo => "userinfo",
        }
    }

    /// The placement of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placement| placement.as_str() == text)
    }
}

/// One custom claim. An empty list of scopes, clients or resources asks for nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRule {
    /// Row id.
    pub id: ClaimRuleId,
    /// The claim's name; never a reserved one.
    pub name: String,
    /// CEL over `user`, `client`, `session`, `organization`, `context`.
    pub expression: String,
    /// What people call it: `title`, and the same in other languages (`title#de`).
    pub titles: Localized,
    /// Where it goes.
    pub placement: Vec<Placement>,
    /// Only when one of these scopes was granted.
    pub scopes: Vec<String>,
    /// Only for these clients.
    pub clients: Vec<String>,
    /// Only in access tokens for these resources.
    pub resources: Vec<String>,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}
