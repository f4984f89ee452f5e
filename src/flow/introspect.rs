//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use serde_json::Map;

use super::{Caller, Core, Refusal, access_token, client_auth, encryption, mint};
use crate::{
    base::id::UserId,
    domain::{
        encryption::Encryption,
        grant::is_offline,
        introspection::{self, Answer},
        token::RefreshWire,
    },
    model::{Client, UserStatus},
    spec::{
        jose::SigningAlg,
        oauth::{ErrorCode, OAuthError},
    },
    store,
};

/// The form in which a caller takes the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON (RFC 7662 §2.2).
    Json,
    /// A JWT (RFC 9701 §5).
    Jwt,
}

/// An answer.
#[derive(Debug)]
pub enum Introspected {
    /// JSON.
    Json(Vec<u8>),
    /// Signed, and encrypted if the client registered that.
    Jwt(String),
}

/// What the authenticated client may know about the token.
///
/// `token_type_hint` is not needed: the three kinds of tokens have three different forms (RFC 7662 §2.1).
///
/// # Errors
/// [`Refusal`]; a token that is not good, or not the client's business, is no error.
pub async fn introspect(core: &Core, caller: &Caller, form: Form) -> Result<Introspected, Refusal> {
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
    let json = answer.unwrap_or_else(|| introspection::INACTIVE.as_bytes().to_vec());
    match form {
        Form::Json => Ok(Introspected::Json(json)),
        Form::Jwt => Ok(Introspected::Jwt(signed(core, &client, &json).await?)),
    }
}

/// The answer as a JWT for the client that asks, and nobody else (RFC 9701 §5).
async fn signed(core: &Core, client: &Arc<Client>, json: &[u8]) -> Result<String, Refusal> {
    let metadata = &client.metadata;
    let registered = Encryption::registered(
        metadata.introspection_encrypted_response_alg.as_deref(),
        metadata.introspection_encrypted_response_enc.as_deref(),
    );
    let recipient = encryption::recipient(core, client, registered).await?;
    // RFC 9701 §6: RS256 where the client says nothing
    let alg = core.signing_alg(
        client,
        metadata.introspection_signed_response_alg.as_deref(),
        SigningAlg::RS256,
    );
    let now = core.now();
    let claims = introspection::jwt(core.policy.issuer.as_str(), &client.client_id, now, json)?;
    let signed = core
        .keys
        .signer(alg, now)?
        .sign_jwt(Some(introspection::TYP), &claims)?;
    match recipient {
        Some(recipient) => recipient.nest(&signed),
        None => Ok(signed),
    }
}

async fn access_token(core: &Core, client: &Client, value: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(live) = access_token::find(core, value).await? else {
        return Ok(None);
    };
    let token = &live.token;
    let catalog = core.catalog().await?;
    if !introspection::may_see(client, token, &catalog.permissions) {
        return Ok(None);
    }
    let sub = subject(core, &token.client_id, token.user_id).await?;
    let answer = Answer {
        iss: core.policy.issuer.as_str(),
        client_id: &token.client_id,
        sub: sub.as_deref(),
        scope: &token.scope,
        audience: &token.audience,
        jti: token.jti.as_deref(),
        issued_at: token.issued_at,
        expires_at: token.expires_at,
        token_type: Some(token.confirmation.token_type()),
        confirmation: &token.confirmation,
        authentication: live.person.as_ref().map(|(grant, _)| mint::authentication(grant)),
        extra: &token.claims,
    };
    Ok(Some(answer.to_json()?))
}

/// The person of a token, as the client knows them that got it: whoever introspects is told the same as that client.
async fn subject(core: &Core, client_id: &str, user_id: Option<UserId>) -> Result<Option<String>, Refusal> {
    let Some(client) = core.client(client_id).await? else {
        return Ok(None);
    };
    Ok(user_id.map(|id| core.subject(&client, id)).transpose()?)
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
    let sub = core.subject(client, held.grant.user_id)?;
    let answer = Answer {
        iss: core.policy.issuer.as_str(),
        client_id: &family.client_id,
        sub: Some(&sub),
        scope: &held.grant.scope,
        audience: &[],
        jti: None,
        issued_at: family.rotated_at.unwrap_or(family.created_at),
        expires_at: family.expires_at,
        token_type: None,
        confirmation: &family.confirmation,
        authentication: Some(mint::authentication(&held.grant)),
        extra: &Map::new(),
    };
    Ok(Some(answer.to_json()?))
}
