//! The page that asks whether to delete an app.

use askama::Template;

use crate::web::{FieldErrors, Layout};

/// `/console/apps/ID/delete`: `form#app-delete` (`version`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/app_delete.html")]
pub struct AppDelete {
    /// What every page needs.
    pub page: Layout,
    /// `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// The record's version that would be deleted.
    pub version: i64,
    /// Why it was refused.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl AppDelete {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            client_id: "ledger".to_owned(),
            name: "Harbour Ledger".to_owned(),
            version: 2,
            errors: FieldErrors::none(),
        };
        let stale = Self {
            name: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::form(Text::new("error-conflict")),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", stale)]
    }
}
