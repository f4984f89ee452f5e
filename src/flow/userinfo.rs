//! The userinfo endpoint (OIDC Core §5.3): what the token's scopes say about its person.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Caller, Core, Refusal, access_token, encryption, mint::session_facts};
use crate::{
    domain::{claims, encryption::Encryption},
    model::{Client, Placement},
    spec::{
        jose::SigningAlg,
        oauth::{ErrorCode, OAuthError, bearer::Scheme, scope::OPENID},
    },
};

/// The `typ` header of a signed answer; none is registered for it.
const TYP: Option<&str> = Some("JWT");

/// An answer in the form that the client registered (OIDC Core §5.3.2).
#[derive(Debug)]
pub enum Answer {
    /// JSON.
    Claims(Map<String, Value>),
    /// Signed, encrypted, or both.
    Jwt(String),
}

/// The claims about the person whom the access token speaks for.
///
/// # Errors
/// `invalid_token` for a token that is not good here, `insufficient_scope` without `openid` (RFC 6750 §3.1),
/// `insufficient_user_authentication` where the operator wants people to have signed in more recently (RFC 9470 §3),
/// `invalid_request` if the client has no key to encrypt to.
pub async fn userinfo(core: &Core, caller: &Caller, (scheme, access_token): (Scheme, &str)) -> Result<Answer, Refusal> {
    let invalid = || {
        OAuthError::new(
            ErrorCode::InvalidToken,
            "the access token is unknown, expired or revoked",
        )
    };
    let live = access_token::find(core, access_token).await?.ok_or_else(invalid)?;
    let client = core.client(&live.token.client_id).await?.ok_or_else(invalid)?;
    access_token::check_sender(core, caller, &live, &client, (scheme, access_token)).await?;
    // RFC 9068 §4: a token for an API is none for userinfo
    if !live.token.audience.iter().any(|aud| aud == core.policy.issuer.as_str()) {
        return Err(OAuthError::new(ErrorCode::InvalidToken, "the access token is for another audience").into());
    }
    let (grant, user) = live.person.ok_or_else(invalid)?;
    if !live.token.scope.contains(OPENID) {
        return Err(OAuthError::new(ErrorCode::InsufficientScope, "the scope openid is needed").into());
    }
    // RFC 9470 §3: the token is good, but who stands behind it signed in too long ago
    if core.policy.security.wants_newer(grant.auth_time, core.now()) {
        let why = "the person must have signed in more recently";
        return Err(OAuthError::new(ErrorCode::InsufficientUserAuthentication, why).into());
    }
    let catalog = core.catalog().await?;
    let assembled = claims::assemble(&claims::Ask {
        placement: Placement::Userinfo,
        user: Some(&user),
        client: &client,
        session: Some(session_facts(&grant)),
        scope: &live.token.scope,
        claims: &grant.claims,
        resource: &grant.resources,
        userinfo: claims::Userinfo::InReach,
        rules: &catalog.rules,
        now: core.now(),
    });
    core.log_failures(assembled.failures);
    // OIDC Core §5.3.2: sub is always there
    let mut answer = Map::with_capacity(assembled.claims.len() + 1);
    answer.insert("sub".to_owned(), core.subject(&client, user.id)?.into());
    answer.extend(assembled.claims);
    protect(core, &client, answer).await
}

/// OIDC Core §5.3.2: signed, then encrypted, as the client registered.
async fn protect(core: &Core, client: &Arc<Client>, mut claims: Map<String, Value>) -> Result<Answer, Refusal> {
    let metadata = &client.metadata;
    let registered = Encryption::registered(
        metadata.userinfo_encrypted_response_alg.as_deref(),
        metadata.userinfo_encrypted_response_enc.as_deref(),
    );
    let recipient = encryption::recipient(core, client, registered).await?;
    let Some(alg) = metadata.userinfo_signed_response_alg.as_deref() else {
        return match recipient {
            Some(recipient) => Ok(Answer::Jwt(recipient.wrap(&serde_json::to_vec(&claims)?)?)),
            None => Ok(Answer::Claims(claims)),
        };
    };
    let alg = core.signing_alg(client, Some(alg), SigningAlg::RS256);
    // §5.3.2: a signed answer says who made it and for whom. It has no `exp`, so that it is never taken for an ID token.
    claims.insert("iss".to_owned(), core.policy.issuer.as_str().into());
    claims.insert("aud".to_owned(), client.client_id.clone().into());
    let signer = core.keys.signer(alg, core.now())?;
    let signed = signer.sign_jwt(TYP, &serde_json::to_vec(&claims)?)?;
    match recipient {
        Some(recipient) => Ok(Answer::Jwt(recipient.nest(&signed)?)),
        None => Ok(Answer::Jwt(signed)),
    }
}
