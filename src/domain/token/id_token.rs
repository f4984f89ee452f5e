//! The claims of an ID token (OIDC Core §2).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Unwritable, access_token::Authentication};
use crate::base::Time;

/// The `typ` header of an ID token: none is registered for it, and `JWT` is what relying parties know (RFC 7519 §5.1).
pub const TYP: Option<&str> = Some("JWT");

/// What an ID token says.
#[derive(Debug, Clone, Copy)]
pub struct IdTokenClaims<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// The person.
    pub sub: &'a str,
    /// The client, and nobody else; so `azp` has nothing to add (OIDC Core §2).
    pub aud: &'a str,
    /// When it was made.
    pub iat: Time,
    /// When it dies.
    pub exp: Time,
    /// How the person authenticated.
    pub authentication: Authentication<'a>,
    /// As the authorization request sent it.
    pub nonce: Option<&'a str>,
    /// The session as the client knows it, for logout (OIDC Back-Channel Logout §2.1).
    pub sid: Option<&'a str>,
    /// Ties the access token to it (OIDC Core §3.1.3.6).
    pub at_hash: Option<&'a str>,
    /// Ties the code to it, through the browser (OIDC Core §3.3.2.11).
    pub c_hash: Option<&'a str>,
    /// Ties the state to it (FAPI 1.0 Part 2 §5.2.2.1).
    pub s_hash: Option<&'a str>,
    /// Claims that were asked for by name, and custom ones; none of a reserved name.
    pub extra: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<&'a str>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl IdTokenClaims<'_> {
    /// The claims set as JSON.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn to_json(&self) -> Result<Vec<u8>, Unwritable> {
        let wire = Wire {
            iss: self.iss,
            sub: self.sub,
            aud: self.aud,
            iat: self.iat.unix_timestamp(),
            exp: self.exp.unix_timestamp(),
            auth_time: self.authentication.auth_time.unix_timestamp(),
            nonce: self.nonce,
            acr: self.authentication.acr,
            amr: self.authentication.amr,
            sid: self.sid,
            at_hash: self.at_hash,
            c_hash: self.c_hash,
            s_hash: self.s_hash,
            extra: self.extra,
        };
        let mut json = Vec::with_capacity(512);
        serde_json::to_writer(&mut json, &wire)?;
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture;

    #[test]
    fn the_claims_are_those_of_oidc_core() {
        let (amr, extra) = (
            vec!["pwd".to_owned()],
            Map::from_iter([("nickname".to_owned(), "Al".into())]),
        );
        let claims = IdTokenClaims {
            iss: fixture::ISSUER,
            sub: "0190",
            aud: "web",
            iat: fixture::NOW,
            exp: fixture::NOW + time::Duration::hours(1),
            authentication: Authentication {
                auth_time: fixture::NOW - time::Duration::minutes(1),
                acr: Some("1"),
                amr: &amr,
            },
            nonce: Some("n-0S6_WzA2Mj"),
            sid: None,
            at_hash: Some("hash"),
            c_hash: Some("of code"),
            s_hash: Some("of state"),
            extra: &extra,
        };
        let now = fixture::NOW.unix_timestamp();
        assert_eq!(
            serde_json::from_slice::<Value>(&claims.to_json().unwrap()).unwrap(),
            serde_json::json!({
                "iss": fixture::ISSUER, "sub": "0190", "aud": "web", "iat": now, "exp": now + 3600, "auth_time": now - 60,
                "nonce": "n-0S6_WzA2Mj", "acr": "1", "amr": ["pwd"], "at_hash": "hash",
                "c_hash": "of code", "s_hash": "of state", "nickname": "Al",
            })
        );
    }
}
