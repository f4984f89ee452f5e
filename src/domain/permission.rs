//! Who may do what at which API: resources name scopes, roles name permissions.

use std::collections::{HashMap, HashSet};

use crate::model::{Client, Resource, Role, user::ADMIN_ROLE};

/// Every API resource and what every role permits there, as one snapshot that many requests read.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    issuer: String,
    resources: HashMap<String, Resource>,
    /// Role, then resource, then scopes.
    permissions: HashMap<String, HashMap<String, HashSet<String>>>,
    /// Scopes that some role names, by resource: those are for its holders only.
    guarded: HashMap<String, HashSet<String>>,
}

impl Catalog {
    /// A catalog of `resources` and `roles` at the server that `issuer` names.
    pub fn new(issuer: &str, resources: Vec<Resource>, roles: &[Role]) -> Self {
        let mut catalog = Self {
            issuer: issuer.to_owned(),
            ..Self::default()
        };
        for role in roles {
            let held = catalog.permissions.entry(role.name.clone()).or_default();
            for (resource, scope) in role.permissions.iter().filter_map(|pair| pair.split_once(' ')) {
                held.entry(resource.to_owned()).or_default().insert(scope.to_owned());
                let guarded = catalog.guarded.entry(resource.to_owned()).or_default();
                guarded.insert(scope.to_owned());
            }
        }
        catalog.resources = resources
            .into_iter()
            .map(|resource| (resource.identifier.clone(), resource))
            .collect();
        catalog
    }

    /// The issuer: the audience of tokens that name no resource.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The resource of that identifier, compared as strings (RFC 8707 §2).
    pub fn resource(&self, identifier: &str) -> Option<&Resource> {
        self.resources.get(identifier)
    }

    /// Every resource, in no order.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// Whether some resource has the scope; the others belong to the issuer.
    pub fn is_resource_scope(&self, scope: &str) -> bool {
        self.resources.values().any(|resource| resource.has_scope(scope))
    }

    /// Whether one of `roles` permits `scope` at `resource`. The role `admin` permits everything.
    pub fn roles_permit(&self, roles: &[String], resource: &str, scope: &str) -> bool {
        roles.iter().any(|role| {
            role == ADMIN_ROLE
                || self
                    .permissions
                    .get(role)
                    .and_then(|held| held.get(resource))
                    .is_some_and(|scopes| scopes.contains(scope))
        })
    }

    /// Whether a person with `roles` may give an app `scope` at `resource`. What no role names is open to everyone who
    /// consents; what a role names, and everything at Signet's own APIs, is for those who hold it.
    pub fn person_may(&self, roles: &[String], resource: &str, scope: &str) -> bool {
        let guarded = self.is_own(resource) || self.guarded.get(resource).is_some_and(|scopes| scopes.contains(scope));
        !guarded || self.roles_permit(roles, resource, scope)
    }

    /// Whether a client may have `scope` at `resource` for itself: a role permits it, or its own `scope` names it. The
    /// latter is not enough at Signet's own APIs, and a client whose metadata names no scope at all holds just its roles'.
    pub fn client_may(&self, client: &Client, resource: &str, scope: &str) -> bool {
        let named = client.metadata.scope.is_some() && !self.is_own(resource);
        client.allows_resource(resource)
            && client.allows_scope(scope)
            && (named || self.roles_permit(&client.roles, resource, scope))
    }

    /// Whether the resource is one of Signet's own APIs, which lie below the issuer.
    fn is_own(&self, resource: &str) -> bool {
        resource
            .strip_prefix(self.issuer.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture;

    fn catalog() -> Catalog {
        fixture::catalog()
    }

    fn roles(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_role_permits_what_it_names_and_admin_everything() {
        let catalog = catalog();
        assert!(catalog.roles_permit(&roles(&["support"]), fixture::API, "orders:refund"));
        assert!(!catalog.roles_permit(&roles(&["support"]), fixture::API, "orders:read"));
        assert!(catalog.roles_permit(&roles(&["admin"]), fixture::API, "orders:read"));
        assert!(!catalog.roles_permit(&[], fixture::API, "orders:refund"));
    }

    #[test]
    fn a_scope_that_a_role_names_is_for_its_holders() {
        let catalog = catalog();
        assert!(catalog.person_may(&[], fixture::API, "orders:read"));
        assert!(!catalog.person_may(&[], fixture::API, "orders:refund"));
        assert!(catalog.person_may(&roles(&["support"]), fixture::API, "orders:refund"));
    }

    #[test]
    fn the_servers_own_api_always_needs_a_role() {
        let catalog = catalog();
        assert!(!catalog.person_may(&[], fixture::OWN_API, "users:read"));
        assert!(catalog.person_may(&roles(&["admin"]), fixture::OWN_API, "users:read"));
        let mut client = fixture::client();
        client.metadata.scope = Some("users:read orders:read".to_owned());
        assert!(!catalog.client_may(&client, fixture::OWN_API, "users:read"));
        assert!(catalog.client_may(&client, fixture::API, "orders:read"));
        client.roles = roles(&["admin"]);
        assert!(catalog.client_may(&client, fixture::OWN_API, "users:read"));
    }

    #[test]
    fn a_client_that_names_no_scopes_holds_only_its_roles() {
        let catalog = catalog();
        let mut client = fixture::client();
        assert!(!catalog.client_may(&client, fixture::API, "orders:read"));
        client.roles = roles(&["support"]);
        assert!(catalog.client_may(&client, fixture::API, "orders:refund"));
        client.metadata.resources = Some(vec!["https://other.example".to_owned()]);
        assert!(!catalog.client_may(&client, fixture::API, "orders:refund"));
    }

    #[test]
    fn a_host_that_merely_begins_like_the_issuer_is_not_its_own() {
        let catalog = catalog();
        assert!(catalog.is_own("https://op.example/api/v1"));
        assert!(!catalog.is_own("https://op.example.evil/api"));
    }
}
