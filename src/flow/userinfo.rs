//! The userinfo endpoint (OIDC Core §5.3): what the token's scopes say about its person.

use serde_json::{Map, Value};

use super::{Caller, Core, Refusal, access_token, mint::session_facts};
use crate::{
    domain::claims,
    model::Placement,
    spec::oauth::{ErrorCode, OAuthError, bearer::Scheme, scope::OPENID},
};

/// The claims about the person whom the access token speaks for.
///
/// # Errors
/// `invalid_token` for a token that is not good here, `insufficient_scope` without `openid` (RFC 6750 §3.1).
pub async fn userinfo(
    core: &Core,
    caller: &Caller,
    (scheme, access_token): (Scheme, &str),
) -> Result<Map<String, Value>, Refusal> {
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
    let catalog = core.catalog().await?;
    let assembled = claims::assemble(&claims::Ask {
        placement: Placement::Userinfo,
        user: Some(&user),
        client: &client,
        session: Some(session_facts(&grant)),
        scope: &live.token.scope,
        claims: &grant.claims,
        resource: &grant.resources,
        rules: &catalog.rules,
        now: core.now(),
    });
    core.log_failures(assembled.failures);
    // OIDC Core §5.3.2: sub is always there
    let mut answer = Map::with_capacity(assembled.claims.len() + 1);
    answer.insert("sub".to_owned(), user.id.to_string().into());
    answer.extend(assembled.claims);
    Ok(answer)
}
