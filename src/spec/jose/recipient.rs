//! Public keys that answers are encrypted to: what a client's key set holds besides keys that verify (RFC 7517 §4.2).

use std::sync::Arc;

use josekit::{
    jwe::{self, JweEncrypter, JweHeader},
    jwk::Jwk,
};
use serde_json::{Map, Value};

use super::jwe::{JweAlg, JweEnc, JweError, context};

/// The longest modulus that is encrypted to: 8192 bits in base64url, with a leading zero.
const MAX_MODULUS_CHARACTERS: usize = 1368;
/// The longest `kid` that is repeated in a header, in bytes.
const MAX_KID_BYTES: usize = 512;

/// One key of somebody else's, parsed once for every algorithm that it serves.
pub struct RecipientKey {
    kid: Option<String>,
    /// Whether its owner says that it is for encryption, and not merely nothing against it.
    is_meant: bool,
    encrypters: Vec<(JweAlg, Box<dyn JweEncrypter>)>,
}

impl RecipientKey {
    /// An entry of a key set; `None` if nothing may be encrypted to it.
    pub fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name| jwk.get(name).and_then(Value::as_str);
        let kid = text("kid").map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return None;
        }
        // The library looks at the operations too, but wants `deriveKey` where RFC 7517 §4.3 also has other names for it.
        let operations = ["encrypt", "wrapKey", "deriveKey", "deriveBits"];
        match jwk.get("key_ops") {
            None => {}
            Some(Value::Array(named)) if named.iter().any(|one| operations.iter().any(|known| one == known)) => {}
            Some(_) => return None,
        }
        let mut plain = jwk.clone();
        plain.remove("key_ops");
        let plain = Jwk::from_map(plain).ok()?;
        let encrypters: Vec<_> = JweAlg::ALL
            .into_iter()
            .filter(|alg| text("alg").is_none_or(|own| own == alg.name()))
            .filter_map(|alg| Some((alg, encrypter(alg, jwk, &plain).ok()?)))
            .collect();
        (!encrypters.is_empty()).then_some(Self {
            kid,
            is_meant: text("use") == Some("enc") || text("alg").is_some(),
            encrypters,
        })
    }

    /// Its id, which goes into the header (OIDC Core §10.2).
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether content keys can travel to it by `alg`.
    pub fn serves(&self, alg: JweAlg) -> bool {
        self.encrypter(alg).is_some()
    }

    /// Encrypts `payload`. `cty` is `JWT` when that is a signed token (RFC 7519 §5.2).
    ///
    /// # Errors
    /// [`JweError::Key`] if the key does not serve `alg`, [`JweError::Refused`] if the crypto library fails.
    pub fn encrypt(&self, payload: &[u8], cty: Option<&str>, alg: JweAlg, enc: JweEnc) -> Result<String, JweError> {
        let encrypter = self.encrypter(alg).ok_or(JweError::Key)?;
        let mut header = JweHeader::new();
        header.set_content_encryption(enc.name());
        if let Some(cty) = cty {
            header.set_content_type(cty);
        }
        context()
            .serialize_compact(payload, &header, encrypter)
            .map_err(|_| JweError::Refused)
    }

    fn encrypter(&self, alg: JweAlg) -> Option<&dyn JweEncrypter> {
        let found = self.encrypters.iter().find(|(own, _)| *own == alg);
        found.map(|(_, encrypter)| encrypter.as_ref())
    }
}

impl std::fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecipientKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The key to encrypt to: one that is meant for it before one that merely could serve.
pub(super) fn select(keys: &[Arc<RecipientKey>], alg: JweAlg) -> Option<Arc<RecipientKey>> {
    let serving = || keys.iter().filter(|key| key.serves(alg));
    let meant = serving().find(|key| key.is_meant);
    meant.or_else(|| serving().next()).cloned()
}

/// The library checks `kty`, `use`, `alg` and that a modulus has 2048 bits; here are the limits that it lacks.
fn encrypter(alg: JweAlg, jwk: &Map<String, Value>, parsed: &Jwk) -> Result<Box<dyn JweEncrypter>, JweError> {
    let text = |name| jwk.get(name).and_then(Value::as_str);
    let known_curve = matches!(
        (text("kty"), text("crv")),
        (Some("EC"), Some("P-256" | "P-384" | "P-521")) | (Some("OKP"), Some("X25519"))
    );
    let bounded_modulus = text("n").is_some_and(|n| n.len() <= MAX_MODULUS_CHARACTERS);
    let ecdh = |with: jwe::alg::ecdh_es::EcdhEsJweAlgorithm| -> Result<Box<dyn JweEncrypter>, JweError> {
        let encrypter = with.encrypter_from_jwk(parsed).map_err(|_| JweError::Key)?;
        Ok(Box::new(encrypter))
    };
    match alg {
        JweAlg::RsaOaep256 if bounded_modulus => {
            let encrypter = jwe::RSA_OAEP_256
                .encrypter_from_jwk(parsed)
                .map_err(|_| JweError::Key)?;
            Ok(Box::new(encrypter))
        }
        JweAlg::EcdhEs if known_curve => ecdh(jwe::ECDH_ES),
        JweAlg::EcdhEsA128Kw if known_curve => ecdh(jwe::ECDH_ES_A128KW),
        JweAlg::EcdhEsA256Kw if known_curve => ecdh(jwe::ECDH_ES_A256KW),
        _ => Err(JweError::Key),
    }
}

#[cfg(test)]
mod tests {
    use josekit::jwk::{
        KeyPair,
        alg::{
            ec::{EcCurve, EcKeyPair},
            ecx::{EcxCurve, EcxKeyPair},
            rsa::RsaKeyPair,
        },
    };
    use serde_json::json;

    use super::*;
    use crate::spec::jose::JwkSet;

    fn ec() -> Map<String, Value> {
        EcKeyPair::generate(EcCurve::P256).unwrap().to_jwk_public_key().into()
    }

    fn with(mut jwk: Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
        jwk.insert(name.to_owned(), value);
        jwk
    }

    fn served(jwk: &Map<String, Value>) -> Vec<&'static str> {
        let key = RecipientKey::parse(jwk);
        JweAlg::ALL
            .into_iter()
            .filter(|alg| key.as_ref().is_some_and(|key| key.serves(*alg)))
            .map(JweAlg::name)
            .collect()
    }

    #[test]
    fn a_key_serves_what_its_kind_and_its_owner_allow() {
        const CURVE: [&str; 3] = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"];
        let rsa: Map<String, Value> = RsaKeyPair::generate(2048).unwrap().to_jwk_public_key().into();
        let x25519: Map<String, Value> = EcxKeyPair::generate(EcxCurve::X25519)
            .unwrap()
            .to_jwk_public_key()
            .into();
        assert_eq!(served(&rsa), ["RSA-OAEP-256"]);
        assert_eq!(served(&ec()), CURVE);
        assert_eq!(served(&x25519), CURVE);
        assert_eq!(served(&with(ec(), "alg", json!("ECDH-ES"))), ["ECDH-ES"]);
        assert_eq!(served(&with(ec(), "key_ops", json!(["deriveBits"]))), CURVE);
        let none: [&str; 0] = [];
        for refused in [
            with(rsa.clone(), "use", json!("sig")),
            with(rsa.clone(), "alg", json!("RS256")),
            with(rsa.clone(), "alg", json!("RSA1_5")),
            with(rsa, "key_ops", json!(["verify"])),
            with(ec(), "crv", json!("secp256k1")),
            with(ec(), "y", ec()["y"].clone()),
            with(ec(), "kid", json!("k".repeat(MAX_KID_BYTES + 1))),
            RsaKeyPair::generate(1024).unwrap().to_jwk_public_key().into(),
        ] {
            assert_eq!(served(&refused), none, "{refused:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_entry_of_a_key_set_panics(
            kty in "RSA|EC|OKP|oct|[a-z]{0,4}",
            crv in "P-256|P-384|P-521|X25519|X448|Ed25519|secp256k1|[a-z]{0,4}",
            n in "[A-Za-z0-9_=-]{0,400}",
            x in "[A-Za-z0-9_=-]{0,90}",
            more in "use|alg|key_ops|kid|x5c|e",
            said in "enc|sig|RSA-OAEP-256|ECDH-ES|AQAB|\\PC{0,20}",
        ) {
            let mut entry = json!({ "kty": kty, "crv": crv, "n": n, "e": "AQAB", "x": x, "y": x });
            entry[more.as_str()] = json!(said);
            let set = JwkSet::from_value(&json!({ "keys": [entry] })).unwrap();
            for alg in JweAlg::ALL {
                // a point that is on no curve is no key
                if let Some(key) = set.recipient(alg) {
                    proptest::prop_assert!(key.encrypt(b"x", None, alg, JweEnc::A128Gcm).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_key_that_is_meant_for_it_comes_before_one_that_could_serve() {
        let plain = with(ec(), "kid", json!("plain"));
        let meant = with(with(ec(), "kid", json!("meant")), "use", json!("enc"));
        let kid = |keys: &[&Map<String, Value>]| {
            let set = JwkSet::from_value(&json!({ "keys": keys })).unwrap();
            let found = set.recipient(JweAlg::EcdhEs);
            found.and_then(|key| key.kid().map(str::to_owned))
        };
        assert_eq!(kid(&[&plain, &meant]).as_deref(), Some("meant"));
        assert_eq!(kid(&[&plain]).as_deref(), Some("plain"));
        assert_eq!(kid(&[]), None);
    }
}
