//! Who may learn what about a token (RFC 7662), and who may revoke one (RFC 7009 §2.1).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    base::Time,
    domain::{permission::Catalog, token::access_token::Authentication},
    model::{AccessToken, Client, Confirmation, Resource},
    spec::oauth::ScopeSet,
};

/// Whether the client may be told about an access token: it got it itself, or it is the API that the token is for. An API
/// is known by its client_id, or by those that it names as its own. RFC 7662 §4: nobody else learns anything, and who may
/// call an API is not the API.
pub fn may_see(client: &Client, token: &AccessToken, catalog: &Catalog) -> bool {
    let serves = |audience: &String| {
        let names = |api: &Resource| api.own_clients.contains(&client.client_id);
        *audience == client.client_id || catalog.resource(audience).is_some_and(names)
    };
    token.client_id == client.client_id || token.audience.iter().any(serves)
}

/// The answer about a token that is good.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// Who got it.
    pub client_id: &'a str,
    /// Whom it speaks for, as its client knows them; `None`: the client.
    pub sub: Option<&'a str>,
    /// What it permits.
    pub scope: &'a ScopeSet,
    /// Where it is good.
    pub audience: &'a [String],
    /// Its name.
    pub jti: Option<&'a str>,
    /// When it was made.
    pub issued_at: Time,
    /// When it dies.
    pub expires_at: Time,
    /// `Bearer` or `DPoP`, or `None` for a refresh token, which is no access token (RFC 6749 §7.1).
    pub token_type: Option<&'a str>,
    /// The keys that it is tied to (RFC 8705 §3.2, RFC 9449 §6.2).
    pub confirmation: &'a Confirmation,
    /// How the person authenticated, so that an API can ask for more (RFC 9470 §6.2).
    pub authentication: Option<Authentication<'a>>,
    /// Custom claims; none of a reserved name.
    pub extra: &'a Map<String, Value>,
}

/// The `typ` header of an answer that is a JWT (RFC 9701 §5).
pub const TYP: &str = "token-introspection+jwt";

#[derive(Serialize)]
struct JwtWire<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: Map<String, Value>,
}

/// The claims of an answer that is a JWT. There is no `sub` and no `exp` beside it: nobody shall take it for an access
/// token (RFC 9701 §5, §8.1).
///
/// # Errors
/// Only if `answer` is no JSON object.
pub fn jwt(iss: &str, client_id: &str, now: Time, answer: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&JwtWire {
        iss,
        aud: client_id,
        iat: now.unix_timestamp(),
        token_introspection: serde_json::from_slice(answer)?,
    })
}

/// What is said about any other token (RFC 7662 §2.2).
pub const INACTIVE: &str = r#"{"active":false}"#;

#[derive(Serialize)]
struct Wire<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aud: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'a str>,
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

impl Answer<'_> {
    /// The answer as JSON.
    ///
    /// # Errors
    /// Only what the custom claims could cause.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let authentication = self.authentication.as_ref();
        let mut json = Vec::with_capacity(512);
        let wire = Wire {
            active: true,
            iss: self.iss,
            sub: self.sub.unwrap_or(self.client_id),
            client_id: self.client_id,
            scope: (!self.scope.is_empty()).then(|| self.scope.to_string()),
            aud: self.audience,
            jti: self.jti,
            iat: self.issued_at.unix_timestamp(),
            exp: self.expires_at.unix_timestamp(),
            token_type: self.token_type,
            cnf: self.confirmation,
            auth_time: authentication.map(|known| known.auth_time.unix_timestamp()),
            acr: authentication.and_then(|known| known.acr),
            amr: authentication.map_or(&[], |known| known.amr),
            extra: self.extra,
        };
        serde_json::to_writer(&mut json, &wire)?;
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture::{API, ISSUER, NOW, OPAQUE_API, client, resource};

    fn token() -> AccessToken {
        AccessToken {
            jti: Some("j".to_owned()),
            grant_id: None,
            client_id: "web".to_owned(),
            user_id: None,
            confirmation: Confirmation {
                jkt: None,
                certificate: Some("c".to_owned()),
            },
            scope: ScopeSet::parse("orders:read").unwrap(),
            audience: vec![API.to_owned()],
            claims: Map::new(),
            issued_at: NOW,
            expires_at: NOW + time::Duration::minutes(5),
        }
    }

    #[test]
    fn the_owner_and_the_api_may_see_a_token_and_nobody_else() {
        let mut other = client();
        let catalog = |clients: &[&str]| {
            let mut api = resource(API, &[]);
            api.own_clients = clients.iter().map(|&one| one.to_owned()).collect();
            Catalog::new(ISSUER, vec![api, resource(OPAQUE_API, &[])], &[])
        };
        assert!(may_see(&other, &token(), &catalog(&[])));
        other.client_id = "other".to_owned();
        assert!(!may_see(&other, &token(), &catalog(&[])));
        // who may call it is not it
        other.metadata.resources = Some(vec![API.to_owned()]);
        assert!(!may_see(&other, &token(), &catalog(&["gateway"])));
        assert!(may_see(&other, &token(), &catalog(&["gateway", "other"])));
        let elsewhere = AccessToken {
            audience: vec![OPAQUE_API.to_owned()],
            ..token()
        };
        assert!(!may_see(&other, &elsewhere, &catalog(&["other"])));
        other.client_id = API.to_owned();
        assert!(may_see(&other, &token(), &catalog(&[])));
    }

    #[test]
    fn the_answer_is_that_of_rfc_7662() {
        let token = token();
        let extra = Map::from_iter([("plan".to_owned(), "gold".into())]);
        let answer = Answer {
            iss: ISSUER,
            client_id: &token.client_id,
            sub: None,
            scope: &token.scope,
            audience: &token.audience,
            jti: token.jti.as_deref(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            token_type: Some("Bearer"),
            confirmation: &token.confirmation,
            authentication: Some(Authentication {
                auth_time: NOW - time::Duration::minutes(1),
                acr: Some("1"),
                amr: &["pwd".to_owned()],
            }),
            extra: &extra,
        };
        let now = NOW.unix_timestamp();
        assert_eq!(
            serde_json::from_slice::<Value>(&answer.to_json().unwrap()).unwrap(),
            serde_json::json!({
                "active": true, "iss": ISSUER, "sub": "web", "client_id": "web", "scope": "orders:read", "aud": [API],
                "jti": "j", "iat": now, "exp": now + 300, "token_type": "Bearer", "cnf": { "x5t#S256": "c" }, "plan": "gold",
                "auth_time": now - 60, "acr": "1", "amr": ["pwd"],
            })
        );
    }
}
