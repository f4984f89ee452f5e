//! How a client proves itself: its keys and its certificate.

use std::net::IpAddr;

use serde_json::Value;
use url::Url;

use super::{ClientMetadata, Faults, MAX_TEXT, MetadataFault};
use crate::{
    base::storable::is_storable_json,
    spec::{
        jose::{JwkSet, JwsAlg, jwk::Ignored},
        oauth::ClientAuthMethod,
        oidc::claim::is_email,
        x509::DistinguishedName,
    },
};

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    keys(metadata, faults);
    assertion(metadata, faults);
    certificate(metadata, faults);
}

fn keys(metadata: &ClientMetadata, faults: &mut Faults) {
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        faults.refuse("jwks", MetadataFault::TwoKeySets);
    }
    let signs = metadata.token_endpoint_auth_method == ClientAuthMethod::PrivateKeyJwt
        || metadata.request_object_signing_alg.is_some()
        || metadata.require_signed_request_object
        || metadata.backchannel_authentication_request_signing_alg.is_some();
    let needs_keys = signs || metadata.token_endpoint_auth_method == ClientAuthMethod::SelfSignedTlsClientAuth;
    match &metadata.jwks {
        Some(document) if !is_usable(document, signs) => faults.refuse("jwks", MetadataFault::NoUsableKey),
        None if needs_keys && metadata.jwks_uri.is_none() => faults.refuse("jwks", MetadataFault::Missing),
        _ => {}
    }
}

/// Whether a key set is one, has no private keys, and holds a key that verifies, or, unless signatures must be, one for
/// another purpose.
fn is_usable(document: &Value, must_verify: bool) -> bool {
    is_storable_json(document)
        && JwkSet::from_value(document)
            .is_ok_and(|set| !set.is_empty() || (!must_verify && set.ignored().contains(&Ignored::Purpose)))
}

fn assertion(metadata: &ClientMetadata, faults: &mut Faults) {
    let algs: &[JwsAlg] = match metadata.token_endpoint_auth_method {
        ClientAuthMethod::PrivateKeyJwt => &JwsAlg::SIGNATURES,
        ClientAuthMethod::ClientSecretJwt => &JwsAlg::MACS,
        _ => return,
    };
    let alg = metadata.token_endpoint_auth_signing_alg.as_deref();
    if alg.is_some_and(|alg| !algs.iter().any(|known| known.name() == alg)) {
        let known: Vec<&str> = algs.iter().map(|alg| alg.name()).collect();
        let fault = MetadataFault::Algorithm(known.join(", "));
        faults.refuse("token_endpoint_auth_signing_alg", fault);
    }
}

/// One of the names by which a certificate is known.
struct CertificateName<'a> {
    field: &'static str,
    text: Option<&'a str>,
    is_sound: fn(&str) -> bool,
}

fn certificate_names(metadata: &ClientMetadata) -> [CertificateName<'_>; 5] {
    fn name<'a>(field: &'static str, text: &'a Option<String>, is_sound: fn(&str) -> bool) -> CertificateName<'a> {
        CertificateName {
            field,
            text: text.as_deref(),
            is_sound,
        }
    }
    [
        name(
            "tls_client_auth_subject_dn",
            &metadata.tls_client_auth_subject_dn,
            is_distinguished_name,
        ),
        name(
            "tls_client_auth_san_dns",
            &metadata.tls_client_auth_san_dns,
            is_host_name,
        ),
        name("tls_client_auth_san_uri", &metadata.tls_client_auth_san_uri, is_uri),
        name("tls_client_auth_san_ip", &metadata.tls_client_auth_san_ip, is_address),
        name(
            "tls_client_auth_san_email",
            &metadata.tls_client_auth_san_email,
            is_email,
        ),
    ]
}

// RFC 8705 §2.1.2
fn certificate(metadata: &ClientMetadata, faults: &mut Faults) {
    let by_authority = metadata.token_endpoint_auth_method == ClientAuthMethod::TlsClientAuth;
    let mut given = 0;
    for CertificateName { field, text, is_sound } in certificate_names(metadata) {
        let Some(text) = text else { continue };
        given += 1;
        if !by_authority {
            faults.refuse(
                field,
                MetadataFault::Needs("token_endpoint_auth_method tls_client_auth"),
            );
        } else if text.len() > 1000 || text.contains(char::is_control) || !is_sound(text) {
            faults.refuse(field, MetadataFault::Malformed);
        }
    }
    if by_authority && given != 1 {
        faults.refuse("token_endpoint_auth_method", MetadataFault::OneCertificateName);
    }
}

fn is_distinguished_name(text: &str) -> bool {
    DistinguishedName::parse(text).is_ok()
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= MAX_TEXT && text.split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    Url::parse(text).is_ok()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}
