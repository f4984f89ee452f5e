//! Request objects: the parameters of an authorization request in a JWT that its client signed (RFC 9101, OIDC Core §6).
//!
//! An object says for which server it is, and whose it is (RFC 9101 §4 has SHOULD; here it must), and one that comes with the
//! request itself says until when it is good: whoever saw it on its way could bring it again. What lies at an address of its
//! client may stay there for good, for its client can take it away; so the certification suite has it, too.
//!
//! What is signed counts alone (RFC 9101 §6.3): OpenID Connect would let parameters beside it fill gaps, which anybody who
//! changes the address could use. Without a signature there is no request object (`none` is never taken).

use serde_json::{Map, Value};
use time::Duration;

use crate::{
    base::{Time, storable::is_storable},
    spec::{
        jose::{
            Expect, JwsAlg,
            jwt::{self, Audience, Expiry, Keys, TokenError, Typ, VerifiedJwt},
        },
        oauth::{ErrorCode, OAuthError, Params},
    },
};

/// Claims that are about the JWT and no parameters (RFC 7519 §4.1).
const ABOUT_THE_JWT: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

/// How a request object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// In the request itself, by whatever way that took.
    ByValue,
    /// From an address that its client registered.
    ByReference,
}

/// What a request object must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whose it must be.
    pub client_id: &'a str,
    /// Algorithms that are taken.
    pub algs: &'a [JwsAlg],
    /// This server.
    pub issuer: &'a str,
    /// How it came.
    pub came: Came,
    /// How long it may be good; then it must say from when and until when.
    pub longest: Option<Duration>,
    /// The instant.
    pub now: Time,
    /// How far the client's clock may be off.
    pub skew: Duration,
}

/// Why a request object is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No key fits: a key set that was fetched may be out of date.
    #[error("no key of the client fits the request object")]
    UnknownKey,
    /// Anything else.
    #[error(transparent)]
    Error(#[from] OAuthError),
}

/// Verifies the object and reads its parameters.
///
/// # Errors
/// [`Refused`]; nothing of a refused object may be used.
pub fn verify(object: &str, keys: Keys<'_>, expected: &Expected<'_>) -> Result<Params, Refused> {
    let says_when = jwt::peek(object).is_ok_and(|claims| claims.contains_key("exp"));
    let expect = Expect {
        algs: expected.algs,
        typ: Typ::AbsentOr(&["JWT", "oauth-authz-req+jwt"]),
        iss: None,
        aud: Audience::Any,
        expiry: match expected.came {
            Came::ByReference if !says_when && expected.longest.is_none() => Expiry::MayBeOver,
            Came::ByValue | Came::ByReference => Expiry::Required,
        },
        now: expected.now,
        skew: expected.skew,
    };
    let verified = match jwt::verify(object, keys, &expect) {
        Ok(verified) => verified,
        Err(TokenError::UnknownKey) => return Err(Refused::UnknownKey),
        Err(error) => return Err(refuse(reason(error)).into()),
    };
    check_parties(&verified, expected)?;
    if let Some(longest) = expected.longest {
        check_times(&verified, longest, expected)?;
    }
    Ok(parameters(verified.claims, expected.client_id)?)
}

/// Who speaks to whom (RFC 9101 §4, §5, §10.8).
fn check_parties(verified: &VerifiedJwt, expected: &Expected<'_>) -> Result<(), OAuthError> {
    let named = ["iss", "client_id"].map(|name| verified.claims.get(name));
    if named.iter().flatten().any(|value| **value != expected.client_id) {
        return Err(refuse("the request object is another client's"));
    }
    if named.iter().all(Option::is_none) {
        return Err(refuse("the request object needs iss or client_id"));
    }
    // RFC 9101 §10.8: else an assertion that authenticates the client could pass for a request of it
    if verified.text("sub") == Some(expected.client_id) {
        return Err(refuse("the request object has the client as its sub"));
    }
    if !verified.claims.contains_key("aud") {
        return Err(refuse("the request object needs aud"));
    }
    if !verified.audience().contains(&expected.issuer) {
        return Err(refuse("the request object is for another audience"));
    }
    Ok(())
}

/// FAPI 1.0 Advanced §5.2.2-13 and -17, FAPI 2.0 Message Signing §5.3.1.
fn check_times(verified: &VerifiedJwt, longest: Duration, expected: &Expected<'_>) -> Result<(), OAuthError> {
    let (Some(from), Some(until)) = (verified.time("nbf"), verified.time("exp")) else {
        return Err(refuse("the request object needs nbf and exp"));
    };
    if until > from + longest || from + longest + expected.skew < expected.now {
        return Err(refuse("the request object is good for too long, or too old"));
    }
    Ok(())
}

/// The claims as the parameters that they stand for (RFC 9101 §4).
fn parameters(claims: Map<String, Value>, client_id: &str) -> Result<Params, OAuthError> {
    let mut pairs = vec![("client_id".to_owned(), client_id.to_owned())];
    for (name, value) in claims {
        if ABOUT_THE_JWT.contains(&name.as_str()) || name == "client_id" {
            continue;
        }
        // RFC 9101 §4: "request and request_uri parameters MUST NOT be included in Request Objects"
        if name == "request" || name == "request_uri" {
            return Err(refuse("a request object cannot hold another one"));
        }
        match value {
            Value::Array(values) if name == "resource" => {
                for value in values {
                    pairs.push((name.clone(), text(value)?));
                }
            }
            value => pairs.push((name, text(value)?)),
        }
    }
    if !pairs.iter().all(|(name, value)| is_clean(name) && is_clean(value)) {
        return Err(refuse("the request object has a character that no parameter may have"));
    }
    Params::from_pairs(pairs)
}

/// RFC 9101 §4: numbers and JSON values stand as they are, texts as text.
fn text(value: Value) -> Result<String, OAuthError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) | Value::Object(_) | Value::Array(_) => Ok(value.to_string()),
        Value::Null => Err(refuse("a parameter of the request object is null")),
    }
}

/// What [`Params`] takes from an address.
fn is_clean(text: &str) -> bool {
    is_storable(text) && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// `invalid_request_object` (RFC 9101 §7).
pub const fn refuse(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, why)
}

fn reason(error: TokenError) -> &'static str {
    match error {
        TokenError::TooLong => "the request object is too long",
        TokenError::AlgNotAllowed => "the request object is not signed, or by an algorithm that is not allowed",
        TokenError::WrongTyp => "the request object says that it is another type of token",
        TokenError::WrongSignature => "the signature of the request object is wrong",
        TokenError::Expired => "the request object has expired",
        TokenError::NoExpiry => "the request object needs exp",
        TokenError::NotYetValid => "the request object is not valid yet",
        TokenError::MadeInTheFuture => "iat of the request object lies in the future",
        _ => "the request object is malformed",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        domain::token::fixture::{ISSUER, NOW},
        spec::jose::{JwkSet, KeySigner, SigningAlg, signer},
    };

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

    fn read_typed(
        key: &Key,
        typ: Option<&str>,
        claims: &Value,
        (came, longest): (Came, Option<Duration>),
    ) -> Result<Params, Refused> {
        let object = key.signer.sign_jwt(typ, claims.to_string().as_bytes()).unwrap();
        let expected = Expected {
            client_id: "app",
            algs: &[JwsAlg::ES256],
            issuer: ISSUER,
            came,
            longest,
            now: NOW,
            skew: Duration::seconds(15),
        };
        verify(&object, Keys::Set(&key.set), &expected)
    }

    fn read(claims: &Value, longest: Option<Duration>) -> Result<Params, Refused> {
        read_typed(
            &key(),
            Some("oauth-authz-req+jwt"),
            claims,
            (Came::ByReference, longest),
        )
    }

    /// A good object with `changes`; what is null in them is left out, and `{"null": null}` stands for null.
    fn with(changes: &Value) -> Value {
        let mut claims = json!({ "iss": "app", "aud": ISSUER, "exp": NOW.unix_timestamp() + 60, "state": "s" });
        let members = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                members.remove(name);
            } else {
                members.insert(
                    name.clone(),
                    if value.get("null").is_some() {
                        Value::Null
                    } else {
                        value.clone()
                    },
                );
            }
        }
        claims
    }

    fn is_refused(outcome: &Result<Params, Refused>) -> bool {
        matches!(outcome, Err(Refused::Error(error)) if error.code == ErrorCode::InvalidRequestObject)
    }

    #[test]
    fn claims_become_the_parameters_that_they_stand_for() {
        let params = read(
            &json!({
                "iss": "app", "aud": [ISSUER, "https://other.example"], "client_id": "app", "response_type": "code",
                "max_age": 300, "claims": { "userinfo": { "name": null } }, "resource": ["https://a", "https://b"],
                "authorization_details": [{ "type": "x" }], "jti": "one",
            }),
            None,
        )
        .unwrap();
        assert_eq!(params.get("client_id"), Some("app"));
        assert_eq!(params.get("max_age"), Some("300"));
        assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(params.get("authorization_details"), Some(r#"[{"type":"x"}]"#));
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a", "https://b"]);
        for absent in ["iss", "aud", "jti"] {
            assert_eq!(params.get(absent), None);
        }
    }

    #[test]
    fn an_object_of_somebody_else_for_somebody_else_or_of_another_kind_is_refused() {
        for bad in [
            json!({ "iss": "other" }),
            json!({ "client_id": "other" }),
            json!({ "client_id": ["app"] }),
            json!({ "aud": "https://other.example" }),
            json!({ "aud": [] }),
            // a client assertion
            json!({ "sub": "app", "jti": "x" }),
            json!({ "request": "e30.e30.x" }),
            json!({ "request_uri": "https://app.example/request.jwt" }),
            json!({ "state": { "null": null } }),
            json!({ "iss": null }),
            json!({ "aud": null }),
            json!({ "state": "a\u{0}b" }),
            json!({ "state\u{0}": "a" }),
            json!({ "claims": "\u{1b}" }),
            json!({ "exp": NOW.unix_timestamp() - 20 }),
            json!({ "nbf": NOW.unix_timestamp() + 20 }),
            json!({ "exp": "never" }),
        ] {
            assert!(is_refused(&read(&with(&bad), None)), "{bad}");
        }
        let good = with(&json!({}));
        let by_value = (Came::ByValue, None);
        for typ in ["at+jwt", "dpop+jwt", "client-authentication+jwt"] {
            assert!(is_refused(&read_typed(&key(), Some(typ), &good, by_value)), "{typ}");
        }
        assert!(read_typed(&key(), None, &good, by_value).is_ok());
        for one in ["iss", "client_id"] {
            let named = with(&json!({ "iss": null, one: "app" }));
            assert!(read(&named, None).is_ok(), "{one} is enough");
        }
    }

    #[test]
    fn what_travels_says_until_when_and_what_lies_at_the_clients_address_need_not() {
        let endless = with(&json!({ "exp": null }));
        let typ = Some("oauth-authz-req+jwt");
        assert!(read_typed(&key(), typ, &endless, (Came::ByReference, None)).is_ok());
        assert!(is_refused(&read_typed(&key(), typ, &endless, (Came::ByValue, None))));
        let over = with(&json!({ "exp": NOW.unix_timestamp() - 20 }));
        for came in [Came::ByValue, Came::ByReference] {
            assert!(is_refused(&read_typed(&key(), typ, &over, (came, None))));
        }
    }

    #[test]
    fn a_profile_wants_times_within_an_hour_and_an_audience() {
        let now = NOW.unix_timestamp();
        let hour = Some(Duration::HOUR);
        let good = with(&json!({ "nbf": now, "exp": now + 3600 }));
        assert!(read(&good, hour).is_ok());
        for (name, value) in [
            ("aud", Value::Null),
            ("aud", json!(format!("{ISSUER}/par"))),
            ("nbf", Value::Null),
            ("exp", Value::Null),
            ("exp", json!(now + 3601)),
            ("nbf", json!(now + 20)),
            ("nbf", json!(now - 3700)),
        ] {
            let mut bad = good.clone();
            if value.is_null() {
                bad.as_object_mut().unwrap().remove(name);
            } else {
                bad[name] = value.clone();
            }
            assert!(is_refused(&read(&bad, hour)), "{name} {value}");
        }
        // FAPI 2.0: clocks differ
        let ahead = with(&json!({ "aud": [ISSUER, "x"], "nbf": now + 8 }));
        assert!(read(&ahead, hour).is_ok());
    }

    #[test]
    fn only_known_keys_and_allowed_algorithms_count() {
        let (known, stranger) = (key(), key());
        let mixed = Key {
            signer: stranger.signer,
            set: known.set,
        };
        assert_eq!(
            read_typed(&mixed, None, &with(&json!({})), (Came::ByValue, None)),
            Err(Refused::UnknownKey)
        );
        let expected = Expected {
            client_id: "app",
            algs: &[JwsAlg::PS256],
            issuer: ISSUER,
            came: Came::ByValue,
            longest: None,
            now: NOW,
            skew: Duration::ZERO,
        };
        let key = key();
        let object = key.signer.sign_jwt(None, b"{}").unwrap();
        assert!(is_refused(&verify(&object, Keys::Set(&key.set), &expected)));
        // e30 is {}: no signature at all
        for unsigned in [
            "eyJhbGciOiJub25lIn0.e30.",
            "eyJhbGciOiJOb25lIn0.e30.",
            "e30.e30.",
            "",
            "x",
        ] {
            assert!(
                is_refused(&verify(unsigned, Keys::Set(&key.set), &expected)),
                "{unsigned}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,100}") {
            let expected = Expected { client_id: "app", algs: &JwsAlg::SIGNATURES, issuer: ISSUER, came: Came::ByValue, longest: None, now: NOW, skew: Duration::ZERO };
            let empty = JwkSet::new(Vec::new());
            proptest::prop_assert!(verify(&text, Keys::Set(&empty), &expected).is_err());
        }
    }
}
