//! A key of an app that signs whatever a test makes up: assertions, proofs, request objects, sound or not.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};
use signet::base::{Rng, SystemRng};

/// A key on P-256, or of RSA.
#[derive(Clone)]
pub struct SigningKey {
    key: PKey<Private>,
    /// The public half, without `kid`.
    pub jwk: Value,
}

impl SigningKey {
    pub fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self::of(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    }

    /// The key of a PEM file.
    pub fn from_pem(pem: &[u8]) -> Self {
        Self::of(PKey::private_key_from_pem(pem).unwrap())
    }

    fn of(key: PKey<Private>) -> Self {
        let jwk = match key.ec_key() {
            Ok(key) => ec_jwk(&key),
            Err(_) => rsa_jwk(&key.rsa().unwrap()),
        };
        Self { key, jwk }
    }

    /// The private half as a JWK, of a key on P-256.
    pub fn private_jwk(&self) -> Value {
        let mut jwk = self.jwk.clone();
        let secret = self.key.ec_key().unwrap().private_key().to_vec_padded(32).unwrap();
        jwk["d"] = URL_SAFE_NO_PAD.encode(secret).into();
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

    /// A compact JWS with exactly this header. The signature is ES256's, or of an RSA key PS256's if the header says so, else
    /// RS256's.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// The same of texts that need be no sound JSON.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = match self.key.ec_key() {
            Ok(key) => {
                let hash = digest::digest(&digest::SHA256, signed.as_bytes());
                let signature = EcdsaSig::sign(hash.as_ref(), &key).unwrap();
                let halves = [signature.r(), signature.s()];
                halves.map(|half| half.to_vec_padded(32).unwrap()).concat()
            }
            Err(_) => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
                if header.contains("\"PS256\"") {
                    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                    signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
                }
                signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
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

fn ec_jwk(key: &EcKey<Private>) -> Value {
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
        .unwrap();
    let coordinate = |number: &BigNum| URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap());
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(&x), "y": coordinate(&y) })
}

fn rsa_jwk(key: &Rsa<Private>) -> Value {
    let number = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    json!({ "kty": "RSA", "n": number(key.n()), "e": number(key.e()) })
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
