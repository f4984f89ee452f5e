//! A key of an app that answers are encrypted to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::KeyPair;
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::rsa::RsaKeyPair;
use serde_json::{Value, json};
use signet::base::Secret;
use signet::spec::jose::decryption::decrypt;
use signet::spec::jose::{DecryptionKey, EncryptionAlg, JweAlg};

pub struct Recipient {
    /// The public half, as the app registers it.
    pub jwk: Value,
    key: DecryptionKey,
}

impl Recipient {
    /// A key of the kind that `alg` takes.
    pub fn new(alg: JweAlg, kid: &str) -> Self {
        let is_served = |kind: &EncryptionAlg| kind.serves().contains(&alg);
        let kind = EncryptionAlg::ALL.into_iter().find(is_served).unwrap();
        let (der, jwk) = match kind {
            EncryptionAlg::RsaOaep256 => {
                let pair = RsaKeyPair::generate(2048).unwrap();
                (pair.to_der_private_key(), pair.to_jwk_public_key())
            }
            EncryptionAlg::EcdhEs => {
                let pair = EcKeyPair::generate(EcCurve::P256).unwrap();
                (pair.to_der_private_key(), pair.to_jwk_public_key())
            }
        };
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("enc");
        Self {
            jwk,
            key: DecryptionKey::new(kind, kid, &Secret::new(der)).unwrap(),
        }
    }

    /// Client metadata `jwks`, as a resource file has it.
    pub fn jwks(&self) -> String {
        let pairs = self.jwk.as_object().unwrap().iter();
        let members: Vec<_> = pairs.map(|(name, value)| format!("{name} = {value}")).collect();
        format!("jwks = {{ keys = [{{ {} }}] }}", members.join(", "))
    }

    /// The header of a compact JWE, and what it holds.
    pub fn open(&self, token: &str) -> (Value, String) {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let payload = decrypt(token, std::slice::from_ref(&self.key)).unwrap();
        let payload = String::from_utf8(payload.expose().clone()).unwrap();
        (serde_json::from_slice(&header).unwrap(), payload)
    }
}
