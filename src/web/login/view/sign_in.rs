//! The sign-in page.

use askama::Template;

use super::App;
use crate::base::Text;
use crate::web::{FieldErrors, Layout, Tone};

/// `/login`: `form#sign-in`, and `form#cancel` (`decision=cancel`) when an app waits.
#[derive(Debug, Clone, Template)]
#[template(path = "login/sign_in.html")]
pub struct SignIn {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// What was typed, or the request's `login_hint`.
    pub identifier: String,
    /// Why the person is asked, when that is not plain.
    pub notice: Option<Text>,
    /// Beside `identifier`, `password`, or the form.
    pub errors: FieldErrors,
    /// The page to create an account, when that is open.
    pub register_href: Option<String>,
    /// The page for a forgotten password.
    pub recover_href: String,
}

#[cfg(test)]
impl SignIn {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            identifier: String::new(),
            notice: None,
            errors: FieldErrors::none(),
            register_href: Some("/register?request=0199b8d2".to_owned()),
            recover_href: "/recover?request=0199b8d2".to_owned(),
        };
        let refused = Self {
            identifier: "ada@example.com".to_owned(),
            errors: FieldErrors::form(Text::new("error-sign-in")),
            ..plain.clone()
        };
        let again = Self {
            identifier: "ada@example.com".to_owned(),
            notice: Some(Text::new("sign-in-again")),
            register_href: None,
            ..plain.clone()
        };
        let alone = Self {
            request: String::new(),
            app: None,
            errors: FieldErrors::field("password", Text::new("error-required")),
            ..plain.clone()
        };
        let hostile = Self {
            app: Some(App::hostile()),
            identifier: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("refused", refused),
            ("again", again),
            ("alone", alone),
            ("hostile", hostile),
        ]
    }
}
