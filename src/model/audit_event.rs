//! The audit trail: who did what, when, from where.

use serde_json::{Map, Value};

use crate::base::{
    Time,
    id::{AuditEventId, SessionId, UserId},
};

macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum AuditKind { $($(#[$doc])* $variant,)* }

        impl AuditKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as stored: a noun and a past verb.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

audit_kinds! {
    /// Somebody signed in.
    SignedIn = "sign_in.succeeded";
    /// Somebody tried to and failed.
    SignInFailed = "sign_in.failed";
    /// So many failed that the next ones have to wait; written once for each wait.
    SignInThrottled = "sign_in.throttled";
    /// Somebody signed out.
    SignedOut = "session.signed_out";
    /// A session was ended by its owner or an administrator.
    SessionEnded = "session.ended";
    /// An account was made by its owner.
    Registered = "user.registered";
    /// An e-mail address was confirmed.
    EmailVerified = "user.email_verified";
    /// A link to reset a password was asked for.
    RecoveryRequested = "user.recovery_requested";
    /// A password was changed.
    PasswordChanged = "user.password_changed";
    /// A user was created by an administrator or a command.
    UserCreated = "user.created";
    /// A user was changed.
    UserUpdated = "user.updated";
    /// A user was deleted.
    UserDeleted = "user.deleted";
    /// A client was registered.
    ClientCreated = "client.created";
    /// A client was changed.
    ClientUpdated = "client.updated";
    /// A client was deleted.
    ClientDeleted = "client.deleted";
    /// A client's secret was replaced, and the old one ended at once.
    ClientSecretReplaced = "client.secret_replaced";
    /// A client got another secret beside those that it has.
    ClientSecretAdded = "client.secret_added";
    /// A secret of a client was ended, or given an end.
    ClientSecretEnded = "client.secret_ended";
    /// An API was declared.
    ResourceCreated = "resource.created";
    /// An API was changed.
    ResourceUpdated = "resource.updated";
    /// Something was changed by a resource file.
    ResourceApplied = "resource.applied";
    /// Somebody allowed an app.
    ConsentGranted = "consent.granted";
    /// Somebody refused an app.
    ConsentDenied = "consent.denied";
    /// Somebody took an allowance back.
    ConsentWithdrawn = "consent.withdrawn";
    /// A code was used twice.
    CodeReplayed = "grant.code_replayed";
    /// An app got a token that speaks for somebody without saying who holds it.
    Impersonated = "grant.impersonated";
    /// The word of a trusted issuer was taken.
    AssertionAccepted = "grant.assertion_accepted";
    /// What was brought as the word of a trusted issuer was not taken.
    AssertionRefused = "grant.assertion_refused";
    /// An old refresh token was used again.
    RefreshTokenReused = "grant.refresh_token_reused";
    /// Tokens were revoked.
    GrantRevoked = "grant.revoked";
    /// A key was rotated by hand.
    KeyRotated = "key.rotated";
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// A client, by its client_id.
    Client(String),
    /// The server by itself.
    System,
    /// The command line.
    Command,
    /// Nobody who is known.
    Anonymous,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::System => f.write_str("system"),
            Self::Command => f.write_str("command"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, after trusted proxies.
    pub address: Option<String>,
    /// The browser, as it named itself; at most 300 characters.
    pub user_agent: Option<String>,
}

/// One line of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Time,
    /// What; stored kinds that this version does not know are kept by name.
    pub kind: String,
    /// Who, as printed by [`Actor`].
    pub actor: String,
    /// About whom.
    pub user_id: Option<UserId>,
    /// About which client.
    pub client_id: Option<String>,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// From where.
    pub origin: Origin,
    /// More: never a secret, never a whole profile.
    pub data: Map<String, Value>,
}

impl AuditEvent {
    /// The same about a person.
    #[must_use]
    pub fn about(mut self, user_id: UserId) -> Self {
        self.user_id = Some(user_id);
        self
    }

    /// The same about a client.
    #[must_use]
    pub fn for_client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The same in a session.
    #[must_use]
    pub fn in_session(mut self, session_id: SessionId) -> Self {
        self.session_id = Some(session_id);
        self
    }

    /// The same with a detail; never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }
}
