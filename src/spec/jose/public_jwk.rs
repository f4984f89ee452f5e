//! The public half of a key of ours, as the JWKS shows it (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{EncryptionAlg, KeyAlg, SigningAlg};

/// What a JWKS entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyUse {
    /// `sig`
    #[serde(rename = "sig")]
    Signature,
    /// `enc`
    #[serde(rename = "enc")]
    Encryption,
}

/// The key itself, by its `kty`. All values are base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// RSA: modulus and exponent.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus, big-endian.
        n: String,
        /// Exponent, big-endian.
        e: String,
    },
    /// A point on a NIST curve.
    #[serde(rename = "EC")]
    Ec {
        /// `P-256`.
        crv: String,
        /// First coordinate, full length.
        x: String,
        /// Second coordinate, full length.
        y: String,
    },
    /// An Edwards key.
    #[serde(rename = "OKP")]
    Okp {
        /// `Ed25519`.
        crv: String,
        /// The public key's bytes.
        x: String,
    },
}

/// One entry of our JWKS. It has no room for a private member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// `kty` and its members.
    #[serde(flatten)]
    pub key: PublicKey,
    /// `use`
    #[serde(rename = "use")]
    pub usage: KeyUse,
    /// The one algorithm of the key; `None` for one that serves several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alg: Option<KeyAlg>,
    /// RFC 7638 thumbprint, unless a key from elsewhere brought its own.
    pub kid: String,
}

impl PublicJwk {
    fn new(alg: SigningAlg, key: PublicKey) -> Self {
        let kid = key.thumbprint();
        Self {
            key,
            usage: KeyUse::Signature,
            alg: Some(alg.into()),
            kid,
        }
    }

    /// A key that others encrypt to.
    pub(super) fn encryption(alg: EncryptionAlg, key: PublicKey) -> Self {
        let kid = key.thumbprint();
        Self {
            key,
            usage: KeyUse::Encryption,
            // RFC 7517 §4.4: the one algorithm; with it, a key on a curve would not be found for the key wraps
            alg: (alg.serves().len() == 1).then_some(alg.into()),
            kid,
        }
    }

    /// From an `RSAPublicKey` in DER (RFC 8017 §A.1.1); `None` if it is none.
    pub(super) fn rsa(alg: SigningAlg, der: &[u8]) -> Option<Self> {
        let key = openssl::rsa::Rsa::public_key_from_der_pkcs1(der).ok()?;
        let (n, e) = (encode(&key.n().to_vec()), encode(&key.e().to_vec()));
        Some(Self::new(alg, PublicKey::Rsa { n, e }))
    }

    /// From an uncompressed P-256 point (SEC 1 §2.3.3); `None` if it is none.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let (x, y) = match point.split_first()? {
            (0x04, coordinates) if coordinates.len() == 64 => coordinates.split_at_checked(32)?,
            _ => return None,
        };
        let key = PublicKey::Ec {
            crv: "P-256".to_owned(),
            x: encode(x),
            y: encode(y),
        };
        Some(Self::new(SigningAlg::ES256, key))
    }

    /// From the 32 bytes of an Ed25519 key.
    pub(super) fn ed25519(key: &[u8]) -> Self {
        let key = PublicKey::Okp {
            crv: "Ed25519".to_owned(),
            x: encode(key),
        };
        Self::new(SigningAlg::EdDSA, key)
    }
}

impl PublicKey {
    /// SHA-256 over the required members in lexicographic order, base64url (RFC 7638 §3, RFC 8037 §2).
    pub fn thumbprint(&self) -> String {
        // Written by hand: no value needs escaping, base64url and curve names being what they are.
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_those_of_the_specifications() {
        // RFC 7638 §3.1
        let rsa = PublicKey::Rsa {
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
                tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw".to_owned(),
            e: "AQAB".to_owned(),
        };
        assert_eq!(rsa.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037 §A.3
        let okp = PublicKey::Okp {
            crv: "Ed25519".to_owned(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        };
        assert_eq!(okp.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn an_entry_has_exactly_the_public_members() {
        for alg in SigningAlg::ALL {
            let jwk = super::super::signer::generate(alg).unwrap().public_jwk;
            let json = serde_json::to_value(&jwk).unwrap();
            let mut members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            let wanted: &[&str] = match alg {
                SigningAlg::RS256 | SigningAlg::PS256 => &["alg", "e", "kid", "kty", "n", "use"],
                SigningAlg::ES256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                SigningAlg::EdDSA => &["alg", "crv", "kid", "kty", "use", "x"],
            };
            assert_eq!(members, wanted, "{alg}");
            assert_eq!(json["use"], "sig");
            assert_eq!(serde_json::from_value::<PublicJwk>(json).unwrap(), jwk);
        }
    }
}
