//! The effects of the token endpoint's decisions.

use crate::{
    base::{TokenHash, id::AuditEventId},
    domain::grant::{Effect, Rotation},
    flow::Core,
    model::{AccessToken, Actor, AuditEvent, AuditKind, Client, Origin},
    store::{self, Tx},
};

/// Whether the effects could be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// They were.
    Done,
    /// Somebody else was faster: what was decided rests on a state that is gone.
    Lost,
}

/// An opaque access token that is about to be handed out.
#[derive(Debug)]
pub struct OpaqueToken {
    /// What is kept of its value.
    pub hash: TokenHash,
    /// What it says.
    pub token: AccessToken,
}

/// Writes the effects and the token in the transaction.
///
/// # Errors
/// The store's.
pub async fn write(
    core: &Core,
    tx: &mut Tx,
    effects: &[Effect],
    opaque: Option<&OpaqueToken>,
    by: (&Client, &Origin),
) -> Result<Applied, store::Error> {
    let now = core.now();
    for effect in effects {
        match effect {
            Effect::RedeemCode(hash) => {
                if !store::authorization_code::redeem(&mut **tx, hash, now).await? {
                    return Ok(Applied::Lost);
                }
            }
            Effect::ExtendGrant { grant_id, expires_at } => {
                store::grant::extend(&mut **tx, *grant_id, *expires_at).await?;
            }
            Effect::StartFamily(family) => store::refresh_token::insert(&mut **tx, family).await?,
            Effect::RotateFamily(rotation) => {
                let Rotation {
                    family_id,
                    presented,
                    successor,
                    expires_at,
                } = rotation;
                let done =
                    store::refresh_token::rotate(&mut **tx, *family_id, presented, successor, now, *expires_at).await?;
                if !done {
                    return Ok(Applied::Lost);
                }
            }
            Effect::RevokeGrant { grant_id, reason } => {
                store::grant::revoke(&mut **tx, *grant_id, reason, now).await?;
            }
            Effect::Audit { .. } => {
                if let Some(event) = audit_event(core, effect, by) {
                    store::audit_event::insert(&mut **tx, &event).await?;
                }
            }
        }
    }
    if let Some(OpaqueToken { hash, token }) = opaque {
        store::access_token::insert(&mut **tx, hash, token).await?;
    }
    Ok(Applied::Done)
}

/// A rotation alone is one statement, which is a transaction by itself.
///
/// # Errors
/// The store's.
pub async fn rotate(core: &Core, rotation: &Rotation) -> Result<Applied, store::Error> {
    let Rotation {
        family_id,
        presented,
        successor,
        expires_at,
    } = rotation;
    let now = core.now();
    let done =
        store::refresh_token::rotate(core.store.pool(), *family_id, presented, successor, now, *expires_at).await?;
    Ok(if done { Applied::Done } else { Applied::Lost })
}

fn audit_event(core: &Core, effect: &Effect, (client, origin): (&Client, &Origin)) -> Option<AuditEvent> {
    let Effect::Audit {
        kind,
        grant_id,
        user_id,
        session_id,
    } = effect
    else {
        return None;
    };
    let grant = ("grant_id".to_owned(), grant_id.to_string().into());
    Some(AuditEvent {
        user_id: Some(*user_id),
        session_id: *session_id,
        data: serde_json::Map::from_iter([grant]),
        ..client_event(core, *kind, client, origin)
    })
}

/// A line about what a client did just now.
pub fn client_event(core: &Core, kind: AuditKind, client: &Client, origin: &Origin) -> AuditEvent {
    let now = core.now();
    AuditEvent {
        id: AuditEventId::new(now, &*core.rng),
        at: now,
        kind: kind.as_str().to_owned(),
        actor: Actor::Client(client.client_id.clone()).to_string(),
        user_id: None,
        client_id: Some(client.client_id.clone()),
        session_id: None,
        origin: origin.clone(),
        data: serde_json::Map::new(),
    }
}
