//! What handlers take out of a request besides the [`Visitor`]: [`Form`] is a form of one of our own pages, CSRF token and
//! origin checked; [`SignedInVisitor`] is a visitor who is signed in.

pub mod form;
pub mod signed_in;

pub use super::visitor::Visitor;
pub use form::Form;
pub use signed_in::SignedInVisitor;
