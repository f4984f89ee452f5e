//! The page for a forgotten password.

use askama::Template;

use super::App;
use crate::web::{FieldErrors, Layout};

/// `/recover`: `form#recover` (`identifier`).
#[derive(Debug, Clone, Template)]
#[template(path = "login/recover.html")]
pub struct Recover {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// What was typed.
    pub identifier: String,
    /// What is wrong with the form.
    pub errors: FieldErrors,
    /// The way back.
    pub sign_in_href: String,
}

#[cfg(test)]
impl Recover {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            identifier: String::new(),
            errors: FieldErrors::none(),
            sign_in_href: "/login?request=0199b8d2".to_owned(),
        };
        let slow = Self {
            identifier: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::form(Text::new("error-too-many").count("n", 3)),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", slow)]
    }
}
