//! The page that says that a mail is on its way to the new address.

use askama::Template;

use crate::web::Layout;

/// What `/account/email` answers to its form.
#[derive(Debug, Clone, Template)]
#[template(path = "account/email_sent.html")]
pub struct EmailSent {
    /// What every page needs.
    pub page: Layout,
    /// Where the mail goes.
    pub email: String,
    /// How long its link is good.
    pub valid_minutes: u64,
}

#[cfg(test)]
impl EmailSent {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", false),
            email: "countess@example.com".to_owned(),
            valid_minutes: 60,
        };
        let hostile = Self {
            email: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}
