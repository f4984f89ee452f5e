//! What an app wants from a person, what they allowed before, and what is left to ask.
//!
//! `offline_access` is a scope like the others here. OIDC Core §11 lets a server honour it with `prompt=consent` or under
//! "other conditions"; Signet's are: the person was shown it and allowed it (now or earlier), or the app is a first-party
//! one (`require_consent = false`), whose operator decided.

use crate::{
    base::{Time, id::UserId},
    model::{AuthorizationParameters, Consent, Resource},
    spec::{
        oauth::ScopeSet,
        oidc::{ClaimsRequest, claim},
    },
};

/// What is asked for, in the units in which it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// OIDC scopes and scopes of custom claims, in the order in which they were asked for.
    pub scopes: Vec<String>,
    /// Scopes of APIs, as `RESOURCE SCOPE`. An API that is named without scopes is `RESOURCE ` with nothing behind.
    pub resource_scopes: Vec<String>,
    /// Claims one by one, without those that a wanted scope brings.
    pub claims: Vec<String>,
}

impl Wanted {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty() && self.resource_scopes.is_empty() && self.claims.is_empty()
    }
}

/// What of a request is put to the person, whichever endpoint it came by.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Scopes.
    pub scope: &'a ScopeSet,
    /// API resources.
    pub resource: &'a [String],
    /// Claims by name.
    pub claims: &'a ClaimsRequest,
}

impl<'a> From<&'a AuthorizationParameters> for Asked<'a> {
    fn from(parameters: &'a AuthorizationParameters) -> Self {
        Self {
            scope: &parameters.scope,
            resource: &parameters.resource,
            claims: &parameters.claims,
        }
    }
}

/// What a request asks for. `resources` are those that it names.
pub fn wanted<'a>(asked: impl Into<Asked<'a>>, resources: &[&Resource]) -> Wanted {
    let asked = asked.into();
    let mut resource_scopes = Vec::new();
    let mut of_apis: Vec<&str> = Vec::new();
    for identifier in asked.resource {
        let mut named = false;
        let resource = resources.iter().find(|resource| resource.identifier == *identifier);
        for scope in asked.scope.iter() {
            if resource.is_some_and(|resource| resource.has_scope(scope)) {
                resource_scopes.push(format!("{identifier} {scope}"));
                of_apis.push(scope);
                named = true;
            }
        }
        if !named {
            resource_scopes.push(format!("{identifier} "));
        }
    }
    let scopes: Vec<String> = asked
        .scope
        .iter()
        .filter(|scope| !of_apis.contains(scope) || claim::CLAIM_SCOPES.contains(scope))
        .map(str::to_owned)
        .collect();
    Wanted {
        claims: single_claims(asked.claims, &scopes),
        scopes,
        resource_scopes,
    }
}

/// The claims about the person that the `claims` parameter names and no wanted scope brings anyway. What describes the
/// authentication (`acr`, `auth_time`, …) is no secret of the person's.
fn single_claims(request: &ClaimsRequest, scopes: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in request.userinfo.keys().chain(request.id_token.keys()) {
        if !brought_by(scopes, name) && !claim::RESERVED.contains(&name.as_str()) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Whether one of `scopes` brings the standard claim `name` (OIDC Core §5.4).
fn brought_by(scopes: &[String], name: &str) -> bool {
    claim::find(name).is_some_and(|found| scopes.iter().any(|scope| scope == found.scope))
}

/// What of `wanted` was not allowed before; `None` when all of it was. Nothing wanted still needs to be allowed once,
/// so that no app learns who somebody is without their knowing.
pub fn missing(wanted: &Wanted, consent: Option<&Consent>) -> Option<Wanted> {
    let Some(consent) = consent else {
        return Some(wanted.clone());
    };
    let without = |asked: &[String], had: &[String]| -> Vec<String> {
        asked.iter().filter(|one| !had.contains(one)).cloned().collect()
    };
    let mut missing = Wanted {
        scopes: without(&wanted.scopes, &consent.scopes),
        resource_scopes: without(&wanted.resource_scopes, &consent.resource_scopes),
        claims: without(&wanted.claims, &consent.claims),
    };
    // Who allowed a scope has allowed each of its claims.
    missing.claims.retain(|name| !brought_by(&consent.scopes, name));
    (!missing.is_empty()).then_some(missing)
}

/// The consent to remember after `wanted` was allowed: what was allowed before stays.
pub fn widened(user_id: UserId, client_id: &str, wanted: &Wanted, before: Option<&Consent>, now: Time) -> Consent {
    let union = |had: Option<&Vec<String>>, new: &[String]| -> Vec<String> {
        let mut all = had.cloned().unwrap_or_default();
        all.extend(new.iter().filter(|one| !all.contains(one)).cloned().collect::<Vec<_>>());
        all
    };
    Consent {
        user_id,
        client_id: client_id.to_owned(),
        scopes: union(before.map(|consent| &consent.scopes), &wanted.scopes),
        resource_scopes: union(before.map(|consent| &consent.resource_scopes), &wanted.resource_scopes),
        claims: union(before.map(|consent| &consent.claims), &wanted.claims),
        granted_at: before.map_or(now, |consent| consent.granted_at),
        updated_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::SeededRng,
        model::sample::{NOW, parameters, resource},
    };

    const API: &str = "https://api.example";

    fn api() -> Resource {
        resource(API, "orders:read")
    }

    fn asked(scope: &str, claims: &str) -> AuthorizationParameters {
        let mut asked = parameters();
        asked.scope = ScopeSet::parse(scope).unwrap();
        asked.claims = ClaimsRequest::parse(claims).unwrap();
        asked
    }

    #[test]
    fn scopes_of_apis_are_kept_apart_from_those_about_the_person() {
        let mut parameters = asked("openid email orders:read", "{}");
        parameters.resource = vec![API.to_owned()];
        let wanted = wanted(&parameters, &[&api()]);
        assert_eq!(wanted.scopes, ["openid", "email"]);
        assert_eq!(wanted.resource_scopes, ["https://api.example orders:read"]);
    }

    #[test]
    fn an_api_named_without_scopes_is_asked_for_too() {
        let mut parameters = asked("openid", "{}");
        parameters.resource = vec![API.to_owned()];
        assert_eq!(wanted(&parameters, &[&api()]).resource_scopes, ["https://api.example "]);
    }

    #[test]
    fn a_single_claim_counts_unless_a_scope_brings_it_or_it_is_about_the_sign_in() {
        let parameters = asked(
            "openid email",
            r#"{"userinfo":{"email":null,"name":{"essential":true}},"id_token":{"acr":null,"name":null}}"#,
        );
        assert_eq!(wanted(&parameters, &[]).claims, ["name"]);
    }

    #[test]
    fn what_was_allowed_is_not_asked_again_and_consent_only_grows() {
        let user = UserId::new(NOW, &SeededRng::new(2));
        let first = wanted(&asked("openid email", "{}"), &[]);
        assert_eq!(missing(&first, None), Some(first.clone()));
        let consent = widened(user, "app", &first, None, NOW);
        assert_eq!(missing(&first, Some(&consent)), None);
        let more = wanted(&asked("openid offline_access", "{}"), &[]);
        assert_eq!(missing(&more, Some(&consent)).unwrap().scopes, ["offline_access"]);
        let later = NOW + time::Duration::days(1);
        let grown = widened(user, "app", &more, Some(&consent), later);
        assert_eq!(grown.scopes, ["openid", "email", "offline_access"]);
        assert_eq!((grown.granted_at, grown.updated_at), (NOW, later));
    }

    #[test]
    fn a_claim_whose_scope_was_allowed_is_not_asked_for_by_its_name() {
        let user = UserId::new(NOW, &SeededRng::new(2));
        let allowed = wanted(&asked("openid email", "{}"), &[]);
        let consent = widened(user, "app", &allowed, None, NOW);
        let by_name = wanted(
            &asked("openid", r#"{"userinfo":{"email":null,"email_verified":null}}"#),
            &[],
        );
        assert_eq!(by_name.claims, ["email", "email_verified"]);
        assert_eq!(missing(&by_name, Some(&consent)), None);
        let another = wanted(&asked("openid", r#"{"userinfo":{"email":null,"name":null}}"#), &[]);
        assert_eq!(missing(&another, Some(&consent)).unwrap().claims, ["name"]);
    }

    #[test]
    fn an_app_that_wants_nothing_is_still_allowed_once() {
        let nothing = Wanted::default();
        assert!(missing(&nothing, None).is_some());
        let user = UserId::new(NOW, &SeededRng::new(2));
        assert_eq!(
            missing(&nothing, Some(&widened(user, "app", &nothing, None, NOW))),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn after_consent_nothing_is_missing(
            scopes in proptest::collection::vec("[a-c]", 0..4),
            claims in proptest::collection::vec("[d-f]", 0..4),
            earlier in proptest::collection::vec("[a-f]", 0..4),
        ) {
            let user = UserId::new(NOW, &SeededRng::new(2));
            let before = widened(user, "app", &Wanted { scopes: earlier, ..Wanted::default() }, None, NOW);
            let wanted = Wanted { scopes, claims, resource_scopes: vec![] };
            let after = widened(user, "app", &wanted, Some(&before), NOW);
            proptest::prop_assert_eq!(missing(&wanted, Some(&after)), None);
            proptest::prop_assert!(before.scopes.iter().all(|scope| after.scopes.contains(scope)));
        }
    }
}
