//! The page to change one's own e-mail address.

use askama::Template;

use crate::web::{FieldErrors, Layout, Tone};

/// `/account/email`: `form#email` (`email`).
#[derive(Debug, Clone, Template)]
#[template(path = "account/email.html")]
pub struct Email {
    /// What every page needs.
    pub page: Layout,
    /// The address of the account now.
    pub current: Option<String>,
    /// Whether that one is confirmed.
    pub is_verified: bool,
    /// What was typed.
    pub email: String,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Email {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", false),
            current: Some("ada@example.com".to_owned()),
            is_verified: true,
            email: String::new(),
            errors: FieldErrors::none(),
        };
        let first = Self {
            current: None,
            is_verified: false,
            ..plain.clone()
        };
        let hostile = Self {
            current: Some(crate::web::layout::HOSTILE.to_owned()),
            is_verified: false,
            email: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::field("email", Text::new("error-email-format")),
            ..plain.clone()
        };
        vec![("plain", plain), ("first", first), ("hostile", hostile)]
    }
}
