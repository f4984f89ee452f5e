//! A person's page.

use askama::Template;

use super::{Choice, EventRow};
use crate::base::Text;
use crate::model::fact::FactSource;
use crate::web::profile_field::{ProfileField, claim_text};
use crate::web::row::{SessionRow, source_text};
use crate::web::{FieldErrors, Layout, Tone, When};

/// `/console/users/ID`.
///
/// Forms: `form#user` to `/console/users/ID` (`version`, `username`, claims by their names, `email_verified` and
/// `phone_number_verified` as checkboxes with the value `true`, `custom_data`, `roles` repeated); `form#user-password`
/// to `…/password`; `form#user-status` to `…/status` (`version`, `decision=suspend` or `decision=restore`);
/// `form#user-sessions` to `…/sessions/end-all`; `form#end-N` to `…/sessions/end` (`session`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/user.html")]
pub struct User {
    /// What every page needs.
    pub page: Layout,
    /// The id.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// The record's version that the forms change.
    pub version: i64,
    /// Whether they are kept from signing in.
    pub is_suspended: bool,
    /// Whether this is the administrator who looks.
    pub is_self: bool,
    /// What the form shows: the record, or what was typed.
    pub username: String,
    /// Claims without the two below.
    pub fields: Vec<ProfileField>,
    /// Whether the e-mail address counts as confirmed.
    pub email_is_verified: bool,
    /// Whether the phone number counts as confirmed.
    pub phone_number_is_verified: bool,
    /// Free JSON, indented.
    pub custom_data: String,
    /// Every role; theirs are chosen.
    pub roles: Vec<Choice>,
    /// What is wrong with the form.
    pub errors: FieldErrors,
    /// How they sign in.
    pub password: Text,
    /// When the password was last changed.
    pub password_changed: Option<When>,
    /// Where they are signed in.
    pub sessions: Vec<SessionRow>,
    /// Which apps they use.
    pub grants: Vec<GrantRow>,
    /// Where the values come from.
    pub facts: Vec<FactRow>,
    /// What happened lately.
    pub events: Vec<EventRow>,
    /// When they last signed in.
    pub last_sign_in: Option<When>,
    /// Since when they are here.
    pub created: When,
}

/// An app that somebody has let in.
#[derive(Debug, Clone)]
pub struct GrantRow {
    /// The app's `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: When,
}

/// A value, and who says so.
#[derive(Debug, Clone)]
pub struct FactRow {
    /// The claim.
    pub attribute: String,
    /// The value as text; empty for a retraction.
    pub value: String,
    /// Who says so.
    pub source: FactSource,
    /// Whether it was proved.
    pub is_verified: bool,
    /// Since when.
    pub at: When,
}

impl FactRow {
    /// What people call the claim.
    pub fn label(&self) -> Text {
        claim_text(&self.attribute)
    }

    /// Who says so.
    pub fn source_text(&self) -> Text {
        source_text(&self.source)
    }
}

#[cfg(test)]
impl User {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self::plain(&page.clone().with_person("Ada Lovelace", true));
        let (faulty, bare, hostile) = (plain.faulty(), plain.bare(), plain.hostile());
        vec![
            ("plain", plain),
            ("faulty", faulty),
            ("bare", bare),
            ("hostile", hostile),
        ]
    }

    /// Somebody with a little of everything.
    fn plain(page: &Layout) -> Self {
        Self {
            id: "0199b8d2-7c1e-7000-8000-000000000002".to_owned(),
            name: "Grace Hopper".to_owned(),
            version: 4,
            is_suspended: false,
            is_self: false,
            username: "grace".to_owned(),
            fields: Self::sample_fields(),
            email_is_verified: true,
            phone_number_is_verified: false,
            custom_data: "{\n  \"rank\": \"rear admiral\"\n}".to_owned(),
            roles: vec![
                Choice {
                    help: Some(Text::new("role-admin-help")),
                    ..Choice::new("admin", Text::verbatim("admin"), true)
                },
                Choice::new("support", Text::verbatim("support"), false),
            ],
            errors: FieldErrors::none(),
            password: Text::new("password-set"),
            password_changed: Some(When::sample(page, 90_000)),
            sessions: Self::sample_sessions(page),
            grants: vec![GrantRow {
                client_id: "ledger".to_owned(),
                name: "Harbour Ledger".to_owned(),
                scopes: vec!["openid".to_owned(), "email".to_owned()],
                since: When::sample(page, 9_000),
            }],
            facts: vec![
                FactRow::sample(page, "name", "Grace Hopper", FactSource::User),
                FactRow::sample(page, "email", "grace@navy.example", FactSource::Import),
                FactRow::sample(
                    page,
                    "birthdate",
                    "1906-12-09",
                    FactSource::Api("provisioner".to_owned()),
                ),
                FactRow::sample(page, "zoneinfo", "", FactSource::Hook("geo".to_owned())),
            ],
            events: EventRow::samples(page).into_iter().take(5).collect(),
            last_sign_in: Some(When::sample(page, 300)),
            created: When::sample(page, 90_000),
            page: page.clone(),
        }
    }

    fn sample_fields() -> Vec<ProfileField> {
        let values = [
            ("name", "Grace Hopper"),
            ("given_name", "Grace"),
            ("family_name", "Hopper"),
            ("nickname", ""),
            ("email", "grace@navy.example"),
            ("phone_number", ""),
            ("birthdate", "1906-12-09"),
            ("website", ""),
            ("zoneinfo", "America/New_York"),
            ("locale", "en"),
            ("address.street_address", ""),
            ("address.locality", "Arlington"),
            ("address.country", "US"),
        ];
        values.map(|(claim, value)| ProfileField::optional(claim, value)).into()
    }

    /// Somebody else's sessions: none of them is the one that looks.
    fn sample_sessions(page: &Layout) -> Vec<SessionRow> {
        let elsewhere = |row| SessionRow {
            is_current: false,
            ..row
        };
        SessionRow::samples(page).into_iter().map(elsewhere).collect()
    }

    /// A form that was refused, of somebody who is suspended.
    fn faulty(&self) -> Self {
        let mut errors = FieldErrors::field("", Text::new("error-conflict"));
        errors.add("custom_data", Text::new("error-json"));
        errors.add("email", Text::new("error-email-taken"));
        errors.add("roles", Text::new("error-last-administrator"));
        Self {
            is_suspended: true,
            errors,
            password: Text::new("password-one-time"),
            custom_data: "{".to_owned(),
            ..self.clone()
        }
    }

    /// Oneself, without anything.
    fn bare(&self) -> Self {
        Self {
            is_self: true,
            errors: FieldErrors::field("username", Text::new("error-no-identifier")),
            password: Text::new("password-unset"),
            password_changed: None,
            sessions: Vec::new(),
            grants: Vec::new(),
            facts: Vec::new(),
            events: Vec::new(),
            last_sign_in: None,
            ..self.clone()
        }
    }

    /// Values that try to leave their places.
    fn hostile(&self) -> Self {
        let hostile = crate::web::layout::HOSTILE;
        Self {
            name: hostile.to_owned(),
            custom_data: format!("</textarea>{hostile}"),
            facts: vec![FactRow::sample(&self.page, hostile, hostile, FactSource::User)],
            ..self.clone()
        }
    }
}

#[cfg(test)]
impl FactRow {
    fn sample(page: &Layout, attribute: &str, value: &str, source: FactSource) -> Self {
        Self {
            attribute: attribute.to_owned(),
            value: value.to_owned(),
            source,
            is_verified: attribute == "email",
            at: When::sample(page, 4_000),
        }
    }
}
