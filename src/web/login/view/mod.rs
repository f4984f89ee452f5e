//! What the sign-in pages show: plain data, one struct per template of `templates/login/`.

mod sign_in;

pub use sign_in::SignIn;

/// The app that somebody is on the way to.
#[derive(Debug, Clone)]
pub struct App {
    /// `client_name`, or the `client_id` when it has none.
    pub name: String,
    /// `logo_uri`; its first letter stands in when there is none.
    pub logo_uri: Option<String>,
    /// `client_uri`.
    pub client_uri: Option<String>,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
}

#[cfg(test)]
impl App {
    /// An app with every address.
    pub(crate) fn sample() -> Self {
        Self {
            name: "Harbour Ledger".to_owned(),
            logo_uri: None,
            client_uri: Some("https://ledger.example/".to_owned()),
            policy_uri: Some("https://ledger.example/privacy".to_owned()),
            tos_uri: Some("https://ledger.example/terms".to_owned()),
        }
    }

    /// An app whose every value tries to leave its place.
    pub(crate) fn hostile() -> Self {
        let value = crate::web::pages::HOSTILE.to_owned();
        Self {
            name: value.clone(),
            logo_uri: Some(format!("https://x.example/{value}")),
            client_uri: Some(format!("https://x.example/{value}")),
            policy_uri: None,
            tos_uri: None,
        }
    }
}
