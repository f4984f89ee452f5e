//! Journeys through the account centre.

mod email;
mod overview;
mod password;
mod profile;
mod withdrawn;

use serde_json::{Map, Value, json};
use signet::{
    base::{
        Clock, SystemRng,
        id::{FactId, UserId},
        page::PageRequest,
    },
    model::{Actor, Consent, Fact, FactSource, User},
    store::{self, audit_event::AuditFilter},
};
use time::Duration;

use crate::{
    front_channel::world::{PASSWORD, World},
    support::browser::{Browser, Page},
};

const NEW_PASSWORD: &str = "gravel orbit teacup 5";

/// A person whose profile an administrator made, as facts say it.
async fn make_person(world: &World, name: &str) -> UserId {
    let id = world.make_person(name, |_| {}).await;
    let user = find(world, id).await;
    let fact = |attribute: &str, value: &Value, verified| Fact {
        id: FactId::new(world.clock.now(), &SystemRng),
        user_id: id,
        attribute: format!("profile.{attribute}"),
        value: Some(value.clone()),
        source: FactSource::Administrator,
        verified,
        actor: None,
        asserted_at: world.clock.now() - Duration::days(1),
    };
    let facts = [
        fact("name", &user.profile["name"], false),
        fact("email", &user.profile["email"], true),
    ];
    store::fact::insert(world.core.store.pool(), &facts).await.unwrap();
    id
}

async fn find(world: &World, id: UserId) -> User {
    store::user::find(world.core.store.pool(), id).await.unwrap().unwrap()
}

/// A browser in which that person is signed in, on the account's page.
async fn signed_in(world: &World, name: &str) -> (Browser, Page) {
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/account")).await.at(200, "/login");
    let page = world.sign_in(&mut browser, &page, name).await.at(200, "/account");
    (browser, page)
}

/// What the audit trail says of somebody, the newest first.
async fn trail(world: &World, id: UserId) -> Vec<(String, Map<String, Value>)> {
    let filter = AuditFilter {
        user_id: Some(id),
        kind: None,
    };
    let page = store::audit_event::list(world.core.store.pool(), &filter, &PageRequest::default())
        .await
        .unwrap();
    page.items.into_iter().map(|event| (event.kind, event.data)).collect()
}
