//! HTTP in and out: routes, extractors, pages, JSON.
//!
//! Five wings that never import one another; what they share lives here beside them. A page is a view struct (plain
//! data) at `<wing>/view/<page>.rs` and its template at `templates/<wing>/<page>.html`.

pub mod account;
pub mod device;
pub mod field_errors;
pub mod guard;
pub mod layout;
pub mod login;
pub mod profile_field;
pub mod row;
pub mod static_files;
pub mod view;
pub mod when;

#[cfg(test)]
mod pages;

pub use field_errors::FieldErrors;
pub use layout::{Layout, Tone};
pub use when::When;
