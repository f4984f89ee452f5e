//! Pages that every wing needs.

mod error;
mod form_post;
mod leave;

pub use error::{ErrorKind, ErrorPage};
pub use form_post::FormPost;
pub use leave::{Leave, Onward};
