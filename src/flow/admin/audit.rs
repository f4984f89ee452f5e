//! The audit trail, for reading.

use std::collections::HashMap;

use super::Error;
use crate::{
    base::{
        id::UserId,
        page::{Page, PageRequest},
    },
    flow::Core,
    model::{AuditEvent, User},
    store::{self, audit_event::AuditFilter},
};

/// A line of the trail with the names that people know things by.
#[derive(Debug, Clone)]
pub struct Line {
    /// The line.
    pub event: AuditEvent,
    /// Who acted: a name where there is one, else as it is stored.
    pub actor: String,
    /// The person whom it is about, if they are still there.
    pub user: Option<(UserId, String)>,
    /// The app that it is about, if it is still there.
    pub client_name: Option<String>,
}

/// Lines of the trail, the newest first; those about one person or of one kind where that is asked for.
///
/// # Errors
/// [`Error::NotFound`] for a cursor that is not one of this list.
pub async fn list(
    core: &Core,
    user_id: Option<UserId>,
    kind: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Line>, Error> {
    let filter = AuditFilter {
        user_id,
        kind: kind.map(str::to_owned),
    };
    let found = store::audit_event::list(core.store.pool(), &filter, page).await?;
    Ok(Page {
        items: named(core, found.items).await?,
        next: found.next,
    })
}

/// Adds the names, with one look-up for all people and the remembered apps.
pub(super) async fn named(core: &Core, events: Vec<AuditEvent>) -> Result<Vec<Line>, Error> {
    let actor_id = |event: &AuditEvent| event.actor.strip_prefix("user:").and_then(|id| id.parse().ok());
    let mut ids: Vec<UserId> = events.iter().filter_map(actor_id).collect();
    ids.extend(events.iter().filter_map(|event| event.user_id));
    ids.sort_unstable();
    ids.dedup();
    let people: HashMap<UserId, String> = store::user::find_many(core.store.pool(), &ids)
        .await?
        .iter()
        .map(|user| (user.id, User::display_name(user)))
        .collect();
    let mut lines = Vec::with_capacity(events.len());
    for event in events {
        let client_name = match &event.client_id {
            Some(client_id) => core
                .client(client_id)
                .await?
                .map(|client| client.display_name().to_owned()),
            None => None,
        };
        let actor = actor_id(&event).and_then(|id| people.get(&id).cloned());
        lines.push(Line {
            actor: actor.unwrap_or_else(|| event.actor.clone()),
            user: event.user_id.and_then(|id| Some((id, people.get(&id)?.clone()))),
            client_name,
            event,
        });
    }
    Ok(lines)
}
