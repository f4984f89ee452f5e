//! The page to prove that it is you again.

use askama::Template;

use crate::base::Text;
use crate::web::{FieldErrors, Layout, Tone};

/// `/account/confirm`: `form#confirm` (`password`), which carries `next`.
#[derive(Debug, Clone, Template)]
#[template(path = "account/confirm.html")]
pub struct Confirm {
    /// What every page needs.
    pub page: Layout,
    /// Who is asked.
    pub identifier: String,
    /// What the proof is for.
    pub reason: Text,
    /// Whether a form was sent before, whose fields are lost.
    pub has_lost_form: bool,
    /// Where it goes on: a path of this server.
    pub next: String,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Confirm {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            identifier: "ada@example.com".to_owned(),
            reason: Text::new("confirm-console"),
            has_lost_form: true,
            next: "/console".to_owned(),
            errors: FieldErrors::none(),
        };
        let wrong = Self {
            reason: Text::new("confirm-change"),
            has_lost_form: false,
            errors: FieldErrors::field("password", Text::new("error-password-wrong")),
            ..plain.clone()
        };
        vec![("plain", plain), ("wrong", wrong)]
    }
}
