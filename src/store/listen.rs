//! What changes in the database, through whichever process: `LISTEN signet`.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgNotification};
use sqlx::{Executor, PgPool};

use super::Error;
use crate::base::{
    TokenHash,
    id::{GrantId, SessionId, UserId},
};

const CHANNEL: &str = "signet";
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After so long without a word the connection is tried.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the answer may take then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that a cache may hold has changed or is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Changes may have been missed: whoever caches anything throws all of it away. Sent when the connection is lost, and
    /// again when it is back.
    Everything,
    /// A client, by client_id.
    Client(String),
    /// An API resource, by identifier.
    Resource(String),
    /// A role, by name.
    Role(String),
    /// A custom-claim rule, by name.
    ClaimRule(String),
    /// An issuer whose assertions count, by name.
    TrustedIssuer(String),
    /// The ring of signing keys of an algorithm.
    SigningKey(String),
    /// A user, or their roles.
    User(UserId),
    /// A grant was revoked or swept.
    Grant(GrantId),
    /// A session was ended or swept.
    Session(SessionId),
    /// A JWT access token was revoked, by the hash of its `jti`.
    RevokedToken(TokenHash),
    /// An opaque access token was revoked, by its hash.
    AccessToken(TokenHash),
    /// Something waits in the outbox.
    Outbox,
}

/// A subscription to [`Change`]s. Holds one connection of the pool.
#[derive(Debug)]
pub struct Listener {
    pool: PgPool,
    state: State,
}

#[derive(Debug)]
enum State {
    Listening(Box<PgListener>),
    /// Lost; the pause to make before the next try.
    Lost(Duration),
}

impl Listener {
    pub(super) async fn open(pool: &PgPool) -> Result<Self, Error> {
        Ok(Self {
            state: State::Listening(subscribe(pool).await?),
            pool: pool.clone(),
        })
    }

    /// Whether the connection is there, as far as is known.
    pub fn is_listening(&self) -> bool {
        matches!(self.state, State::Listening(_))
    }

    /// Waits for the next change. Never fails: a lost connection is [`Change::Everything`] and is opened again, with pauses
    /// of up to two seconds. Safe to drop while it waits.
    pub async fn next(&mut self) -> Change {
        loop {
            let listener = match &mut self.state {
                State::Listening(listener) => listener,
                State::Lost(pause) => {
                    let pause = *pause;
                    tokio::time::sleep(pause).await;
                    match subscribe(&self.pool).await {
                        Ok(listener) => {
                            self.state = State::Listening(listener);
                            return Change::Everything;
                        }
                        Err(_) => self.state = State::Lost((pause * 2).min(LONGEST_PAUSE)),
                    }
                    continue;
                }
            };
            match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(notification))) => {
                    if let Some(change) = read(&notification) {
                        return change;
                    }
                }
                // Nothing has changed, or the other side is gone without a word.
                Err(_) if is_there(listener).await => {}
                Ok(Ok(None) | Err(_)) | Err(_) => {
                    self.state = State::Lost(FIRST_PAUSE);
                    return Change::Everything;
                }
            }
        }
    }
}

/// A new connection that listens. A lost one is never mended: whatever broke it, this begins afresh.
async fn subscribe(pool: &PgPool) -> Result<Box<PgListener>, Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // A loss is to be told at once, and not when the connection is back.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(Box::new(listener))
}

/// Whether the connection carries a question and its answer. Announcements that come meanwhile are kept.
async fn is_there(listener: &mut PgListener) -> bool {
    let question = listener.execute("select 1");
    matches!(tokio::time::timeout(PATIENCE, question).await, Ok(Ok(_)))
}

/// `None` for a kind that a newer version announces.
fn read(notification: &PgNotification) -> Option<Change> {
    let (kind, key) = notification.payload().split_once(':')?;
    parse(kind, key)
}

fn parse(kind: &str, key: &str) -> Option<Change> {
    let text = || key.to_owned();
    match kind {
        "client" => Some(Change::Client(text())),
        "resource" => Some(Change::Resource(text())),
        "role" => Some(Change::Role(text())),
        "claim_rule" => Some(Change::ClaimRule(text())),
        "trusted_issuer" => Some(Change::TrustedIssuer(text())),
        "signing_key" => Some(Change::SigningKey(text())),
        "user" => key.parse().ok().map(Change::User),
        "grant" => key.parse().ok().map(Change::Grant),
        "session" => key.parse().ok().map(Change::Session),
        "revoked_token" => hash(key).map(Change::RevokedToken),
        "access_token" => hash(key).map(Change::AccessToken),
        "outbox" => Some(Change::Outbox),
        _ => None,
    }
}

fn hash(hex: &str) -> Option<TokenHash> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let bytes: Vec<u8> = digits?
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect();
    TokenHash::from_bytes(&bytes).filter(|_| hex.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_colons_and_unknown_kinds_are_passed_over() {
        assert_eq!(
            parse("resource", "https://api.example.com"),
            Some(Change::Resource("https://api.example.com".to_owned()))
        );
        assert_eq!(parse("webhook", "1"), None);
        assert_eq!(parse("user", "not-a-uuid"), None);
    }

    #[test]
    fn hashes_are_read_from_hex() {
        let hex = format!("{}0f", "ab".repeat(31));
        let mut bytes = [0xab_u8; 32];
        bytes[31] = 0x0f;
        assert_eq!(
            parse("revoked_token", &hex),
            TokenHash::from_bytes(&bytes).map(Change::RevokedToken)
        );
        assert_eq!(parse("access_token", "abc"), None);
        assert_eq!(parse("access_token", &"zz".repeat(32)), None);
    }
}
