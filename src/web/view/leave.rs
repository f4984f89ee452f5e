//! Where somebody would be sent by an app that nobody here knows, before they go there.

use askama::Template;

use crate::web::Layout;

/// `a#leave-go`, or `form#leave` for an answer that travels as a form: no script sends it.
///
/// The page's policy must name the origin of `form`'s address under `form-action`.
#[derive(Clone, Template)]
#[template(path = "leave.html")]
pub struct Leave {
    /// What every page needs; its CSRF token is not part of this form.
    pub page: Layout,
    /// Whose place it is: a host, or the scheme of an app on a device.
    pub place: String,
    /// The way there.
    pub onward: Onward,
}

/// How the browser goes on.
#[derive(Clone)]
pub enum Onward {
    /// To an address.
    Link(String),
    /// With a form.
    Form {
        /// Where to.
        action: String,
        /// Its fields, in order.
        parameters: Vec<(String, String)>,
    },
}

#[cfg(test)]
impl Leave {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let hostile = crate::web::layout::HOSTILE;
        let link = Self {
            page: page.clone(),
            place: "ledger.example".to_owned(),
            onward: Onward::Link("https://ledger.example/callback?error=login_required".to_owned()),
        };
        let form = |value: &str| Onward::Form {
            action: "https://ledger.example/callback".to_owned(),
            parameters: vec![
                ("error".to_owned(), "login_required".to_owned()),
                ("state".to_owned(), value.to_owned()),
            ],
        };
        let posted = Self {
            onward: form("xyz"),
            ..link.clone()
        };
        let bad = Self {
            place: hostile.to_owned(),
            onward: form(hostile),
            ..link.clone()
        };
        vec![("link", link), ("form", posted), ("hostile", bad)]
    }
}
