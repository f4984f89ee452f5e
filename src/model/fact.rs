//! What somebody asserted about a person. Facts are append-only; a retraction is a fact without a value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{
    Time,
    id::{FactId, UserId},
};

/// Who asserts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    /// The person.
    User,
    /// An administrator, in the console or on the command line.
    Administrator,
    /// An upstream, by its connector's id.
    Connector(String),
    /// An import or a resource file.
    Import,
    /// An API client, by its client_id.
    Api(String),
    /// A hook, by its name.
    Hook(String),
}

impl FactSource {
    /// The kind as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
            Self::Connector(_) => "connector",
            Self::Import => "import",
            Self::Api(_) => "api",
            Self::Hook(_) => "hook",
        }
    }

    /// The particular source of its kind, where there are several.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Connector(id) | Self::Api(id) | Self::Hook(id) => Some(id),
            Self::User | Self::Administrator | Self::Import => None,
        }
    }

    /// Reads kind and id back.
    pub fn from_parts(kind: &str, id: Option<String>) -> Option<Self> {
        match (kind, id) {
            ("user", _) => Some(Self::User),
            ("administrator", _) => Some(Self::Administrator),
            ("import", _) => Some(Self::Import),
            ("connector", Some(id)) => Some(Self::Connector(id)),
            ("api", Some(id)) => Some(Self::Api(id)),
            ("hook", Some(id)) => Some(Self::Hook(id)),
            _ => None,
        }
    }
}

/// One assertion of one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its id; also its place in time.
    pub id: FactId,
    /// About whom.
    pub user_id: UserId,
    /// `profile.NAME` or `custom_data.PATH`.
    pub attribute: String,
    /// The value; `None` retracts what the same source said before.
    pub value: Option<Value>,
    /// Who asserts it.
    pub source: FactSource,
    /// Whether the source vouches for it (a confirmed e-mail address).
    pub verified: bool,
    /// Who acted, as in the audit trail (`user:ID`, `command`).
    pub actor: Option<String>,
    /// When.
    pub asserted_at: Time,
}
