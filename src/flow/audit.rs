//! Lines of the audit trail, as the use cases write them.

use serde_json::Map;

use super::Core;
use crate::{
    base::{Rng, Time, id::AuditEventId},
    model::{Actor, AuditEvent, AuditKind, Origin},
};

/// A line about what happened just now. Insert it with [`crate::store::audit_event::insert`], in the transaction of what
/// it tells about.
pub fn event(core: &Core, kind: AuditKind, actor: &Actor, origin: &Origin) -> AuditEvent {
    event_at(core.now(), &*core.rng, kind, actor, origin)
}

/// The same for work that has no [`Core`].
pub fn event_at(now: Time, rng: &dyn Rng, kind: AuditKind, actor: &Actor, origin: &Origin) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(now, rng),
        at: now,
        kind: kind.as_str().to_owned(),
        actor: actor.to_string(),
        user_id: match actor {
            Actor::User(id) => Some(*id),
            _ => None,
        },
        client_id: None,
        session_id: None,
        origin: origin.clone(),
        data: Map::new(),
    }
}
