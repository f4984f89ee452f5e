//! Keys of ours that others encrypt to, and what they decrypt (RFC 7516 §5.2).

use std::borrow::Borrow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use josekit::{
    jwe::{self, JweDecrypter},
    jwk::{
        Jwk, KeyPair,
        alg::{
            ec::{EcCurve, EcKeyPair},
            rsa::RsaKeyPair,
        },
    },
};
use serde_json::Value;

use super::{
    EncryptionAlg,
    jwe::{JweAlg, JweEnc, JweError, MAX_JWE_BYTES, context},
    public_jwk::{PublicJwk, PublicKey},
    signer::{GeneratedKey, KeyError},
    strict_json,
};
use crate::base::Secret;

/// The size of new RSA keys.
const RSA_BITS: u32 = 2048;

/// Makes a new key that others encrypt to. RSA takes a few hundred milliseconds: keep it off the async threads.
///
/// # Errors
/// [`KeyError::Generation`].
pub fn generate(alg: EncryptionAlg) -> Result<GeneratedKey, KeyError> {
    let (private_der, jwk) = match alg {
        EncryptionAlg::RsaOaep256 => {
            let pair = RsaKeyPair::generate(RSA_BITS).map_err(|_| KeyError::Generation)?;
            (pair.to_der_private_key(), pair.to_jwk_public_key())
        }
        EncryptionAlg::EcdhEs => {
            let pair = EcKeyPair::generate(EcCurve::P256).map_err(|_| KeyError::Generation)?;
            (pair.to_der_private_key(), pair.to_jwk_public_key())
        }
    };
    Ok(GeneratedKey {
        private_der: Secret::new(private_der),
        public_jwk: PublicJwk::encryption(alg, public_half(&jwk).ok_or(KeyError::Generation)?),
    })
}

fn public_half(jwk: &Jwk) -> Option<PublicKey> {
    let text = |name| jwk.parameter(name).and_then(Value::as_str).map(str::to_owned);
    match jwk.key_type() {
        "RSA" => Some(PublicKey::Rsa {
            n: text("n")?,
            e: text("e")?,
        }),
        "EC" => Some(PublicKey::Ec {
            crv: text("crv")?,
            x: text("x")?,
            y: text("y")?,
        }),
        _ => None,
    }
}

/// One private key that decrypts, parsed once for every algorithm that it serves.
#[derive(Debug)]
pub struct DecryptionKey {
    kid: String,
    decrypters: Vec<(JweAlg, Box<dyn JweDecrypter>)>,
}

impl DecryptionKey {
    /// Parses a private key in PKCS#8 DER.
    ///
    /// # Errors
    /// [`JweError::Key`].
    pub fn new(alg: EncryptionAlg, kid: &str, private_der: &Secret<Vec<u8>>) -> Result<Self, JweError> {
        let parse = |alg: &JweAlg| Ok((*alg, decrypter(*alg, private_der.expose())?));
        Ok(Self {
            kid: kid.to_owned(),
            decrypters: alg.serves().iter().map(parse).collect::<Result<_, JweError>>()?,
        })
    }

    /// Its id in the JWKS.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn decrypter(&self, alg: JweAlg) -> Option<&dyn JweDecrypter> {
        let found = self.decrypters.iter().find(|(own, _)| *own == alg);
        found.map(|(_, decrypter)| decrypter.as_ref())
    }
}

fn decrypter(alg: JweAlg, der: &[u8]) -> Result<Box<dyn JweDecrypter>, JweError> {
    let ecdh = |with: jwe::alg::ecdh_es::EcdhEsJweAlgorithm| -> Result<Box<dyn JweDecrypter>, JweError> {
        Ok(Box::new(with.decrypter_from_der(der).map_err(|_| JweError::Key)?))
    };
    match alg {
        JweAlg::RsaOaep256 => Ok(Box::new(
            jwe::RSA_OAEP_256.decrypter_from_der(der).map_err(|_| JweError::Key)?,
        )),
        JweAlg::EcdhEs => ecdh(jwe::ECDH_ES),
        JweAlg::EcdhEsA128Kw => ecdh(jwe::ECDH_ES_A128KW),
        JweAlg::EcdhEsA256Kw => ecdh(jwe::ECDH_ES_A256KW),
    }
}

/// What the header of a compact JWE says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JweHeader {
    /// How the content key travels.
    pub alg: JweAlg,
    /// How the content is encrypted.
    pub enc: JweEnc,
    kid: Option<String>,
}

/// Whether a token has the five parts of a compact JWE (RFC 7516 §9).
pub fn is_jwe(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// Reads the header, and looks at the lengths of all parts before anything reaches the crypto library.
///
/// # Errors
/// [`JweError`].
pub fn read(token: &str) -> Result<JweHeader, JweError> {
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
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or(JweError::Malformed)?.to_owned()),
    };
    Ok(JweHeader { alg, enc, kid })
}

/// Decrypts a compact JWE with those of `keys` that its header names by `alg` and, if given, `kid`: without one, the
/// successor of a key or its predecessor may be meant.
///
/// # Errors
/// [`JweError`].
pub fn decrypt<K: Borrow<DecryptionKey>>(token: &str, keys: &[K]) -> Result<Secret<Vec<u8>>, JweError> {
    let header = read(token)?;
    let is_meant = |key: &&DecryptionKey| header.kid.as_ref().is_none_or(|kid| *kid == key.kid);
    let meant = keys.iter().map(Borrow::borrow).filter(is_meant);
    let mut refused = JweError::AlgNotAllowed;
    for decrypter in meant.filter_map(|key| key.decrypter(header.alg)) {
        match context().deserialize_compact(token, decrypter) {
            Ok((payload, _)) => return Ok(Secret::new(payload)),
            Err(_) => refused = JweError::Refused,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use josekit::jwe::JweHeader as TheirHeader;
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;
    use crate::spec::jose::{RecipientKey, VerifyKey};

    fn made(alg: EncryptionAlg) -> (DecryptionKey, Map<String, Value>) {
        let made = generate(alg).unwrap();
        let key = DecryptionKey::new(alg, &made.public_jwk.kid, &made.private_der).unwrap();
        let jwk = serde_json::to_value(&made.public_jwk).unwrap();
        (key, jwk.as_object().unwrap().clone())
    }

    fn for_alg(alg: JweAlg) -> (DecryptionKey, Map<String, Value>) {
        let mut kinds = EncryptionAlg::ALL.into_iter();
        made(kinds.find(|kind| kind.serves().contains(&alg)).unwrap())
    }

    fn ec() -> (DecryptionKey, Map<String, Value>) {
        made(EncryptionAlg::EcdhEs)
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
                let (key, jwk) = for_alg(alg);
                let token = encrypt(b"inner", Some("JWT"), alg, enc, &jwk);
                assert_eq!(decrypt(&token, &[key]).unwrap().expose(), b"inner", "{alg:?} {enc:?}");
                let (other, _) = for_alg(alg);
                assert_eq!(
                    refused(&token, other),
                    JweError::AlgNotAllowed,
                    "{alg:?} {enc:?}: its kid"
                );
            }
        }
    }

    #[test]
    fn a_token_that_names_no_key_may_be_for_the_old_one_or_the_new() {
        let ((old, mut jwk), (new, _), (other, _)) = (ec(), ec(), ec());
        jwk.remove("kid");
        let token = encrypt(b"inner", None, JweAlg::EcdhEsA128Kw, JweEnc::A128Gcm, &jwk);
        assert_eq!(read(&token).map(|header| header.alg), Ok(JweAlg::EcdhEsA128Kw));
        assert!(is_jwe(&token) && !is_jwe("a.b.c"));
        assert_eq!(refused(&token, other), JweError::Refused);
        assert_eq!(decrypt(&token, &[new, old]).unwrap().expose(), b"inner");
    }

    #[test]
    fn an_entry_shows_the_public_half_and_says_what_it_is_for() {
        for (kind, members) in [
            (EncryptionAlg::RsaOaep256, &["alg", "e", "kid", "kty", "n", "use"][..]),
            (EncryptionAlg::EcdhEs, &["crv", "kid", "kty", "use", "x", "y"]),
        ] {
            let (_, jwk) = made(kind);
            let mut names: Vec<&str> = jwk.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, members);
            assert_eq!(jwk["use"], "enc");
            let public: PublicJwk = serde_json::from_value(Value::Object(jwk.clone())).unwrap();
            assert_eq!(public.kid, public.key.thumbprint());
            assert!(VerifyKey::ours(&public).is_err(), "it verifies nothing");
        }
    }

    #[test]
    fn a_zip_bomb_is_refused_unopened() {
        let (key, jwk) = ec();
        let careless = Jwk::from_map(jwk).unwrap();
        let mut header = TheirHeader::new();
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
            let (key, jwk) = ec();
            let token = encrypt(b"inner", None, JweAlg::EcdhEs, JweEnc::A128Gcm, &jwk);
            let token = reheaded(&token, |header| {
                header.insert("alg".to_owned(), alg.into());
            });
            assert_eq!(refused(&token, key), JweError::AlgNotAllowed, "{alg}");
        }
        let (key, jwk) = ec();
        let token = encrypt(b"inner", None, JweAlg::EcdhEs, JweEnc::A128Gcm, &jwk);
        let other_enc = reheaded(&token, |header| {
            header.insert("enc".to_owned(), "A192GCM".into());
        });
        assert_eq!(refused(&other_enc, key), JweError::AlgNotAllowed);
    }

    #[test]
    fn critical_extensions_other_kids_and_long_tokens_are_refused() {
        let (key, jwk) = ec();
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
                let (key, jwk) = ec();
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
