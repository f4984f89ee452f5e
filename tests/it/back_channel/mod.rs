//! The endpoints for programs, over HTTP, on a real database.

mod client_auth;
mod kit;
mod refresh;
mod tell;
mod token;
