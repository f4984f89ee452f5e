//! Encrypted tokens (RFC 7516), compact serialisation only: answers to clients that registered for it (OIDC Core §10.2),
//! and what clients encrypt to us. Encrypting is [`super::RecipientKey`]'s.
//!
//! josekit does the work, behind limits of ours: no compression, because it inflates without bound; a short list of
//! algorithms, without PBES2 (the sender would choose our cost) and RSA1_5 (padding oracle); no critical extensions;
//! lengths checked before they reach the crypto library.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use josekit::jwe::{self, JweContext, JweDecrypter};
use serde_json::Value;

use super::strict_json;
use crate::base::Secret;

/// The longest encrypted token that is looked at, in bytes: room for a signed one of the longest kind inside.
pub const MAX_JWE_BYTES: usize = 32 * 1024;

/// How the content key travels (RFC 7518 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JweAlg {
    /// RSA-OAEP with SHA-256.
    RsaOaep256,
    /// ECDH-ES, the agreed key is the content key.
    EcdhEs,
    /// ECDH-ES, the agreed key wraps the content key with AES-128.
    EcdhEsA128Kw,
    /// ECDH-ES, the agreed key wraps the content key with AES-256.
    EcdhEsA256Kw,
}

/// How the content is encrypted (RFC 7518 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JweEnc {
    /// AES-128 in GCM.
    A128Gcm,
    /// AES-256 in GCM.
    A256Gcm,
    /// AES-128 in CBC with HMAC SHA-256; what OIDC Registration §2 assumes when only `alg` is given.
    #[default]
    A128CbcHs256,
    /// AES-256 in CBC with HMAC SHA-512.
    A256CbcHs512,
}

impl JweAlg {
    /// All that are spoken here.
    pub const ALL: [Self; 4] = [Self::RsaOaep256, Self::EcdhEs, Self::EcdhEsA128Kw, Self::EcdhEsA256Kw];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// By its `alg` value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

impl JweEnc {
    /// All that are spoken here.
    pub const ALL: [Self; 4] = [Self::A128Gcm, Self::A256Gcm, Self::A128CbcHs256, Self::A256CbcHs512];

    /// The `enc` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// By its `enc` value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|enc| enc.name() == name)
    }

    /// Bytes of content key, initialisation vector and tag (RFC 7518 §5.2, §5.3).
    const fn lengths(self) -> (usize, usize, usize) {
        match self {
            Self::A128Gcm => (16, 12, 16),
            Self::A256Gcm => (32, 12, 16),
            Self::A128CbcHs256 => (32, 16, 16),
            Self::A256CbcHs512 => (64, 16, 32),
        }
    }
}

/// Why a token was not encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// The recipient's key, or ours, does not serve the algorithm.
    #[error("the key does not serve the algorithm")]
    Key,
    /// More than [`MAX_JWE_BYTES`].
    #[error("the encrypted token has more than 32768 bytes")]
    TooLong,
    /// Not a compact JWE, or with parts of impossible lengths.
    #[error("not a compact JSON Web Encryption")]
    Malformed,
    /// `alg` or `enc` is not spoken here, or not by any key that is at hand.
    #[error("the encryption algorithm is not allowed")]
    AlgNotAllowed,
    /// `zip` or `crit`.
    #[error("compression and critical extensions are not allowed")]
    Extension,
    /// It does not decrypt. There is one answer for all reasons.
    #[error("the token does not decrypt")]
    Refused,
}

/// The one context; compression is not in it.
pub(super) fn context() -> JweContext {
    let mut context = JweContext::new();
    context.remove_compression("DEF");
    context
}

/// One private key that decrypts, parsed once.
#[derive(Debug)]
pub struct DecryptionKey {
    alg: JweAlg,
    kid: String,
    decrypter: Box<dyn JweDecrypter>,
}

impl DecryptionKey {
    /// Parses a private key in DER.
    ///
    /// # Errors
    /// [`JweError::Key`].
    pub fn new(alg: JweAlg, kid: &str, private_der: &Secret<Vec<u8>>) -> Result<Self, JweError> {
        let der = private_der.expose();
        let ecdh = |with: jwe::alg::ecdh_es::EcdhEsJweAlgorithm| -> Result<Box<dyn JweDecrypter>, JweError> {
            Ok(Box::new(with.decrypter_from_der(der).map_err(|_| JweError::Key)?))
        };
        let decrypter: Box<dyn JweDecrypter> = match alg {
            JweAlg::RsaOaep256 => Box::new(jwe::RSA_OAEP_256.decrypter_from_der(der).map_err(|_| JweError::Key)?),
            JweAlg::EcdhEs => ecdh(jwe::ECDH_ES)?,
            JweAlg::EcdhEsA128Kw => ecdh(jwe::ECDH_ES_A128KW)?,
            JweAlg::EcdhEsA256Kw => ecdh(jwe::ECDH_ES_A256KW)?,
        };
        Ok(Self {
            alg,
            kid: kid.to_owned(),
            decrypter,
        })
    }
}

/// Decrypts a compact JWE with the one of `keys` that its header names by `alg` and, if given, `kid`.
///
/// # Errors
/// [`JweError`].
pub fn decrypt(token: &str, keys: &[DecryptionKey]) -> Result<Secret<Vec<u8>>, JweError> {
    if token.len() > MAX_JWE_BYTES {
        return Err(JweError::TooLong);
    }
    let mut parts = token.split('.');
    let mut part = || {
        let part = parts.next().ok_or(JweError::Malformed)?;
        URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Malformed)
    };
    let (header, encrypted_key, iv, _, tag) = (part()?, part()?, part()?, part()?, part()?);
    if parts.next().is_some() {
        return Err(JweError::Malformed);
    }
    let header = strict_json::object(&header).map_err(|_| JweError::Malformed)?;
    if header.contains_key("zip") || header.contains_key("crit") {
        return Err(JweError::Extension);
    }
    let named = |name| header.get(name).and_then(Value::as_str).ok_or(JweError::Malformed);
    let alg = JweAlg::from_name(named("alg")?).ok_or(JweError::AlgNotAllowed)?;
    let enc = JweEnc::from_name(named("enc")?).ok_or(JweError::AlgNotAllowed)?;
    let (key_length, iv_length, tag_length) = enc.lengths();
    let wrapped_length = match alg {
        JweAlg::RsaOaep256 => encrypted_key.len(),
        JweAlg::EcdhEs => 0,
        // RFC 3394: eight bytes more than the key
        JweAlg::EcdhEsA128Kw | JweAlg::EcdhEsA256Kw => key_length + 8,
    };
    if iv.len() != iv_length || tag.len() != tag_length || encrypted_key.len() != wrapped_length {
        return Err(JweError::Malformed);
    }
    let kid = header.get("kid");
    let key = keys
        .iter()
        .find(|key| key.alg == alg && kid.is_none_or(|kid| *kid == key.kid))
        .ok_or(JweError::AlgNotAllowed)?;
    let (payload, _) = context()
        .deserialize_compact(token, key.decrypter.as_ref())
        .map_err(|_| JweError::Refused)?;
    Ok(Secret::new(payload))
}

#[cfg(test)]
mod tests {
    use josekit::{
        jwe::JweHeader,
        jwk::{
            Jwk, KeyPair,
            alg::{
                ec::{EcCurve, EcKeyPair},
                rsa::RsaKeyPair,
            },
        },
    };
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;
    use crate::spec::jose::RecipientKey;

    fn rsa() -> (DecryptionKey, Map<String, Value>) {
        let pair = RsaKeyPair::generate(2048).unwrap();
        let der = Secret::new(pair.to_der_private_key());
        let jwk = pair.to_jwk_public_key();
        let key = DecryptionKey::new(JweAlg::RsaOaep256, "k", &der).unwrap();
        (key, with_kid(jwk.into()))
    }

    fn ec(alg: JweAlg) -> (DecryptionKey, Map<String, Value>) {
        let pair = EcKeyPair::generate(EcCurve::P256).unwrap();
        let der = Secret::new(pair.to_der_private_key());
        let jwk = pair.to_jwk_public_key();
        (DecryptionKey::new(alg, "k", &der).unwrap(), with_kid(jwk.into()))
    }

    fn with_kid(mut jwk: Map<String, Value>) -> Map<String, Value> {
        jwk.insert("kid".to_owned(), "k".into());
        jwk
    }

    fn encrypt(payload: &[u8], cty: Option<&str>, alg: JweAlg, enc: JweEnc, jwk: &Map<String, Value>) -> String {
        let key = RecipientKey::parse(jwk).unwrap();
        key.encrypt(payload, cty, alg, enc).unwrap()
    }

    fn refused(token: &str, key: DecryptionKey) -> JweError {
        decrypt(token, &[key]).unwrap_err()
    }

    /// The token with members of its header changed; the change alone must be what refuses it.
    fn reheaded(token: &str, change: impl Fn(&mut Map<String, Value>)) -> String {
        let (header, rest) = token.split_once('.').unwrap();
        let mut header = strict_json::object(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        change(&mut header);
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(Value::Object(header).to_string()))
    }

    #[test]
    fn every_algorithm_goes_there_and_back() {
        for alg in JweAlg::ALL {
            for enc in JweEnc::ALL {
                let (key, jwk) = if alg == JweAlg::RsaOaep256 { rsa() } else { ec(alg) };
                let token = encrypt(b"inner", Some("JWT"), alg, enc, &jwk);
                assert_eq!(decrypt(&token, &[key]).unwrap().expose(), b"inner", "{alg:?} {enc:?}");
                let (other, _) = if alg == JweAlg::RsaOaep256 { rsa() } else { ec(alg) };
                assert_eq!(refused(&token, other), JweError::Refused, "{alg:?} {enc:?}");
            }
        }
    }

    #[test]
    fn a_zip_bomb_is_refused_unopened() {
        let (key, jwk) = ec(JweAlg::EcdhEs);
        let careless = Jwk::from_map(jwk).unwrap();
        let mut header = JweHeader::new();
        header.set_content_encryption("A128GCM");
        header.set_compression("DEF");
        let encrypter = jwe::ECDH_ES.encrypter_from_jwk(&careless).unwrap();
        let zeros = vec![0; 20 * 1024 * 1024];
        let bomb = jwe::serialize_compact(&zeros, &header, &encrypter).unwrap();
        assert!(bomb.len() < MAX_JWE_BYTES, "it must be small enough to come in");
        assert_eq!(refused(&bomb, key), JweError::Extension);
        // and the context itself would not inflate it
        assert!(context().get_compression("DEF").is_none());
    }

    #[test]
    fn dangerous_and_unknown_algorithms_are_refused() {
        for alg in ["RSA1_5", "RSA-OAEP", "PBES2-HS256+A128KW", "dir", "A128KW", "none", ""] {
            let (key, jwk) = ec(JweAlg::EcdhEs);
            let token = encrypt(b"inner", None, JweAlg::EcdhEs, JweEnc::A128Gcm, &jwk);
            let token = reheaded(&token, |header| {
                header.insert("alg".to_owned(), alg.into());
            });
            assert_eq!(refused(&token, key), JweError::AlgNotAllowed, "{alg}");
        }
        let (key, jwk) = ec(JweAlg::EcdhEs);
        let token = encrypt(b"inner", None, JweAlg::EcdhEs, JweEnc::A128Gcm, &jwk);
        let other_enc = reheaded(&token, |header| {
            header.insert("enc".to_owned(), "A192GCM".into());
        });
        assert_eq!(refused(&other_enc, key), JweError::AlgNotAllowed);
    }

    #[test]
    fn critical_extensions_other_kids_and_long_tokens_are_refused() {
        let (key, jwk) = ec(JweAlg::EcdhEs);
        let token = encrypt(b"inner", None, JweAlg::EcdhEs, JweEnc::A128Gcm, &jwk);
        let critical = reheaded(&token, |header| {
            header.insert("crit".to_owned(), json!(["exp"]));
        });
        assert_eq!(
            decrypt(&critical, std::slice::from_ref(&key)).unwrap_err(),
            JweError::Extension
        );
        let other = reheaded(&token, |header| {
            header.insert("kid".to_owned(), "other".into());
        });
        assert_eq!(
            decrypt(&other, std::slice::from_ref(&key)).unwrap_err(),
            JweError::AlgNotAllowed
        );
        let long = format!("{token}{}", "A".repeat(MAX_JWE_BYTES));
        assert_eq!(refused(&long, key), JweError::TooLong);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_changed_or_cut_token_decrypts_or_panics(at in 0_usize..1000, to in "[A-Za-z0-9_.-]{0,3}") {
            for (alg, enc) in [(JweAlg::EcdhEsA256Kw, JweEnc::A128CbcHs256), (JweAlg::EcdhEs, JweEnc::A256Gcm)] {
                let (key, jwk) = ec(alg);
                let token = encrypt(b"inner", None, alg, enc, &jwk);
                let at = at % token.len();
                let mut changed = token.clone();
                changed.replace_range(at..=at, &to);
                prop_assume!(changed != token);
                prop_assert!(decrypt(&changed, &[key]).is_err());
            }
        }
    }
}
