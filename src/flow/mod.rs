//! Use cases: load, decide, apply; one transaction each. Async, but without HTTP types.
//!
//! Slow work (password hashing, fetching, mail) stays outside transactions. Mail leaves through an outbox row that is
//! written inside them.

pub mod admin;
pub mod cache;
pub mod core;
pub mod job;
pub mod keys;
pub mod outbox;
pub mod password;
pub mod throttle;

pub use core::{Core, Parts};
