//! The page behind the link that is mailed to a new address.

use askama::Template;

use crate::web::Layout;

/// `/account/email/verify`: `form#verify-email` (`token`).
#[derive(Debug, Clone, Template)]
#[template(path = "account/email_verify.html")]
pub struct EmailVerify {
    /// What every page needs.
    pub page: Layout,
    /// The link's secret.
    pub token: String,
    /// The address that it went to.
    pub email: String,
}

#[cfg(test)]
impl EmailVerify {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", false),
            token: "token".to_owned(),
            email: "countess@example.com".to_owned(),
        };
        let hostile = Self {
            email: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}
