//! What apps may see and do, for the eyes of the person whose account it is: what they allowed and what still holds,
//! app by app. First-party apps are never asked about and leave no consent; their grants bring them here.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    base::Time,
    model::{Consent, Grant, Resource},
    spec::{
        oauth::{ScopeSet, scope::OFFLINE_ACCESS},
        oidc::claim::{self, STANDARD_CLAIMS},
    },
};

/// What one app may see and do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The app.
    pub client_id: String,
    /// When it was first allowed, as far as that is known.
    pub since: Time,
    /// The scopes that it has, those of APIs among them.
    pub scope: ScopeSet,
    /// The claims that it may see, standard ones first and in their order.
    pub claims: Vec<String>,
    /// What it may do where, as `RESOURCE SCOPE`; an API without scopes is `RESOURCE ` with nothing behind.
    pub resource_scopes: Vec<String>,
    /// Whether it may come back while the person is away.
    pub stays_connected: bool,
}

/// What is gathered about one app.
#[derive(Default)]
struct Gathered<'a> {
    since: Option<Time>,
    scopes: Vec<&'a str>,
    claims: Vec<&'a str>,
    resource_scopes: Vec<String>,
    stays_connected: bool,
}

/// The apps that have access, the newest first. `grants` are those that hold; `resource` knows the APIs that they name.
pub fn assemble<'r>(
    consents: &[Consent],
    grants: &[Grant],
    resource: impl Fn(&str) -> Option<&'r Resource>,
) -> Vec<Access> {
    let mut apps: BTreeMap<&str, Gathered<'_>> = BTreeMap::new();
    for consent in consents {
        let app = apps.entry(&consent.client_id).or_default();
        app.since(consent.granted_at);
        app.scopes.extend(consent.scopes.iter().map(String::as_str));
        app.claims.extend(consent.claims.iter().map(String::as_str));
        app.resource_scopes.extend(consent.resource_scopes.iter().cloned());
    }
    for grant in grants {
        let app = apps.entry(&grant.client_id).or_default();
        app.since(grant.created_at);
        app.scopes.extend(grant.scope.iter());
        app.claims.extend(grant.claims.userinfo.keys().map(String::as_str));
        app.claims.extend(grant.claims.id_token.keys().map(String::as_str));
        app.stays_connected |= grant.scope.contains(OFFLINE_ACCESS);
        for identifier in &grant.resources {
            app.resource_scopes
                .extend(scopes_at(identifier, grant, resource(identifier)));
        }
    }
    let mut accesses: Vec<Access> = apps.into_iter().map(|(id, app)| app.finish(id)).collect();
    accesses.sort_by_key(|access| Reverse(access.since));
    accesses
}

/// The scopes of a grant that belong to one of its APIs.
fn scopes_at(identifier: &str, grant: &Grant, resource: Option<&Resource>) -> Vec<String> {
    let known = |scope: &&str| resource.is_some_and(|resource| resource.has_scope(scope));
    let pairs: Vec<String> = grant
        .scope
        .iter()
        .filter(known)
        .map(|scope| format!("{identifier} {scope}"))
        .collect();
    if pairs.is_empty() {
        vec![format!("{identifier} ")]
    } else {
        pairs
    }
}

impl Gathered<'_> {
    fn since(&mut self, at: Time) {
        self.since = Some(self.since.map_or(at, |known| known.min(at)));
    }

    fn finish(mut self, client_id: &str) -> Access {
        self.resource_scopes.sort_unstable();
        self.resource_scopes.dedup();
        let of_apis = self.resource_scopes.iter().filter_map(|pair| pair.split_once(' '));
        let scopes = of_apis.map(|(_, scope)| scope).filter(|scope| !scope.is_empty());
        Access {
            client_id: client_id.to_owned(),
            scope: self.scopes.iter().copied().chain(scopes).map(str::to_owned).collect(),
            since: self.since.unwrap_or(Time::UNIX_EPOCH),
            claims: self.visible_claims(),
            resource_scopes: self.resource_scopes,
            stays_connected: self.stays_connected,
        }
    }

    /// Whether an address is confirmed goes with the address; what describes the sign-in (`acr`, …) is no secret.
    fn visible_claims(&self) -> Vec<String> {
        let by_scope =
            |claim: &&claim::StandardClaim| self.scopes.contains(&claim.scope) || self.claims.contains(&claim.name);
        let standard = STANDARD_CLAIMS
            .iter()
            .filter(by_scope)
            .filter(|claim| !claim.name.ends_with("_verified"))
            .map(|claim| claim.name.to_owned());
        let mut names: Vec<String> = standard.collect();
        for name in &self.claims {
            let other = claim::find(name).is_none() && !claim::RESERVED.contains(name);
            if other && names.iter().all(|known| known != name) {
                names.push((*name).to_owned());
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        base::{
            SeededRng,
            id::{GrantId, UserId},
        },
        model::sample::{NOW, resource},
        spec::{oauth::ScopeSet, oidc::ClaimsRequest},
    };

    const API: &str = "https://api.example";

    fn consent(client_id: &str, scopes: &[&str], days: i64) -> Consent {
        Consent {
            user_id: UserId::new(NOW, &SeededRng::new(1)),
            client_id: client_id.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            resource_scopes: vec![],
            claims: vec![],
            granted_at: NOW - Duration::days(days),
            updated_at: NOW,
        }
    }

    fn grant(client_id: &str, scope: &str) -> Grant {
        Grant {
            id: GrantId::new(NOW, &SeededRng::new(2)),
            client_id: client_id.to_owned(),
            user_id: UserId::new(NOW, &SeededRng::new(1)),
            session_id: None,
            scope: ScopeSet::parse(scope).unwrap(),
            resources: vec![],
            claims: ClaimsRequest::default(),
            authorization_details: Default::default(),
            nonce: None,
            auth_time: NOW,
            acr: None,
            amr: vec![],
            created_at: NOW,
            expires_at: NOW + Duration::days(1),
            revoked_at: None,
        }
    }

    fn nothing(_: &str) -> Option<&'static Resource> {
        None
    }

    #[test]
    fn an_app_that_was_allowed_and_one_that_never_asks_are_both_shown() {
        let found = assemble(
            &[consent("old", &["openid", "email"], 9)],
            &[grant("first-party", "openid phone")],
            nothing,
        );
        let named: Vec<_> = found
            .iter()
            .map(|access| (access.client_id.as_str(), access.claims.join(" ")))
            .collect();
        assert_eq!(
            named,
            [("first-party", "phone_number".to_owned()), ("old", "email".to_owned())]
        );
    }

    #[test]
    fn consent_and_grants_of_one_app_are_one_entry_since_the_first_of_them() {
        let mut later = grant("app", "openid address offline_access");
        later.claims =
            ClaimsRequest::parse(r#"{"userinfo":{"https://x.example/plan":null},"id_token":{"acr":null,"name":null}}"#)
                .unwrap();
        let found = assemble(&[consent("app", &["openid", "address"], 3)], &[later], nothing);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].since, NOW - Duration::days(3));
        assert_eq!(found[0].claims, ["name", "address", "https://x.example/plan"]);
        assert!(found[0].stays_connected);
    }

    #[test]
    fn a_remembered_offline_access_without_a_grant_brings_nobody_back() {
        let found = assemble(&[consent("app", &["openid", "offline_access"], 1)], &[], nothing);
        assert!(!found[0].stays_connected);
    }

    #[test]
    fn what_may_be_done_at_an_api_is_named_once() {
        let api = resource(API, "orders:read");
        let mut given = grant("app", "openid orders:read");
        given.resources = vec![API.to_owned(), "https://gone.example".to_owned()];
        let mut allowed = consent("app", &["openid"], 1);
        allowed.resource_scopes = vec!["https://api.example orders:read".to_owned()];
        let found = assemble(&[allowed], &[given], |name| (name == API).then_some(&api));
        assert_eq!(
            found[0].resource_scopes,
            ["https://api.example orders:read", "https://gone.example "]
        );
        assert_eq!(found[0].scope.to_string(), "openid orders:read");
    }
}
