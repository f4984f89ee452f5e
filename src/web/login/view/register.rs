//! The page to create an account.

use askama::Template;

use super::App;
use crate::web::profile_field::ProfileField;
use crate::web::{FieldErrors, Layout};

/// `/register`: `form#register`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/register.html")]
pub struct Register {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// What was typed.
    pub email: String,
    /// What was typed, where a username is asked for.
    pub username: Option<String>,
    /// Further claims that are asked for.
    pub fields: Vec<ProfileField>,
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// What is wrong with the form.
    pub errors: FieldErrors,
    /// The page for those who have an account.
    pub sign_in_href: String,
}

#[cfg(test)]
use crate::base::Text;

#[cfg(test)]
impl Register {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            email: String::new(),
            username: None,
            fields: vec![ProfileField::optional("name", "")],
            password_min_length: 10,
            errors: FieldErrors::none(),
            sign_in_href: "/login?request=0199b8d2".to_owned(),
        };
        let mut errors = FieldErrors::field("email", Text::new("error-email-format"));
        errors.add("username", Text::new("error-username-taken"));
        errors.add("password", Text::new("error-password-short").count("n", 10));
        let refused = Self {
            app: None,
            request: String::new(),
            email: "ada@".to_owned(),
            username: Some("ada".to_owned()),
            fields: vec![
                ProfileField::required("given_name", "Ada"),
                ProfileField::required("birthdate", ""),
            ],
            errors,
            ..plain.clone()
        };
        let mut faults = FieldErrors::field("username", Text::new("error-username-format"));
        faults.add("name", Text::new("error-value-long").count("n", 256));
        faults.add("website", Text::new("error-url"));
        faults.add("phone_number", Text::new("error-phone-format"));
        faults.add("birthdate", Text::new("error-birthdate-format"));
        faults.add("zoneinfo", Text::new("error-value"));
        let faulty = Self {
            username: Some("ada!".to_owned()),
            fields: ["name", "website", "phone_number", "birthdate", "zoneinfo"]
                .map(|claim| ProfileField::optional(claim, "?"))
                .into(),
            errors: faults,
            ..plain.clone()
        };
        let hostile = Self {
            email: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![
            ("plain", plain),
            ("refused", refused),
            ("faulty", faulty),
            ("hostile", hostile),
        ]
    }
}
