//! What the sign-in pages show: plain data, one struct per template of `templates/login/`.

mod consent;
mod decide;
mod decided;
mod device;
mod farewell;
mod logout;
mod new_password;
mod recover;
mod recover_sent;
mod register;
mod register_verify;
mod register_verify_link;
mod reset;
mod select_account;
mod sign_in;
mod signed_out;

pub use consent::{Consent, ConsentApi, ConsentDetails, ConsentValue};
pub use decide::{Decide, Occasion};
pub use decided::Decided;
pub use device::Device;
pub use farewell::Farewell;
pub use logout::Logout;
pub use new_password::NewPassword;
pub use recover::Recover;
pub use recover_sent::RecoverSent;
pub use register::Register;
pub use register_verify::RegisterVerify;
pub use register_verify_link::RegisterVerifyLink;
pub use reset::Reset;
pub use select_account::SelectAccount;
pub use sign_in::SignIn;
pub use signed_out::SignedOut;

/// The app that somebody is on the way to.
#[derive(Debug, Clone)]
pub struct App {
    /// `client_name`, or the `client_id` when it has none.
    pub name: String,
    /// The host of the document that names it, where nobody registered it.
    pub host: Option<String>,
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
            host: None,
            logo_uri: None,
            client_uri: Some("https://ledger.example/".to_owned()),
            policy_uri: Some("https://ledger.example/privacy".to_owned()),
            tos_uri: Some("https://ledger.example/terms".to_owned()),
        }
    }

    /// An app whose every value tries to leave its place.
    pub(crate) fn hostile() -> Self {
        let value = crate::web::layout::HOSTILE.to_owned();
        Self {
            name: value.clone(),
            host: Some(value.clone()),
            logo_uri: Some(format!("https://x.example/{value}")),
            client_uri: Some(format!("https://x.example/{value}")),
            policy_uri: None,
            tos_uri: None,
        }
    }
}
