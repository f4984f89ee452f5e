//! The page to replace a one-time password.

use askama::Template;

use super::App;
use crate::web::{FieldErrors, Layout};

/// `/login/new-password`: `form#new-password` (`password`).
#[derive(Debug, Clone, Template)]
#[template(path = "login/new_password.html")]
pub struct NewPassword {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// Whose password it is, for password managers.
    pub identifier: String,
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl NewPassword {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone(),
            request: String::new(),
            app: None,
            identifier: "admin".to_owned(),
            password_min_length: 10,
            errors: FieldErrors::none(),
        };
        let common = Self {
            app: Some(App::sample()),
            errors: FieldErrors::field("password", Text::new("error-password-common")),
            ..plain.clone()
        };
        let personal = Self {
            errors: FieldErrors::field("password", Text::new("error-password-personal")),
            ..plain.clone()
        };
        let same = Self {
            errors: FieldErrors::field("password", Text::new("error-password-same")),
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("common", common),
            ("personal", personal),
            ("same", same),
        ]
    }
}
