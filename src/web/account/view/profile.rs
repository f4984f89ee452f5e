//! The page to change one's own profile.

use askama::Template;

use crate::web::profile_field::ProfileField;
use crate::web::{FieldErrors, Layout};

/// `/account/profile`: `form#profile`, fields by their claims' names.
#[derive(Debug, Clone, Template)]
#[template(path = "account/profile.html")]
pub struct Profile {
    /// What every page needs.
    pub page: Layout,
    /// The record's version that the form changes.
    pub version: i64,
    /// Their e-mail address, which is changed on a page of its own.
    pub email: Option<String>,
    /// What can be changed.
    pub fields: Vec<ProfileField>,
    /// What is wrong with the form.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Profile {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let claims = [
            "name",
            "given_name",
            "family_name",
            "nickname",
            "phone_number",
            "birthdate",
            "website",
            "zoneinfo",
            "locale",
            "address.street_address",
            "address.postal_code",
            "address.locality",
            "address.country",
        ];
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", false),
            version: 3,
            email: Some("ada@example.com".to_owned()),
            fields: claims.map(|claim| ProfileField::optional(claim, "")).into(),
            errors: FieldErrors::none(),
        };
        let stale = Self {
            email: None,
            errors: FieldErrors::form(Text::new("error-conflict")),
            ..plain.clone()
        };
        let hostile = Self {
            email: Some(crate::web::layout::HOSTILE.to_owned()),
            fields: vec![ProfileField::optional("name", crate::web::layout::HOSTILE)],
            ..plain.clone()
        };
        vec![("plain", plain), ("stale", stale), ("hostile", hostile)]
    }
}
