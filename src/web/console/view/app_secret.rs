//! The page that shows an app's credentials, the secret once.

use askama::Template;

use crate::web::{Layout, Tone};

/// The answer to registering an app or giving it a new secret.
#[derive(Clone, Template)]
#[template(path = "console/app_secret.html")]
pub struct AppSecret {
    /// What every page needs.
    pub page: Layout,
    /// `client_id`.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// `client_secret`, for an app that has one.
    pub client_secret: Option<String>,
    /// The issuer.
    pub issuer: String,
    /// The app's first `redirect_uri`; empty for a machine.
    pub redirect_uri: String,
    /// Whether it was registered just now.
    pub is_new: bool,
}

#[cfg(test)]
impl AppSecret {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            client_id: "0199b8d2-ledger".to_owned(),
            name: "Harbour Ledger".to_owned(),
            client_secret: Some("N2Jx-bq0d3Zc8yFvT1uWmKpLr5sHgAeQ".to_owned()),
            issuer: "https://id.example".to_owned(),
            redirect_uri: "https://ledger.example/callback".to_owned(),
            is_new: true,
        };
        let public = Self {
            client_secret: None,
            ..plain.clone()
        };
        let hostile = Self {
            is_new: false,
            name: crate::web::layout::HOSTILE.to_owned(),
            redirect_uri: String::new(),
            ..plain.clone()
        };
        vec![("plain", plain), ("public", public), ("hostile", hostile)]
    }
}
