//! The authorities that vouch for client certificates (RFC 8705 §2.1). The listener takes every certificate whose key its
//! sender holds; who vouches for it matters only to clients that sign in by a name in it.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::{
    pki_types::{CertificateDer, UnixTime},
    server::danger::ClientCertVerifier,
};

use crate::{base::Time, spec::x509::ClientCertificate};

/// Authorities that can be replaced while the server runs.
#[derive(Debug, Default)]
pub struct ClientAuthorities(RwLock<Option<Arc<dyn ClientCertVerifier>>>);

impl ClientAuthorities {
    /// From now on these authorities count, and no others.
    pub fn replace(&self, verifier: Arc<dyn ClientCertVerifier>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(verifier);
    }

    /// Whether there are any: without them no client can sign in by a certificate's name.
    pub fn are_known(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether they vouch for the certificate at that time.
    pub fn vouch_for(&self, certificate: &ClientCertificate, now: Time) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(known) = known else { return false };
        let chain: Vec<CertificateDer<'_>> = certificate
            .chain()
            .iter()
            .map(|der| CertificateDer::from_slice(der))
            .collect();
        let Some((own, others)) = chain.split_first() else {
            return false;
        };
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        known.verify_client_cert(own, others, now).is_ok()
    }
}
