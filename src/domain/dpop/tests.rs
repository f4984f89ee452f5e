//! Every line of RFC 9449 §4.3, by a proof that is wrong there and nowhere else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::{
    domain::token::fixture::NOW,
    spec::jose::{KeySigner, SigningAlg, signer},
};

const ADDRESS: &str = "https://op.example/token";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

struct Sender {
    signer: KeySigner,
    jwk: Value,
}

impl Sender {
    fn new() -> Self {
        let made = signer::generate(SigningAlg::ES256).unwrap();
        Self {
            signer: KeySigner::new(SigningAlg::ES256, &made.public_jwk.kid, &made.private_der).unwrap(),
            jwk: serde_json::to_value(&made.public_jwk).unwrap(),
        }
    }

    fn proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.signer.sign_bytes(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn claims() -> Value {
    json!({ "jti": "one", "htm": "POST", "htu": ADDRESS, "iat": NOW.unix_timestamp() })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn check(claims: &Value, change: impl FnOnce(&mut Expected<'_>)) -> Result<Proven, DpopError> {
    check_under(None, claims, change)
}

fn check_under(
    nonces: Option<&hmac::Key>,
    claims: &Value,
    change: impl FnOnce(&mut Expected<'_>),
) -> Result<Proven, DpopError> {
    let addresses = [ADDRESS.to_owned(), "https://mtls.op.example/token".to_owned()];
    let mut expected = Expected {
        method: "POST",
        addresses: &addresses,
        access_token: None,
        algs: &JwsAlg::SIGNATURES,
        nonces,
        now: NOW,
        skew: Duration::seconds(15),
    };
    change(&mut expected);
    verify(&Sender::new().proof(claims), &expected)
}

#[test]
fn a_good_proof_names_its_key_and_its_one_use() {
    let sender = Sender::new();
    let addresses = [ADDRESS.to_owned()];
    let expected = Expected {
        method: "POST",
        addresses: &addresses,
        access_token: None,
        algs: &[JwsAlg::ES256],
        nonces: None,
        now: NOW,
        skew: Duration::seconds(15),
    };
    let first = verify(&sender.proof(&claims()), &expected).unwrap();
    assert_eq!(sender.jwk["kid"], first.jkt);
    assert_eq!(first, verify(&sender.proof(&claims()), &expected).unwrap());
    let second = verify(&sender.proof(&with("jti", json!("two"))), &expected).unwrap();
    assert!(first.once.jti_hash != second.once.jti_hash);
    // two senders may use the same jti
    let other = verify(&Sender::new().proof(&claims()), &expected).unwrap();
    assert!(first.once.jti_hash != other.once.jti_hash);
}

#[test]
fn every_claim_that_is_wrong_or_missing_is_refused() {
    let now = NOW.unix_timestamp();
    for (name, value) in [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", Value::Null),
        ("htu", json!("https://op.example/userinfo")),
        ("htu", json!("https://other.example/token")),
        ("htu", json!("http://op.example/token")),
        ("htu", json!("https://op.example/token/")),
        ("htu", json!("/token")),
        ("htu", json!("")),
        ("htu", json!([ADDRESS])),
        ("htu", Value::Null),
        ("jti", json!("")),
        ("jti", json!(1)),
        ("jti", json!("x".repeat(513))),
        ("jti", Value::Null),
        ("iat", json!(now + 16)),
        ("iat", json!(now + 3600)),
        ("iat", json!(now - 75)),
        ("iat", json!(now - 3600)),
        ("iat", json!(1e300)),
        ("iat", json!(now.to_string())),
        ("iat", Value::Null),
    ] {
        let outcome = check(&with(name, value.clone()), |_| {});
        assert!(
            matches!(outcome, Err(DpopError::Invalid(_))),
            "{name} {value}: {outcome:?}"
        );
    }
}

#[test]
fn clocks_may_differ_a_little_and_further_claims_do_not_matter() {
    let now = NOW.unix_timestamp();
    for (name, value) in [
        ("iat", json!(now - 10)),
        ("iat", json!(now + 10)),
        ("iat", json!(now as f64 + 0.5)),
        ("nbf", json!(now)),
        ("exp", json!(now + 60)),
        ("nonce", json!("of another server")),
    ] {
        assert!(check(&with(name, value.clone()), |_| {}).is_ok(), "{name} {value}");
    }
}

#[test]
fn an_address_is_compared_as_an_address() {
    for htu in [
        "https://op.example/token?x=1",
        "https://op.example/token#x",
        "HTTPS://OP.EXAMPLE/token",
        "https://op.example:443/token",
        "https://mtls.op.example/token",
    ] {
        assert!(check(&with("htu", json!(htu)), |_| {}).is_ok(), "{htu}");
    }
}

#[test]
fn with_an_access_token_its_hash_is_needed() {
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, TOKEN.as_bytes()));
    // RFC 9449 §7.1
    assert_eq!(hash, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    let check = |value: Value| check(&with("ath", value), |expected| expected.access_token = Some(TOKEN));
    assert!(check(json!(hash)).is_ok());
    for wrong in [Value::Null, json!(""), json!(TOKEN), json!(format!("{hash}="))] {
        assert!(matches!(check(wrong), Err(DpopError::Invalid(_))));
    }
}

#[test]
fn a_use_is_remembered_for_as_long_as_the_proof_is_taken() {
    let late = |seconds| {
        check(&claims(), |expected| {
            expected.now = NOW + Duration::seconds(seconds);
        })
    };
    let proven = late(0).unwrap();
    assert!(late(74).is_ok() && late(75).is_err());
    assert!(proven.once.expires_at > NOW + Duration::seconds(75));
}

#[test]
fn where_nonces_are_demanded_only_they_tell_the_time() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let check = |claims: &Value| check_under(Some(&key), claims, |_| {});
    assert_eq!(check(&claims()), Err(DpopError::UseNonce));
    assert_eq!(check(&with("nonce", json!("mine"))), Err(DpopError::UseNonce));
    let mut good = with("nonce", json!(nonce::make(&key, NOW)));
    assert!(check(&good).is_ok());
    // RFC 9449 §11.1: the sender's own clock does not matter then
    good["iat"] = json!(NOW.unix_timestamp() - 86_400);
    assert!(check(&good).is_ok());
    good["iat"] = Value::Null;
    assert!(matches!(check(&good), Err(DpopError::Invalid(_))));
}
