//! The revocation endpoint (RFC 7009).

use super::{Caller, Core, Refusal, access_token, apply::grant::client_event, client_auth};
use crate::{
    base::TokenHash,
    domain::token::RefreshWire,
    model::{AuditKind, Client, Origin},
    spec::oauth::{ErrorCode, OAuthError},
    store,
};

/// Revokes a token of the authenticated client: an access token alone, a refresh token with everything that its grant
/// gave (RFC 7009 §2.1). A token that is not good any more, or never was, is no error (§2.2).
///
/// # Errors
/// `unauthorized_client` for another client's token; [`Refusal`].
pub async fn revoke(core: &Core, caller: &Caller) -> Result<(), Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    let value = caller.params.require("token")?;
    match RefreshWire::parse(value) {
        Some(wire) => refresh_token(core, &client, &wire, &caller.origin).await,
        None => access_token(core, &client, value).await,
    }
}

/// RFC 7009 §2.1: a token of another client is refused, and the client is told.
fn not_yours() -> Refusal {
    OAuthError::new(ErrorCode::UnauthorizedClient, "the token was issued to another client").into()
}

async fn refresh_token(core: &Core, client: &Client, wire: &RefreshWire, origin: &Origin) -> Result<(), Refusal> {
    let Some(held) = store::refresh_token::find(core.store.pool(), wire.family_id).await? else {
        return Ok(());
    };
    let (family, hash) = (&held.token, wire.hash());
    // whoever knows only the family's id holds no token
    if family.current_hash != hash && family.previous_hash != Some(hash) {
        return Ok(());
    }
    if family.client_id != client.client_id {
        return Err(not_yours());
    }
    let mut tx = core.store.begin().await?;
    if store::grant::revoke(&mut *tx, held.grant.id, "revoked_by_client", core.now()).await? {
        let mut event = client_event(core, AuditKind::GrantRevoked, client, origin);
        event.user_id = Some(held.grant.user_id);
        event.session_id = held.grant.session_id;
        event
            .data
            .insert("grant_id".to_owned(), held.grant.id.to_string().into());
        store::audit_event::insert(&mut *tx, &event).await?;
    }
    tx.commit().await?;
    core.forget_grant(held.grant.id);
    Ok(())
}

async fn access_token(core: &Core, client: &Client, value: &str) -> Result<(), Refusal> {
    let Some(live) = access_token::find(core, value).await? else {
        return Ok(());
    };
    let token = live.token;
    if token.client_id != client.client_id {
        return Err(not_yours());
    }
    let now = core.now();
    match &token.jti {
        Some(jti) => {
            store::revoked_token::insert(core.store.pool(), &TokenHash::of(jti), now, token.expires_at).await?;
            core.note_revoked(jti, token.expires_at);
        }
        None => {
            let hash = TokenHash::of(value);
            store::access_token::revoke(core.store.pool(), &hash, now).await?;
            core.forget_access_token(&hash);
        }
    }
    Ok(())
}
