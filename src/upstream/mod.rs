//! The way out to other servers. Every fetch goes through the guarded client of [`http`], which cannot be sent to this
//! machine or its private network (server-side request forgery) and bounds time and size of an answer.

pub mod address;
pub mod allowance;
pub mod http;
pub mod jwks;
pub mod look_up;
