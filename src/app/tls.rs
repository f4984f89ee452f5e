//! https: the certificate that Signet shows, its key, and the authorities of client certificates, all from files and all
//! read again on SIGHUP. Whoever renews a certificate writes the files and sends the signal; no connection is lost.
//!
//! TLS 1.3, and 1.2 with the suites of RFC 9325 §4.2; HTTP/1.1 only (HTTP/2 belongs to a proxy in
//! front). A client certificate is taken from whoever holds its key, whoever vouches for it: what it is worth depends on
//! how the client signs in (RFC 8705 §2), and is judged there.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    CipherSuite, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{
        ClientHello, ResolvesServerCert, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use super::settings::Tls;

/// A file that will not do. The message names the setting, the file and the fault.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {} {fault}", file.display())]
pub struct Error {
    setting: &'static str,
    file: PathBuf,
    fault: String,
}

/// What the files held when they were last read.
#[derive(Debug)]
pub struct Certificates {
    files: Tls,
    shown: RwLock<Arc<CertifiedKey>>,
}

/// Whether a listener asks for client certificates. A browser that has some asks its user then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It asks, and goes on without.
    Asked,
    /// It does not ask.
    Ignored,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that will not do.
    pub fn read(files: &Tls) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            shown: RwLock::new(Arc::new(certified_key(files)?)),
            files: files.clone(),
        }))
    }

    /// Reads the files again. New connections get what they hold now; those that are open go on.
    ///
    /// # Errors
    /// The first file that will not do; then everything stays as it was.
    pub fn reload(&self) -> Result<(), Error> {
        let shown = certified_key(&self.files)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
        Ok(())
    }

    /// How to speak TLS, with whatever was read last.
    ///
    /// # Errors
    /// When the protocol versions and the suites do not go together.
    pub fn server_config(self: &Arc<Self>, clients: ClientCertificates) -> Result<ServerConfig, rustls::Error> {
        let versions =
            ServerConfig::builder_with_provider(Arc::new(provider())).with_protocol_versions(&[&TLS13, &TLS12])?;
        let builder = match clients {
            ClientCertificates::Asked => versions.with_client_cert_verifier(Arc::new(Holders(provider()))),
            ClientCertificates::Ignored => versions.with_no_client_auth(),
        };
        Ok(builder.with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The certificate chain and its key; refuses a key that is another certificate's.
fn certified_key(files: &Tls) -> Result<CertifiedKey, Error> {
    let certificate = fault("SIGNET_TLS_CERT_FILE", &files.cert_file);
    let chain = certificates(&files.cert_file).map_err(&certificate)?;
    let key = fault("SIGNET_TLS_KEY_FILE", &files.key_file);
    let private = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|error| key(format!("holds no usable private key in PEM ({error})")))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => key(format!(
            "is not the key of the certificate in {}",
            files.cert_file.display()
        )),
        rustls::Error::InvalidCertificate(error) => certificate(format!("holds no sound certificate ({error})")),
        other => key(format!("cannot be used ({other})")),
    })
}

/// Judges client certificates by the authorities in a file.
///
/// # Errors
/// A file that will not do.
pub fn authorities(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let wrong = fault("SIGNET_TLS_CLIENT_CA_FILE", file);
    let mut roots = RootCertStore::empty();
    for root in certificates(file).map_err(&wrong)? {
        roots
            .add(root)
            .map_err(|error| wrong(format!("holds a certificate that is no authority's ({error})")))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
        .build()
        .map_err(|error| wrong(format!("cannot be used ({error})")))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => Err("holds no certificate in PEM".to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(format!("cannot be read ({error})")),
    }
}

fn fault(setting: &'static str, file: &Path) -> impl Fn(String) -> Error {
    move |fault| Error {
        setting,
        file: file.to_owned(),
        fault,
    }
}

/// rustls' own, without ChaCha20 in TLS 1.2: RFC 9325 §4.2 does not recommend that, and the profiles of FAPI permit nothing
/// that is not recommended (FAPI 1.0 Advanced §8.5, FAPI 2.0 Security Profile §5.2.1).
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let unwanted = [
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    provider
        .cipher_suites
        .retain(|offered| !unwanted.contains(&offered.suite()));
    provider
}

/// Takes the certificate of whoever holds its key.
#[derive(Debug)]
struct Holders(CryptoProvider);

impl ClientCertVerifier for Holders {
    /// Most clients have none.
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// Says nothing about which authorities are trusted: the list may change, and it is nobody's business.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
