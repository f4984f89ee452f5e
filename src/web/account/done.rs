//! What a form has done, said on the next page. It travels in the address as one of a closed list of words.

use crate::base::Text;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The profile is saved.
    Profile,
    /// The new address is confirmed.
    Email,
    /// The password is changed.
    Password,
    /// An app has no access any more.
    Withdrawn,
    /// A session is over.
    SessionEnded,
    /// All other sessions are over.
    SessionsEnded,
}

impl Done {
    const ALL: [Self; 6] = [
        Self::Profile,
        Self::Email,
        Self::Password,
        Self::Withdrawn,
        Self::SessionEnded,
        Self::SessionsEnded,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Password => "password",
            Self::Withdrawn => "withdrawn",
            Self::SessionEnded => "session",
            Self::SessionsEnded => "sessions",
        }
    }

    /// What the parameter `done` says.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    /// The account's page, which then says so.
    pub fn address(self) -> String {
        format!("/account?done={}", self.word())
    }

    /// In words.
    pub fn text(self) -> Text {
        Text::new(match self {
            Self::Profile => "account-profile-saved",
            Self::Email => "account-email-changed",
            Self::Password => "account-password-changed",
            Self::Withdrawn => "account-withdrawn",
            Self::SessionEnded => "account-session-ended",
            Self::SessionsEnded => "account-sessions-ended",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_comes_back_from_its_address_and_nothing_else_does() {
        for done in Done::ALL {
            let address = done.address();
            assert_eq!(Done::parse(address.split_once('=').unwrap().1), Some(done));
        }
        assert_eq!(Done::parse("<b>"), None);
    }
}
