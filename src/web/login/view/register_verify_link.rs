//! The page behind the mailed link; a press confirms, so that a mail scanner does not.

use askama::Template;

use super::App;
use crate::web::Layout;

/// `/register/verify?token=`: `form#verify-link`, which carries `token`.
#[derive(Clone, Template)]
#[template(path = "login/register_verify_link.html")]
pub struct RegisterVerifyLink {
    /// What every page needs.
    pub page: Layout,
    /// The app that waits.
    pub app: Option<App>,
    /// The link's secret.
    pub token: String,
    /// The address to confirm.
    pub email: String,
}

#[cfg(test)]
impl RegisterVerifyLink {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone(),
            app: None,
            token: "t0k3n".to_owned(),
            email: "ada@example.com".to_owned(),
        };
        let app = Self {
            app: Some(App::sample()),
            ..plain.clone()
        };
        vec![("plain", plain), ("app", app)]
    }
}
