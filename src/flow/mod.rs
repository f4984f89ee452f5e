//! Use cases: load, decide, apply; one transaction each. Async, but without HTTP types.
//!
//! Slow work (password hashing, fetching, mail) stays outside transactions. Mail leaves through an outbox row that is
//! written inside them.

pub mod access_token;
pub mod account;
pub mod admin;
mod apply;
pub mod audit;
pub mod authorize;
pub mod backchannel_authentication;
pub mod cache;
pub mod caller;
pub mod client_auth;
pub mod client_authorities;
pub mod client_document;
mod client_keys;
pub mod client_registration;
pub mod core;
mod departure;
pub mod device_authorization;
pub mod discovery;
pub mod encryption;
pub mod end_session;
pub mod failure;
pub mod fetches;
pub mod hint;
pub mod introspect;
pub mod job;
pub mod keys;
pub mod login;
pub mod logout;
mod mint;
pub mod outbound;
pub mod outbox;
pub mod par;
pub mod password;
pub mod ping;
mod recent;
pub mod refusal;
pub mod resource_file;
pub mod revoke;
pub mod sector;
pub mod sender;
pub mod session;
pub mod throttle;
pub mod token;
pub mod userinfo;
mod vouched;

pub use caller::Caller;
pub use core::{Core, Parts};
pub use failure::Failure;
pub use refusal::Refusal;
