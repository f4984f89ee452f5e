//! The page that shows a one-time password, once.

use askama::Template;

use crate::web::{Layout, Tone};

/// The answer to making a person or a one-time password.
#[derive(Clone, Template)]
#[template(path = "console/user_password.html")]
pub struct UserPassword {
    /// What every page needs.
    pub page: Layout,
    /// Whose it is.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// What they sign in with.
    pub identifier: String,
    /// The one-time password.
    pub password: String,
    /// Whether the person was made just now.
    pub is_new: bool,
}

#[cfg(test)]
impl UserPassword {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let plain = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            id: "0199b8d2".to_owned(),
            name: "Grace Hopper".to_owned(),
            identifier: "grace@navy.example".to_owned(),
            password: "kelp-orbit-satin-mild".to_owned(),
            is_new: true,
        };
        let again = Self {
            is_new: false,
            name: crate::web::layout::HOSTILE.to_owned(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", again)]
    }
}
