//! The way out to people: mail. Imports the domain and below; knows nothing of the store, from whose outbox the
//! messages come.

pub mod mail;
pub mod mail_view;
