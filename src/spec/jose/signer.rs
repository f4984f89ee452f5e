//! Signing: keys are parsed once and sign through aws-lc-rs, behind josekit's signer trait.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use josekit::{
    JoseError,
    jws::{self, JwsAlgorithm, JwsSigner},
};

use super::{PublicJwk, SigningAlg};
use crate::base::Secret;

/// Why a key could not be made or read, or did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Key generation failed inside the crypto library.
    #[error("a new key could not be generated")]
    Generation,
    /// Not a private key of this algorithm.
    #[error("not a private key for this algorithm")]
    Rejected,
    /// The crypto library did not sign.
    #[error("the key did not sign")]
    Signature,
}

/// A new key pair, both halves in the form in which they are kept.
#[derive(Debug)]
pub struct GeneratedKey {
    /// PKCS#8 DER.
    pub private_der: Secret<Vec<u8>>,
    /// The half to publish; its `kid` is the RFC 7638 thumbprint.
    pub public_jwk: PublicJwk,
}

/// Makes a new key for `alg`: RSA of 2048 bits, P-256 or Ed25519. RSA takes a few hundred milliseconds: keep it off the
/// async threads. Randomness is the crypto library's own.
///
/// # Errors
/// [`KeyError::Generation`].
pub fn generate(alg: SigningAlg) -> Result<GeneratedKey, KeyError> {
    let failed = |_| KeyError::Generation;
    let private_der = match alg {
        SigningAlg::RS256 | SigningAlg::PS256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)
                .map_err(failed)?
                .as_ref()
                .to_vec()
        }
        SigningAlg::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(failed)?
            .as_ref()
            .to_vec(),
        SigningAlg::EdDSA => Ed25519KeyPair::generate()
            .and_then(|pair| pair.to_pkcs8v1())
            .map_err(failed)?
            .as_ref()
            .to_vec(),
    };
    let private_der = Secret::new(private_der);
    let public_jwk = PrivateKey::parse(alg, private_der.expose())?.public_jwk(alg)?;
    Ok(GeneratedKey {
        private_der,
        public_jwk,
    })
}

enum PrivateKey {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    fn parse(alg: SigningAlg, der: &[u8]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected;
        Ok(match alg {
            SigningAlg::RS256 => Self::Rsa(RsaKeyPair::from_pkcs8(der).map_err(rejected)?, &RSA_PKCS1_SHA256),
            SigningAlg::PS256 => Self::Rsa(RsaKeyPair::from_pkcs8(der).map_err(rejected)?, &RSA_PSS_SHA256),
            // `from_pkcs8` would refuse keys that leave out their public half, which OpenSSL may write
            SigningAlg::ES256 => {
                Self::P256(EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(rejected)?)
            }
            SigningAlg::EdDSA => Self::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?),
        })
    }

    fn public_jwk(&self, alg: SigningAlg) -> Result<PublicJwk, KeyError> {
        let jwk = match self {
            Self::Rsa(pair, _) => PublicJwk::rsa(alg, pair.public_key().as_ref()),
            Self::P256(pair) => PublicJwk::p256(pair.public_key().as_ref()),
            Self::Ed25519(pair) => Some(PublicJwk::ed25519(pair.public_key().as_ref())),
        };
        jwk.ok_or(KeyError::Rejected)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Signature;
        // the generator is a formality of the interface: aws-lc draws from its own
        let rng = SystemRandom::new();
        Ok(match self {
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &rng, message, &mut signature).map_err(failed)?;
                signature
            }
            Self::P256(pair) => pair.sign(&rng, message).map_err(failed)?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.try_sign(message).map_err(failed)?.as_ref().to_vec(),
        })
    }
}

/// The `typ` values whose headers are encoded once per key: none, ID tokens, access tokens (RFC 9068 §2.1), introspection
/// answers (RFC 9701 §5) and logout tokens (OIDC Back-Channel Logout §2.4).
const PREPARED_TYPES: [Option<&str>; 5] = [
    None,
    Some("JWT"),
    Some("at+jwt"),
    Some("token-introspection+jwt"),
    Some("logout+jwt"),
];

/// One parsed signing key. Cloning shares it.
#[derive(Clone)]
pub struct KeySigner {
    alg: SigningAlg,
    kid: String,
    key: Arc<PrivateKey>,
    headers: Arc<[(Option<&'static str>, String)]>,
}

impl KeySigner {
    /// Parses the private half.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when `private_der` holds no key for `alg`.
    pub fn new(alg: SigningAlg, kid: &str, private_der: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let key = PrivateKey::parse(alg, private_der.expose())?;
        let headers = PREPARED_TYPES
            .into_iter()
            .map(|typ| (typ, encoded_header(alg, kid, typ)))
            .collect();
        Ok(Self {
            alg,
            kid: kid.to_owned(),
            key: Arc::new(key),
            headers,
        })
    }

    /// The algorithm.
    pub fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// The key's id in the JWKS.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, derived from the private one.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] if the library gives no sound public key.
    pub fn public_jwk(&self) -> Result<PublicJwk, KeyError> {
        let mut jwk = self.key.public_jwk(self.alg)?;
        self.kid.clone_into(&mut jwk.kid);
        Ok(jwk)
    }

    /// The bare signature over `message`.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    #[cfg(test)]
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign(message)
    }

    /// A compact JWS (RFC 7515 §7.1) over `claims_json`, which is not looked at. The header holds `alg`, `typ`, `kid`.
    ///
    /// # Errors
    /// [`KeyError::Signature`].
    pub fn sign_jwt(&self, typ: Option<&str>, claims_json: &[u8]) -> Result<String, KeyError> {
        let made;
        let header = match self.headers.iter().find(|(prepared, _)| *prepared == typ) {
            Some((_, header)) => header,
            None => {
                made = encoded_header(self.alg, &self.kid, typ);
                &made
            }
        };
        let signature_length = match self.alg {
            SigningAlg::RS256 | SigningAlg::PS256 => 342,
            SigningAlg::ES256 | SigningAlg::EdDSA => 86,
        };
        let mut token = String::with_capacity(header.len() + claims_json.len() * 4 / 3 + signature_length + 6);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims_json, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// The protected header, base64url. `kid` and `typ` go through the JSON writer: both may come from outside.
fn encoded_header(alg: SigningAlg, kid: &str, typ: Option<&str>) -> String {
    let mut header = serde_json::Map::new();
    header.insert("alg".to_owned(), alg.name().into());
    if let Some(typ) = typ {
        header.insert("typ".to_owned(), typ.into());
    }
    header.insert("kid".to_owned(), kid.into());
    URL_SAFE_NO_PAD.encode(serde_json::Value::Object(header).to_string())
}

impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySigner")
            .field("alg", &self.alg)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl JwsSigner for KeySigner {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        match self.alg {
            SigningAlg::RS256 => &jws::RS256,
            SigningAlg::PS256 => &jws::PS256,
            SigningAlg::ES256 => &jws::ES256,
            SigningAlg::EdDSA => &jws::EdDSA,
        }
    }

    fn key_id(&self) -> Option<&str> {
        Some(&self.kid)
    }

    fn signature_len(&self) -> usize {
        match &*self.key {
            PrivateKey::Rsa(pair, _) => pair.public_modulus_len(),
            PrivateKey::P256(_) | PrivateKey::Ed25519(_) => 64,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.key
            .sign(message)
            .map_err(|error| JoseError::InvalidSignature(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: &[u8] = br#"{"iss":"https://op.example","sub":"alice","exp":4102444800}"#;

    fn key(alg: SigningAlg) -> (KeySigner, PublicJwk) {
        let made = generate(alg).unwrap();
        let signer = KeySigner::new(alg, &made.public_jwk.kid, &made.private_der).unwrap();
        (signer, made.public_jwk)
    }

    fn josekit_verifies(alg: SigningAlg, jwk: &PublicJwk, token: &str) -> bool {
        let jwk = josekit::jwk::Jwk::from_bytes(serde_json::to_vec(jwk).unwrap()).unwrap();
        let verifier: Box<dyn jws::JwsVerifier> = match alg {
            SigningAlg::RS256 => Box::new(jws::RS256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlg::PS256 => Box::new(jws::PS256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlg::ES256 => Box::new(jws::ES256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlg::EdDSA => Box::new(jws::EdDSA.verifier_from_jwk(&jwk).unwrap()),
        };
        jws::deserialize_compact(token, verifier.as_ref()).is_ok_and(|(payload, _)| payload == CLAIMS)
    }

    fn jsonwebtoken_verifies(jwk: &PublicJwk, token: &str) -> bool {
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(serde_json::to_value(jwk).unwrap()).unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        validation.validate_aud = false;
        let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).is_ok()
    }

    #[test]
    fn what_each_algorithm_signs_is_verified_by_two_other_libraries() {
        for alg in SigningAlg::ALL {
            let (signer, jwk) = key(alg);
            let token = signer.sign_jwt(Some("at+jwt"), CLAIMS).unwrap();
            assert!(josekit_verifies(alg, &jwk, &token), "{alg} with josekit");
            assert!(jsonwebtoken_verifies(&jwk, &token), "{alg} with jsonwebtoken");
            let (_, other) = key(alg);
            assert!(
                !josekit_verifies(alg, &PublicJwk { kid: jwk.kid, ..other }, &token),
                "{alg}"
            );
        }
    }

    #[test]
    fn josekit_signs_with_it_too() {
        for alg in SigningAlg::ALL {
            let (signer, jwk) = key(alg);
            let token = jws::serialize_compact(CLAIMS, &jws::JwsHeader::new(), &signer).unwrap();
            assert!(josekit_verifies(alg, &jwk, &token), "{alg}");
            let signature = token.rsplit('.').next().unwrap();
            let length = URL_SAFE_NO_PAD.decode(signature).unwrap().len();
            assert_eq!(length, signer.signature_len(), "{alg}");
        }
    }

    #[test]
    fn the_header_holds_alg_typ_and_kid_and_nothing_else() {
        let (signer, jwk) = key(SigningAlg::EdDSA);
        for typ in [None, Some("JWT"), Some("at+jwt"), Some("a\"b")] {
            let token = signer.sign_jwt(typ, CLAIMS).unwrap();
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
            let mut wanted = serde_json::json!({ "alg": "EdDSA", "kid": jwk.kid });
            if let Some(typ) = typ {
                wanted["typ"] = typ.into();
            }
            assert_eq!(header, wanted);
        }
    }

    #[test]
    fn the_public_half_follows_from_the_private_one() {
        for alg in SigningAlg::ALL {
            let (signer, jwk) = key(alg);
            assert_eq!(signer.public_jwk().unwrap(), jwk);
        }
    }

    #[test]
    fn an_ec_key_without_its_public_half_is_read() {
        // josekit writes such keys
        let pair = josekit::jwk::alg::ec::EcKeyPair::generate(josekit::jwk::alg::ec::EcCurve::P256).unwrap();
        let der = josekit::jwk::KeyPair::to_der_private_key(&pair);
        assert!(KeySigner::new(SigningAlg::ES256, "k", &Secret::new(der)).is_ok());
    }

    #[test]
    fn a_key_of_another_algorithm_is_rejected() {
        let made = generate(SigningAlg::EdDSA).unwrap();
        for alg in [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256] {
            let refused = KeySigner::new(alg, "k", &made.private_der);
            assert_eq!(refused.err(), Some(KeyError::Rejected), "{alg}");
        }
    }

    #[test]
    fn debug_shows_no_private_half() {
        let (signer, jwk) = key(SigningAlg::EdDSA);
        assert_eq!(
            format!("{signer:?}"),
            format!("KeySigner {{ alg: EdDSA, kid: {:?}, .. }}", jwk.kid)
        );
    }
}
