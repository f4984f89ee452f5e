//! Where messages wait until the transaction that gave rise to them has committed. `flow::job::outbox` delivers them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::base::seal::SealError;
use crate::base::{
    Locale, Rng, Sealer, Secret, Time,
    id::{AuthorizationRequestId, OutboxId, SessionId, UserId},
};
use crate::notify::mail::Mail;
use crate::store::{self, Tx, outbox::Claimed};
use crate::upstream::http::FetchError;

const PURPOSE: &str = "outbox";

/// Something that must leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A mail to a person.
    Mail(Mail),
    /// Somebody asked for a new password: a mail if there is such a person, nothing if there is not.
    Recovery(Recovery),
    /// An app must hear that a session has ended (OIDC Back-Channel Logout §2.5).
    Logout(Logout),
    /// An app must hear that somebody has decided (CIBA Core §10.2).
    Ping(Ping),
}

/// Which app must hear of the end of which session. The token is made when it leaves: it is good for minutes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout {
    /// The app.
    pub client_id: String,
    /// Whose session it was.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
}

/// What a client is told, and where.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The app.
    #[serde(default)]
    pub client_id: String,
    /// Its notification endpoint, as it was when it asked.
    pub endpoint: String,
    /// The bearer token for it.
    pub token: String,
    /// What it asked under.
    pub auth_req_id: String,
    /// From then on nobody cares.
    pub expires_at: Time,
}

/// Names no value: they are secrets.
impl std::fmt::Debug for Ping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ping")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Which messages one worker carries. An app that answers slowly must not hold up mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What goes to people.
    Mail,
    /// What goes to apps.
    Calls,
}

impl Lane {
    /// The kinds of its messages, as the table names them.
    pub const fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Mail => &["mail", "recovery"],
            Self::Calls => &["logout", "ping"],
        }
    }

    /// The most messages that are on their way to one recipient at a time; `None` where nobody takes turns.
    pub const fn share(self) -> Option<i64> {
        match self {
            Self::Mail => None,
            Self::Calls => Some(4),
        }
    }
}

/// What [`super::login::recover`] was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The name in its normal form.
    pub identifier: String,
    /// The language of the page.
    pub locale: Locale,
    /// The request that waits.
    pub request: Option<AuthorizationRequestId>,
    /// Where it was asked from.
    pub address: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
}

impl Message {
    /// The app that it is for; empty for what goes to people.
    fn recipient(&self) -> &str {
        match self {
            Self::Mail(_) | Self::Recovery(_) => "",
            Self::Logout(logout) => &logout.client_id,
            Self::Ping(ping) => &ping.client_id,
        }
    }

    /// Its name in the table.
    fn kind(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Recovery(_) => "recovery",
            Self::Logout(_) => "logout",
            Self::Ping(_) => "ping",
        }
    }
}

/// Why a message was not put into the outbox or taken out of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The payload did not seal or open.
    #[error("outbox: {0}")]
    Seal(#[from] SealError),
    /// The payload is not a message that this version knows. Says nothing of its content.
    #[error("outbox: the payload is no message of a known kind")]
    Payload,
}

/// Why a message did not arrive. The text is kept in the table: it must not repeat the message.
#[derive(Debug)]
pub enum Failure {
    /// It may arrive later.
    Transient(String),
    /// It will not.
    Permanent(String),
}

impl From<Error> for Failure {
    /// A payload that does not open is tried on: a process of a newer version, or with the right master key, may come.
    fn from(error: Error) -> Self {
        Self::Transient(error.to_string())
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            // an app that says no will say no again; only these may pass
            FetchError::Status(408 | 425 | 429 | 500..) | FetchError::Timeout | FetchError::Unreachable(_) => {
                Self::Transient(error.to_string())
            }
            _ => Self::Permanent(error.to_string()),
        }
    }
}

/// The outbox of one process; clones share it.
#[derive(Clone)]
pub struct Outbox {
    sealer: Arc<Sealer>,
    rng: Arc<dyn Rng>,
    mail: Arc<Notify>,
    calls: Arc<Notify>,
}

impl Outbox {
    /// An outbox that seals payloads with `sealer`.
    pub fn new(sealer: Arc<Sealer>, rng: Arc<dyn Rng>) -> Self {
        Self {
            sealer,
            rng,
            mail: Arc::new(Notify::new()),
            calls: Arc::new(Notify::new()),
        }
    }

    /// Writes the message in the caller's transaction. Call [`Outbox::wake`] after the commit.
    ///
    /// # Errors
    /// As [`Error`] says; the transaction should not go on.
    pub async fn insert(&self, tx: &mut Tx, message: &Message, now: Time) -> Result<OutboxId, Error> {
        let id = OutboxId::new(now, &*self.rng);
        let payload = Secret::new(serde_json::to_vec(message).map_err(|_| Error::Payload)?);
        let sealed = self.sealer.seal(PURPOSE, &id.to_string(), payload.expose())?;
        store::outbox::insert(&mut **tx, id, (message.kind(), message.recipient()), &sealed, now).await?;
        Ok(id)
    }

    /// Has this process deliver now instead of at its next look. Without it a message leaves some seconds later.
    pub fn wake(&self) {
        self.mail.notify_one();
        self.calls.notify_one();
    }

    /// Returns when somebody called [`Outbox::wake`] since the last time that this lane's worker asked.
    pub async fn woken(&self, lane: Lane) {
        match lane {
            Lane::Mail => self.mail.notified().await,
            Lane::Calls => self.calls.notified().await,
        }
    }

    /// Opens what was claimed.
    ///
    /// # Errors
    /// [`Error::Seal`] if it was changed, moved or sealed under another master key; [`Error::Payload`].
    pub fn open(&self, claimed: &Claimed) -> Result<Message, Error> {
        let payload = self
            .sealer
            .open(PURPOSE, &claimed.id.to_string(), &claimed.payload_sealed)?;
        serde_json::from_slice(payload.expose()).map_err(|_| Error::Payload)
    }
}
