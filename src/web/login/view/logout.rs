//! The page that asks whether to sign out (RP-Initiated Logout §2).

use askama::Template;

use super::App;
use crate::web::Layout;

/// `/logout`: `form#sign-out`, `decision=sign-out` or `decision=stay`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/logout.html")]
pub struct Logout {
    /// What every page needs.
    pub page: Layout,
    /// The pending sign-out request's id; empty when no app asked.
    pub request: String,
    /// The app that asked.
    pub app: Option<App>,
    /// Where the browser goes afterwards, if nobody here answers for the app.
    pub leads_to: Option<String>,
    /// Who is signed in.
    pub name: String,
}

#[cfg(test)]
impl Logout {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            request: String::new(),
            app: None,
            leads_to: None,
            name: "Ada Lovelace".to_owned(),
        };
        let asked = Self {
            app: Some(App::sample()),
            request: "0199b8d2".to_owned(),
            ..plain.clone()
        };
        let hostile = Self {
            app: Some(App::hostile()),
            leads_to: Some(crate::web::layout::HOSTILE.to_owned()),
            ..asked.clone()
        };
        vec![("plain", plain), ("asked", asked), ("hostile", hostile)]
    }
}
