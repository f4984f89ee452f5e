//! Verifying signed tokens: our own, and what clients sign for us.
//!
//! One function checks everything: the form of the compact serialisation, the header, the signature, and the registered
//! claims. RFC 8725 is the list of what goes wrong elsewhere; each line of it has a test here.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{JwkSet, JwsAlg, strict_json};
use crate::base::{Secret, Time};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// How far ahead of now a token may say that it was made.
const LONGEST_LEAD: time::Duration = time::Duration::MINUTE;

/// What a token must be verified with.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// Public keys.
    Set(&'a JwkSet),
    /// The client_secret, for `client_secret_jwt`: its UTF-8 bytes are the MAC key (OIDC Core §10.1).
    Secret(&'a Secret<String>),
}

/// What the `typ` header must say. The comparison ignores case and an `application/` in front (RFC 7515 §4.1.9).
#[derive(Debug, Clone, Copy)]
pub enum Typ<'a> {
    /// It must be there and be this, so that no other kind of token passes (RFC 8725 §3.11).
    Exactly(&'a str),
    /// It may be absent; if it is there, it must be one of these.
    AbsentOr(&'a [&'a str]),
}

/// Whom the token must be meant for.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// Not looked at; the caller does that.
    Any,
    /// `aud` names at least one of these, alone or in an array (RFC 7519 §4.1.3).
    AnyOf(&'a [&'a str]),
    /// `aud` is exactly this, one string (FAPI 2.0 Security Profile §5.3.2.1).
    Only(&'a str),
}

/// What `exp` must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It must be there and not be over.
    Required,
    /// It must be there, not be over, and be at most this far ahead: what is remembered until then must not pile up.
    Within(time::Duration),
    /// It may be over, for an `id_token_hint` (OIDC RP-Initiated Logout §2).
    MayBeOver,
}

/// What a token must be to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// Algorithms that are taken; the token chooses only among these.
    pub algs: &'a [JwsAlg],
    /// The kind of token.
    pub typ: Typ<'a>,
    /// `iss`; `None` leaves it to the caller.
    pub iss: Option<&'a str>,
    /// `aud`.
    pub aud: Audience<'a>,
    /// `exp`.
    pub expiry: Expiry,
    /// The instant now.
    pub now: Time,
    /// How far the clock of whoever signed may be off.
    pub skew: time::Duration,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More than [`MAX_TOKEN_BYTES`].
    #[error("the token has more than 16384 bytes")]
    TooLong,
    /// Not a compact JWS of canonical base64url over JSON objects without repeated members.
    #[error("not a compact JSON Web Signature")]
    Malformed,
    /// `alg` is `none`, unknown, or not among those allowed.
    #[error("the signing algorithm is not allowed")]
    AlgNotAllowed,
    /// `crit` names an extension; none is understood here (RFC 7515 §4.1.11).
    #[error("the header has a critical extension")]
    Critical,
    /// `typ` says that this is another kind of token.
    #[error("another type of token")]
    WrongTyp,
    /// No key of that `kid` and `alg`: a cached key set may be out of date.
    #[error("no key fits the token's header")]
    UnknownKey,
    /// The client_secret is shorter than the hash (RFC 7518 §3.2).
    #[error("the secret is too short for the algorithm")]
    WeakSecret,
    /// No key verifies the signature.
    #[error("the signature is wrong")]
    WrongSignature,
    /// `iss` is missing or another.
    #[error("another issuer")]
    WrongIssuer,
    /// `aud` is missing or names others.
    #[error("another audience")]
    WrongAudience,
    /// `exp` is missing.
    #[error("the token does not expire")]
    NoExpiry,
    /// `exp` is over.
    #[error("the token has expired")]
    Expired,
    /// `exp` is too far ahead.
    #[error("the token expires too late")]
    ExpiresTooLate,
    /// `nbf` is ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is more than [`LONGEST_LEAD`] ahead.
    #[error("iat lies in the future")]
    MadeInTheFuture,
}

/// A token whose signature and registered claims hold.
#[derive(Debug, Clone)]
pub struct VerifiedJwt {
    /// What it was signed with.
    pub alg: JwsAlg,
    /// Its `kid`.
    pub kid: Option<String>,
    /// All its claims.
    pub claims: Map<String, Value>,
}

impl VerifiedJwt {
    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a NumericDate, to the second below.
    pub fn time(&self, name: &str) -> Option<Time> {
        let seconds = self.claims.get(name)?.as_f64()?.floor();
        #[allow(clippy::cast_possible_truncation)] // `as` saturates, and the conversion refuses what is out of range
        Time::from_unix_timestamp(seconds as i64).ok()
    }

    /// The values of `aud`.
    pub fn audience(&self) -> Vec<&str> {
        audience(&self.claims)
    }
}

/// Verifies `token` against `keys` and `expect`.
///
/// # Errors
/// [`TokenError`], which says the first thing that is wrong. Nothing of a refused token may be used.
pub fn verify(token: &str, keys: Keys<'_>, expect: &Expect<'_>) -> Result<VerifiedJwt, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let parts = Parts::split(token)?;
    let header = Header::read(parts.header, expect)?;
    let signature = decode(parts.signature)?;
    match keys {
        Keys::Set(set) => check_signature(set, &header, parts.signed, &signature)?,
        Keys::Secret(secret) => check_mac(secret, header.alg, parts.signed, &signature)?,
    }
    let claims = strict_json::object(&decode(parts.payload)?).map_err(|_| TokenError::Malformed)?;
    check_claims(&claims, expect)?;
    Ok(VerifiedJwt {
        alg: header.alg,
        kid: header.kid,
        claims,
    })
}

/// The claims of a token that is not verified. Only to find out whose keys to verify it with.
///
/// # Errors
/// [`TokenError::TooLong`], [`TokenError::Malformed`].
pub fn peek(token: &str) -> Result<Map<String, Value>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let parts = Parts::split(token)?;
    strict_json::object(&decode(parts.payload)?).map_err(|_| TokenError::Malformed)
}

/// The three parts of a compact JWS (RFC 7515 §7.1), still encoded.
pub(super) struct Parts<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    /// Header, dot and payload: what the signature is over.
    pub(super) signed: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signed: signed.as_bytes(),
        })
    }
}

struct Header {
    alg: JwsAlg,
    kid: Option<String>,
}

impl Header {
    /// `jwk`, `jku`, `x5c` and `x5u` are not looked at: a token never brings its own key (RFC 8725 §3.10).
    fn read(encoded: &str, expect: &Expect<'_>) -> Result<Self, TokenError> {
        let mut header = strict_json::object(&decode(encoded)?).map_err(|_| TokenError::Malformed)?;
        let alg = header.get("alg").and_then(Value::as_str).ok_or(TokenError::Malformed)?;
        let alg = alg.parse().map_err(|_| TokenError::AlgNotAllowed)?;
        if !expect.algs.contains(&alg) {
            return Err(TokenError::AlgNotAllowed);
        }
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let typ = match header.get("typ") {
            None => None,
            Some(Value::String(typ)) => Some(typ.as_str()),
            Some(_) => return Err(TokenError::Malformed),
        };
        if !expect.typ.allows(typ) {
            return Err(TokenError::WrongTyp);
        }
        let kid = match header.remove("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid),
            Some(_) => return Err(TokenError::Malformed),
        };
        Ok(Self { alg, kid })
    }
}

impl Typ<'_> {
    fn allows(self, typ: Option<&str>) -> bool {
        match (self, typ) {
            (Self::Exactly(wanted), Some(typ)) => same_type(wanted, typ),
            (Self::Exactly(_), None) => false,
            (Self::AbsentOr(wanted), Some(typ)) => wanted.iter().any(|wanted| same_type(wanted, typ)),
            (Self::AbsentOr(_), None) => true,
        }
    }
}

pub(super) fn same_type(wanted: &str, typ: &str) -> bool {
    let short = match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(wanted)
}

/// Canonical base64url only: no padding, no stray bits at the end, no other characters.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

fn check_signature(set: &JwkSet, header: &Header, signed: &[u8], signature: &[u8]) -> Result<(), TokenError> {
    let mut refused = TokenError::UnknownKey;
    for key in set.select(header.kid.as_deref(), header.alg) {
        if key.verifies(header.alg, signed, signature) {
            return Ok(());
        }
        refused = TokenError::WrongSignature;
    }
    Err(refused)
}

fn check_mac(secret: &Secret<String>, alg: JwsAlg, signed: &[u8], mac: &[u8]) -> Result<(), TokenError> {
    let algorithm = match alg {
        JwsAlg::HS256 => hmac::HMAC_SHA256,
        JwsAlg::HS384 => hmac::HMAC_SHA384,
        JwsAlg::HS512 => hmac::HMAC_SHA512,
        _ => return Err(TokenError::AlgNotAllowed),
    };
    let secret = secret.expose().as_bytes();
    // RFC 7518 §3.2: a key of the same size as the hash output or larger MUST be used
    if secret.len() < algorithm.digest_algorithm().output_len() {
        return Err(TokenError::WeakSecret);
    }
    hmac::verify(&hmac::Key::new(algorithm, secret), signed, mac).map_err(|_| TokenError::WrongSignature)
}

fn check_claims(claims: &Map<String, Value>, expect: &Expect<'_>) -> Result<(), TokenError> {
    if expect
        .iss
        .is_some_and(|iss| claims.get("iss").and_then(Value::as_str) != Some(iss))
    {
        return Err(TokenError::WrongIssuer);
    }
    let meant_for_us = match expect.aud {
        Audience::Any => true,
        Audience::Only(wanted) => claims.get("aud").and_then(Value::as_str) == Some(wanted),
        Audience::AnyOf(wanted) => audience(claims).iter().any(|aud| wanted.contains(aud)),
    };
    if !meant_for_us {
        return Err(TokenError::WrongAudience);
    }
    let now = seconds(expect.now);
    let skew = expect.skew.as_seconds_f64();
    let expires = numeric_date(claims, "exp")?;
    match (expect.expiry, expires) {
        (Expiry::Required | Expiry::Within(_), None) => return Err(TokenError::NoExpiry),
        // RFC 7519 §4.1.4: refused on or after that moment
        (Expiry::Required | Expiry::Within(_), Some(expires)) if now >= expires + skew => {
            return Err(TokenError::Expired);
        }
        (Expiry::Within(limit), Some(expires)) if expires > now + skew + limit.as_seconds_f64() => {
            return Err(TokenError::ExpiresTooLate);
        }
        _ => {}
    }
    // RFC 7519 §4.1.5
    if numeric_date(claims, "nbf")?.is_some_and(|start| now + skew < start) {
        return Err(TokenError::NotYetValid);
    }
    // FAPI 2.0 Security Profile §5.3.2.1: whatever a clock may be off, a token is not made more than a minute from now
    if numeric_date(claims, "iat")?.is_some_and(|made| made > now + LONGEST_LEAD.as_seconds_f64()) {
        return Err(TokenError::MadeInTheFuture);
    }
    Ok(())
}

fn audience(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A NumericDate: seconds since 1970, perhaps with a fraction (RFC 7519 §2).
fn numeric_date(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => number.as_f64().map(Some).ok_or(TokenError::Malformed),
        Some(_) => Err(TokenError::Malformed),
    }
}

#[allow(clippy::cast_precision_loss)] // to the microsecond until the year 2255
fn seconds(time: Time) -> f64 {
    time.unix_timestamp_nanos() as f64 / 1e9
}

#[cfg(test)]
mod tests;
