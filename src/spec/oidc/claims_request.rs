//! The `claims` parameter (OIDC Core §5.5): single claims asked for by name, for userinfo and for the ID token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    base::storable::is_storable_json,
    spec::oauth::{ErrorCode, OAuthError},
};

/// A hundred claims by name; it is kept with every request that waits.
const MAX_LENGTH: usize = 2048;
const MAX_CLAIMS: usize = 100;

/// How one claim is asked for. A bare `null` asks for it as a voluntary claim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Whether the client cannot go on well without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values that are asked for, best first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimRequest {
    /// Whether `value` is among the values that are asked for; any value is if none is named.
    pub fn accepts(&self, value: &Value) -> bool {
        self.value.as_ref().is_none_or(|wanted| wanted == value)
            && self.values.as_ref().is_none_or(|wanted| wanted.contains(value))
    }
}

/// The parsed `claims` parameter. Unknown members are ignored (§5.5).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Claims for the userinfo answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// Claims for the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
}

impl ClaimsRequest {
    /// Parses the parameter.
    ///
    /// # Errors
    /// `invalid_request` if it is not the object that §5.5 describes.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        if text.len() > MAX_LENGTH {
            return Err(OAuthError::new(ErrorCode::InvalidRequest, "claims is too long"));
        }
        // `Params` refuses a NUL that stands there as it is, not one that JSON escapes.
        let value = serde_json::from_str::<Value>(text).ok().filter(is_storable_json);
        let Some(Value::Object(members)) = value else {
            return Err(malformed());
        };
        Ok(Self {
            userinfo: side(members.get("userinfo"))?,
            id_token: side(members.get("id_token"))?,
        })
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

const fn malformed() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidRequest,
        "claims is not a JSON object as OIDC Core 5.5 has it",
    )
}

fn side(value: Option<&Value>) -> Result<BTreeMap<String, ClaimRequest>, OAuthError> {
    let members = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(members)) if members.len() <= MAX_CLAIMS => members,
        Some(_) => return Err(malformed()),
    };
    let read = |how: &Value| match how {
        Value::Null => Ok(ClaimRequest::default()),
        Value::Object(_) => ClaimRequest::deserialize(how).map_err(|_| malformed()),
        _ => Err(malformed()),
    };
    members
        .iter()
        .map(|(name, how)| Ok((name.clone(), read(how)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_example_of_the_specification_parses() {
        let claims = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"http://example.info/claims/groups":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}},"other":1}"#,
        )
        .unwrap();
        assert!(claims.userinfo.get("given_name").is_some_and(|claim| claim.essential));
        assert!(claims.userinfo.get("nickname").is_some_and(|claim| !claim.essential));
        assert!(
            claims
                .id_token
                .get("acr")
                .is_some_and(|claim| claim.accepts(&json!("urn:mace:incommon:iap:silver")))
        );
        assert!(
            claims
                .id_token
                .get("acr")
                .is_some_and(|claim| !claim.accepts(&json!("1")))
        );
    }

    #[test]
    fn it_is_as_long_as_a_request_may_keep() {
        let asked = |length: usize| format!("{{\"userinfo\":{{}}{}}}", " ".repeat(length - 15));
        assert_eq!(asked(2048).len(), 2048);
        assert!(ClaimsRequest::parse(&asked(2048)).is_ok());
        assert_eq!(
            ClaimsRequest::parse(&asked(2049)).unwrap_err().code,
            ErrorCode::InvalidRequest
        );
    }

    #[test]
    fn what_is_not_such_an_object_is_refused() {
        for bad in [
            "",
            "[]",
            "1",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":{"acr":true}}"#,
            r#"{"userinfo":{"a\u0000b":null}}"#,
            r#"{"userinfo":{"name":{"value":"\u0000"}}}"#,
            r#"{"id_token":{"acr":{"values":["x","\u0000"]}}}"#,
            r#"{"id_token":{"acr":{"value":{"a":[{"b\u0000":1}]}}}}"#,
        ] {
            assert_eq!(
                ClaimsRequest::parse(bad).unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{bad}"
            );
        }
    }
}
