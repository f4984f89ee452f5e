//! The page behind a mailed link, to choose a new password.

use askama::Template;

use super::App;
use crate::web::{FieldErrors, Layout};

/// `/recover/reset?token=`: `form#reset` (`password`), which carries `token`.
#[derive(Clone, Template)]
#[template(path = "login/reset.html")]
pub struct Reset {
    /// What every page needs.
    pub page: Layout,
    /// The app that waits.
    pub app: Option<App>,
    /// The link's secret.
    pub token: String,
    /// Whose password it is, for password managers.
    pub identifier: String,
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Reset {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone(),
            app: None,
            token: "t0k3n".to_owned(),
            identifier: "ada@example.com".to_owned(),
            password_min_length: 10,
            errors: FieldErrors::none(),
        };
        let long = Self {
            app: Some(App::sample()),
            errors: FieldErrors::field("password", Text::new("error-password-long").count("n", 256)),
            ..plain.clone()
        };
        vec![("plain", plain), ("long", long)]
    }
}
