//! The console's first page.

use askama::Template;

use super::EventRow;
use crate::base::Text;
use crate::web::{Layout, Tone};

/// `/console`: a few numbers and what needs attention.
#[derive(Debug, Clone, Template)]
#[template(path = "console/overview.html")]
pub struct Overview {
    /// What every page needs.
    pub page: Layout,
    /// A few numbers.
    pub figures: Vec<Figure>,
    /// What needs attention; empty when all is well.
    pub attention: Vec<Attention>,
    /// What happened last.
    pub events: Vec<EventRow>,
}

/// A number and what it counts.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it counts.
    pub label: Text,
    /// The number as it is written.
    pub value: String,
    /// The list behind it.
    pub href: String,
}

/// Something to look after.
#[derive(Debug, Clone)]
pub struct Attention {
    /// How urgent it is.
    pub tone: Tone,
    /// What it is.
    pub text: Text,
    /// Where to see to it, and what that is called.
    pub step: Option<(String, Text)>,
}

#[cfg(test)]
impl Overview {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let page = page.clone().with_person("Ada Lovelace", true);
        let figure = |key, value: &str, href: &str| Figure {
            label: Text::new(key),
            value: value.to_owned(),
            href: href.to_owned(),
        };
        let busy = Self {
            figures: vec![
                figure("figure-users", "12 408", "/console/users"),
                figure("figure-apps", "7", "/console/apps"),
                figure("figure-sessions", "941", "/console/audit?kind=sign_in.succeeded"),
                figure("figure-failures", "23", "/console/audit?kind=sign_in.failed"),
            ],
            attention: vec![
                Attention {
                    tone: Tone::Warning,
                    text: Text::new("attention-mail-files"),
                    step: None,
                },
                Attention {
                    tone: Tone::Warning,
                    text: Text::new("attention-insecure-issuer").with("issuer", "http://localhost:8080"),
                    step: None,
                },
                Attention {
                    tone: Tone::Bad,
                    text: Text::new("attention-mail-failed").count("n", 3),
                    step: None,
                },
                Attention {
                    tone: Tone::Neutral,
                    text: Text::new("attention-no-app"),
                    step: Some(("/console/apps/new".to_owned(), Text::new("apps-new"))),
                },
            ],
            events: EventRow::samples(&page).into_iter().take(6).collect(),
            page: page.clone(),
        };
        let calm = Self {
            attention: Vec::new(),
            events: Vec::new(),
            ..busy.clone()
        };
        vec![("busy", busy), ("calm", calm)]
    }
}
