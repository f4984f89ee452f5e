//! What is said when something goes wrong: a page to a person, an authorization response to a client.

pub mod authorization;
pub mod oauth_json;
pub mod page;
