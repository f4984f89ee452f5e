//! Pages that every wing needs.

mod error;
mod form_post;

pub use error::{ErrorKind, ErrorPage};
pub use form_post::FormPost;
