//! The audit trail.

use askama::Template;

use super::{Choice, EventRow};
use crate::web::Layout;

/// `/console/audit?kind=&user=&after=`.
#[derive(Debug, Clone, Template)]
#[template(path = "console/audit.html")]
pub struct Audit {
    /// What every page needs.
    pub page: Layout,
    /// Every kind, the first (empty) one for all; see [`super::event_text`].
    pub kinds: Vec<Choice>,
    /// The person whose lines are shown: id and name.
    pub user: Option<(String, String)>,
    /// The lines, the newest first.
    pub rows: Vec<EventRow>,
    /// The first page, when this is a later one.
    pub first_href: Option<String>,
    /// The next page, when there is one.
    pub next_href: Option<String>,
}

#[cfg(test)]
impl Audit {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use super::event_text;
        use crate::base::Text;
        let page = page.clone().with_person("Ada Lovelace", true);
        let full = Self {
            kinds: vec![
                Choice::new("", Text::new("audit-all"), true),
                Choice::new("sign_in.failed", event_text("sign_in.failed"), false),
            ],
            user: None,
            rows: EventRow::samples(&page),
            first_href: None,
            next_href: Some("/console/audit?after=x".to_owned()),
            page: page.clone(),
        };
        let empty = Self {
            rows: Vec::new(),
            next_href: None,
            ..full.clone()
        };
        let mut rows = EventRow::samples(&page);
        rows.truncate(1);
        for row in &mut rows {
            row.data = vec![("before".to_owned(), crate::web::layout::HOSTILE.to_owned())];
        }
        let hostile = Self {
            user: Some(("0199b8d2".to_owned(), crate::web::layout::HOSTILE.to_owned())),
            first_href: Some("/console/audit".to_owned()),
            rows,
            ..full.clone()
        };
        vec![("full", full), ("empty", empty), ("hostile", hostile)]
    }
}
