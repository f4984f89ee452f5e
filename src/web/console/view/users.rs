//! The list of people.

use askama::Template;

use crate::web::{Layout, Tone, When};

/// `/console/users?q=&after=`.
#[derive(Debug, Clone, Template)]
#[template(path = "console/users.html")]
pub struct Users {
    /// What every page needs.
    pub page: Layout,
    /// What is searched for; may be empty.
    pub q: String,
    /// The people.
    pub rows: Vec<UserRow>,
    /// The first page, when this is a later one.
    pub first_href: Option<String>,
    /// The next page, when there is one.
    pub next_href: Option<String>,
}

/// A person in the list.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// The id.
    pub id: String,
    /// What to call them.
    pub name: String,
    /// The username; may be empty.
    pub username: String,
    /// The e-mail address; may be empty.
    pub email: String,
    /// Whether that is confirmed.
    pub email_is_verified: bool,
    /// Whether they are kept from signing in.
    pub is_suspended: bool,
    /// Roles by name.
    pub roles: Vec<String>,
    /// When they last signed in.
    pub last_sign_in: Option<When>,
    /// Since when they are here.
    pub created: When,
}

#[cfg(test)]
impl Users {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let page = page.clone().with_person("Ada Lovelace", true);
        let one = |name: &str, username: &str, email: &str, minutes: i64| UserRow {
            id: "0199b8d2-7c1e-7000-8000-000000000001".to_owned(),
            name: name.to_owned(),
            username: username.to_owned(),
            email: email.to_owned(),
            email_is_verified: minutes < 3_000,
            is_suspended: minutes > 100_000,
            roles: if username == "ada" {
                vec!["admin".to_owned()]
            } else {
                Vec::new()
            },
            last_sign_in: (minutes < 50_000).then(|| When::sample(&page, minutes)),
            created: When::sample(&page, minutes + 9_000),
        };
        let rows = vec![
            one("Ada Lovelace", "ada", "ada@example.com", 4),
            one("Grace Hopper", "grace", "grace@navy.example", 300),
            one("Katherine Johnson", "", "katherine.johnson@langley.example", 4_000),
            one("Alan Turing", "alan", "", 60_000),
            one("Charles Babbage", "charles", "charles@example.com", 200_000),
        ];
        let full = Self {
            q: String::new(),
            rows,
            first_href: None,
            next_href: Some("/console/users?after=x".to_owned()),
            page: page.clone(),
        };
        let none = Self {
            q: "zuse".to_owned(),
            rows: Vec::new(),
            next_href: None,
            ..full.clone()
        };
        let empty = Self {
            q: String::new(),
            ..none.clone()
        };
        let hostile = Self {
            q: crate::web::layout::HOSTILE.to_owned(),
            rows: vec![one(crate::web::layout::HOSTILE, "x", crate::web::layout::HOSTILE, 3)],
            first_href: Some("/console/users".to_owned()),
            ..full.clone()
        };
        vec![("full", full), ("none", none), ("empty", empty), ("hostile", hostile)]
    }
}
