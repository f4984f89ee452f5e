//! https: the certificate that Signet shows, its key, and the authorities of client certificates, all from files and all
//! read again on SIGHUP. Whoever renews a certificate writes the files and sends the signal; no connection is lost.
//!
//! TLS 1.2 and 1.3 with rustls' suites; HTTP/1.1 only (HTTP/2 belongs to a proxy in front).

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs},
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
    clients: Option<RwLock<Arc<dyn ClientCertVerifier>>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file that will not do.
    pub fn read(files: &Tls) -> Result<Arc<Self>, Error> {
        let clients = match &files.client_ca_file {
            Some(file) => Some(RwLock::new(client_verifier(file)?)),
            None => None,
        };
        Ok(Arc::new(Self {
            shown: RwLock::new(Arc::new(certified_key(files)?)),
            clients,
            files: files.clone(),
        }))
    }

    /// Reads the files again. New connections get what they hold now; those that are open go on.
    ///
    /// # Errors
    /// The first file that will not do; then everything stays as it was.
    pub fn reload(&self) -> Result<(), Error> {
        let shown = certified_key(&self.files)?;
        if let (Some(file), Some(clients)) = (&self.files.client_ca_file, &self.clients) {
            let verifier = client_verifier(file)?;
            *clients.write().unwrap_or_else(PoisonError::into_inner) = verifier;
        }
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
        Ok(())
    }

    /// How to speak TLS, with whatever was read last.
    ///
    /// # Errors
    /// When the protocol versions and the suites do not go together.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12])?;
        let builder = match self.clients {
            Some(_) => versions.with_client_cert_verifier(Arc::new(Clients(Arc::clone(self)))),
            None => versions.with_no_client_auth(),
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

fn client_verifier(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let wrong = fault("SIGNET_TLS_CLIENT_CA_FILE", file);
    let mut roots = RootCertStore::empty();
    for root in certificates(file).map_err(&wrong)? {
        roots
            .add(root)
            .map_err(|error| wrong(format!("holds a certificate that is no authority's ({error})")))?;
    }
    // A certificate is taken, never demanded: most clients have none.
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
        .allow_unauthenticated()
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

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// Judges client certificates by the authorities that were read last.
#[derive(Debug)]
struct Clients(Arc<Certificates>);

impl Clients {
    fn now(&self) -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
        match &self.0.clients {
            Some(clients) => Ok(Arc::clone(&clients.read().unwrap_or_else(PoisonError::into_inner))),
            None => Err(rustls::Error::General(
                "no authorities of client certificates".to_owned(),
            )),
        }
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// Says nothing about which authorities are trusted: the list may change, and it is nobody's business.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.now()?.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.now()?.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.now()?.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
