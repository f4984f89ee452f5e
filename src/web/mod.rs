//! HTTP in and out: routes, extractors, pages, JSON.
//!
//! Five wings that never import one another; what they share lives here beside them. A page is a view struct (plain
//! data) at `<wing>/view/<page>.rs` and its template at `templates/<wing>/<page>.html`.

pub mod account;
pub mod console;
pub mod cookie;
pub mod device;
pub mod error;
pub mod extract;
pub mod field_errors;
pub mod guard;
pub mod headers;
pub mod layout;
pub mod login;
pub mod oidc;
pub mod page_resource;
pub mod profile_field;
mod qr;
pub mod return_to;
pub mod routes;
pub mod row;
pub mod signed_out;
pub mod static_files;
pub mod steps;
pub mod view;
pub mod visitor;
pub mod when;
pub mod words;

#[cfg(test)]
mod pages;

pub use field_errors::FieldErrors;
pub use layout::{Layout, Tone};
pub use when::When;
