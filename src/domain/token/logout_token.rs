//! The claims of a logout token (OIDC Back-Channel Logout §2.4).

use serde::Serialize;
use serde_json::{Map, Value};

use super::Unwritable;
use crate::base::Time;

/// The `typ` header: no other kind of token passes for one, nor one for any other (§2.4, §4.1).
pub const TYP: &str = "logout+jwt";

/// How long one is good: it is sent at once, and each attempt makes a new one (§4: "preferably at most two minutes").
pub const LIFETIME: time::Duration = time::Duration::minutes(2);

/// What makes it a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a logout token says. There is no nonce, so that it never passes for an ID token.
#[derive(Debug, Clone, Copy)]
pub struct LogoutTokenClaims<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// The person.
    pub sub: &'a str,
    /// The client, and nobody else.
    pub aud: &'a str,
    /// When it was made.
    pub iat: Time,
    /// Its own name.
    pub jti: &'a str,
    /// The session that has ended, as the client knows it.
    pub sid: &'a str,
}

#[derive(Serialize)]
struct Wire<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    events: Map<String, Value>,
    sid: &'a str,
}

impl LogoutTokenClaims<'_> {
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
            exp: (self.iat + LIFETIME).unix_timestamp(),
            jti: self.jti,
            events: Map::from_iter([(EVENT.to_owned(), Map::new().into())]),
            sid: self.sid,
        };
        Ok(serde_json::to_vec(&wire)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture;

    #[test]
    fn the_claims_are_those_of_back_channel_logout() {
        let sid = "0191";
        let claims = LogoutTokenClaims {
            iss: fixture::ISSUER,
            sub: "0190",
            aud: "web",
            iat: fixture::NOW,
            jti: "j",
            sid,
        };
        let now = fixture::NOW.unix_timestamp();
        assert_eq!(
            serde_json::from_slice::<Value>(&claims.to_json().unwrap()).unwrap(),
            serde_json::json!({
                "iss": fixture::ISSUER, "sub": "0190", "aud": "web", "iat": now, "exp": now + 120, "jti": "j",
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} }, "sid": sid,
            })
        );
    }
}
