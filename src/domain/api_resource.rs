//! What may be registered as an API (RFC 8707), a role and a permission.

use std::collections::BTreeSet;

use crate::{
    domain::json_schema::{self, SchemaFault},
    model::{DetailsType, Resource, ResourceScope},
    spec::{jose::SigningAlg, oauth::ScopeSet, oidc::claim::CLAIM_SCOPES},
};

const MAX_SCOPES: usize = 200;
const MAX_TEXT: usize = 200;

/// Bounds of `access_token_lifetime_seconds`, also for clients.
pub const ACCESS_TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 10..=86_400;

/// Why an API or a role is refused; names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceFault {
    /// RFC 8707 §2: an absolute URI without a fragment.
    #[error("identifier: {0} is not an absolute URI without a fragment")]
    Identifier(String),
    /// Not a scope (RFC 6749 §3.3).
    #[error("scopes: {0:?} is not a scope: visible ASCII characters without blanks, quotes and backslashes")]
    Scope(String),
    /// A scope that OpenID Connect gives a meaning to.
    #[error("scopes: {0} belongs to OpenID Connect")]
    ReservedScope(String),
    /// The same scope twice, or more than 200.
    #[error("scopes: names a scope twice, or more than {MAX_SCOPES}")]
    TooManyScopes,
    /// An algorithm that this server does not sign with, or not under its security profile.
    #[error("access_token_signing_alg: is not one of {0}")]
    Algorithm(String),
    /// Out of bounds.
    #[error("access_token_lifetime_seconds: must be from 10 to 86400")]
    Lifetime,
    /// Empty, too long or with odd characters.
    #[error("name: has 1 to {MAX_TEXT} characters, without control characters")]
    Name,
    /// A type without a sound name, a text that is too long, the same type twice, or too many.
    #[error(
        "authorization_details_types: each has a type of 1 to {MAX_TEXT} visible characters, once, with a short description"
    )]
    DetailsType,
    /// A schema that cannot be checked.
    #[error("authorization_details_types: the schema of {0:?}: {1}")]
    Schema(String, SchemaFault),
    /// Not a pair of resource and scope.
    #[error("permissions: {0:?} is not a resource, a blank and a scope")]
    Permission(String),
}

/// Whether `text` can name an API.
pub fn is_identifier(text: &str) -> bool {
    text.len() <= 500
        && text.is_ascii()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '#' | '"' | '\\' | '<' | '>'))
        && url::Url::parse(text).is_ok_and(|url| url.has_host() || text.starts_with("urn:"))
}

/// Checks an API. `usable` is what this server has keys for and its security profile allows.
///
/// # Errors
/// The first fault.
pub fn check(resource: &Resource, usable: &[SigningAlg]) -> Result<(), ResourceFault> {
    if !is_identifier(&resource.identifier) {
        return Err(ResourceFault::Identifier(
            resource.identifier.chars().take(MAX_TEXT).collect(),
        ));
    }
    if resource.name.as_deref().is_some_and(|name| !is_text(name)) {
        return Err(ResourceFault::Name);
    }
    let alg = resource.access_token_signing_alg.as_deref();
    if alg.is_some_and(|alg| usable.iter().all(|known| known.name() != alg)) {
        let known: Vec<&str> = usable.iter().map(|alg| alg.name()).collect();
        return Err(ResourceFault::Algorithm(known.join(", ")));
    }
    let lifetime = resource.access_token_lifetime_seconds.map(i64::from);
    if lifetime.is_some_and(|seconds| !ACCESS_TOKEN_SECONDS.contains(&seconds)) {
        return Err(ResourceFault::Lifetime);
    }
    check_details_types(&resource.authorization_details_types)?;
    check_scopes(&resource.scopes)
}

fn check_details_types(types: &[DetailsType]) -> Result<(), ResourceFault> {
    let mut seen = BTreeSet::new();
    for DetailsType {
        name,
        description,
        schema,
    } in types
    {
        let is_named = (1..=MAX_TEXT).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        if !is_named || description.as_deref().is_some_and(|text| !is_text(text)) || !seen.insert(name) {
            return Err(ResourceFault::DetailsType);
        }
        json_schema::check(schema).map_err(|fault| ResourceFault::Schema(name.clone(), fault))?;
    }
    if types.len() > MAX_SCOPES {
        return Err(ResourceFault::DetailsType);
    }
    Ok(())
}

fn check_scopes(scopes: &[ResourceScope]) -> Result<(), ResourceFault> {
    let mut seen = BTreeSet::new();
    for ResourceScope { name, description } in scopes {
        if !is_scope(name) {
            return Err(ResourceFault::Scope(name.chars().take(MAX_TEXT).collect()));
        }
        if name == "openid" || name == "offline_access" || CLAIM_SCOPES.contains(&name.as_str()) {
            return Err(ResourceFault::ReservedScope(name.clone()));
        }
        if description.as_deref().is_some_and(|text| !is_text(text)) {
            return Err(ResourceFault::Name);
        }
        if !seen.insert(name) {
            return Err(ResourceFault::TooManyScopes);
        }
    }
    if scopes.len() > MAX_SCOPES {
        Err(ResourceFault::TooManyScopes)
    } else {
        Ok(())
    }
}

/// Checks a role's name and permissions.
///
/// # Errors
/// The first fault.
pub fn check_role(name: &str, permissions: &[String]) -> Result<(), ResourceFault> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
    if name.is_empty() || name.len() > 100 || !plain {
        return Err(ResourceFault::Name);
    }
    let is_pair = |pair: &&String| {
        pair.split_once(' ')
            .is_some_and(|(resource, scope)| is_identifier(resource) && is_scope(scope))
    };
    match permissions.iter().find(|pair| !is_pair(pair)) {
        Some(wrong) => Err(ResourceFault::Permission(wrong.chars().take(MAX_TEXT).collect())),
        None => Ok(()),
    }
}

fn is_scope(name: &str) -> bool {
    name.len() <= 100 && !name.contains(' ') && ScopeSet::parse(name).is_ok_and(|set| !set.is_empty())
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::{Time, id::ResourceId},
        model::TokenFormat,
    };

    fn api(identifier: &str, scopes: &[&str]) -> Resource {
        let scope = |name: &&str| ResourceScope {
            name: (*name).to_owned(),
            description: None,
        };
        Resource {
            id: ResourceId(uuid::Uuid::nil()),
            identifier: identifier.into(),
            name: None,
            scopes: scopes.iter().map(scope).collect(),
            own_clients: Vec::new(),
            authorization_details_types: Vec::new(),
            access_token_format: TokenFormat::Jwt,
            access_token_signing_alg: None,
            access_token_lifetime_seconds: None,
            origin: None,
            created_at: Time::UNIX_EPOCH,
            updated_at: Time::UNIX_EPOCH,
        }
    }

    #[test]
    fn identifiers_are_absolute_uris_without_fragment() {
        for good in [
            "https://api.example.com",
            "http://localhost:3000/api",
            "urn:example:api",
        ] {
            assert_eq!(check(&api(good, &[]), &SigningAlg::ALL), Ok(()), "{good}");
        }
        for bad in [
            "",
            "api",
            "/api",
            "https://api.example/#x",
            "https://a b",
            "https://api.example/\"",
            "mailto:x@y",
        ] {
            assert!(check(&api(bad, &[]), &SigningAlg::ALL).is_err(), "{bad}");
        }
    }

    #[test]
    fn scopes_are_single_unique_and_not_those_of_openid_connect() {
        assert_eq!(
            check(
                &api("https://a.example", &["orders:read", "orders:write"]),
                &SigningAlg::ALL
            ),
            Ok(())
        );
        for bad in [
            vec![""],
            vec!["a b"],
            vec!["a\"b"],
            vec!["openid"],
            vec!["email"],
            vec!["offline_access"],
            vec!["x", "x"],
        ] {
            assert!(
                check(&api("https://a.example", &bad), &SigningAlg::ALL).is_err(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn algorithms_and_lifetimes_are_known_ones() {
        let mut one = api("https://a.example", &[]);
        one.access_token_signing_alg = Some("HS256".into());
        assert_eq!(
            check(&one, &SigningAlg::ALL),
            Err(ResourceFault::Algorithm("RS256, PS256, ES256, EdDSA".to_owned()))
        );
        one.access_token_signing_alg = Some("EdDSA".into());
        one.access_token_lifetime_seconds = Some(5);
        assert_eq!(check(&one, &SigningAlg::ALL), Err(ResourceFault::Lifetime));
    }

    #[test]
    fn permissions_are_pairs() {
        assert_eq!(
            check_role("support", &["https://api.example.com orders:read".into()]),
            Ok(())
        );
        assert_eq!(check_role("a b", &[]), Err(ResourceFault::Name));
        for bad in ["orders:read", "https://api.example.com ", "https://api.example.com a b"] {
            assert!(check_role("support", &[bad.into()]).is_err(), "{bad}");
        }
    }
}
