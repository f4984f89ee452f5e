//! The list of apps.

use askama::Template;

use super::{AppKind, Registration};
use crate::web::{Layout, Tone, When};

/// `/console/apps?after=`.
#[derive(Debug, Clone, Template)]
#[template(path = "console/apps.html")]
pub struct Apps {
    /// What every page needs.
    pub page: Layout,
    /// The apps.
    pub rows: Vec<AppRow>,
    /// What programs may register by themselves.
    pub registration: Registration,
    /// The first page, when this is a later one.
    pub first_href: Option<String>,
    /// The next page, when there is one.
    pub next_href: Option<String>,
}

/// An app in the list.
#[derive(Debug, Clone)]
pub struct AppRow {
    /// `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// What it is.
    pub kind: AppKind,
    /// Whether it may not be used.
    pub is_disabled: bool,
    /// When it was registered.
    pub created: When,
}

#[cfg(test)]
impl Apps {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let page = page.clone().with_person("Ada Lovelace", true);
        let one = |client_id: &str, name: &str, kind| AppRow {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            logo_uri: None,
            kind,
            is_disabled: kind == AppKind::Native,
            created: When::sample(&page, 9_000),
        };
        use crate::domain::policy::{Admission, RegistrationPolicy};
        let open = RegistrationPolicy {
            admission: Admission::Open,
            secret_lifetime: Some(time::Duration::days(90)),
            ..RegistrationPolicy::default()
        };
        let full = Self {
            registration: Registration::of(&open),
            rows: vec![
                one("ledger", "Harbour Ledger", AppKind::Web),
                one("chess", "Chess Club", AppKind::SinglePage),
                one("notes", "Field Notes", AppKind::Native),
                one("provisioner", "Provisioner", AppKind::Machine),
            ],
            first_href: Some("/console/apps".to_owned()),
            next_href: Some("/console/apps?after=x".to_owned()),
            page: page.clone(),
        };
        let empty = Self {
            rows: Vec::new(),
            registration: Registration::of(&RegistrationPolicy::default()),
            first_href: None,
            next_href: None,
            ..full.clone()
        };
        let hostile = Self {
            rows: vec![one(
                crate::web::layout::HOSTILE,
                crate::web::layout::HOSTILE,
                AppKind::Web,
            )],
            ..full.clone()
        };
        vec![("full", full), ("empty", empty), ("hostile", hostile)]
    }
}
