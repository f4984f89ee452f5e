//! A key of an app that signs whatever a test makes up: assertions, proofs, request objects, sound or not.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use serde_json::{Value, json};
use signet::base::{Rng, SystemRng};

/// A key on P-256.
#[derive(Clone)]
pub struct SigningKey {
    key: EcKey<Private>,
    /// The public half, without `kid`.
    pub jwk: Value,
}

impl SigningKey {
    pub fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self::of(EcKey::generate(&group).unwrap())
    }

    /// The key of a PEM file (SEC 1 or PKCS #8).
    pub fn from_pem(pem: &[u8]) -> Self {
        let key = openssl::pkey::PKey::private_key_from_pem(pem).unwrap();
        Self::of(key.ec_key().unwrap())
    }

    fn of(key: EcKey<Private>) -> Self {
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        key.public_key()
            .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
            .unwrap();
        let coordinate = |number: &BigNum| URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap());
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": coordinate(&x), "y": coordinate(&y) });
        Self { key, jwk }
    }

    /// The private half as a JWK.
    pub fn private_jwk(&self) -> Value {
        let mut jwk = self.jwk.clone();
        jwk["d"] = URL_SAFE_NO_PAD
            .encode(self.key.private_key().to_vec_padded(32).unwrap())
            .into();
        jwk
    }

    /// RFC 7638
    pub fn thumbprint(&self) -> String {
        let text = |name: &str| self.jwk[name].as_str().unwrap();
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            text("x"),
            text("y")
        );
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }

    /// A compact JWS with exactly this header; the signature is always ES256's.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let hash = digest::digest(&digest::SHA256, signed.as_bytes());
        let signature = EcdsaSig::sign(hash.as_ref(), &self.key).unwrap();
        let halves = [signature.r(), signature.s()].map(|half| half.to_vec_padded(32).unwrap());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(halves.concat()))
    }

    /// The header of a DPoP proof.
    pub fn proof_header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk })
    }

    /// A DPoP proof (RFC 9449 §4.2) made at `now`, for an access token if there is one.
    pub fn proof(&self, method: &str, url: &str, now: i64, access_token: Option<&str>) -> String {
        self.sign(&self.proof_header(), &proof_claims(method, url, now, access_token))
    }
}

/// The claims of a DPoP proof.
pub fn proof_claims(method: &str, url: &str, now: i64, access_token: Option<&str>) -> Value {
    let mut claims = json!({ "jti": SystemRng.token().expose(), "htm": method, "htu": url, "iat": now });
    if let Some(token) = access_token {
        claims["ath"] = URL_SAFE_NO_PAD
            .encode(digest::digest(&digest::SHA256, token.as_bytes()))
            .into();
    }
    claims
}
