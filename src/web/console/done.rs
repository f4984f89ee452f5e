//! What a form has done, said on the next page. It travels in the address as one of a closed list of words, so that no
//! link can put words of its own into the console.

use crate::base::Text;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// A record is written.
    Saved,
    /// Somebody cannot sign in any more.
    UserSuspended,
    /// Somebody can sign in again.
    UserRestored,
    /// Somebody is gone.
    UserDeleted,
    /// A session is over.
    SessionEnded,
    /// All of somebody's sessions are over.
    SessionsEnded,
    /// An app is switched off.
    AppDisabled,
    /// An app is switched on.
    AppEnabled,
    /// An app is gone.
    AppDeleted,
    /// A secret of an app ends.
    SecretEnded,
    /// A key has a successor.
    KeyRotated,
}

impl Done {
    const ALL: [Self; 11] = [
        Self::Saved,
        Self::UserSuspended,
        Self::UserRestored,
        Self::UserDeleted,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::AppDisabled,
        Self::AppEnabled,
        Self::AppDeleted,
        Self::SecretEnded,
        Self::KeyRotated,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::UserSuspended => "user-suspended",
            Self::UserRestored => "user-restored",
            Self::UserDeleted => "user-deleted",
            Self::SessionEnded => "session-ended",
            Self::SessionsEnded => "sessions-ended",
            Self::AppDisabled => "app-disabled",
            Self::AppEnabled => "app-enabled",
            Self::AppDeleted => "app-deleted",
            Self::SecretEnded => "secret-ended",
            Self::KeyRotated => "key-rotated",
        }
    }

    /// What the parameter `done` of a query says.
    pub fn of_query(query: &str) -> Option<Self> {
        let (_, word) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?;
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    /// The page at `path`, which then says so.
    pub fn at(self, path: &str) -> String {
        format!("{path}?done={}", self.word())
    }

    /// In words.
    pub fn text(self) -> Text {
        Text::new(match self {
            Self::Saved => "done-saved",
            Self::UserSuspended => "done-user-suspended",
            Self::UserRestored => "done-user-restored",
            Self::UserDeleted => "done-user-deleted",
            Self::SessionEnded => "done-session-ended",
            Self::SessionsEnded => "done-sessions-ended",
            Self::AppDisabled => "done-app-disabled",
            Self::AppEnabled => "done-app-enabled",
            Self::AppDeleted => "done-app-deleted",
            Self::SecretEnded => "done-secret-ended",
            Self::KeyRotated => "done-key-rotated",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_comes_back_from_its_address_and_nothing_else_does() {
        for done in Done::ALL {
            let address = done.at("/console/users");
            assert_eq!(Done::of_query(address.split_once('?').unwrap().1), Some(done));
        }
        for query in ["", "done=", "done=%3Cb%3E", "done=SAVED", "saved"] {
            assert_eq!(Done::of_query(query), None, "{query}");
        }
    }
}
