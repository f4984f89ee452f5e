//! Proofs of possession, as an app that uses DPoP makes them (RFC 9449 §4.2).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use signet::base::{Clock, SystemClock};

/// An app's key.
pub struct ProofKey {
    key: EcdsaKeyPair,
    header: String,
}

impl ProofKey {
    pub fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = key.public_key().as_ref();
        let (x, y) = (
            URL_SAFE_NO_PAD.encode(&point[1..33]),
            URL_SAFE_NO_PAD.encode(&point[33..]),
        );
        let header =
            format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}}}"#);
        Self {
            header: URL_SAFE_NO_PAD.encode(header),
            key,
        }
    }

    /// A proof for a POST to `address`.
    pub fn proof(&self, address: &str) -> String {
        let now = SystemClock.now();
        let jti = now.unix_timestamp_nanos();
        let claims = format!(
            r#"{{"jti":"{jti}-{:p}","htm":"POST","htu":"{address}","iat":{}}}"#,
            self,
            now.unix_timestamp()
        );
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
