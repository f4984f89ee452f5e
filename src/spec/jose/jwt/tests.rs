//! What must be refused, line by line of RFC 8725, and what must not.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use time::Duration;

use super::*;
use crate::spec::jose::{KeySigner, PublicJwk, SigningAlg, VerifyKey, signer::generate};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://op.example";
const CLIENT: &str = "client-1";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn at(seconds: i64) -> Time {
    Time::from_unix_timestamp(seconds).unwrap()
}

fn key(alg: SigningAlg) -> (KeySigner, PublicJwk) {
    let made = generate(alg).unwrap();
    (
        KeySigner::new(alg, &made.public_jwk.kid, &made.private_der).unwrap(),
        made.public_jwk,
    )
}

fn set(jwks: &[&PublicJwk]) -> JwkSet {
    JwkSet::new(jwks.iter().map(|jwk| Arc::new(VerifyKey::ours(jwk).unwrap())).collect())
}

fn expect() -> Expect<'static> {
    Expect {
        algs: &JwsAlg::OURS,
        typ: Typ::AbsentOr(&["JWT"]),
        iss: Some(ISSUER),
        aud: Audience::AnyOf(&[CLIENT]),
        expiry: Expiry::Required,
        now: at(NOW),
        skew: Duration::seconds(5),
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": CLIENT, "sub": "alice", "iat": NOW, "exp": NOW + 60 })
}

/// Signs `header` and `claims` as they stand.
fn signed(signer: &KeySigner, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = josekit::jws::JwsSigner::sign(signer, message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn maced(alg: JwsAlg, key: &[u8], claims: &Value) -> String {
    let algorithm = match alg {
        JwsAlg::HS256 => hmac::HMAC_SHA256,
        JwsAlg::HS384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let header = json!({ "alg": alg.name() }).to_string();
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mac = hmac::sign(&hmac::Key::new(algorithm, key), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// What becomes of `claims` in a token that is otherwise right.
fn judge(claims: &Value, expect: &Expect<'_>) -> Result<(), TokenError> {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let token = signer.sign_jwt(None, claims.to_string().as_bytes()).unwrap();
    verify(&token, Keys::Set(&set(&[&jwk])), expect).map(|_| ())
}

/// What becomes of a token with this header that is otherwise right; `KID` stands for the key's id.
fn judge_header(header: &str, expect: &Expect<'_>) -> Result<(), TokenError> {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let token = signed(&signer, &header.replace("KID", &jwk.kid), &claims().to_string());
    verify(&token, Keys::Set(&set(&[&jwk])), expect).map(|_| ())
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn tokens_of_every_algorithm_verify_with_their_own_key_only() {
    for alg in SigningAlg::ALL {
        let (signer, jwk) = key(alg);
        let token = signer.sign_jwt(Some("JWT"), claims().to_string().as_bytes()).unwrap();
        let verified = verify(&token, Keys::Set(&set(&[&jwk])), &expect()).unwrap();
        assert_eq!(verified.text("sub"), Some("alice"));
        assert_eq!(verified.time("exp"), Some(at(NOW + 60)));
        assert_eq!(verified.audience(), [CLIENT]);
        assert_eq!((verified.alg, verified.kid), (alg.jws(), Some(jwk.kid.clone())));
        let impostor = PublicJwk {
            kid: jwk.kid.clone(),
            ..key(alg).1
        };
        let refused = verify(&token, Keys::Set(&set(&[&impostor])), &expect());
        assert_eq!(refused.unwrap_err(), TokenError::WrongSignature, "{alg}");
    }
}

#[test]
fn a_token_over_its_time_is_refused_after_the_skew() {
    let late = |seconds| Expect {
        now: at(NOW + 60 + seconds),
        ..expect()
    };
    assert_eq!(judge(&claims(), &late(4)), Ok(()));
    assert_eq!(judge(&claims(), &late(5)), Err(TokenError::Expired));
    assert_eq!(judge(&without("exp"), &expect()), Err(TokenError::NoExpiry));
    assert_eq!(
        judge(&with("exp", json!("soon")), &expect()),
        Err(TokenError::Malformed)
    );
    assert_eq!(judge(&with("exp", json!(NOW as f64 + 0.5)), &expect()), Ok(()));
    assert_eq!(judge(&with("exp", json!(-1)), &expect()), Err(TokenError::Expired));
}

#[test]
fn a_hint_may_be_over_its_time() {
    let expect = Expect {
        expiry: Expiry::MayBeOver,
        now: at(NOW + 100_000),
        ..expect()
    };
    assert_eq!(judge(&claims(), &expect), Ok(()));
}

#[test]
fn an_expiry_too_far_ahead_is_refused_where_a_limit_is_set() {
    let expect = Expect {
        expiry: Expiry::Within(Duration::seconds(60)),
        ..expect()
    };
    assert_eq!(judge(&claims(), &expect), Ok(()));
    assert_eq!(
        judge(&with("exp", json!(NOW + 66)), &expect),
        Err(TokenError::ExpiresTooLate)
    );
    assert_eq!(
        judge(&with("exp", json!(1e300)), &expect),
        Err(TokenError::ExpiresTooLate)
    );
    assert_eq!(judge(&with("exp", json!(NOW - 6)), &expect), Err(TokenError::Expired));
    assert_eq!(judge(&without("exp"), &expect), Err(TokenError::NoExpiry));
}

#[test]
fn a_token_before_its_time_is_refused() {
    assert_eq!(judge(&with("nbf", json!(NOW + 5)), &expect()), Ok(()));
    assert_eq!(
        judge(&with("nbf", json!(NOW + 6)), &expect()),
        Err(TokenError::NotYetValid)
    );
    assert_eq!(judge(&with("nbf", json!(null)), &expect()), Err(TokenError::Malformed));
    assert_eq!(judge(&with("iat", json!("now")), &expect()), Err(TokenError::Malformed));
    // whoever says when they made it may be a minute ahead, however far clocks may be apart otherwise
    let lax = Expect {
        skew: Duration::minutes(5),
        ..expect()
    };
    for expect in [expect(), lax] {
        assert_eq!(judge(&with("iat", json!(NOW + 60)), &expect), Ok(()));
        let ahead = judge(&with("iat", json!(NOW + 61)), &expect);
        assert_eq!(ahead, Err(TokenError::MadeInTheFuture));
    }
}

#[test]
fn another_issuer_is_refused() {
    assert_eq!(
        judge(&with("iss", json!("https://op.example/")), &expect()),
        Err(TokenError::WrongIssuer)
    );
    assert_eq!(
        judge(&with("iss", json!([ISSUER])), &expect()),
        Err(TokenError::WrongIssuer)
    );
    assert_eq!(judge(&without("iss"), &expect()), Err(TokenError::WrongIssuer));
    assert_eq!(judge(&without("iss"), &Expect { iss: None, ..expect() }), Ok(()));
}

#[test]
fn another_audience_is_refused() {
    assert_eq!(judge(&with("aud", json!(["other", CLIENT])), &expect()), Ok(()));
    for aud in [
        json!("other"),
        json!([]),
        json!(["client-10"]),
        json!({ "client-1": 1 }),
        json!(null),
    ] {
        assert_eq!(
            judge(&with("aud", aud.clone()), &expect()),
            Err(TokenError::WrongAudience),
            "{aud}"
        );
    }
    assert_eq!(judge(&without("aud"), &expect()), Err(TokenError::WrongAudience));
    let only = Expect {
        aud: Audience::Only(CLIENT),
        ..expect()
    };
    assert_eq!(judge(&claims(), &only), Ok(()));
    assert_eq!(
        judge(&with("aud", json!([CLIENT])), &only),
        Err(TokenError::WrongAudience)
    );
    assert_eq!(
        judge(
            &without("aud"),
            &Expect {
                aud: Audience::Any,
                ..expect()
            }
        ),
        Ok(())
    );
}

#[test]
fn another_type_is_refused() {
    let at_jwt = Expect {
        typ: Typ::Exactly("at+jwt"),
        ..expect()
    };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"KID","typ":"{typ}"}}"#);
        assert_eq!(judge_header(&header, &at_jwt), Ok(()), "{typ}");
        assert_eq!(judge_header(&header, &expect()), Err(TokenError::WrongTyp), "{typ}");
    }
    for header in [
        r#"{"alg":"EdDSA","kid":"KID"}"#,
        r#"{"alg":"EdDSA","kid":"KID","typ":"JWT"}"#,
        r#"{"alg":"EdDSA","kid":"KID","typ":"text/at+jwt"}"#,
    ] {
        assert_eq!(judge_header(header, &at_jwt), Err(TokenError::WrongTyp), "{header}");
    }
    assert_eq!(
        judge_header(r#"{"alg":"EdDSA","kid":"KID","typ":1}"#, &at_jwt),
        Err(TokenError::Malformed)
    );
}

#[test]
fn none_and_unlisted_algorithms_are_refused() {
    for alg in ["none", "None", "", "HS256", "ES384", "eddsa"] {
        let header = format!(r#"{{"alg":"{alg}","kid":"KID"}}"#);
        assert_eq!(
            judge_header(&header, &expect()),
            Err(TokenError::AlgNotAllowed),
            "{alg}"
        );
    }
    let (_, jwk) = key(SigningAlg::EdDSA);
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(claims().to_string())
    );
    let refused = verify(&unsigned, Keys::Set(&set(&[&jwk])), &expect());
    assert_eq!(refused.unwrap_err(), TokenError::AlgNotAllowed);
    assert_eq!(judge_header(r#"{"kid":"KID"}"#, &expect()), Err(TokenError::Malformed));
    assert_eq!(
        judge_header(r#"{"alg":["EdDSA"],"kid":"KID"}"#, &expect()),
        Err(TokenError::Malformed)
    );
}

#[test]
fn a_public_key_is_never_a_mac_key_and_a_secret_never_a_public_key() {
    // even where the caller carelessly allows everything
    let all: Vec<JwsAlg> = JwsAlg::SIGNATURES.into_iter().chain(JwsAlg::MACS).collect();
    let careless = Expect { algs: &all, ..expect() };
    let (signer, jwk) = key(SigningAlg::RS256);
    let published = serde_json::to_vec(&jwk).unwrap();
    let confused = maced(JwsAlg::HS256, &published, &claims());
    let refused = verify(&confused, Keys::Set(&set(&[&jwk])), &careless);
    assert_eq!(refused.unwrap_err(), TokenError::UnknownKey);
    let token = signer.sign_jwt(None, claims().to_string().as_bytes()).unwrap();
    let refused = verify(&token, Keys::Secret(&Secret::new(SECRET.to_owned())), &careless);
    assert_eq!(refused.unwrap_err(), TokenError::AlgNotAllowed);
}

#[test]
fn an_rsa_key_pinned_to_one_padding_does_not_verify_the_other() {
    let (signer, jwk) = key(SigningAlg::RS256);
    let header = format!(r#"{{"alg":"PS256","kid":"{}"}}"#, jwk.kid);
    let token = signed(&signer, &header, &claims().to_string());
    let refused = verify(&token, Keys::Set(&set(&[&jwk])), &expect());
    assert_eq!(refused.unwrap_err(), TokenError::UnknownKey);
}

#[test]
fn macs_verify_with_a_long_enough_secret() {
    let secret = Secret::new(SECRET.to_owned());
    let macs = Expect {
        algs: &JwsAlg::MACS,
        ..expect()
    };
    for alg in JwsAlg::MACS {
        let token = maced(alg, SECRET.as_bytes(), &claims());
        assert!(verify(&token, Keys::Secret(&secret), &macs).is_ok(), "{alg}");
        let other = Secret::new(SECRET.replace('0', "1"));
        let refused = verify(&token, Keys::Secret(&other), &macs);
        assert_eq!(refused.unwrap_err(), TokenError::WrongSignature, "{alg}");
    }
    let short = "0123456789abcdef0123456789abcde";
    let token = maced(JwsAlg::HS256, short.as_bytes(), &claims());
    let refused = verify(&token, Keys::Secret(&Secret::new(short.to_owned())), &macs);
    assert_eq!(refused.unwrap_err(), TokenError::WeakSecret);
}

#[test]
fn critical_extensions_are_refused() {
    for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null"] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"KID","crit":{crit},"b64":false}}"#);
        assert_eq!(judge_header(&header, &expect()), Err(TokenError::Critical), "{crit}");
    }
}

#[test]
fn a_wrong_kid_is_refused_though_the_key_would_verify() {
    assert_eq!(
        judge_header(r#"{"alg":"EdDSA","kid":"other"}"#, &expect()),
        Err(TokenError::UnknownKey)
    );
    assert_eq!(
        judge_header(r#"{"alg":"EdDSA","kid":7}"#, &expect()),
        Err(TokenError::Malformed)
    );
    // without a kid the keys that fit are tried
    assert_eq!(judge_header(r#"{"alg":"EdDSA"}"#, &expect()), Ok(()));
}

#[test]
fn a_key_inside_the_token_is_not_looked_at() {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let header = json!({ "alg": "EdDSA", "kid": jwk.kid, "jwk": jwk, "jku": "https://evil.example" }).to_string();
    let token = signed(&signer, &header, &claims().to_string());
    let (_, ours) = key(SigningAlg::EdDSA);
    let refused = verify(&token, Keys::Set(&set(&[&ours])), &expect());
    assert_eq!(refused.unwrap_err(), TokenError::UnknownKey);
}

#[test]
fn repeated_members_are_refused() {
    let doubled = r#"{"alg":"none","alg":"EdDSA","kid":"KID"}"#;
    assert_eq!(judge_header(doubled, &expect()), Err(TokenError::Malformed));
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let twice = claims()
        .to_string()
        .replace(r#""sub":"alice""#, r#""sub":"bob","sub":"alice""#);
    let token = signer.sign_jwt(None, twice.as_bytes()).unwrap();
    let refused = verify(&token, Keys::Set(&set(&[&jwk])), &expect());
    assert_eq!(refused.unwrap_err(), TokenError::Malformed);
}

#[test]
fn an_oversized_token_is_refused_before_anything_else() {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let big = with("pad", json!("x".repeat(MAX_TOKEN_BYTES)));
    let token = signer.sign_jwt(None, big.to_string().as_bytes()).unwrap();
    let refused = verify(&token, Keys::Set(&set(&[&jwk])), &expect());
    assert_eq!(refused.unwrap_err(), TokenError::TooLong);
    assert_eq!(peek(&token).unwrap_err(), TokenError::TooLong);
}

#[test]
fn only_canonical_base64url_is_read() {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let token = signer.sign_jwt(None, claims().to_string().as_bytes()).unwrap();
    // 64 bytes leave four unused bits in the last character: B decodes to the same bytes as A in a lax decoder
    let (head, last) = token.split_at(token.len() - 1);
    let stray = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        _ => "x",
    };
    for other in [
        format!("{head}{stray}"),
        format!("{token}=="),
        format!("{token}\n"),
        format!(" {token}"),
    ] {
        let refused = verify(&other, Keys::Set(&set(&[&jwk])), &expect());
        assert_eq!(refused.unwrap_err(), TokenError::Malformed, "{other:?}");
    }
}

#[test]
fn the_json_serialisation_and_other_forms_are_refused() {
    let (signer, jwk) = key(SigningAlg::EdDSA);
    let token = signer.sign_jwt(None, claims().to_string().as_bytes()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string();
    for other in [
        flattened,
        String::new(),
        "..".to_owned(),
        parts[..2].join("."),
        format!("{token}."),
        format!("{token}.x.y"),
        format!("{}.{}.", parts[0], parts[1]),
    ] {
        let refused = verify(&other, Keys::Set(&set(&[&jwk])), &expect()).unwrap_err();
        assert!(
            matches!(refused, TokenError::Malformed | TokenError::WrongSignature),
            "{other}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_panics_or_passes(text in ".{0,200}", dots in "[a-zA-Z0-9_-]{0,40}\\.[a-zA-Z0-9_-]{0,40}\\.[a-zA-Z0-9_-]{0,40}") {
        let keys = JwkSet::default();
        prop_assert!(verify(&text, Keys::Set(&keys), &expect()).is_err());
        prop_assert!(verify(&dots, Keys::Set(&keys), &expect()).is_err());
    }

    #[test]
    fn no_changed_character_passes(at in 0_usize..1000, to in "[A-Za-z0-9_-]") {
        let made = generate(SigningAlg::EdDSA).unwrap();
        let signer = KeySigner::new(SigningAlg::EdDSA, "k", &made.private_der).unwrap();
        let jwk = PublicJwk { kid: "k".to_owned(), ..made.public_jwk };
        let token = signer.sign_jwt(None, claims().to_string().as_bytes()).unwrap();
        let at = at % token.len();
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        prop_assert!(verify(&changed, Keys::Set(&set(&[&jwk])), &expect()).is_err());
    }
}
