//! A request at an endpoint for programs, as it came: whatever proves who sends it travels in one value, so that an
//! endpoint need not know which proofs there are.

use std::sync::Arc;

use crate::{
    model::Origin,
    spec::{oauth::Params, x509::ClientCertificate},
};

/// A request of a program.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The path that was called, below the issuer.
    pub endpoint: &'static str,
    /// By which method.
    pub method: String,
    /// The parameters of the body.
    pub params: Params,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `DPoP` header (RFC 9449 §4.1).
    pub dpop: Option<String>,
    /// The certificate whose key it holds (RFC 8705).
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Where it came from, for the audit trail.
    pub origin: Origin,
}
