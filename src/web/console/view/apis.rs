//! The list of APIs (RFC 8707).

use askama::Template;

use crate::web::Layout;

/// `/console/apis`.
#[derive(Debug, Clone, Template)]
#[template(path = "console/apis.html")]
pub struct Apis {
    /// What every page needs.
    pub page: Layout,
    /// The APIs.
    pub rows: Vec<ApiRow>,
}

/// An API in the list.
#[derive(Debug, Clone)]
pub struct ApiRow {
    /// Its page.
    pub href: String,
    /// Its identifier, the `resource` and audience.
    pub identifier: String,
    /// Its name; may be empty.
    pub name: String,
    /// Those clients under which it speaks itself.
    pub own_clients: Vec<String>,
    /// Its scopes by name.
    pub scopes: Vec<String>,
    /// Format of its access tokens: `jwt` or `opaque`.
    pub access_token_format: String,
}

#[cfg(test)]
impl Apis {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let one = |identifier: &str, name: &str| ApiRow {
            href: "/console/apis/1".to_owned(),
            identifier: identifier.to_owned(),
            name: name.to_owned(),
            own_clients: vec!["orders".to_owned()],
            scopes: vec!["orders:read".to_owned(), "orders:write".to_owned()],
            access_token_format: "jwt".to_owned(),
        };
        let full = Self {
            page: page.clone().with_person("Ada Lovelace", true),
            rows: vec![
                one("https://api.example.com", "Orders"),
                one("https://stock.example.com", ""),
            ],
        };
        let empty = Self {
            rows: Vec::new(),
            ..full.clone()
        };
        let hostile = Self {
            rows: vec![one(crate::web::layout::HOSTILE, "x")],
            ..full.clone()
        };
        vec![("full", full), ("empty", empty), ("hostile", hostile)]
    }
}
