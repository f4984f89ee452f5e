//! The page that asks whether to delete a person.

use askama::Template;

use crate::web::{FieldErrors, Layout};

/// `/console/users/ID/delete`: `form#user-delete` (`version`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/user_delete.html")]
pub struct UserDelete {
    /// What every page needs.
    pub page: Layout,
    /// The id.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// The record's version that would be deleted.
    pub version: i64,
    /// How many sessions would end.
    pub sessions: usize,
    /// Why it was refused.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl UserDelete {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            id: "0199b8d2".to_owned(),
            name: "Grace Hopper".to_owned(),
            version: 4,
            sessions: 2,
            errors: FieldErrors::none(),
        };
        let last = Self {
            sessions: 1,
            name: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::form(Text::new("error-last-administrator")),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", last)]
    }
}
