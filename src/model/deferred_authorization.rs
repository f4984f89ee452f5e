//! An authorization that is decided elsewhere while the client waits: a device without a browser (RFC 8628), or an app
//! that asks behind the scenes (CIBA). The client holds a secret and comes back with it.

use super::Origin;
use crate::{
    base::{
        Time, TokenHash,
        id::{DeferredAuthorizationId, GrantId, UserId},
    },
    spec::oauth::{AuthorizationDetails, ScopeSet},
};

/// How the person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferredKind {
    /// They come with the code that the device shows (RFC 8628).
    Device,
    /// The client says who they are, and the server asks them (CIBA).
    Ciba,
}

impl DeferredKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Device, Self::Ciba];

    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Ciba => "ciba",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What became of it so far. Whether it has expired is the clock's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferredState {
    /// Nobody has decided.
    Waiting,
    /// The person would not.
    Denied,
    /// The person allowed it; the client has not come for its tokens yet.
    Approved(GrantId),
    /// The client has its tokens.
    Redeemed(GrantId),
}

/// How often the client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many seconds must lie between two questions.
    pub interval_seconds: i32,
    /// The last question.
    pub polled_at: Option<Time>,
}

/// Such an authorization.
#[derive(Debug, Clone, PartialEq)]
pub struct DeferredAuthorization {
    /// Its id, in the address of the page that asks the person.
    pub id: DeferredAuthorizationId,
    /// How the person is reached.
    pub kind: DeferredKind,
    /// Of `device_code` or `auth_req_id`.
    pub secret_hash: TokenHash,
    /// Of what the person types in, while nobody has decided.
    pub user_code_hash: Option<TokenHash>,
    /// Who asks.
    pub client_id: String,
    /// Who is asked; `None` until somebody came with the user code.
    pub user_id: Option<UserId>,
    /// Which scopes.
    pub scope: ScopeSet,
    /// Which API resources.
    pub resources: Vec<String>,
    /// What is to be permitted beyond scopes (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// Words that both ends show.
    pub binding_message: Option<String>,
    /// Where the client wants to be told, sealed (CIBA ping).
    pub ping_sealed: Option<Vec<u8>>,
    /// Where the request came from.
    pub origin: Origin,
    /// How often the client may ask.
    pub pace: Pace,
    /// What became of it.
    pub state: DeferredState,
    /// When it came.
    pub created_at: Time,
    /// When it is too late.
    pub expires_at: Time,
}

impl DeferredAuthorization {
    /// Whether somebody may still decide.
    pub fn is_open(&self, now: Time) -> bool {
        self.state == DeferredState::Waiting && now < self.expires_at
    }
}
