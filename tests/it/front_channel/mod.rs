//! Journeys through the authorization endpoint and the hosted pages, over HTTP, with a database each.

mod account;
mod authorize;
mod hostile;
mod logout;
mod par;
mod request_object;
mod response;
mod sign_in;
mod tokens;
pub mod world;
