//! Decisions: pure functions over values. No async, no I/O, no clock and no randomness of their own; what they need
//! comes in as arguments, what should happen goes out as a value.

pub mod account;
pub mod api_resource;
pub mod authorize;
pub mod ciba;
pub mod claims;
pub mod client_auth;
pub mod client_metadata;
pub mod client_registration;
pub mod client_secret;
pub mod consent;
pub mod deferred;
pub mod delivery;
pub mod departure;
pub mod dpop;
pub mod encryption;
pub mod grant;
pub mod introspection;
pub mod json_schema;
pub mod keys;
pub mod logout;
pub mod permission;
pub mod policy;
pub mod profile;
pub mod security_profile;
pub mod sender;
pub mod session_state;
pub mod subject;
pub mod token;
pub mod trust;
pub mod user_code;
