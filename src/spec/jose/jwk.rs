//! Key sets: keys that verify, our own and those that a client registers or serves at its `jwks_uri` (RFC 7517 §5).

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{
    JwsAlg, KeyAlg,
    jwe::JweAlg,
    public_jwk::{PublicJwk as Ours, PublicKey},
    recipient::{self, RecipientKey},
};
use crate::spec::x509::thumbprint_of_x5c;

pub use super::public_jwk::PublicJwk;

/// The largest JWKS document that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 64 * 1024;
/// The most entries that a JWKS may have.
pub const MAX_JWKS_KEYS: usize = 64;
/// The longest `kid` that is kept, in bytes.
const MAX_KID_BYTES: usize = 512;

/// Members that belong to private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
pub(super) const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a whole JWKS is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// More than [`MAX_JWKS_BYTES`].
    #[error("the key set has more than 65536 bytes")]
    TooLarge,
    /// More than [`MAX_JWKS_KEYS`].
    #[error("the key set has more than 64 keys")]
    TooManyKeys,
    /// Not a JSON object with an array `keys` of objects.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// A secret was published; whoever did that must hear of it.
    #[error("the key set contains a private or symmetric key")]
    PrivateKey,
}

/// Why one entry of a JWKS is of no use. RFC 7517 §5: such entries are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// Neither RSA, nor EC, nor OKP.
    #[error("unknown key type")]
    KeyType,
    /// `use` or `key_ops` say that it does not verify signatures.
    #[error("not for signatures")]
    Purpose,
    /// `alg` is not one that is verified here, or does not belong to the key's type.
    #[error("unknown algorithm")]
    Alg,
    /// A curve without an algorithm here.
    #[error("unknown curve")]
    Curve,
    /// RSA below 2048 or above 8192 bits, or with an unusual exponent.
    #[error("RSA keys need 2048 to 8192 bits and an odd exponent of at most 32 bits")]
    RsaSize,
    /// A required member is missing or is no key.
    #[error("malformed key")]
    Malformed,
}

enum Material {
    /// Parsed for the one algorithm that it serves.
    Parsed(JwsAlg, ParsedPublicKey),
    /// An RSA key that names no algorithm serves six; it is put together when used, which costs about a microsecond.
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
}

/// One key that verifies signatures.
pub struct VerifyKey {
    kid: Option<String>,
    material: Material,
}

impl VerifyKey {
    /// A public key of ours.
    ///
    /// # Errors
    /// [`Ignored`] if the stored key is not sound.
    pub fn ours(jwk: &Ours) -> Result<Self, Ignored> {
        let Some(KeyAlg::Signing(alg)) = jwk.alg else {
            return Err(Ignored::Purpose);
        };
        let alg = alg.jws();
        let material = match &jwk.key {
            PublicKey::Rsa { n, e } => rsa(n, e, Some(alg))?,
            PublicKey::Ec { crv, x, y } => ec(crv, x, y)?,
            PublicKey::Okp { crv, x } => okp(crv, x)?,
        };
        match &material {
            Material::Parsed(parsed, _) if *parsed == alg => Ok(Self {
                kid: Some(jwk.kid.clone()),
                material,
            }),
            _ => Err(Ignored::Alg),
        }
    }

    /// An entry of somebody's JWKS, without private members.
    pub(super) fn parse(jwk: &Map<String, Value>) -> Result<Self, Ignored> {
        let kty = member(jwk, "kty")?.ok_or(Ignored::Malformed)?;
        if !matches!(kty, "RSA" | "EC" | "OKP") {
            return Err(Ignored::KeyType);
        }
        if member(jwk, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(Ignored::Purpose);
        }
        match jwk.get("key_ops") {
            None => {}
            Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => {}
            Some(_) => return Err(Ignored::Purpose),
        }
        let alg = match member(jwk, "alg")? {
            Some(name) => Some(name.parse::<JwsAlg>().map_err(|_| Ignored::Alg)?),
            None => None,
        };
        let kid = member(jwk, "kid")?;
        if kid.is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(Ignored::Malformed);
        }
        let required = |name| member(jwk, name)?.ok_or(Ignored::Malformed);
        let material = match kty {
            "RSA" => rsa(required("n")?, required("e")?, alg)?,
            "EC" => ec(required("crv")?, required("x")?, required("y")?)?,
            _ => okp(required("crv")?, required("x")?)?,
        };
        let key = Self {
            kid: kid.map(str::to_owned),
            material,
        };
        if alg.is_some_and(|alg| !key.serves(alg)) {
            return Err(Ignored::Alg);
        }
        Ok(key)
    }

    /// Its id.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it may verify signatures of `alg`: the key decides this, never the token.
    pub fn serves(&self, alg: JwsAlg) -> bool {
        match &self.material {
            Material::Parsed(own, _) => *own == alg,
            Material::Rsa(_) => rsa_parameters(alg).is_some(),
        }
    }

    /// Whether `signature` is this key's over `message` by `alg`.
    pub(super) fn verifies(&self, alg: JwsAlg, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Parsed(own, key) => *own == alg && key.verify_sig(message, signature).is_ok(),
            Material::Rsa(key) => {
                rsa_parameters(alg).is_some_and(|parameters| key.verify(parameters, message, signature).is_ok())
            }
        }
    }
}

impl std::fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A text member; one of another type makes the key malformed.
fn member<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Ignored> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Ignored::Malformed),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Ignored> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Ignored::Malformed)
}

fn parsed(alg: JwsAlg, with: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<Material, Ignored> {
    let key = ParsedPublicKey::new(with, key).map_err(|_| Ignored::Malformed)?;
    Ok(Material::Parsed(alg, key))
}

fn rsa_parameters(alg: JwsAlg) -> Option<&'static RsaParameters> {
    Some(match alg {
        JwsAlg::RS256 => &RSA_PKCS1_2048_8192_SHA256,
        JwsAlg::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        JwsAlg::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        JwsAlg::PS256 => &RSA_PSS_2048_8192_SHA256,
        JwsAlg::PS384 => &RSA_PSS_2048_8192_SHA384,
        JwsAlg::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn rsa(n: &str, e: &str, alg: Option<JwsAlg>) -> Result<Material, Ignored> {
    // RFC 7518 §6.3.1.1: no leading zero octets, but several implementations write one
    let n = without_leading_zeros(decode(n)?);
    let e = without_leading_zeros(decode(e)?);
    let top = n.first().ok_or(Ignored::Malformed)?;
    let bits = n.len() * 8 - top.leading_zeros() as usize;
    let odd = e.last().is_some_and(|last| last % 2 == 1);
    // RFC 7518 §3.3; the upper limits bound what one verification can cost
    if !(2048..=8192).contains(&bits) || !odd || e.len() > 4 || e.as_slice() == [1] {
        return Err(Ignored::RsaSize);
    }
    let key = RsaPublicKeyComponents { n, e };
    match alg {
        None => Ok(Material::Rsa(key)),
        Some(alg) => {
            let parameters = rsa_parameters(alg).ok_or(Ignored::Alg)?;
            let key = key.to_parsed_public_key(parameters).map_err(|_| Ignored::Malformed)?;
            Ok(Material::Parsed(alg, key))
        }
    }
}

fn without_leading_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

fn ec(crv: &str, x: &str, y: &str) -> Result<Material, Ignored> {
    let (alg, with, length): (_, &'static dyn VerificationAlgorithm, usize) = match crv {
        "P-256" => (JwsAlg::ES256, &ECDSA_P256_SHA256_FIXED, 32),
        "P-384" => (JwsAlg::ES384, &ECDSA_P384_SHA384_FIXED, 48),
        "P-521" => (JwsAlg::ES512, &ECDSA_P521_SHA512_FIXED, 66),
        _ => return Err(Ignored::Curve),
    };
    let (x, y) = (decode(x)?, decode(y)?);
    // RFC 7518 §6.2.1.2: the full size of a coordinate, always
    if x.len() != length || y.len() != length {
        return Err(Ignored::Malformed);
    }
    parsed(alg, with, &[&[0x04], x.as_slice(), y.as_slice()].concat())
}

fn okp(crv: &str, x: &str) -> Result<Material, Ignored> {
    if crv != "Ed25519" {
        return Err(Ignored::Curve);
    }
    let x = decode(x)?;
    if x.len() != 32 {
        return Err(Ignored::Malformed);
    }
    parsed(JwsAlg::EdDSA, &ED25519, &x)
}

/// The thumbprint of the certificate that the entry's key is in.
fn certificate(jwk: &Map<String, Value>) -> Option<String> {
    let chain = jwk.get("x5c")?.as_array()?;
    thumbprint_of_x5c(chain.first()?.as_str()?)
}

/// Keys to verify with, and those of somebody else to encrypt to.
#[derive(Debug, Default, Clone)]
pub struct JwkSet {
    keys: Vec<Arc<VerifyKey>>,
    recipients: Vec<Arc<RecipientKey>>,
    ignored: Vec<Ignored>,
    /// `x5t#S256` of the first certificate of each `x5c`.
    certificates: Vec<String>,
}

impl JwkSet {
    /// Reads a client's key set. Entries that do not verify are counted in [`JwkSet::ignored`].
    ///
    /// # Errors
    /// [`JwkSetError`], when nothing in the document can be trusted to be meant.
    pub fn parse(json: &[u8]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_JWKS_BYTES {
            return Err(JwkSetError::TooLarge);
        }
        Self::from_value(&serde_json::from_slice(json).map_err(|_| JwkSetError::Malformed)?)
    }

    /// Reads a client's key set that is JSON already, as in client metadata `jwks`.
    ///
    /// # Errors
    /// [`JwkSetError`].
    pub fn from_value(document: &Value) -> Result<Self, JwkSetError> {
        let entries = document.get("keys").and_then(Value::as_array);
        let entries = entries.ok_or(JwkSetError::Malformed)?;
        if entries.len() > MAX_JWKS_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }
        let mut set = Self::default();
        for entry in entries {
            let jwk = entry.as_object().ok_or(JwkSetError::Malformed)?;
            if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
                return Err(JwkSetError::PrivateKey);
            }
            set.certificates.extend(certificate(jwk));
            match VerifyKey::parse(jwk) {
                Ok(key) => set.keys.push(Arc::new(key)),
                Err(reason) => set.ignored.push(reason),
            }
            // a key that does not say what it is for may serve both (RFC 7517 §4.2)
            set.recipients.extend(RecipientKey::parse(jwk).map(Arc::new));
        }
        Ok(set)
    }

    /// A set of keys that are parsed already.
    pub fn new(keys: Vec<Arc<VerifyKey>>) -> Self {
        Self {
            keys,
            ..Self::default()
        }
    }

    /// Whether no entry is of use.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The usable keys.
    pub fn keys(&self) -> &[Arc<VerifyKey>] {
        &self.keys
    }

    /// The key to encrypt to by `alg`.
    pub fn recipient(&self, alg: JweAlg) -> Option<Arc<RecipientKey>> {
        recipient::select(&self.recipients, alg)
    }

    /// Why entries do not verify, in their order.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Whether an entry, of whichever use, comes with the certificate of this `x5t#S256` (RFC 7517 §4.7).
    pub fn has_certificate(&self, thumbprint: &str) -> bool {
        self.certificates.iter().any(|known| known == thumbprint)
    }

    /// The keys that may have signed a token of this header: those that serve `alg`, and have the `kid` if it names one.
    pub fn select<'a>(&'a self, kid: Option<&'a str>, alg: JwsAlg) -> impl Iterator<Item = &'a VerifyKey> {
        self.keys
            .iter()
            .map(Arc::as_ref)
            .filter(move |key| kid.is_none_or(|kid| key.kid() == Some(kid)) && key.serves(alg))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::jose::{SigningAlg, signer::generate};

    fn client_key(alg: SigningAlg) -> Value {
        serde_json::to_value(generate(alg).unwrap().public_jwk).unwrap()
    }

    fn without(mut jwk: Value, name: &str) -> Value {
        jwk.as_object_mut().unwrap().remove(name);
        jwk
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    fn ignored(jwk: Value) -> Option<Ignored> {
        let set = JwkSet::from_value(&json!({ "keys": [jwk] })).unwrap();
        assert_eq!(set.is_empty(), set.ignored().len() == 1);
        set.ignored().first().copied()
    }

    #[test]
    fn keys_are_found_by_kid_and_alg() {
        let (rsa, ec) = (client_key(SigningAlg::PS256), client_key(SigningAlg::ES256));
        let set = JwkSet::from_value(&json!({ "keys": [rsa, ec] })).unwrap();
        let kid = ec["kid"].as_str().unwrap();
        assert_eq!(set.select(Some(kid), JwsAlg::ES256).count(), 1);
        assert_eq!(set.select(Some(kid), JwsAlg::PS256).count(), 0);
        assert_eq!(set.select(Some("other"), JwsAlg::ES256).count(), 0);
        assert_eq!(set.select(None, JwsAlg::PS256).count(), 1);
        assert_eq!(set.select(None, JwsAlg::RS256).count(), 0);
    }

    #[test]
    fn an_rsa_key_without_alg_serves_all_rsa_algorithms_and_no_other() {
        let jwk = without(client_key(SigningAlg::RS256), "alg");
        let set = JwkSet::from_value(&json!({ "keys": [jwk] })).unwrap();
        let served: Vec<_> = JwsAlg::SIGNATURES
            .into_iter()
            .chain(JwsAlg::MACS)
            .filter(|alg| set.select(None, *alg).count() == 1)
            .collect();
        assert_eq!(served, JwsAlg::SIGNATURES[..6]);
    }

    #[test]
    fn entries_of_no_use_are_ignored_with_their_reason() {
        let rsa = || client_key(SigningAlg::RS256);
        let ec = || client_key(SigningAlg::ES256);
        let ed = || client_key(SigningAlg::EdDSA);
        let small = json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xff; 128]) });
        let huge = json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xff; 1025]) });
        let cases = [
            (ed(), None),
            (with(rsa(), "kty", json!("LMS")), Some(Ignored::KeyType)),
            (with(rsa(), "use", json!("enc")), Some(Ignored::Purpose)),
            (with(rsa(), "key_ops", json!(["encrypt"])), Some(Ignored::Purpose)),
            (with(rsa(), "key_ops", json!(["verify"])), None),
            (with(rsa(), "alg", json!("RSA-OAEP-256")), Some(Ignored::Alg)),
            (with(rsa(), "alg", json!("ES256")), Some(Ignored::Alg)),
            (with(rsa(), "alg", json!("HS256")), Some(Ignored::Alg)),
            (with(ec(), "alg", json!("ES384")), Some(Ignored::Alg)),
            (with(ec(), "crv", json!("secp256k1")), Some(Ignored::Curve)),
            (with(ed(), "crv", json!("Ed448")), Some(Ignored::Curve)),
            (with(ec(), "y", json!("AAAA")), Some(Ignored::Malformed)),
            (with(ec(), "y", ec()["y"].clone()), Some(Ignored::Malformed)),
            (without(ec(), "y"), Some(Ignored::Malformed)),
            (with(ed(), "kid", json!(7)), Some(Ignored::Malformed)),
            (with(ed(), "x", json!("!")), Some(Ignored::Malformed)),
            (small, Some(Ignored::RsaSize)),
            (huge, Some(Ignored::RsaSize)),
            (with(rsa(), "e", json!("AQ")), Some(Ignored::RsaSize)),
            (with(rsa(), "e", json!("AQAA")), Some(Ignored::RsaSize)),
            (with(rsa(), "n", json!("")), Some(Ignored::Malformed)),
        ];
        for (jwk, reason) in cases {
            assert_eq!(ignored(jwk.clone()), reason, "{jwk}");
        }
    }

    #[test]
    fn a_set_with_a_secret_in_it_is_refused() {
        for (name, value) in [("d", "AQAB"), ("k", "c2VjcmV0"), ("qi", "AQAB")] {
            let jwk = with(client_key(SigningAlg::EdDSA), name, json!(value));
            let refused = JwkSet::from_value(&json!({ "keys": [jwk] })).unwrap_err();
            assert_eq!(refused, JwkSetError::PrivateKey, "{name}");
        }
        let oct = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
        assert_eq!(JwkSet::from_value(&oct).unwrap_err(), JwkSetError::PrivateKey);
    }

    #[test]
    fn size_and_count_are_limited() {
        let many = json!({ "keys": vec![json!({ "kty": "x" }); MAX_JWKS_KEYS + 1] });
        assert_eq!(JwkSet::from_value(&many).unwrap_err(), JwkSetError::TooManyKeys);
        let long = vec![b' '; MAX_JWKS_BYTES + 1];
        assert_eq!(JwkSet::parse(&long).unwrap_err(), JwkSetError::TooLarge);
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#] {
            assert_eq!(
                JwkSet::parse(text.as_bytes()).unwrap_err(),
                JwkSetError::Malformed,
                "{text}"
            );
        }
    }
}
