//! A person.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Locale, Time, id::UserId};

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not; every session has ended.
    Suspended,
}

impl UserStatus {
    /// The status as it is stored and shown to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A person with their resolved profile. The password's hash is not here: only the sign-in flow reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Also the `sub` of their tokens.
    pub id: UserId,
    /// What they may sign in with besides e-mail and phone; unique without regard to case.
    pub username: Option<String>,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// OIDC standard claims by name, resolved from facts.
    pub profile: Map<String, Value>,
    /// Free JSON of the operator.
    pub custom_data: Map<String, Value>,
    /// The language of their pages and mails, once chosen.
    pub locale: Option<Locale>,
    /// Names of their roles.
    pub roles: Vec<String>,
    /// Counts changes; an edit names the version that it saw.
    pub version: i64,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// Set: the password is a one-time one and must be replaced at the next sign-in.
    pub password_expired_at: Option<Time>,
    /// When they were created.
    pub created_at: Time,
    /// When profile, custom data or status last changed; the claim `updated_at`.
    pub updated_at: Time,
    /// When they last signed in.
    pub last_sign_in_at: Option<Time>,
}

/// The built-in role that holds every permission and opens the console.
pub const ADMIN_ROLE: &str = "admin";

impl User {
    /// A text claim of the profile.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.profile.get(name).and_then(Value::as_str)
    }

    /// A boolean claim of the profile.
    pub fn is_true(&self, name: &str) -> bool {
        self.profile.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// What to call them: name, else given name, username, e-mail, or the id.
    pub fn display_name(&self) -> String {
        ["name", "given_name", "preferred_username"]
            .into_iter()
            .find_map(|claim| self.claim(claim))
            .or(self.username.as_deref())
            .or(self.claim("email"))
            .map_or_else(|| self.id.to_string(), str::to_owned)
    }

    /// Whether they may use the console.
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN_ROLE)
    }
}
