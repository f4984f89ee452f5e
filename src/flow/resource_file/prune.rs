//! Removes what an earlier apply created and the files no longer name.

use serde_json::Map;

use super::{
    Error, Work,
    plan::Action,
    things::{issuer_state, role_state, rule_state},
    wanted::Wanted,
};
use crate::{
    flow::admin::{Difference, client, resource, user},
    model::{User, UserStatus, user::ADMIN_ROLE},
    store,
};

impl Work<'_> {
    pub(super) async fn prune(&mut self, wanted: &Wanted) -> Result<(), Error> {
        self.prune_users(wanted).await?;
        self.prune_clients(wanted).await?;
        self.prune_things(wanted).await
    }

    async fn prune_users(&mut self, wanted: &Wanted) -> Result<(), Error> {
        for found in store::user::list_by_origin(&mut *self.tx, self.origin).await? {
            let is = |own: Option<&str>, name: &str| own.is_some_and(|own| own.eq_ignore_ascii_case(name));
            let named = wanted.users.iter().any(|one| match &one.username {
                Some(username) => is(found.username.as_deref(), username),
                None => is(found.claim("email"), &one.name),
            });
            if named {
                continue;
            }
            let name = found.username.clone().unwrap_or_else(|| found.display_name());
            if self.is_last_administrator(&found).await? {
                self.plan
                    .add(Action::Keep("it is the last administrator"), "user", &name);
                continue;
            }
            user::delete_in(self.core, &mut self.tx, &self.by, &found).await?;
            self.plan.add(Action::Remove, "user", &name);
        }
        Ok(())
    }

    async fn is_last_administrator(&mut self, user: &User) -> Result<bool, Error> {
        let administers = user.is_admin() && user.status == UserStatus::Active;
        Ok(administers && store::role::lock_and_count_active(&mut self.tx, ADMIN_ROLE).await? <= 1)
    }

    async fn prune_clients(&mut self, wanted: &Wanted) -> Result<(), Error> {
        for found in store::client::list_by_origin(&mut *self.tx, self.origin).await? {
            if wanted.clients.iter().all(|one| one.client_id != found.client_id) {
                client::delete_in(self.core, &mut self.tx, &self.by, &found).await?;
                self.plan.add(Action::Remove, "client", &found.client_id);
            }
        }
        Ok(())
    }

    async fn prune_things(&mut self, wanted: &Wanted) -> Result<(), Error> {
        for rule in store::claim_rule::list(&mut *self.tx).await? {
            let named = wanted.claims.iter().any(|one| {
                (&one.name, &one.expression) == (&rule.name, &rule.expression)
                    && (&one.placement, &one.scopes) == (&rule.placement, &rule.scopes)
                    && (&one.clients, &one.resources) == (&rule.clients, &rule.resources)
            });
            if self.made(rule.origin.as_deref()) && !named {
                store::claim_rule::delete(&mut *self.tx, rule.id).await?;
                self.removed(rule_state(&rule), "claim", &rule.name).await?;
            }
        }
        for one in store::resource::list(&mut *self.tx).await? {
            let named = wanted.resources.iter().any(|other| other.identifier == one.identifier);
            if self.made(one.origin.as_deref()) && !named {
                store::resource::delete(&mut *self.tx, one.id).await?;
                self.removed(resource::visible(&one), "resource", &one.identifier)
                    .await?;
            }
        }
        for one in store::trusted_issuer::list(&mut *self.tx).await? {
            let named = wanted.trusted_issuers.iter().any(|other| other.issuer == one.issuer);
            if self.made(one.origin.as_deref()) && !named {
                store::trusted_issuer::delete(&mut *self.tx, &one.issuer).await?;
                self.removed(issuer_state(&one), "trusted issuer", &one.issuer).await?;
            }
        }
        for role in store::role::list(&mut *self.tx).await? {
            let named = role.name == ADMIN_ROLE || wanted.roles.iter().any(|other| other.name == role.name);
            if self.made(role.origin.as_deref()) && !named {
                store::role::delete(&mut *self.tx, role.id).await?;
                self.removed(role_state(&role), "role", &role.name).await?;
            }
        }
        Ok(())
    }

    fn made(&self, origin: Option<&str>) -> bool {
        origin == Some(self.origin)
    }

    async fn removed(
        &mut self,
        state: Map<String, serde_json::Value>,
        kind: &'static str,
        name: &str,
    ) -> Result<(), Error> {
        self.plan.add(Action::Remove, kind, name);
        self.record(Difference::between(&state, &Map::new()), kind, name).await
    }
}
