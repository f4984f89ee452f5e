//! The vocabulary of OpenID Connect.

pub mod claim;
pub mod claims_request;
pub mod discovery;
pub mod display;

pub use claims_request::{ClaimRequest, ClaimsRequest};
pub use display::Display;
