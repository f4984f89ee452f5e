//! Roles, APIs and custom claims of resource files.

use serde_json::{Map, Value, json};
use time::Duration;

use super::{
    Error, Work,
    plan::Action,
    wanted::{WantedClaim, WantedIssuer, WantedResource, WantedRole},
};
use crate::{
    base::id::{ClaimRuleId, ResourceId, RoleId},
    domain::{api_resource, trust},
    flow::admin::{Difference, resource},
    model::{AuditKind, ClaimRule, Resource, Role, trusted_issuer::TrustedIssuer},
    store,
};

impl Work<'_> {
    pub(super) async fn roles(&mut self, roles: &[WantedRole]) -> Result<(), Error> {
        let known = store::role::list(&mut *self.tx).await?;
        let now = self.core.now();
        for wanted in roles {
            let before = known.iter().find(|role| role.name == wanted.name);
            let after = Role {
                id: before.map_or_else(|| RoleId::new(now, &*self.core.rng), |role| role.id),
                name: wanted.name.clone(),
                description: wanted.description.clone(),
                permissions: wanted.permissions.clone(),
                origin: before.map_or_else(|| Some(self.origin.to_owned()), |role| role.origin.clone()),
                created_at: before.map_or(now, |role| role.created_at),
                updated_at: now,
            };
            let difference = Difference::between(&before.map(role_state).unwrap_or_default(), &role_state(&after));
            match before {
                None => store::role::insert(&mut *self.tx, &after).await?,
                Some(_) if difference.is_empty() => {}
                Some(_) => store::role::update(&mut *self.tx, &after).await?,
            }
            self.note(before.is_none(), difference, "role", &wanted.name).await?;
        }
        Ok(())
    }

    pub(super) async fn resources(&mut self, resources: &[WantedResource]) -> Result<(), Error> {
        let now = self.core.now();
        for wanted in resources {
            let before = store::resource::find(&mut *self.tx, &wanted.identifier).await?;
            let after = Resource {
                id: before
                    .as_ref()
                    .map_or_else(|| ResourceId::new(now, &*self.core.rng), |one| one.id),
                identifier: wanted.identifier.clone(),
                name: wanted.name.clone(),
                own_clients: wanted.own_clients.clone(),
                scopes: wanted.scopes.clone(),
                authorization_details_types: wanted.authorization_details_types.clone(),
                access_token_format: wanted.access_token_format,
                access_token_signing_alg: wanted.access_token_signing_alg.clone(),
                access_token_lifetime_seconds: wanted.access_token_lifetime_seconds,
                origin: before
                    .as_ref()
                    .map_or_else(|| Some(self.origin.to_owned()), |one| one.origin.clone()),
                created_at: before.as_ref().map_or(now, |one| one.created_at),
                updated_at: now,
            };
            api_resource::check(&after, &self.core.resource_algs()).map_err(|fault| {
                let text = fault.to_string();
                let field = text.split(':').next().unwrap_or_default();
                Error::Files(vec![wanted.places.of_field(field).error(text.clone())])
            })?;
            let state = before.as_ref().map(resource::visible).unwrap_or_default();
            let difference = Difference::between(&state, &resource::visible(&after));
            match &before {
                None => store::resource::insert(&mut *self.tx, &after).await?,
                Some(_) if difference.is_empty() => {}
                Some(_) => store::resource::update(&mut *self.tx, &after).await?,
            }
            self.note(before.is_none(), difference, "resource", &wanted.identifier)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn trusted_issuers(&mut self, issuers: &[WantedIssuer]) -> Result<(), Error> {
        let known = store::trusted_issuer::list(&mut *self.tx).await?;
        let now = self.core.now();
        for wanted in issuers {
            let before = known.iter().find(|one| one.issuer == wanted.issuer);
            let after = TrustedIssuer {
                issuer: wanted.issuer.clone(),
                terms: wanted.terms.clone(),
                origin: before.map_or_else(|| Some(self.origin.to_owned()), |one| one.origin.clone()),
                created_at: before.map_or(now, |one| one.created_at),
                updated_at: now,
            };
            trust::check(&after, self.core.policy.issuer.as_str()).map_err(|(field, why)| {
                Error::Files(vec![wanted.places.of_field(field).error(format!("{field}: {why}"))])
            })?;
            let state = before.map(issuer_state).unwrap_or_default();
            let difference = Difference::between(&state, &issuer_state(&after));
            if before.is_none() || !difference.is_empty() {
                store::trusted_issuer::put(&mut *self.tx, &after).await?;
            }
            self.note(before.is_none(), difference, "trusted issuer", &wanted.issuer)
                .await?;
        }
        Ok(())
    }

    /// A name may have several rules (for several apps): equal ones are recognised first, then the rest by name.
    pub(super) async fn claims(&mut self, claims: &[WantedClaim]) -> Result<(), Error> {
        let mut known = store::claim_rule::list(&mut *self.tx).await?;
        let mut moment = self.core.now();
        let mut open = Vec::new();
        for wanted in claims {
            let made = self.rule(wanted, moment);
            // rules of one name are evaluated in the order of their creation
            moment += Duration::microseconds(1);
            let same = known.iter().position(|rule| rule_state(rule) == rule_state(&made));
            match same {
                Some(at) => {
                    known.swap_remove(at);
                    self.plan.unchanged += 1;
                }
                None => open.push(made),
            }
        }
        for made in open {
            let before = known
                .iter()
                .position(|rule| rule.name == made.name)
                .map(|at| known.remove(at));
            let state = before.as_ref().map(rule_state).unwrap_or_default();
            let difference = Difference::between(&state, &rule_state(&made));
            let is_new = before.is_none();
            match before {
                None => store::claim_rule::insert(&mut *self.tx, &made).await?,
                Some(before) => {
                    let after = ClaimRule {
                        id: before.id,
                        origin: before.origin,
                        created_at: before.created_at,
                        ..made.clone()
                    };
                    store::claim_rule::update(&mut *self.tx, &after).await?;
                }
            }
            self.note(is_new, difference, "claim", &made.name).await?;
        }
        Ok(())
    }

    fn rule(&self, wanted: &WantedClaim, moment: crate::base::Time) -> ClaimRule {
        ClaimRule {
            id: ClaimRuleId::new(moment, &*self.core.rng),
            name: wanted.name.clone(),
            expression: wanted.expression.clone(),
            titles: wanted.titles.clone(),
            placement: wanted.placement.clone(),
            scopes: wanted.scopes.clone(),
            clients: wanted.clients.clone(),
            resources: wanted.resources.clone(),
            origin: Some(self.origin.to_owned()),
            created_at: moment,
            updated_at: moment,
        }
    }

    /// Writes the plan's line and the audit trail's.
    async fn note(
        &mut self,
        is_new: bool,
        difference: Difference,
        kind: &'static str,
        name: &str,
    ) -> Result<(), Error> {
        if is_new {
            self.plan.add(Action::Create, kind, name);
        } else {
            self.plan.changed(difference.fields(), kind, name);
        }
        if is_new || !difference.is_empty() {
            self.record(difference, kind, name).await?;
        }
        Ok(())
    }

    pub(super) async fn record(&mut self, difference: Difference, kind: &str, name: &str) -> Result<(), Error> {
        let mut data = difference.data();
        data.insert("kind".to_owned(), json!(kind));
        data.insert("name".to_owned(), json!(name));
        let event = crate::flow::admin::line(self.core, &self.by, AuditKind::ResourceApplied, data);
        Ok(store::audit_event::insert(&mut *self.tx, &event).await?)
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(mut members) => {
            members.retain(|_, value| !value.is_null());
            members
        }
        _ => Map::new(),
    }
}

pub(super) fn role_state(role: &Role) -> Map<String, Value> {
    object(json!({"description": role.description, "permissions": role.permissions}))
}

pub(super) fn issuer_state(issuer: &TrustedIssuer) -> Map<String, Value> {
    object(json!(issuer.terms))
}

pub(super) fn rule_state(rule: &ClaimRule) -> Map<String, Value> {
    let mut state = object(json!({
        "name": rule.name,
        "value": rule.expression,
        "in": rule.placement,
        "scopes": rule.scopes,
        "clients": rule.clients,
        "resources": rule.resources,
    }));
    state.extend(
        rule.titles
            .iter()
            .map(|(tagged, title)| (tagged.to_owned(), json!(title))),
    );
    state
}
