//! `self_signed_tls_client_auth`: a certificate that the client registered itself (RFC 8705 §2.2).

use super::{Ask, ClientAuthError, Credentials, Method, Next};
use crate::spec::{jose::JwkSet, oauth::ClientAuthMethod, x509::ClientCertificate};

/// The method.
pub(super) struct SelfSignedTlsClientAuth;

impl Method for SelfSignedTlsClientAuth {
    fn name(&self) -> ClientAuthMethod {
        ClientAuthMethod::SelfSignedTlsClientAuth
    }

    fn check<'a>(&self, ask: &Ask<'_, 'a>) -> Result<Next<'a>, ClientAuthError> {
        match ask.credentials {
            // RFC 8705 §2: the client_id in the body says who it is, the connection proves it
            Credentials::None { .. } => Ok(Next::RegisteredCertificate),
            _ => ask.wrong_method(),
        }
    }
}

/// Whether the certificate is one of those that the client registered as `x5c` (RFC 8705 §2.2.2). Nobody need vouch for it.
pub fn is_registered(set: &JwkSet, certificate: &ClientCertificate) -> bool {
    set.has_certificate(certificate.thumbprint())
}
