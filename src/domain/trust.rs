//! Assertions of trusted issuers as authorization grants (RFC 7523 §2.1, §3): which terms make sense, and what an
//! assertion must be.

use time::Duration;
use url::Url;

use crate::{
    base::{Time, TokenHash, storable::is_storable},
    model::trusted_issuer::TrustedIssuer,
    spec::{
        jose::{
            Expect, JwkSet, JwsAlg, VerifiedJwt,
            jwt::{Audience, Expiry, TokenError, Typ},
        },
        oauth::{ErrorCode, OAuthError, redirect_uri},
    },
};

/// How far ahead an assertion may expire: its `jti` is remembered as long.
const MAX_LIFETIME: Duration = Duration::hours(1);

/// The longest `jti` and the longest subject, in bytes.
pub const MAX_TEXT: usize = 512;

/// What is wrong with terms: the field, and why.
///
/// # Errors
/// The first fault.
pub fn check(issuer: &TrustedIssuer, own: &str) -> Result<(), (&'static str, &'static str)> {
    let terms = &issuer.terms;
    if issuer.issuer.is_empty() || issuer.issuer == own {
        return Err(("issuer", "must name somebody else"));
    }
    match (&terms.jwks, &terms.jwks_uri) {
        (Some(jwks), None) if JwkSet::from_value(jwks).is_ok() => {}
        (Some(_), None) => return Err(("jwks", "has no key that can be used")),
        (None, Some(uri)) if Url::parse(uri).is_ok_and(|url| may_be_fetched(&url)) => {}
        (None, Some(_)) => return Err(("jwks_uri", "must be an https address")),
        _ => return Err(("jwks", "give either jwks or jwks_uri")),
    }
    if terms.clients.is_empty() {
        return Err(("clients", "must say who may bring its assertions"));
    }
    if terms.subject_claim.is_empty() {
        return Err(("subject_claim", "must name a claim"));
    }
    Ok(())
}

/// As everything that operators name: https, or http on this machine.
fn may_be_fetched(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && redirect_uri::is_loopback(url))
}

/// What its assertions must be (RFC 7523 §3). Signed by its own keys: a MAC would need a secret that both know; and by
/// the algorithms that the client who brings them is held to (FAPI 2.0 Security Profile §5.4.1, FAPI 1.0 Advanced §8.6).
pub fn expected<'a>(
    issuer: &'a TrustedIssuer,
    algs: &'a [JwsAlg],
    audiences: &'a [&'a str],
    now: Time,
    skew: Duration,
) -> Expect<'a> {
    Expect {
        algs,
        typ: Typ::AbsentOr(&["JWT"]),
        iss: Some(&issuer.issuer),
        aud: Audience::AnyOf(audiences),
        expiry: Expiry::Within(MAX_LIFETIME),
        now,
        skew,
    }
}

/// What a verified assertion says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// About whom, in the issuer's words.
    pub subject: String,
    /// When it says that they had authenticated, or else when it was made; never in the future.
    pub auth_time: Time,
    /// SHA-256 of issuer and `jti`: a second use is a replay.
    pub jti_hash: TokenHash,
    /// When it could not be used anyway.
    pub expires_at: Time,
}

/// Reads it.
///
/// # Errors
/// `invalid_grant` for a claim that is missing, too long or no text that can be kept.
pub fn read(jwt: &VerifiedJwt, issuer: &TrustedIssuer, now: Time, skew: Duration) -> Result<Said, OAuthError> {
    // it is looked for in the database, which refuses the question over what it cannot hold
    let is_sound = |text: &&str| (1..=MAX_TEXT).contains(&text.len()) && is_storable(text);
    let text = |name: &str| jwt.text(name).filter(is_sound);
    // RFC 7523 §3: sub must be there, also where another claim says who it is
    let (subject, _) = text(&issuer.terms.subject_claim)
        .zip(text("sub"))
        .ok_or(refused("assertion: its subject is missing"))?;
    let jti = text("jti").ok_or(refused("assertion: jti is missing"))?;
    let expires = jwt.time("exp").ok_or(refused("assertion: exp is missing"))?;
    let said = jwt.time("auth_time").or_else(|| jwt.time("iat"));
    Ok(Said {
        subject: subject.to_owned(),
        auth_time: said.unwrap_or(now).min(now),
        jti_hash: TokenHash::of(&format!("grant:{}:{}{jti}", issuer.issuer.len(), issuer.issuer)),
        expires_at: expires + skew + Duration::SECOND,
    })
}

/// The refusal of an assertion that does not verify (RFC 7523 §3.1).
pub fn unverified(error: TokenError) -> OAuthError {
    OAuthError::named(ErrorCode::InvalidGrant, &format!("assertion: {error}"))
}

/// The refusal of one that does, for another reason.
pub const fn refused(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        domain::token::fixture::{ISSUER, NOW},
        model::trusted_issuer::{SubjectIs, TrustTerms},
        spec::jose::{SigningAlg, signer},
    };

    fn issuer() -> TrustedIssuer {
        let key = signer::generate(SigningAlg::ES256).unwrap().public_jwk;
        TrustedIssuer {
            issuer: "https://partner.example".to_owned(),
            terms: TrustTerms {
                jwks: Some(json!({ "keys": [key] })),
                jwks_uri: None,
                subject_claim: "sub".to_owned(),
                subject_is: SubjectIs::Username,
                clients: vec!["web".to_owned()],
                scopes: vec![],
                resources: vec![],
            },
            origin: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    #[test]
    fn terms_name_keys_and_clients_and_somebody_else() {
        type Change = fn(&mut TrustedIssuer);
        assert_eq!(check(&issuer(), ISSUER), Ok(()));
        let fetched = |uri: &str| {
            let mut one = issuer();
            (one.terms.jwks, one.terms.jwks_uri) = (None, Some(uri.to_owned()));
            check(&one, ISSUER).map_err(|(field, _)| field)
        };
        assert_eq!(fetched("https://partner.example/jwks"), Ok(()));
        assert_eq!(fetched("http://127.0.0.1:9000/jwks"), Ok(()));
        assert_eq!(fetched("http://partner.example/jwks"), Err("jwks_uri"));
        assert_eq!(fetched("ftp://partner.example/jwks"), Err("jwks_uri"));
        let cases: [(Change, &str); 6] = [
            (|one| one.issuer = ISSUER.to_owned(), "issuer"),
            (|one| one.terms.jwks = None, "jwks"),
            (|one| one.terms.jwks = Some(json!({ "keys": "x" })), "jwks"),
            (
                |one| one.terms.jwks_uri = Some("https://partner.example/jwks".to_owned()),
                "jwks",
            ),
            (|one| one.terms.clients.clear(), "clients"),
            (|one| one.terms.subject_claim.clear(), "subject_claim"),
        ];
        for (at, (change, field)) in cases.into_iter().enumerate() {
            let mut wrong = issuer();
            change(&mut wrong);
            assert_eq!(check(&wrong, ISSUER).unwrap_err().0, field, "{at}");
        }
    }

    #[test]
    fn an_assertion_says_about_whom_and_has_a_name() {
        let issuer = issuer();
        let now = NOW.unix_timestamp();
        let read = |claims: serde_json::Value| {
            let jwt = VerifiedJwt {
                alg: JwsAlg::ES256,
                kid: None,
                claims: claims.as_object().unwrap().clone(),
            };
            read(&jwt, &issuer, NOW, Duration::seconds(15))
        };
        let said = read(json!({ "sub": "ada", "jti": "1", "exp": now + 60, "iat": now + 50 })).unwrap();
        assert_eq!((said.subject.as_str(), said.auth_time), ("ada", NOW));
        for bad in [
            json!({ "jti": "1", "exp": now + 60 }),
            json!({ "sub": "", "jti": "1", "exp": now + 60 }),
            json!({ "sub": "\u{0}", "jti": "1", "exp": now + 60 }),
            json!({ "sub": "ada", "exp": now + 60 }),
            json!({ "sub": "ada", "jti": "1\u{0}", "exp": now + 60 }),
            json!({ "sub": "ada", "jti": "x".repeat(513), "exp": now + 60 }),
        ] {
            assert_eq!(read(bad).unwrap_err().code, ErrorCode::InvalidGrant);
        }
    }
}
