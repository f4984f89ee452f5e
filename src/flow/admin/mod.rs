//! What administrators do, in the console and on the command line: each change in one transaction, with its line in the
//! audit trail. Nobody takes the last administrator away.
//!
//! Web and command line call the functions with `core` and `by` first; `flow::apply` calls those that take a `Tx`.

pub mod audit;
pub mod client;
pub mod client_secret;
pub mod keys;
pub mod overview;
pub mod resource;
pub mod user;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Core, Failure, outbox, password};
use crate::{
    base::{
        id::{AuditEventId, RoleId},
        seal::SealError,
    },
    domain::{
        account::password_policy::Weakness,
        api_resource::ResourceFault,
        client_metadata::{MetadataError, MetadataFault},
        profile::{FieldError, FieldFault},
    },
    model::{Actor, AuditEvent, AuditKind, Origin, Role, user::ADMIN_ROLE},
    store::{self, Tx},
};

/// Longest text of a changed value in the audit trail, in characters.
const MAX_AUDITED: usize = 200;

/// Who changes something, and from where.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
}

impl By {
    /// The server by itself.
    pub fn system() -> Self {
        Self {
            actor: Actor::System,
            origin: Origin::default(),
        }
    }

    /// The command line of this machine.
    pub fn command() -> Self {
        Self {
            actor: Actor::Command,
            origin: Origin::default(),
        }
    }
}

/// What is wrong with one field of a form or a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct Invalid {
    /// The field's name: a claim, a metadata name, `username`, `roles`, `password`.
    pub field: String,
    /// What is wrong.
    pub fault: Fault,
}

/// Why a field is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A claim or custom data.
    #[error(transparent)]
    Profile(FieldFault),
    /// Client metadata.
    #[error(transparent)]
    Metadata(MetadataFault),
    /// Not a username.
    #[error("has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter, a digit or '_'")]
    Username,
    /// Not a client identifier.
    #[error("has 1 to 100 letters, digits and characters of -._~:@")]
    ClientId,
    /// Neither a username nor an address to sign in with.
    #[error("a user needs a username or an e-mail address")]
    NoIdentifier,
    /// No such role.
    #[error("there is no role {0}")]
    UnknownRole(String),
    /// A weak password.
    #[error(transparent)]
    Password(Weakness),
    /// An API.
    #[error(transparent)]
    Resource(ResourceFault),
    /// The client is not known to belong to the sector that it names.
    #[error(transparent)]
    Sector(super::sector::Unproven),
    /// Somebody else has it.
    #[error("is taken by another one")]
    Taken,
}

/// Why a change was not made. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Invalid>),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody else changed it since it was shown.
    #[error("it was changed by somebody else meanwhile")]
    Stale,
    /// Nobody would be left to administer this server.
    #[error("the last administrator cannot be removed, suspended or lose the role")]
    LastAdministrator,
    /// The client has no secret: its authentication method uses none.
    #[error("the client does not use a secret")]
    NoSecret,
    /// The secrets of the client may not change so.
    #[error(transparent)]
    Secrets(client_secret::Refused),
    /// The database.
    #[error(transparent)]
    Store(store::Error),
    /// A password could not be hashed, or too many are being hashed.
    #[error(transparent)]
    Password(#[from] password::Error),
    /// A secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Signing keys.
    #[error(transparent)]
    Keys(#[from] super::keys::Error),
    /// A message could not be put into the outbox.
    #[error(transparent)]
    Outbox(outbox::Error),
}

impl From<outbox::Error> for Error {
    fn from(error: outbox::Error) -> Self {
        match error {
            outbox::Error::Store(error) => error.into(),
            outbox::Error::Seal(error) => Self::Seal(error),
            outbox::Error::Payload => Self::Outbox(error),
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => Self::Stale,
            store::Error::BadCursor => Self::NotFound("page"),
            other => Self::Store(other),
        }
    }
}

impl Error {
    /// The failure of the machinery that this is, or else what the administrator can do something about.
    pub fn into_failure(self) -> Result<Failure, Self> {
        match self {
            Self::Store(error) => Ok(error.into()),
            Self::Password(error) => Ok(error.into()),
            Self::Seal(error) => Ok(error.into()),
            Self::Outbox(error) => Ok(error.into()),
            other => Err(other),
        }
    }

    /// One field is wrong.
    pub(crate) fn invalid(field: impl Into<String>, fault: Fault) -> Self {
        Self::Invalid(vec![Invalid {
            field: field.into(),
            fault,
        }])
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        let invalid = |error: FieldError| Invalid {
            field: error.field,
            fault: Fault::Profile(error.fault),
        };
        Self::Invalid(errors.into_iter().map(invalid).collect())
    }
}

impl From<Vec<MetadataError>> for Error {
    fn from(errors: Vec<MetadataError>) -> Self {
        let invalid = |error: MetadataError| Invalid {
            field: error.field.to_owned(),
            fault: Fault::Metadata(error.fault),
        };
        Self::Invalid(errors.into_iter().map(invalid).collect())
    }
}

/// What a change did: the names of the fields, and for the audit trail their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Difference {
    /// Compares two states of a thing, without its secrets, member by member.
    pub(crate) fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut difference = Self::default();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            if old != new {
                difference.before.extend(old.map(|value| (name.clone(), brief(value))));
                difference.after.extend(new.map(|value| (name.clone(), brief(value))));
            }
        }
        difference
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// The fields that changed, in alphabetical order.
    pub fn fields(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.before.keys().chain(self.after.keys()).collect();
        names.into_iter().cloned().collect()
    }

    /// Both states of what changed, for the audit trail.
    pub(in crate::flow) fn data(self) -> Map<String, Value> {
        [("before", self.before), ("after", self.after)]
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(side, values)| (side.to_owned(), Value::Object(values)))
            .collect()
    }
}

/// A value as the audit trail keeps it: long ones are cut.
fn brief(value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_AUDITED {
        return value.clone();
    }
    let cut: String = text.chars().take(MAX_AUDITED).collect();
    Value::from(format!("{cut}…"))
}

/// Makes the built-in role, if nobody has needed it yet.
pub(in crate::flow) async fn ensure_admin_role(core: &Core, tx: &mut Tx) -> Result<(), store::Error> {
    let now = core.now();
    let role = Role {
        id: RoleId::new(now, &*core.rng),
        name: ADMIN_ROLE.to_owned(),
        description: None,
        permissions: Vec::new(),
        origin: None,
        created_at: now,
        updated_at: now,
    };
    store::role::insert_missing(&mut **tx, &role).await
}

/// A line of the audit trail about a change that happens now.
pub(in crate::flow) fn line(core: &Core, by: &By, kind: AuditKind, data: Map<String, Value>) -> AuditEvent {
    let now = core.now();
    AuditEvent {
        id: AuditEventId::new(now, &*core.rng),
        at: now,
        kind: kind.as_str().to_owned(),
        actor: by.actor.to_string(),
        user_id: None,
        client_id: None,
        session_id: None,
        origin: by.origin.clone(),
        data,
    }
}

async fn record(tx: &mut Tx, event: AuditEvent) -> Result<(), store::Error> {
    store::audit_event::insert(&mut **tx, &event).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_difference_names_what_changed_and_cuts_long_values() {
        let before = object(json!({"a": 1, "b": "x", "gone": true}));
        let after = object(json!({"a": 1, "b": "y".repeat(500), "new": [1]}));
        let difference = Difference::between(&before, &after);
        assert_eq!(difference.fields(), ["b", "gone", "new"]);
        let data = difference.data();
        assert_eq!(data["before"], json!({"b": "x", "gone": true}));
        assert_eq!(data["after"]["b"].as_str().unwrap().chars().count(), MAX_AUDITED + 1);
    }

    #[test]
    fn equal_states_have_no_difference() {
        let state = object(json!({"a": {"b": 1}}));
        assert!(Difference::between(&state, &state).is_empty());
        assert!(Difference::default().data().is_empty());
    }
}
