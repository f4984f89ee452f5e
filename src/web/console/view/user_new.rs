//! The page to add a person.

use askama::Template;

use super::Choice;
use crate::web::profile_field::ProfileField;
use crate::web::{FieldErrors, Layout};

/// `/console/users/new`: `form#user-new` to `/console/users` (`username`, claims by their names, `email_verified`,
/// `roles` repeated).
#[derive(Debug, Clone, Template)]
#[template(path = "console/user_new.html")]
pub struct UserNew {
    /// What every page needs.
    pub page: Layout,
    /// What was typed.
    pub username: String,
    /// The claims that are asked for.
    pub fields: Vec<ProfileField>,
    /// Whether the e-mail address counts as confirmed.
    pub email_is_verified: bool,
    /// Every role.
    pub roles: Vec<Choice>,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl UserNew {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let claims = ["email", "name", "given_name", "family_name"];
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            username: String::new(),
            fields: claims.map(|claim| ProfileField::optional(claim, "")).into(),
            email_is_verified: false,
            roles: vec![Choice::new("admin", Text::verbatim("admin"), false)],
            errors: FieldErrors::none(),
        };
        let taken = Self {
            username: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::field("username", Text::new("error-username-taken")),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", taken)]
    }
}
