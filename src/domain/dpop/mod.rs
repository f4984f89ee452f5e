//! Proofs of possession in requests (RFC 9449): whether the `DPoP` header of a request proves that its sender holds a key,
//! and which. Imports `base`, `spec` and of this floor `client_auth`, whose single uses are remembered alike. Absent: what a
//! key is good for ([`super::sender`]), and remembering that a proof was used.

#[cfg(test)]
mod hostile;
pub mod nonce;
#[cfg(test)]
mod tests;

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use time::Duration;
use url::Url;

use crate::{
    base::{Time, TokenHash, secret},
    domain::client_auth::assertion::Use,
    spec::{
        jose::{JwsAlg, jwt::TokenError, own_key},
        oauth::{ErrorCode, OAuthError},
    },
};

/// How old a proof may be where no nonce says when it was made.
const LIFETIME: Duration = Duration::seconds(60);

/// The longest `jti`, in bytes.
const MAX_JTI: usize = 512;

/// What a proof must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The addresses of the endpoint; the proof names one of them.
    pub addresses: &'a [String],
    /// The access token that comes with the request.
    pub access_token: Option<&'a str>,
    /// What it may be signed with.
    pub algs: &'a [JwsAlg],
    /// Where proofs must carry a nonce of ours, the key that makes them.
    pub nonces: Option<&'a hmac::Key>,
    /// The instant.
    pub now: Time,
    /// How far the sender's clock may be off.
    pub skew: Duration,
}

/// A proof that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The thumbprint of the key.
    pub jkt: String,
    /// The one use of the proof; the flow remembers it, and a second one is a replay.
    pub once: Use,
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// It is no proof, or one for another request.
    #[error("the DPoP proof is refused: {0}")]
    Invalid(&'static str),
    /// It lacks a nonce of ours, or has an old one (RFC 9449 §8).
    #[error("the DPoP proof needs a nonce of this server")]
    UseNonce,
    /// It was used before (RFC 9449 §11.1).
    #[error("the DPoP proof was used before")]
    Replayed,
}

impl DpopError {
    /// What goes to the client.
    pub fn wire(self) -> OAuthError {
        match self {
            Self::Invalid(why) => OAuthError::new(ErrorCode::InvalidDpopProof, why),
            Self::UseNonce => OAuthError::new(
                ErrorCode::UseDpopNonce,
                "the DPoP proof needs the nonce of the DPoP-Nonce header",
            ),
            Self::Replayed => OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP proof was used before"),
        }
    }
}

/// Verifies a proof (RFC 9449 §4.3).
///
/// # Errors
/// [`DpopError`].
pub fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proven, DpopError> {
    let own = own_key::verify(proof, expected.algs, "dpop+jwt").map_err(|error| DpopError::Invalid(reason(error)))?;
    let claims = &own.claims;
    if text(claims, "htm") != Some(expected.method) {
        return Err(DpopError::Invalid("htm is not the method of this request"));
    }
    if !text(claims, "htu").is_some_and(|htu| names_one_of(htu, expected.addresses)) {
        return Err(DpopError::Invalid("htu is not the address of this request"));
    }
    check_access_token(claims, expected.access_token)?;
    let jti = text(claims, "jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    let jti = jti.ok_or(DpopError::Invalid("jti is missing or too long"))?;
    Ok(Proven {
        once: Use {
            // the length keeps `a` + `bc` apart from `ab` + `c`
            jti_hash: TokenHash::of(&format!("dpop:{}:{}{jti}", own.jkt.len(), own.jkt)),
            expires_at: check_time(claims, expected)?,
        },
        jkt: own.jkt,
    })
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// RFC 9449 §4.3 (9): without query and fragment, and compared after RFC 3986 §6.2.2 and §6.2.3.
fn names_one_of(htu: &str, addresses: &[String]) -> bool {
    // what everybody sends needs no parser
    if addresses.iter().any(|address| address == htu) {
        return true;
    }
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    let Some(named) = bare(htu) else { return false };
    addresses.iter().any(|address| bare(address).as_ref() == Some(&named))
}

/// RFC 9449 §4.3 (12): with an access token the proof has its hash, so that it serves no other one.
fn check_access_token(claims: &Map<String, Value>, access_token: Option<&str>) -> Result<(), DpopError> {
    let Some(token) = access_token else { return Ok(()) };
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()));
    match text(claims, "ath") {
        Some(ath) if secret::equal(ath.as_bytes(), hash.as_bytes()) => Ok(()),
        _ => Err(DpopError::Invalid("ath is not the hash of the access token")),
    }
}

/// When the proof can no longer be used: by its nonce, whose time is ours, else by its own `iat` (RFC 9449 §11.1).
fn check_time(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<Time, DpopError> {
    let issued = claims.get("iat").and_then(Value::as_f64);
    let issued = issued.filter(|at| at.is_finite());
    let issued = issued.ok_or(DpopError::Invalid("iat is missing or no number"))?;
    if let Some(key) = expected.nonces {
        let nonce = text(claims, "nonce").ok_or(DpopError::UseNonce)?;
        return nonce::end(key, nonce, expected.now).ok_or(DpopError::UseNonce);
    }
    #[allow(clippy::cast_possible_truncation)] // `as` saturates, and the conversion refuses what is out of range
    let issued = Time::from_unix_timestamp(issued.floor() as i64);
    let issued = issued.map_err(|_| DpopError::Invalid("iat is out of range"))?;
    if issued > expected.now + expected.skew {
        return Err(DpopError::Invalid("iat lies in the future"));
    }
    let ends = issued + LIFETIME + expected.skew;
    if ends <= expected.now {
        return Err(DpopError::Invalid("iat is too long ago"));
    }
    Ok(ends + Duration::SECOND)
}

fn reason(error: TokenError) -> &'static str {
    match error {
        TokenError::TooLong => "it is too long",
        TokenError::AlgNotAllowed => "this alg is not allowed",
        TokenError::WrongTyp => "typ is not dpop+jwt",
        TokenError::UnknownKey => "jwk is missing or no public key",
        TokenError::WrongSignature => "the signature is not by the key in jwk",
        TokenError::Critical => "its header has a critical extension",
        _ => "it is no compact JSON Web Signature",
    }
}
