//! The page after a decision about what waits elsewhere.

use askama::Template;

use crate::base::Text;
use crate::web::Layout;

/// `/device/done` and `/approve/done`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/decided.html")]
pub struct Decided {
    /// What every page needs.
    pub page: Layout,
    icon: &'static str,
    title: Text,
    text: Text,
}

impl Decided {
    /// About a device.
    pub fn device(page: Layout, is_allowed: bool) -> Self {
        let (title, text) = match is_allowed {
            true => ("decided-allowed", "decided-allowed-text"),
            false => ("decided-denied", "decided-denied-text"),
        };
        Self::new(page, is_allowed, title, text)
    }

    /// About an app that asked behind the scenes.
    pub fn approval(page: Layout, is_allowed: bool) -> Self {
        let (title, text) = match is_allowed {
            true => ("approved", "approved-text"),
            false => ("not-approved", "not-approved-text"),
        };
        Self::new(page, is_allowed, title, text)
    }

    fn new(page: Layout, is_allowed: bool, title: &'static str, text: &'static str) -> Self {
        Self {
            page,
            icon: if is_allowed { "check" } else { "lock" },
            title: Text::new(title),
            text: Text::new(text),
        }
    }
}

#[cfg(test)]
impl Decided {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        vec![
            ("allowed", Self::device(page.clone(), true)),
            ("denied", Self::device(page.clone(), false)),
            ("approved", Self::approval(page.clone(), true)),
            ("not-approved", Self::approval(page.clone(), false)),
        ]
    }
}
