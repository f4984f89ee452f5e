//! The page after a decision about a device.

use askama::Template;

use crate::web::Layout;

/// `/device/done`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/decided.html")]
pub struct Decided {
    /// What every page needs.
    pub page: Layout,
    /// Whether it was allowed.
    pub is_allowed: bool,
}

#[cfg(test)]
impl Decided {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let sample = |is_allowed| Self {
            page: page.clone(),
            is_allowed,
        };
        vec![("allowed", sample(true)), ("denied", sample(false))]
    }
}
