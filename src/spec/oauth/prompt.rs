//! The `prompt` parameter (OIDC Core §3.1.2.1; `create`: Initiating User Registration 1.0).

use serde::{Deserialize, Serialize};

use super::{ErrorCode, OAuthError};

/// One value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Show nothing.
    None,
    /// Authenticate again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the person choose an account.
    SelectAccount,
    /// Offer registration first.
    Create,
}

impl Prompt {
    /// Every value.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Login,
        Self::Consent,
        Self::SelectAccount,
        Self::Create,
    ];

    /// The value as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

/// The values of one `prompt` parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptSet(Vec<Prompt>);

impl PromptSet {
    /// Parses the parameter.
    ///
    /// # Errors
    /// `invalid_request` for an unknown value, or `none` together with another (OIDC Core §3.1.2.1).
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut set = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let prompt = Prompt::ALL
                .into_iter()
                .find(|prompt| prompt.as_str() == word)
                .ok_or(OAuthError::new(
                    ErrorCode::InvalidRequest,
                    "prompt has an unknown value",
                ))?;
            if !set.contains(&prompt) {
                set.push(prompt);
            }
        }
        if set.contains(&Prompt::None) && set.len() > 1 {
            return Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "prompt=none goes with no other value",
            ));
        }
        Ok(Self(set))
    }

    /// Whether `prompt` was asked for.
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_goes_with_no_other_value() {
        assert!(PromptSet::parse("none").unwrap().contains(Prompt::None));
        assert!(PromptSet::parse("none login").is_err());
        assert!(PromptSet::parse("login consent").is_ok());
        assert!(PromptSet::parse("lgoin").is_err());
    }
}
