//! The effects of the token endpoint's decisions.

use crate::{
    base::{Time, TokenHash, id::AuditEventId},
    domain::grant::{Effect, Redemption, Rotation},
    flow::Core,
    model::{AccessToken, Actor, AuditEvent, AuditKind, Client, Origin},
    store::{self, PgExecutor, Tx},
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
            Effect::RedeemCode(redemption) => {
                if !redeem(&mut **tx, redemption, now).await? {
                    return Ok(Applied::Lost);
                }
            }
            Effect::RotateFamily(rotation) => {
                if !rotate(&mut **tx, rotation, now).await? {
                    return Ok(Applied::Lost);
                }
            }
            Effect::BeginGrant(grant) => store::grant::insert(&mut **tx, grant).await?,
            Effect::RedeemDeferred(redemption) => {
                if !redeem_deferred(&mut **tx, redemption, now).await? {
                    return Ok(Applied::Lost);
                }
            }
            Effect::Polled { hash, before, after } => {
                if !store::deferred_authorization::update_pace(&mut **tx, hash, *before, *after).await? {
                    return Ok(Applied::Lost);
                }
            }
            Effect::RevokeGrant { grant_id, reason } => {
                store::grant::revoke(&mut **tx, *grant_id, reason, now).await?;
            }
            Effect::Accepted { .. } | Effect::Audit { .. } => {
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

/// Writes an effect that is one statement alone, which is a transaction by itself; `None` if there is more to write.
///
/// # Errors
/// The store's.
pub async fn write_at_once(
    db: impl PgExecutor<'_>,
    effects: &[Effect],
    now: Time,
) -> Option<Result<Applied, store::Error>> {
    let done = match effects {
        [Effect::RedeemCode(redemption)] => redeem(db, redemption, now).await,
        [Effect::RotateFamily(rotation)] => rotate(db, rotation, now).await,
        [Effect::BeginGrant(grant)] => store::grant::insert(db, grant).await.map(|()| true),
        [Effect::RedeemDeferred(redemption)] => redeem_deferred(db, redemption, now).await,
        [Effect::Polled { hash, before, after }] => {
            store::deferred_authorization::update_pace(db, hash, *before, *after).await
        }
        _ => return None,
    };
    Some(done.map(|done| if done { Applied::Done } else { Applied::Lost }))
}

async fn redeem(db: impl PgExecutor<'_>, redemption: &Redemption, now: Time) -> Result<bool, store::Error> {
    let Redemption {
        hash,
        grant_ends,
        family,
        session_ends,
    } = redemption;
    store::authorization_code::redeem(db, hash, now, *session_ends, *grant_ends, family.as_deref()).await
}

async fn redeem_deferred(db: impl PgExecutor<'_>, redemption: &Redemption, now: Time) -> Result<bool, store::Error> {
    let Redemption {
        hash,
        grant_ends,
        family,
        session_ends,
    } = redemption;
    store::deferred_authorization::redeem(db, hash, now, *session_ends, *grant_ends, family.as_deref()).await
}

async fn rotate(db: impl PgExecutor<'_>, rotation: &Rotation, now: Time) -> Result<bool, store::Error> {
    let Rotation {
        family_id,
        presented,
        successor,
        expires_at,
    } = rotation;
    store::refresh_token::rotate(db, *family_id, presented, successor, now, *expires_at).await
}

fn audit_event(core: &Core, effect: &Effect, (client, origin): (&Client, &Origin)) -> Option<AuditEvent> {
    let (kind, grant_id, user_id, session_id, issuer) = match effect {
        Effect::Audit {
            kind,
            grant_id,
            user_id,
            session_id,
        } => (*kind, grant_id, user_id, *session_id, None),
        Effect::Accepted {
            issuer,
            grant_id,
            user_id,
        } => (AuditKind::AssertionAccepted, grant_id, user_id, None, Some(issuer)),
        _ => return None,
    };
    let event = AuditEvent {
        user_id: Some(*user_id),
        session_id,
        ..client_event(core, kind, client, origin)
    };
    let event = event.with("grant_id", grant_id.to_string());
    Some(match issuer {
        Some(issuer) => event.with("issuer", issuer.as_str()),
        None => event,
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
