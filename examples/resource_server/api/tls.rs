//! https, and the certificates of clients (RFC 8705). Behind a proxy that ends TLS, this file goes: then the certificate
//! comes in a header that the proxy sets, and takes away from whoever else sends it (RFC 9440).

use std::{any::Any, sync::Arc};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs as crypto, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use super::Failure;

/// The SHA-256 thumbprint of the certificate that a connection began with (RFC 8705 §3.1).
#[derive(Clone)]
struct Thumbprint(String);

/// That of the client's certificate, if it showed one.
pub fn thumbprint(request: &HttpRequest) -> Option<String> {
    request.conn_data::<Thumbprint>().map(|kept| kept.0.clone())
}

/// Keeps it for the requests of the connection.
pub fn keep_certificate(connection: &dyn Any, kept: &mut Extensions) {
    let Some(tls) = connection.downcast_ref::<TlsStream<TcpStream>>() else {
        return;
    };
    let (_, session) = tls.get_ref();
    if let Some(first) = session.peer_certificates().and_then(<[_]>::first) {
        kept.insert(Thumbprint(URL_SAFE_NO_PAD.encode(sha256(first))));
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

/// TLS with this certificate, for clients with and without one of their own.
///
/// # Errors
/// Files that will not do.
pub fn config(cert_file: &str, key_file: &str) -> Result<ServerConfig, Failure> {
    let provider = Arc::new(crypto::default_provider());
    let chain = CertificateDer::pem_file_iter(cert_file)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key_file)?;
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(Anybody(provider)))
        .with_single_cert(chain, key)?;
    Ok(config)
}

/// Takes any certificate from whoever holds its key. Who vouches for it does not matter here: the issuer has tied the token
/// to it, and nobody else has the key (RFC 8705 §6.2).
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
