//! Proofs of possession (RFC 9449 §4.3): that the sender holds the key which a token is tied to.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use actix_web::HttpRequest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, ThumbprintHash},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{refused::Fault, tls::sha256};

/// What signs proofs here.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

/// How far the clocks of a client may be from ours, and how long a proof is good.
const SKEW_SECONDS: u64 = 60;

/// The longest `jti` that is remembered, in bytes.
const MAX_JTI: usize = 200;

/// What is in a proof beside its key.
#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: Url,
    iat: u64,
    ath: String,
}

/// Proofs that were used, until they are too old to be used. Processes that share the work share this too: in a database,
/// say, by the same key.
#[derive(Default)]
pub struct Proofs(Mutex<HashMap<(String, String), u64>>);

/// The proof of a request (RFC 9449 §4.3-1: there is exactly one).
///
/// # Errors
/// None, or more.
pub fn of(request: &HttpRequest) -> Result<&str, Fault> {
    let mut all = request.headers().get_all("dpop");
    match (all.next(), all.next()) {
        (Some(only), None) => only.to_str().map_err(|_| Fault::Proof("the proof cannot be read")),
        (None, _) => Err(Fault::Proof("a proof is needed beside the token")),
        _ => Err(Fault::Proof("there is more than one proof")),
    }
}

impl Proofs {
    /// Whether the proof is for this request with this token, made now, by the key with the thumbprint `jkt`, and new.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, proof: &str, method: &str, url: &Url, token: &str, jkt: &str) -> Result<(), Fault> {
        let (jwk, algorithm) = key(proof)?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
        if thumbprint.ok().as_deref() != Some(jkt) {
            return Err(Fault::Token("the token is tied to another key"));
        }
        let claims = verified(proof, &jwk, algorithm)?;
        if claims.htm != method {
            return Err(Fault::Proof("the proof is for another method"));
        }
        // §4.3-9: without query and fragment; `Url` has already made scheme, host and port alike
        let mut meant = claims.htu;
        meant.set_query(None);
        meant.set_fragment(None);
        if meant != *url {
            return Err(Fault::Proof("the proof is for another address"));
        }
        if claims.ath != URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())) {
            return Err(Fault::Proof("the proof is for another token"));
        }
        let now = jsonwebtoken::get_current_timestamp();
        if now.abs_diff(claims.iat) > SKEW_SECONDS {
            return Err(Fault::Proof("the proof was not made now"));
        }
        self.use_up((jkt.to_owned(), claims.jti), claims.iat + SKEW_SECONDS, now)
    }

    /// RFC 9449 §11.1: each proof is good once.
    fn use_up(&self, id: (String, String), until: u64, now: u64) -> Result<(), Fault> {
        if id.1.is_empty() || id.1.len() > MAX_JTI {
            return Err(Fault::Proof("the proof has no usable jti"));
        }
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until >= now);
        match used.insert(id, until) {
            None => Ok(()),
            Some(_) => Err(Fault::Proof("the proof was used before")),
        }
    }
}

/// The key in the header of a proof, if the header is one of a proof.
fn key(proof: &str) -> Result<(Jwk, Algorithm), Fault> {
    let unreadable = |_| Fault::Proof("the proof is no JWT of a known algorithm");
    let header = jsonwebtoken::decode_header(proof).map_err(unreadable)?;
    if header.typ.as_deref() != Some("dpop+jwt") || !ALGORITHMS.contains(&header.alg) {
        return Err(Fault::Proof("the proof has another typ or alg"));
    }
    // §4.3-7: who shows a private key has given it away
    let raw = proof
        .split('.')
        .next()
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let raw: Option<Value> = raw.and_then(|json| serde_json::from_slice(&json).ok());
    let shown = raw.as_ref().and_then(|raw| raw.get("jwk")?.as_object());
    if shown.is_none_or(|jwk| {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|name| jwk.contains_key(*name))
    }) {
        return Err(Fault::Proof("the proof shows no key, or a private one"));
    }
    header
        .jwk
        .map(|jwk| (jwk, header.alg))
        .ok_or(Fault::Proof("the proof shows no key"))
}

/// The claims, if the key has signed them.
fn verified(proof: &str, jwk: &Jwk, algorithm: Algorithm) -> Result<Claims, Fault> {
    let mut rules = Validation::new(algorithm);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    DecodingKey::from_jwk(jwk)
        .and_then(|key| jsonwebtoken::decode(proof, &key, &rules))
        .map(|data| data.claims)
        .map_err(|_| Fault::Proof("the proof was not signed by its key, or lacks a claim"))
}
