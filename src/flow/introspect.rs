//! The introspection endpoint (RFC 7662).

use serde_json::Map;

use super::{Caller, Core, Refusal, access_token, client_auth};
use crate::{
    domain::{
        grant::is_offline,
        introspection::{self, Answer},
        token::RefreshWire,
    },
    model::{Client, UserStatus},
    spec::oauth::{ErrorCode, OAuthError},
    store,
};

/// What the authenticated client may know about the token, as JSON.
///
/// `token_type_hint` is not needed: the three kinds of tokens have three different forms (RFC 7662 §2.1).
///
/// # Errors
/// [`Refusal`]; a token that is not good, or not the client's business, is no error.
pub async fn introspect(core: &Core, caller: &Caller) -> Result<Vec<u8>, Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    // RFC 7662 §2.1, §4: the endpoint is not for whoever found a token
    if client.is_public() {
        let why = "introspection needs a client that authenticates";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why).into());
    }
    let value = caller.params.require("token")?;
    let answer = match RefreshWire::parse(value) {
        Some(wire) => refresh_token(core, &client, &wire).await?,
        None => access_token(core, &client, value).await?,
    };
    Ok(answer.unwrap_or_else(|| introspection::INACTIVE.as_bytes().to_vec()))
}

async fn access_token(core: &Core, client: &Client, value: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(live) = access_token::find(core, value).await? else {
        return Ok(None);
    };
    let token = &live.token;
    if !introspection::may_see(client, token) {
        return Ok(None);
    }
    let answer = Answer {
        iss: core.policy.issuer.as_str(),
        client_id: &token.client_id,
        user_id: token.user_id,
        scope: &token.scope,
        audience: &token.audience,
        jti: token.jti.as_deref(),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        token_type: Some(token.confirmation.token_type()),
        confirmation: &token.confirmation,
        extra: &token.claims,
    };
    Ok(Some(answer.to_json()?))
}

async fn refresh_token(core: &Core, client: &Client, wire: &RefreshWire) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(held) = store::refresh_token::find(core.store.pool(), wire.family_id).await? else {
        return Ok(None);
    };
    let now = core.now();
    let family = &held.token;
    let is_good = family.client_id == client.client_id
        && family.current_hash == wire.hash()
        && family.revoked_at.is_none()
        && now < family.expires_at
        && held.grant.is_live(now)
        && (is_offline(&held.grant) || held.session_ends.is_some_and(|ends| now < ends))
        && held.user_status == UserStatus::Active;
    if !is_good {
        return Ok(None);
    }
    let answer = Answer {
        iss: core.policy.issuer.as_str(),
        client_id: &family.client_id,
        user_id: Some(held.grant.user_id),
        scope: &held.grant.scope,
        audience: &[],
        jti: None,
        issued_at: family.rotated_at.unwrap_or(family.created_at),
        expires_at: family.expires_at,
        token_type: None,
        confirmation: &family.confirmation,
        extra: &Map::new(),
    };
    Ok(Some(answer.to_json()?))
}
