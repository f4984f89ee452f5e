//! The `display` parameter (OIDC Core §3.1.2.1).

use serde::{Deserialize, Serialize};

/// How the client would like the pages to appear. Signet's pages fit every one of them as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A full page.
    Page,
    /// A popup window.
    Popup,
    /// A touch device.
    Touch,
    /// A feature phone.
    Wap,
}

impl Display {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::Page, Self::Popup, Self::Touch, Self::Wap];

    /// The value as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Popup => "popup",
            Self::Touch => "touch",
            Self::Wap => "wap",
        }
    }

    /// The value of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|display| display.as_str() == text)
    }
}
