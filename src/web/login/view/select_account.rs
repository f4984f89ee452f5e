//! The page to choose an account (`prompt=select_account`).

use askama::Template;

use super::App;
use crate::web::Layout;

/// `/login/select`: `form#select-account`, `decision=continue` or `decision=other`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/select_account.html")]
pub struct SelectAccount {
    /// What every page needs.
    pub page: Layout,
    /// The pending authorization request's id; empty when no app waits.
    pub request: String,
    /// The app that waits.
    pub app: Option<App>,
    /// The signed-in person's name.
    pub name: String,
    /// Their e-mail address or username.
    pub identifier: String,
    /// Their picture, if they have one.
    pub picture: Option<String>,
}

#[cfg(test)]
impl SelectAccount {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            request: "0199b8d2".to_owned(),
            app: Some(App::sample()),
            name: "Ada Lovelace".to_owned(),
            identifier: "ada@example.com".to_owned(),
            picture: None,
        };
        let hostile = Self {
            app: Some(App::hostile()),
            name: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}
