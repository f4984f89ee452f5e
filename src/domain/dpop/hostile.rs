//! Whatever a proof holds, it is refused or proves just what it says, and nothing panics.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    domain::token::fixture::NOW,
    spec::jose::{KeySigner, SigningAlg, signer},
};

const ADDRESS: &str = "https://op.example/token";

static SENDER: LazyLock<(KeySigner, Value)> = LazyLock::new(|| {
    let made = signer::generate(SigningAlg::EdDSA).unwrap();
    let signer = KeySigner::new(SigningAlg::EdDSA, &made.public_jwk.kid, &made.private_der).unwrap();
    (signer, serde_json::to_value(&made.public_jwk).unwrap())
});

fn signed(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(header), encode(claims));
    let signature = SENDER.0.sign_bytes(text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": SENDER.1 })
}

fn claims() -> Value {
    json!({ "jti": "one", "htm": "POST", "htu": ADDRESS, "iat": NOW.unix_timestamp() })
}

fn check(proof: &str) -> Result<Proven, DpopError> {
    verify(
        proof,
        &Expected {
            method: "POST",
            addresses: &[ADDRESS.to_owned()],
            access_token: None,
            algs: &JwsAlg::SIGNATURES,
            nonces: None,
            now: NOW,
            skew: Duration::seconds(15),
        },
    )
}

/// Values that somebody might put where another is meant.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })),
        Just(json!(["POST", ADDRESS])),
    ]
}

#[test]
fn the_proof_that_is_changed_below_is_good() {
    assert!(check(&signed(&header(), &claims())).is_ok());
}

proptest! {
    #[test]
    fn no_text_is_a_proof(text in "[A-Za-z0-9_.-]{0,200}|\\PC{0,60}") {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn no_changed_or_cut_proof_holds(at in 0_usize..2000, to in "[A-Za-z0-9_.-]{0,3}") {
        let proof = signed(&header(), &claims());
        let at = at % proof.len();
        let mut changed = proof.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != proof);
        prop_assert!(check(&changed).is_err());
    }

    #[test]
    fn whatever_is_signed_holds_only_if_it_says_the_right_thing(
        name in prop_oneof![Just("jti"), Just("htm"), Just("htu"), Just("iat"), Just("ath"), Just("nonce"), Just("exp")],
        value in value(),
    ) {
        let mut said = claims();
        said[name] = value.clone();
        if check(&signed(&header(), &said)).is_ok() {
            let fits = match name {
                "jti" => value.as_str().is_some_and(|jti| !jti.is_empty()),
                "htm" => value == "POST",
                "htu" => value.as_str().is_some_and(|htu| htu.starts_with("https://")),
                "iat" => value.as_f64().is_some_and(|iat| (iat - NOW.unix_timestamp() as f64).abs() < 120.0),
                _ => true,
            };
            prop_assert!(fits, "{name}: {value}");
        }
    }

    #[test]
    fn whatever_the_header_says_the_key_in_it_must_have_signed(
        name in prop_oneof![Just("typ"), Just("alg"), Just("jwk"), Just("crit"), Just("jku"), Just("kid")],
        value in value(),
    ) {
        let mut said = header();
        said[name] = value.clone();
        if let Ok(proven) = check(&signed(&said, &claims())) {
            let own = check(&signed(&header(), &claims())).unwrap();
            prop_assert_eq!(proven.jkt, own.jkt, "{}: {}", name, value);
            prop_assert!(!["alg", "jwk", "crit"].contains(&name), "{}: {}", name, value);
        }
    }
}
