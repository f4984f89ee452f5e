//! The page after asking for a new password; the same whether or not there is such an account.

use askama::Template;

use super::App;
use crate::web::Layout;

/// `/recover/sent`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/recover_sent.html")]
pub struct RecoverSent {
    /// What every page needs.
    pub page: Layout,
    /// The app that waits.
    pub app: Option<App>,
    /// What was typed.
    pub identifier: String,
    /// Minutes for which the link is good.
    pub valid_minutes: u64,
    /// The page to ask again.
    pub recover_href: String,
    /// The way back.
    pub sign_in_href: String,
}

#[cfg(test)]
impl RecoverSent {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            app: Some(App::sample()),
            identifier: "ada@example.com".to_owned(),
            valid_minutes: 30,
            recover_href: "/recover?request=0199b8d2".to_owned(),
            sign_in_href: "/login?request=0199b8d2".to_owned(),
        };
        let hostile = Self {
            identifier: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}
