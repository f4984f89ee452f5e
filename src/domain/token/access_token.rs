//! The claims of a JWT access token (RFC 9068 §2.2).

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Unwritable, jti};
use crate::{
    base::{Time, id::UserId},
    model::{AccessToken, Confirmation},
    spec::{jose::VerifiedJwt, oauth::ScopeSet, oidc::claim::RESERVED},
};

/// The `typ` header of a JWT access token (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

/// Reserved claims that are told on.
const TOLD_ON: [&str; 2] = ["act", "authorization_details"];

/// What a JWT access token says.
#[derive(Debug, Clone, Copy)]
pub struct AccessTokenClaims<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// The person, or the client where there is none (RFC 9068 §2.2).
    pub sub: &'a str,
    /// The resources, or the issuer.
    pub aud: &'a [String],
    /// Who got it.
    pub client_id: &'a str,
    /// What it permits.
    pub scope: &'a ScopeSet,
    /// Its own name.
    pub jti: &'a str,
    /// When it was made.
    pub iat: Time,
    /// When it dies.
    pub exp: Time,
    /// The keys that it is tied to (RFC 7800 §3.1).
    pub confirmation: &'a Confirmation,
    /// How the person authenticated.
    pub authentication: Option<Authentication<'a>>,
    /// Custom claims; none of a reserved name.
    pub extra: &'a Map<String, Value>,
}

/// The authentication behind a token (RFC 9068 §2.2.1, OIDC Core §2).
#[derive(Debug, Clone, Copy)]
pub struct Authentication<'a> {
    /// When.
    pub auth_time: Time,
    /// Its class.
    pub acr: Option<&'a str>,
    /// Its methods.
    pub amr: &'a [String],
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    jti: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Confirmation::is_empty")]
    cnf: &'a Confirmation,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// One audience is written as a string, more as an array (RFC 7519 §4.1.3).
#[derive(Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Many(&'a [String]),
}

impl AccessTokenClaims<'_> {
    /// The claims set as JSON.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn to_json(&self) -> Result<Vec<u8>, Unwritable> {
        let authentication = self.authentication.as_ref();
        let wire = Wire {
            iss: self.iss,
            sub: self.sub,
            aud: match self.aud {
                [one] => Audience::One(one),
                many => Audience::Many(many),
            },
            client_id: self.client_id,
            // RFC 9068 §2.2.3: the claim is there when there is a scope
            scope: (!self.scope.is_empty()).then(|| self.scope.to_string()),
            jti: self.jti,
            iat: self.iat.unix_timestamp(),
            exp: self.exp.unix_timestamp(),
            cnf: self.confirmation,
            auth_time: authentication.map(|known| known.auth_time.unix_timestamp()),
            acr: authentication.and_then(|known| known.acr),
            amr: authentication.map_or(&[], |known| known.amr),
            extra: self.extra,
        };
        let mut json = Vec::with_capacity(512);
        serde_json::to_writer(&mut json, &wire)?;
        Ok(json)
    }
}

/// The access token that a verified JWT of ours is; `None` if a claim that every one of them carries is missing.
/// `whom` says whom a `sub` means.
pub fn read(jwt: VerifiedJwt, whom: impl FnOnce(&str) -> Option<UserId>) -> Option<AccessToken> {
    let client_id = jwt.text("client_id")?.to_owned();
    let jti = jwt.text("jti")?.to_owned();
    let grant_id = jti::grant_id(&jti);
    let user_id: Option<UserId> = match grant_id {
        Some(_) => Some(whom(jwt.text("sub")?)?),
        None => None,
    };
    let audience = jwt.audience().into_iter().map(str::to_owned).collect();
    let (issued_at, expires_at) = (jwt.time("iat")?, jwt.time("exp")?);
    let scope = ScopeSet::parse(jwt.text("scope").unwrap_or_default()).ok()?;
    // a key that cannot be read must not become a token without one
    let confirmation = match jwt.claims.get("cnf") {
        Some(cnf) => serde_json::from_value(cnf.clone()).ok()?,
        None => Confirmation::default(),
    };
    let mut claims = jwt.claims;
    // who acts is told on, by introspection and in what this token is exchanged for; what is permitted beyond scopes by
    // introspection (RFC 9396 §9.2)
    claims.retain(|name, _| TOLD_ON.contains(&name.as_str()) || !RESERVED.contains(&name.as_str()));
    Some(AccessToken {
        jti: Some(jti),
        grant_id,
        client_id,
        user_id,
        confirmation,
        scope,
        audience,
        claims,
        issued_at,
        expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture;

    fn json(claims: AccessTokenClaims<'_>) -> Value {
        serde_json::from_slice(&claims.to_json().unwrap()).unwrap()
    }

    #[test]
    fn the_claims_are_those_of_rfc_9068() {
        let (amr, extra) = (
            vec!["pwd".to_owned()],
            Map::from_iter([("plan".to_owned(), "gold".into())]),
        );
        let claims = AccessTokenClaims {
            iss: fixture::ISSUER,
            sub: "0190",
            aud: &[fixture::API.to_owned()],
            client_id: "web",
            scope: &ScopeSet::parse("orders:read").unwrap(),
            jti: "j",
            iat: fixture::NOW,
            exp: fixture::NOW + time::Duration::minutes(5),
            confirmation: &Confirmation {
                jkt: Some("k".to_owned()),
                certificate: None,
            },
            authentication: Some(Authentication {
                auth_time: fixture::NOW,
                acr: Some("1"),
                amr: &amr,
            }),
            extra: &extra,
        };
        let now = fixture::NOW.unix_timestamp();
        assert_eq!(
            json(claims),
            serde_json::json!({
                "iss": fixture::ISSUER, "sub": "0190", "aud": fixture::API, "client_id": "web", "scope": "orders:read",
                "jti": "j", "iat": now, "exp": now + 300, "cnf": { "jkt": "k" }, "auth_time": now, "acr": "1", "amr": ["pwd"], "plan": "gold",
            })
        );
    }

    #[test]
    fn a_machine_has_no_authentication_and_several_audiences_make_an_array() {
        let audience = [fixture::API.to_owned(), "https://other.example".to_owned()];
        let claims = json(AccessTokenClaims {
            iss: fixture::ISSUER,
            sub: "robot",
            aud: &audience,
            client_id: "robot",
            scope: &ScopeSet::default(),
            jti: "j",
            iat: fixture::NOW,
            exp: fixture::NOW,
            confirmation: &Confirmation::default(),
            authentication: None,
            extra: &Map::new(),
        });
        assert_eq!(claims["aud"], serde_json::json!(audience));
        for absent in ["scope", "cnf", "auth_time", "acr", "amr"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
    }
}
