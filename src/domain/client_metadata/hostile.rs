//! Whatever a client says of itself, it is refused, or kept in a form that means the same when it is read again.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// What may stand for a field: right for some, wrong for most.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("https://app.example/cb".to_owned()),
        Just("https://app.example/cb#f".to_owned()),
        Just("http://127.0.0.1:5000/cb".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        Just("com.example.app:/cb".to_owned()),
        Just("https://a@b.example/".to_owned()),
        Just("RS256".to_owned()),
        Just("none".to_owned()),
        Just("RSA-OAEP-256".to_owned()),
        Just("RSA1_5".to_owned()),
        Just("A256GCM".to_owned()),
        Just("code id_token".to_owned()),
        Just("authorization_code".to_owned()),
        Just("implicit".to_owned()),
        Just("private_key_jwt".to_owned()),
        Just("pairwise".to_owned()),
        Just("openid  email".to_owned()),
        Just(" ".to_owned()),
        "\\PC{0,30}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
        Just(json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }] })),
        Just(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] })),
    ];
    prop_oneof![leaf.clone(), prop::collection::vec(leaf, 0..4).prop_map(Value::from)]
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    let field = prop_oneof![
        9 => prop::sample::select(ClientMetadata::NAMES).prop_map(str::to_owned),
        1 => "[a-z_]{1,20}",
    ];
    prop::collection::btree_map(field, value(), 0..6).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn nothing_panics_and_what_is_taken_is_safe_and_reads_back(document in document()) {
        let Ok(mut metadata) = serde_json::from_value::<ClientMetadata>(Value::Object(document)) else {
            return Ok(());
        };
        normalise(&mut metadata);
        let mut again = metadata.clone();
        normalise(&mut again);
        prop_assert_eq!(&again, &metadata);
        if check(&metadata, &KeyPolicy::default(), None).is_err() {
            return Ok(());
        }
        let stored = serde_json::to_value(&metadata).unwrap();
        prop_assert_eq!(serde_json::from_value::<ClientMetadata>(stored.clone()).unwrap(), metadata);
        // no address of any kind is a script, and none carries credentials
        let text = stored.to_string();
        prop_assert!(!text.contains("\"javascript:") && !text.contains("//a@b"), "{}", text);
        // and no key set has a secret in it
        prop_assert!(!text.contains("\"k\":"), "{}", text);
    }
}
