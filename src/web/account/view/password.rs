//! The page to change one's own password.

use askama::Template;

use crate::web::{FieldErrors, Layout};

/// `/account/password`: `form#password` (`current_password`, `password`).
#[derive(Debug, Clone, Template)]
#[template(path = "account/password.html")]
pub struct Password {
    /// What every page needs.
    pub page: Layout,
    /// Whose password it is, for password managers.
    pub identifier: String,
    /// Whether there is one to ask for.
    pub has_password: bool,
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Password {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", false),
            identifier: "ada@example.com".to_owned(),
            has_password: true,
            password_min_length: 10,
            errors: FieldErrors::none(),
        };
        let wrong = Self {
            errors: FieldErrors::field("current_password", Text::new("error-password-wrong")),
            ..plain.clone()
        };
        let first = Self {
            has_password: false,
            ..plain.clone()
        };
        vec![("plain", plain), ("wrong", wrong), ("first", first)]
    }
}
