//! Signed tokens that bring their own public key, to prove that whoever sends them holds the private one (RFC 9449 §4.2,
//! RFC 7800). The key proves nothing else: who it belongs to must be known from elsewhere.

use serde_json::{Map, Value};

use super::{
    JwsAlg,
    jwk::{self, VerifyKey},
    jwt::{MAX_TOKEN_BYTES, Parts, TokenError, decode, same_type},
    public_jwk::PublicKey,
    strict_json,
};

/// A token that was signed by the key inside it.
#[derive(Debug, Clone)]
pub struct OwnKey {
    /// All its claims; none of them was looked at.
    pub claims: Map<String, Value>,
    /// SHA-256 thumbprint of the key (RFC 7638 §3.1), base64url.
    pub jkt: String,
}

/// Verifies the signature of `token` by the key in its header. `algs` are signatures, never MACs: a symmetric key that
/// travels with the token proves nothing.
///
/// # Errors
/// [`TokenError`]; nothing of a refused token may be used.
pub fn verify(token: &str, algs: &[JwsAlg], typ: &str) -> Result<OwnKey, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let parts = Parts::split(token)?;
    let header = strict_json::object(&decode(parts.header)?).map_err(|_| TokenError::Malformed)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let alg: JwsAlg = text("alg")
        .ok_or(TokenError::Malformed)?
        .parse()
        .map_err(|_| TokenError::AlgNotAllowed)?;
    if !algs.contains(&alg) || JwsAlg::MACS.contains(&alg) {
        return Err(TokenError::AlgNotAllowed);
    }
    if header.contains_key("crit") {
        return Err(TokenError::Critical);
    }
    if !text("typ").is_some_and(|found| same_type(typ, found)) {
        return Err(TokenError::WrongTyp);
    }
    let jwk = header
        .get("jwk")
        .and_then(Value::as_object)
        .ok_or(TokenError::UnknownKey)?;
    // RFC 9449 §4.3 (7): a private key that was sent is nobody's own any more
    if jwk::PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
        return Err(TokenError::UnknownKey);
    }
    let key = VerifyKey::parse(jwk).map_err(|_| TokenError::UnknownKey)?;
    let signature = decode(parts.signature)?;
    if !key.verifies(alg, parts.signed, &signature) {
        return Err(TokenError::WrongSignature);
    }
    // The members were read as base64url above, so they need no escaping there.
    let public: PublicKey = serde_json::from_value(Value::Object(jwk.clone())).map_err(|_| TokenError::Malformed)?;
    let claims = strict_json::object(&decode(parts.payload)?).map_err(|_| TokenError::Malformed)?;
    Ok(OwnKey {
        claims,
        jkt: public.thumbprint(),
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::spec::jose::{KeySigner, SigningAlg, signer};

    fn token(header: &Value, claims: &Value, signer: &KeySigner) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = signer.sign_bytes(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn key(alg: SigningAlg) -> (KeySigner, Value) {
        let made = signer::generate(alg).unwrap();
        let signer = KeySigner::new(alg, &made.public_jwk.kid, &made.private_der).unwrap();
        (signer, serde_json::to_value(&made.public_jwk).unwrap())
    }

    const ALGS: &[JwsAlg] = &JwsAlg::SIGNATURES;

    #[test]
    fn the_key_inside_verifies_and_its_thumbprint_names_it() {
        for alg in SigningAlg::ALL {
            let (signer, jwk) = key(alg);
            let header = json!({ "typ": "dpop+jwt", "alg": alg.name(), "jwk": jwk });
            let found = verify(&token(&header, &json!({ "jti": "x" }), &signer), ALGS, "dpop+jwt").unwrap();
            // the kid of our own keys is their thumbprint
            assert_eq!(jwk["kid"], found.jkt);
            assert_eq!(found.claims["jti"], "x");
        }
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let ((signer, jwk), (_, other)) = (key(SigningAlg::ES256), key(SigningAlg::ES256));
        let with = |name: &str, value: Value| {
            let mut jwk = jwk.clone();
            jwk[name] = value;
            jwk
        };
        let cases = [
            (json!({ "alg": "ES256", "jwk": jwk }), TokenError::WrongTyp),
            (
                json!({ "typ": "JWT", "alg": "ES256", "jwk": jwk }),
                TokenError::WrongTyp,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "none", "jwk": jwk }),
                TokenError::AlgNotAllowed,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": jwk }),
                TokenError::AlgNotAllowed,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "PS256", "jwk": jwk }),
                TokenError::WrongSignature,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": other }),
                TokenError::WrongSignature,
            ),
            (json!({ "typ": "dpop+jwt", "alg": "ES256" }), TokenError::UnknownKey),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": "x" }),
                TokenError::UnknownKey,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "oct", "k": "AAAA" } }),
                TokenError::UnknownKey,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": with("d", json!("AAAA")) }),
                TokenError::UnknownKey,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": with("use", json!("enc")) }),
                TokenError::UnknownKey,
            ),
            (
                json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk, "crit": ["x"] }),
                TokenError::Critical,
            ),
            (json!({ "typ": "dpop+jwt", "jwk": jwk }), TokenError::Malformed),
        ];
        for (header, refused) in cases {
            let token = token(&header, &json!({}), &signer);
            assert_eq!(verify(&token, ALGS, "dpop+jwt").unwrap_err(), refused, "{header}");
        }
    }

    #[test]
    fn an_algorithm_that_is_not_wanted_is_refused_even_with_a_good_signature() {
        let (signer, jwk) = key(SigningAlg::RS256);
        let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk });
        let refused = verify(&token(&header, &json!({}), &signer), &[JwsAlg::ES256], "dpop+jwt");
        assert_eq!(refused.unwrap_err(), TokenError::AlgNotAllowed);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in "[A-Za-z0-9_.-]{0,200}") {
            proptest::prop_assert!(verify(&text, ALGS, "dpop+jwt").is_err());
        }
    }
}
