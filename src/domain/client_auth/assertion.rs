//! Client assertions: `client_secret_jwt` and `private_key_jwt` (RFC 7523 §3, OIDC Core §9).

use time::Duration;

use super::ClientAuthError;
use crate::{
    base::{Time, TokenHash},
    model::Client,
    spec::jose::{
        Expect, JwsAlg,
        jwt::{self, Audience, Expiry, Keys, TokenError, Typ},
    },
};

/// How far ahead an assertion may expire: its `jti` is remembered as long.
const MAX_LIFETIME: Duration = Duration::hours(1);

/// The longest `jti`, in bytes.
const MAX_JTI: usize = 512;

/// What an assertion must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whose it must be.
    pub client_id: &'a str,
    /// Algorithms, as [`super::check`] names them.
    pub algs: &'a [JwsAlg],
    /// Whom it must be meant for.
    pub audience: Audience<'a>,
    /// The instant.
    pub now: Time,
    /// How far the client's clock may be off.
    pub skew: Duration,
}

/// The one use of an assertion; the flow remembers it, and a second one is a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// SHA-256 of client_id and `jti`.
    pub jti_hash: TokenHash,
    /// When the assertion can no longer be used anyway.
    pub expires_at: Time,
}

/// Why an assertion is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No key fits: a key set that was fetched may be out of date.
    #[error("no key fits the client_assertion")]
    UnknownKey,
    /// Anything else.
    #[error(transparent)]
    Error(#[from] ClientAuthError),
}

/// Verifies the assertion.
///
/// # Errors
/// [`Refused`].
pub fn verify(assertion: &str, keys: Keys<'_>, expected: &Expected<'_>) -> Result<Use, Refused> {
    let expect = Expect {
        algs: expected.algs,
        typ: Typ::AbsentOr(&["JWT", "client-authentication+jwt"]),
        // RFC 7523 §3 and OIDC Core §9: iss and sub are the client_id
        iss: Some(expected.client_id),
        aud: expected.audience,
        expiry: Expiry::Within(MAX_LIFETIME),
        now: expected.now,
        skew: expected.skew,
    };
    let jwt = match jwt::verify(assertion, keys, &expect) {
        Ok(jwt) => jwt,
        Err(TokenError::UnknownKey) => return Err(Refused::UnknownKey),
        Err(error) => return Err(ClientAuthError::Assertion(reason(error)).into()),
    };
    let refuse = |why| Err(ClientAuthError::Assertion(why).into());
    if jwt.text("sub") != Some(expected.client_id) {
        return refuse("sub is not the client");
    }
    let (jti, expires) = match (jwt.text("jti"), jwt.time("exp")) {
        (Some(jti), Some(expires)) if !jti.is_empty() && jti.len() <= MAX_JTI => (jti, expires),
        (None, _) => return refuse("jti is missing"),
        _ => return refuse("jti or exp is out of bounds"),
    };
    Ok(Use {
        // the length keeps `a` + `bc` apart from `ab` + `c`
        jti_hash: TokenHash::of(&format!("{}:{}{jti}", expected.client_id.len(), expected.client_id)),
        expires_at: expires + expected.skew + Duration::SECOND,
    })
}

/// The algorithms that fit the method and the profile; only the registered one where the client registered one (OIDC
/// Registration §2).
pub(super) fn algs(client: &Client, of_method: &[JwsAlg], of_profile: &[JwsAlg]) -> Vec<JwsAlg> {
    let registered = client.metadata.token_endpoint_auth_signing_alg.as_deref();
    let fits = |alg: &&JwsAlg| of_profile.contains(alg) && registered.is_none_or(|name| alg.name() == name);
    of_method.iter().filter(fits).copied().collect()
}

fn reason(error: TokenError) -> &'static str {
    match error {
        TokenError::TooLong => "too long",
        TokenError::AlgNotAllowed => "this algorithm is not allowed",
        TokenError::WrongTyp => "another type of token",
        TokenError::WeakSecret => "the secret is too short for the algorithm",
        TokenError::WrongSignature => "wrong signature",
        TokenError::WrongIssuer => "iss is not the client",
        TokenError::WrongAudience => "aud is not this server",
        TokenError::NoExpiry => "exp is missing",
        TokenError::Expired => "it has expired",
        TokenError::ExpiresTooLate => "it expires more than an hour ahead",
        TokenError::NotYetValid => "it is not valid yet",
        TokenError::MadeInTheFuture => "iat lies in the future",
        TokenError::Malformed | TokenError::Critical | TokenError::UnknownKey => "malformed",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        base::Secret,
        domain::token::fixture::{ISSUER, NOW},
        spec::jose::{JwkSet, KeySigner, SigningAlg, signer},
    };

    const TOKEN_ENDPOINT: &str = "https://op.example/oauth2/token";

    struct Key {
        signer: KeySigner,
        set: JwkSet,
    }

    fn key() -> Key {
        let made = signer::generate(SigningAlg::ES256).unwrap();
        let document = json!({ "keys": [made.public_jwk] });
        Key {
            signer: KeySigner::new(SigningAlg::ES256, &made.public_jwk.kid, &made.private_der).unwrap(),
            set: JwkSet::from_value(&document).unwrap(),
        }
    }

    fn claims() -> Value {
        let now = NOW.unix_timestamp();
        json!({ "iss": "robot", "sub": "robot", "aud": ISSUER, "jti": "one", "exp": now + 60, "iat": now })
    }

    fn verify_with(key: &Key, claims: &Value, algs: &[JwsAlg]) -> Result<Use, Refused> {
        let token = key.signer.sign_jwt(None, claims.to_string().as_bytes()).unwrap();
        let expected = Expected {
            client_id: "robot",
            algs,
            audience: Audience::AnyOf(&[ISSUER, TOKEN_ENDPOINT]),
            now: NOW,
            skew: Duration::seconds(15),
        };
        verify(&token, Keys::Set(&key.set), &expected)
    }

    #[test]
    fn a_good_assertion_is_taken_and_names_its_one_use() {
        let key = key();
        let first = verify_with(&key, &claims(), &JwsAlg::SIGNATURES).unwrap();
        assert_eq!(first, verify_with(&key, &claims(), &JwsAlg::SIGNATURES).unwrap());
        assert_eq!(first.expires_at, NOW + Duration::seconds(76));
        let mut other = claims();
        other["jti"] = "two".into();
        assert!(first.jti_hash != verify_with(&key, &other, &JwsAlg::SIGNATURES).unwrap().jti_hash);
    }

    #[test]
    fn issuer_and_endpoint_are_audiences_alone_or_among_others() {
        let key = key();
        for aud in [
            json!(ISSUER),
            json!(TOKEN_ENDPOINT),
            json!(["https://other.example", ISSUER]),
        ] {
            let mut good = claims();
            good["aud"] = aud;
            assert!(verify_with(&key, &good, &JwsAlg::SIGNATURES).is_ok());
        }
    }

    #[test]
    fn every_claim_that_is_wrong_or_missing_is_refused() {
        let key = key();
        let now = NOW.unix_timestamp();
        for (name, value) in [
            ("iss", json!("other")),
            ("iss", Value::Null),
            ("sub", json!("other")),
            ("sub", Value::Null),
            ("aud", json!("https://other.example")),
            ("aud", Value::Null),
            ("exp", json!(now - 15)),
            ("exp", json!(now + 3600 + 16)),
            ("exp", Value::Null),
            ("nbf", json!(now + 60)),
            ("iat", json!(now + 61)),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("jti", json!("x".repeat(513))),
        ] {
            let mut bad = claims();
            if value.is_null() {
                bad.as_object_mut().unwrap().remove(name);
            } else {
                bad[name] = value.clone();
            }
            let refused = verify_with(&key, &bad, &JwsAlg::SIGNATURES);
            assert!(
                matches!(refused, Err(Refused::Error(ClientAuthError::Assertion(_)))),
                "{name} {value}"
            );
        }
    }

    #[test]
    fn only_the_allowed_algorithms_and_known_keys_count() {
        let (known, stranger) = (key(), key());
        assert!(verify_with(&known, &claims(), &[JwsAlg::RS256]).is_err());
        assert!(verify_with(&known, &claims(), &[]).is_err());
        let mixed = Key {
            signer: stranger.signer,
            set: known.set,
        };
        assert_eq!(
            verify_with(&mixed, &claims(), &JwsAlg::SIGNATURES),
            Err(Refused::UnknownKey)
        );
    }

    #[test]
    fn a_mac_by_the_secret_is_taken_only_with_the_secret() {
        use aws_lc_rs::hmac;
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let secret = "0123456789abcdef0123456789abcdef";
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
            URL_SAFE_NO_PAD.encode(claims().to_string())
        );
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        let expected = Expected {
            client_id: "robot",
            algs: &JwsAlg::MACS,
            audience: Audience::AnyOf(&[ISSUER]),
            now: NOW,
            skew: Duration::seconds(15),
        };
        let right = Secret::new(secret.to_owned());
        let wrong = Secret::new(secret.to_uppercase());
        assert!(verify(&token, Keys::Secret(&right), &expected).is_ok());
        assert!(verify(&token, Keys::Secret(&wrong), &expected).is_err());
        // RFC 8725 §3.1: the secret never stands in for a public key
        assert!(verify(&token, Keys::Set(&key().set), &expected).is_err());
    }
}
