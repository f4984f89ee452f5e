//! The page for the code that a device shows.

use askama::Template;

use crate::web::{FieldErrors, Layout};

/// `/device`: `form#device`, `user_code`.
#[derive(Debug, Clone, Template)]
#[template(path = "login/device.html")]
pub struct Device {
    /// What every page needs.
    pub page: Layout,
    /// What was typed.
    pub user_code: String,
    /// The address of this page with the code in it, as a picture: to go on with the phone instead.
    pub picture_href: Option<String>,
    /// What is wrong.
    pub errors: FieldErrors,
}

#[cfg(test)]
impl Device {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        use crate::base::Text;
        let plain = Self {
            page: page.clone(),
            user_code: String::new(),
            picture_href: None,
            errors: FieldErrors::none(),
        };
        let link = Self {
            user_code: "WDJB-MJHT".to_owned(),
            picture_href: Some("/device/qr?user_code=WDJB-MJHT".to_owned()),
            ..plain.clone()
        };
        let wrong = Self {
            user_code: "WDJB-MJHX".to_owned(),
            errors: FieldErrors::field("user_code", Text::new("error-user-code")),
            ..plain.clone()
        };
        let hostile = Self {
            user_code: crate::web::layout::HOSTILE.to_owned(),
            errors: FieldErrors::field("user_code", Text::new("error-user-code-format")),
            ..plain.clone()
        };
        vec![("plain", plain), ("link", link), ("wrong", wrong), ("hostile", hostile)]
    }
}
