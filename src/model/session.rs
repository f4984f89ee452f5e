//! A signed-in browser.

use crate::base::{
    Time,
    id::{SessionId, UserId},
};

/// A session. The cookie's value is kept only as its hash, which never leaves the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Also the `sid` of ID tokens.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// When they last proved who they are.
    pub auth_time: Time,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// The class that this amounts to.
    pub acr: Option<String>,
    /// The browser, as it named itself.
    pub user_agent: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_seen_at: Time,
    /// When it ends at the latest.
    pub expires_at: Time,
    /// When it was ended.
    pub ended_at: Option<Time>,
}

impl Session {
    /// Whether it still holds at `now`, given how long it may lie idle.
    pub fn is_live(&self, now: Time, idle: time::Duration) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.last_seen_at + idle
    }
}
