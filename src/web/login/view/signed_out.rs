//! The page after signing out.

use askama::Template;

use super::App;
use crate::web::Layout;

/// `/logout/done`, or where a sign-out ends without an address to return to.
#[derive(Debug, Clone, Template)]
#[template(path = "login/signed_out.html")]
pub struct SignedOut {
    /// What every page needs.
    pub page: Layout,
    /// The app to return to.
    pub app: Option<App>,
    /// Its address, when it named one of its own.
    pub return_href: Option<String>,
    /// The page to sign in again.
    pub sign_in_href: String,
}

#[cfg(test)]
impl SignedOut {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            app: None,
            return_href: None,
            sign_in_href: "/account".to_owned(),
        };
        let back = Self {
            app: Some(App::sample()),
            return_href: Some("https://ledger.example/bye".to_owned()),
            ..plain.clone()
        };
        vec![("plain", plain), ("back", back)]
    }
}
