//! The answer to an app as a form that the browser sends by itself (OAuth 2.0 Form Post Response Mode §2).

use askama::Template;

use crate::web::Layout;

/// `form#form-post` to the app's `redirect_uri`; a button stands in where scripts do not run.
///
/// The page's policy must name the `redirect_uri`'s origin under `form-action`.
#[derive(Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// What every page needs; its CSRF token is not part of this form.
    pub page: Layout,
    /// The app's name.
    pub app: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// The answer's parameters, in order.
    pub parameters: Vec<(String, String)>,
}

#[cfg(test)]
impl FormPost {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let hostile = crate::web::layout::HOSTILE;
        let plain = Self {
            page: page.clone(),
            app: "Harbour Ledger".to_owned(),
            redirect_uri: "https://ledger.example/callback".to_owned(),
            parameters: vec![
                ("code".to_owned(), "s3cr3t".to_owned()),
                ("state".to_owned(), "xyz".to_owned()),
            ],
        };
        let bad = Self {
            parameters: vec![("state".to_owned(), hostile.to_owned())],
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", bad)]
    }
}
