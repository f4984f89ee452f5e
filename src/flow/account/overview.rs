//! What the account centre shows.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    base::{Time, id::DeferredAuthorizationId},
    domain::{
        account::access::{self, Access},
        claims::{self, Told},
        profile,
    },
    flow::{Core, cache::Catalog, session::SignedIn},
    model::{
        Client, ClientStatus, Fact, FactSource, Placement, Resource, Session, deferred_authorization::DeferredKind,
    },
    spec::oidc::{ClaimsRequest, claim::STANDARD_CLAIMS},
    store,
};

/// An account as its owner sees it.
#[derive(Debug)]
pub struct Overview {
    /// What is known about them, in the order of the standard claims.
    pub values: Vec<KnownValue>,
    /// What apps ask behind the scenes and wait for, the newest first.
    pub requests: Vec<OpenRequest>,
    /// What has access, the newest first.
    pub apps: Vec<AppAccess>,
    /// Where they are signed in: this browser first, then the last used.
    pub sessions: Vec<Session>,
    /// When the password was last changed; `None` without one.
    pub password_changed_at: Option<Time>,
}

/// One value of the profile.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownValue {
    /// The claim.
    pub claim: String,
    /// The value.
    pub value: Value,
    /// Who says so.
    pub source: FactSource,
    /// Whether it was confirmed; `None` for claims that nobody confirms.
    pub is_verified: Option<bool>,
}

/// What an app asks behind the scenes.
#[derive(Debug)]
pub struct OpenRequest {
    /// Its id.
    pub id: DeferredAuthorizationId,
    /// The app.
    pub client: Arc<Client>,
    /// When it asked.
    pub asked_at: Time,
}

/// An app with what it may see and do.
#[derive(Debug)]
pub struct AppAccess {
    /// The app.
    pub client: Arc<Client>,
    /// What it may.
    pub access: Access,
    /// The APIs among that, as far as they are still there.
    pub resources: Vec<Arc<Resource>>,
    /// What the operator's rules tell it.
    pub told: Vec<Told>,
}

/// Gathers it.
///
/// # Errors
/// The store's.
pub async fn overview(core: &Core, signed_in: &SignedIn) -> Result<Overview, store::Error> {
    let pool = core.store.pool();
    let (user_id, now) = (signed_in.user.id, core.now());
    let facts = store::fact::list_current(pool, user_id).await?;
    let mut sessions = store::session::list_live(pool, user_id, now, core.policy.sessions.idle).await?;
    sessions.sort_by_key(|session| session.id != signed_in.session.id);
    let (has_password, changed_at) = store::user::find_password_age(pool, user_id).await?;
    Ok(Overview {
        values: values(&facts),
        requests: requests(core, signed_in).await?,
        apps: apps(core, signed_in).await?,
        sessions,
        // An imported one is as old as the account.
        password_changed_at: has_password.then(|| changed_at.unwrap_or(signed_in.user.created_at)),
    })
}

async fn requests(core: &Core, signed_in: &SignedIn) -> Result<Vec<OpenRequest>, store::Error> {
    let pool = core.store.pool();
    let open = store::deferred_authorization::list_open(pool, signed_in.user.id, core.now()).await?;
    let mut requests = Vec::with_capacity(open.len());
    for one in open.into_iter().filter(|one| one.kind == DeferredKind::Ciba) {
        let client = core.client(&one.client_id).await?;
        if let Some(client) = client.filter(|client| client.status == ClientStatus::Active) {
            requests.push(OpenRequest {
                id: one.id,
                client,
                asked_at: one.created_at,
            });
        }
    }
    Ok(requests)
}

async fn apps(core: &Core, signed_in: &SignedIn) -> Result<Vec<AppAccess>, store::Error> {
    let pool = core.store.pool();
    let consents = store::consent::list(pool, signed_in.user.id).await?;
    let grants = store::grant::list_live(pool, signed_in.user.id, core.now()).await?;
    let catalog = core.catalog().await?;
    let accesses = access::assemble(&consents, &grants, |identifier| {
        catalog.resources.get(identifier).map(Arc::as_ref)
    });
    let mut apps = Vec::with_capacity(accesses.len());
    for access in accesses {
        // Deleted between two of these reads: then its consents and grants are gone as well.
        let Some(client) = core.client(&access.client_id).await? else {
            continue;
        };
        let mut resources: Vec<Arc<Resource>> = Vec::new();
        for pair in &access.resource_scopes {
            let identifier = pair.split(' ').next().unwrap_or_default();
            if resources.iter().all(|known| known.identifier != identifier) {
                resources.extend(catalog.resources.get(identifier).cloned());
            }
        }
        apps.push(AppAccess {
            told: told(core, &catalog, signed_in, &client, &access),
            client,
            access,
            resources,
        });
    }
    Ok(apps)
}

/// The custom claims that the app gets, as they would be computed in this session.
fn told(core: &Core, catalog: &Catalog, signed_in: &SignedIn, client: &Client, access: &Access) -> Vec<Told> {
    let pairs = access.resource_scopes.iter();
    let resource: Vec<String> = pairs
        .filter_map(|pair| pair.split_once(' '))
        .map(|(identifier, _)| identifier.to_owned())
        .collect();
    let (told, failures) = claims::told(&claims::Ask {
        placement: Placement::Userinfo,
        user: Some(&signed_in.user),
        client,
        session: Some(signed_in.facts()),
        scope: &access.scope,
        claims: &ClaimsRequest::default(),
        resource: &resource,
        userinfo: claims::Userinfo::InReach,
        rules: &catalog.rules,
        now: core.now(),
    });
    core.log_failures(failures);
    // the account says what is seen; what may come was said when it was allowed
    told.into_iter().filter(|told| !told.value.is_null()).collect()
}

/// The values that won, each with who says so.
fn values(facts: &[Fact]) -> Vec<KnownValue> {
    let winners = profile::winners(facts);
    let known = |claim: &str| {
        let fact = winners.get(format!("profile.{claim}").as_str())?;
        let value = fact.value.clone().filter(|value| !value.is_null())?;
        Some(KnownValue {
            claim: claim.to_owned(),
            value,
            source: fact.source.clone(),
            is_verified: ["email", "phone_number"].contains(&claim).then_some(fact.verified),
        })
    };
    STANDARD_CLAIMS
        .iter()
        .filter(|claim| !claim.name.ends_with("_verified"))
        .filter_map(|claim| known(claim.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        base::{
            SeededRng,
            id::{FactId, UserId},
        },
        model::sample::NOW,
    };

    fn fact(seed: u64, attribute: &str, value: Value, source: FactSource, verified: bool) -> Fact {
        let rng = SeededRng::new(seed);
        Fact {
            id: FactId::new(NOW, &rng),
            user_id: UserId::new(NOW, &SeededRng::new(1)),
            attribute: attribute.to_owned(),
            value: Some(value),
            source,
            verified,
            actor: None,
            asserted_at: NOW,
        }
    }

    #[test]
    fn each_value_names_who_says_so_and_whether_it_was_confirmed() {
        let google = FactSource::Connector("google".to_owned());
        let facts = [
            fact(1, "profile.email", json!("ada@x.org"), google.clone(), true),
            fact(2, "profile.name", json!("Ada"), google, false),
            fact(3, "profile.name", json!("Ada L."), FactSource::User, false),
            fact(4, "profile.nickname", Value::Null, FactSource::User, false),
            fact(5, "custom_data.plan", json!("gold"), FactSource::Administrator, false),
        ];
        let shown: Vec<_> = values(&facts)
            .into_iter()
            .map(|known| (known.claim, known.value, known.source.kind(), known.is_verified))
            .collect();
        assert_eq!(
            shown,
            [
                ("name".to_owned(), json!("Ada L."), "user", None),
                ("email".to_owned(), json!("ada@x.org"), "connector", Some(true)),
            ]
        );
    }
}
