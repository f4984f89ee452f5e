//! An API's page.

use askama::Template;

use super::Choice;
use crate::web::{FieldErrors, Layout, Tone, When};

/// `/console/apis/new` and `/console/apis/ID`: `form#api` (`version`, `identifier` of a new one, `name`, `scopes` and
/// `own_clients` one per line, `access_token_format`, `access_token_signing_alg`, `access_token_lifetime_seconds`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/api.html")]
pub struct Api {
    /// What every page needs.
    pub page: Layout,
    /// Where the form goes.
    pub action: String,
    /// The record, if it is not a new one.
    pub record: Option<ApiRecord>,
    /// What was typed, or is.
    pub identifier: String,
    /// Its name; may be empty. Not `name`, which the macros of fields call a field.
    pub known_as: String,
    /// Its scopes, one per line, each with its description.
    pub scopes: String,
    /// Those clients under which it speaks itself, one per line.
    pub own_clients: String,
    /// `access_token_format`.
    pub formats: Vec<Choice>,
    /// `access_token_signing_alg`.
    pub algs: Vec<Choice>,
    /// `access_token_lifetime_seconds`; empty for the default.
    pub lifetime: String,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

/// What is known of an API that is there.
#[derive(Debug, Clone)]
pub struct ApiRecord {
    /// The version that the form changes.
    pub version: i64,
    /// The file that it comes from; the next `signet apply` writes it again.
    pub origin: Option<String>,
    /// Its types of `authorization_details`, which files hold.
    pub details_types: Vec<String>,
    /// When it was declared.
    pub created: When,
    /// When it was last changed.
    pub updated: When,
}

#[cfg(test)]
impl Api {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let page = page.clone().with_person("Ada Lovelace", true);
        let fresh = Self {
            action: "/console/apis".to_owned(),
            record: None,
            identifier: String::new(),
            known_as: String::new(),
            scopes: String::new(),
            own_clients: String::new(),
            formats: vec![
                Choice::new("jwt", Text::new("format-jwt"), true),
                Choice::new("opaque", Text::new("format-opaque"), false),
            ],
            algs: vec![Choice::new("", Text::new("choice-default"), true)],
            lifetime: String::new(),
            errors: FieldErrors::none(),
            page: page.clone(),
        };
        let mut errors = FieldErrors::form(Text::new("error-conflict"));
        errors.add("scopes", Text::new("error-scopes"));
        let hostile = crate::web::layout::HOSTILE;
        let record = Self {
            action: "/console/apis/1".to_owned(),
            record: Some(ApiRecord {
                version: 7,
                origin: Some("config/demo.toml".to_owned()),
                details_types: vec!["payment".to_owned(), hostile.to_owned()],
                created: When::sample(&page, 90_000),
                updated: When::sample(&page, 50),
            }),
            identifier: "https://api.example.com".to_owned(),
            known_as: hostile.to_owned(),
            scopes: format!("orders:read See your orders\n{hostile}"),
            own_clients: "orders".to_owned(),
            errors,
            ..fresh.clone()
        };
        vec![("new", fresh), ("hostile", record)]
    }
}
