//! A request at an endpoint for programs, as it came: whatever proves who sends it travels in one value, so that an
//! endpoint need not know which proofs there are.

use crate::{model::Origin, spec::oauth::Params};

/// A request of a program.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The path that was called, below the issuer.
    pub endpoint: &'static str,
    /// The parameters of the body.
    pub params: Params,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Where it came from, for the audit trail.
    pub origin: Origin,
}
