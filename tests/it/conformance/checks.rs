//! What the suite looks at in every answer.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::support::relying_party::{Answer, RelyingParty};

/// Claims of each scope (OIDC Core §5.4).
pub const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
pub const EMAIL: &[&str] = &["email", "email_verified"];
pub const ADDRESS: &[&str] = &["address"];
pub const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

/// What an ID token may carry although nobody asked for it.
pub const ID_TOKEN_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "nbf",
    "jti",
    "sid",
    "txn",
];

/// The left half of SHA-256 (OIDC Core §3.3.2.11); the plans sign with RS256.
pub fn half_hash(value: &str) -> Value {
    let hash = digest::digest(&digest::SHA256, value.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]).into()
}

pub fn check_metadata(client: &RelyingParty, method: &str) {
    let methods = client.metadata["token_endpoint_auth_methods_supported"]
        .as_array()
        .unwrap();
    assert!(methods.iter().any(|one| one == method), "{methods:?}");
}

/// No private or symmetric members; each key has a `kid` of its own.
pub async fn check_jwks(client: &RelyingParty) {
    let answer = client.get("jwks_uri", HeaderMap::new()).await;
    check_json(&answer);
    let jwks = answer.ok();
    let keys = jwks["keys"].as_array().unwrap();
    let mut kids = BTreeSet::new();
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key[private].is_null(), "{private} is published");
        }
        assert!(kids.insert(key["kid"].as_str().unwrap()), "a kid is repeated");
        assert!(["RSA", "EC", "OKP"].iter().any(|kind| key["kty"] == **kind), "{key}");
    }
    assert!(!kids.is_empty());
}

/// At least 128 bits long, and more than 96 by Shannon's estimate.
pub fn check_code(code: &str) {
    assert!(code.len() * 8 >= 128);
    let length = code.len() as f64;
    let distinct: BTreeSet<char> = code.chars().collect();
    let entropy: f64 = distinct
        .into_iter()
        .map(|letter| {
            let share = code.matches(letter).count() as f64 / length;
            -share * share.log2()
        })
        .sum();
    assert!(entropy * length > 96.0, "{entropy}");
}

/// ASCII without `"` and `\` (RFC 6749 §5.2), and on one line.
pub fn check_description(description: &str) {
    let fits = description
        .bytes()
        .all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\');
    assert!(fits, "{description:?}");
}

pub fn check_json(answer: &Answer) {
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/json"), "{content_type}");
}

/// A refusal of an endpoint for programs: JSON with a description that may travel.
pub fn check_error(answer: &Answer, status: u16, code: &str) {
    check_json(answer);
    assert_eq!(answer.error(), (status, code.to_owned()), "{}", answer.body);
    check_description(answer.json()["error_description"].as_str().unwrap_or_default());
}

/// Status, type, `sub`, and the type of each standard claim (OIDC Core §5.1).
pub fn check_userinfo(answer: &Answer, id_token: &Value) -> Value {
    let userinfo = answer.ok();
    check_json(answer);
    assert_eq!(userinfo["sub"], id_token["sub"]);
    for (name, value) in userinfo.as_object().unwrap() {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let fits = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" => value.is_number(),
            "address" => value
                .as_object()
                .is_some_and(|members| !members.is_empty() && members.values().all(text)),
            "birthdate" => value.as_str().is_some_and(|date| date.len() == 10 || date.len() == 4),
            _ => text(value),
        };
        assert!(fits, "{name}: {value}");
    }
    userinfo
}
