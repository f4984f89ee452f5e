//! Security profiles by name. What each demands is `domain`'s table.

use serde::{Deserialize, Serialize};

/// A security profile that a client, or the whole server, is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SecurityProfile {
    /// OAuth 2.1: the rules that hold for everybody here.
    #[serde(rename = "oauth2.1")]
    OAuth21,
    /// FAPI 1.0 Part 2: Advanced.
    #[serde(rename = "fapi1-advanced")]
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2-security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing.
    #[serde(rename = "fapi2-message-signing")]
    Fapi2MessageSigning,
}

impl SecurityProfile {
    /// Every profile, the least strict first.
    pub const ALL: [Self; 4] = [
        Self::OAuth21,
        Self::Fapi1Advanced,
        Self::Fapi2Security,
        Self::Fapi2MessageSigning,
    ];

    /// The name in settings, files and forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth21 => "oauth2.1",
            Self::Fapi1Advanced => "fapi1-advanced",
            Self::Fapi2Security => "fapi2-security",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
        }
    }

    /// The profile of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_settings_have_the_same_names() {
        for profile in SecurityProfile::ALL {
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.as_str());
            assert_eq!(SecurityProfile::parse(profile.as_str()), Some(profile));
        }
    }
}
