//! The page to confirm an e-mail address with the mailed code.

use askama::Template;

use super::App;
use crate::web::{FieldErrors, Layout};

/// `/register/verify`: `form#verify` (`code`), and `form#resend` to `/register/resend`; both carry `registration`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/register_verify.html")]
pub struct RegisterVerify {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// The registration's id, which the forms carry.
    pub registration: String,
    /// Where the code went.
    pub email: String,
    /// Minutes for which the code is good.
    pub valid_minutes: u64,
    /// What is wrong with the form.
    pub errors: FieldErrors,
    /// The page to begin again with another address.
    pub register_href: String,
}

#[cfg(test)]
impl RegisterVerify {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        use crate::web::Tone;
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            registration: "0199b8d3".to_owned(),
            email: "ada@example.com".to_owned(),
            valid_minutes: 30,
            errors: FieldErrors::none(),
            register_href: "/register?request=0199b8d2".to_owned(),
        };
        let wrong = Self {
            errors: FieldErrors::field("code", Text::new("error-code-wrong")),
            page: page.clone().with_flash(Tone::Good, Text::new("verify-resent")),
            ..plain.clone()
        };
        let late = Self {
            errors: FieldErrors::field("code", Text::new("error-code-expired")),
            ..plain.clone()
        };
        let hostile = Self {
            email: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("wrong", wrong), ("late", late), ("hostile", hostile)]
    }
}
