//! What an access token of ours says, and whether it is still good; from memory when it was seen before.

use std::sync::Arc;

use super::{Caller, Core, Refusal, sender};
use crate::{
    base::TokenHash,
    domain::{
        self, security_profile, subject,
        token::access_token::{self, TYP},
    },
    model::{AccessToken, Client, ClientStatus, Grant, User, UserStatus},
    spec::{
        jose::{
            Expect, JwsAlg,
            jwt::{self, Audience, Expiry, Keys, Typ},
        },
        oauth::bearer::Scheme,
    },
    store,
};

/// The length of an opaque access token: 32 bytes in base64url.
const OPAQUE_LENGTH: usize = 43;

/// An access token that is good now, with what it stands for.
#[derive(Debug, Clone)]
pub struct Live {
    /// What it says.
    pub token: Arc<AccessToken>,
    /// The grant and the person that it speaks for; `None`: it speaks for the client.
    pub person: Option<(Arc<Grant>, Arc<User>)>,
}

/// The token, if it is one of ours and good: not expired, not revoked, its grant alive, its client and person active.
///
/// # Errors
/// The store's.
pub async fn find(core: &Core, value: &str) -> Result<Option<Live>, Refusal> {
    let Some(token) = read(core, value).await? else {
        return Ok(None);
    };
    let now = core.now();
    if now >= token.expires_at {
        return Ok(None);
    }
    if let Some(jti) = &token.jti
        && core.is_revoked(jti).await?
    {
        return Ok(None);
    }
    let client = core.client(&token.client_id).await?;
    if client.is_none_or(|client| client.status != ClientStatus::Active) {
        return Ok(None);
    }
    let person = match (token.grant_id, token.user_id) {
        (Some(grant_id), Some(user_id)) => {
            let grant = core
                .grant(grant_id)
                .await?
                .filter(|grant| grant.is_live(now) && grant.user_id == user_id);
            let user = core
                .user(core.store.pool(), user_id)
                .await?
                .filter(|user| user.status == UserStatus::Active);
            match grant.zip(user) {
                Some(person) => Some(person),
                None => return Ok(None),
            }
        }
        (None, None) => None,
        _ => return Ok(None),
    };
    Ok(Some(Live { token, person }))
}

/// Whether the sender may use the token: a bound one is good only with its keys, each proof once (RFC 9449 §7).
///
/// # Errors
/// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`; the store's.
pub async fn check_sender(
    core: &Core,
    caller: &Caller,
    live: &Live,
    client: &Client,
    (scheme, value): (Scheme, &str),
) -> Result<(), Refusal> {
    let rules = security_profile::of(client, core.policy.security.profile);
    let (sender, proof) = match scheme {
        Scheme::Dpop => sender::verify(core, caller, rules.client_algs, Some(value))?,
        // a proof beside a bearer token means nothing
        Scheme::Bearer => sender::without_proof(caller),
    };
    domain::sender::may_use(&live.token.confirmation, scheme, &sender)?;
    proof.use_up(core.store.pool(), core.now()).await
}

/// What the token says, whether or not what it stands for still holds.
async fn read(core: &Core, value: &str) -> Result<Option<Arc<AccessToken>>, Refusal> {
    let looks_opaque = value.len() == OPAQUE_LENGTH && !value.contains('.');
    if !looks_opaque && !value.contains('.') {
        return Ok(None);
    }
    let hash = TokenHash::of(value);
    if let Some(known) = core.remembered_access_token(&hash) {
        return Ok(Some(known));
    }
    let mark = core.mark();
    let found = if looks_opaque {
        store::access_token::find_live(core.store.pool(), &hash, core.now()).await?
    } else {
        verify(core, value).await?
    };
    let found = found.map(Arc::new);
    if let Some(token) = &found {
        core.remember_access_token(hash, Arc::clone(token), mark);
    }
    Ok(found)
}

/// Verifies a JWT access token of ours (RFC 9068 §4). Which audience it has is for the caller to judge.
async fn verify(core: &Core, value: &str) -> Result<Option<AccessToken>, Refusal> {
    let expect = Expect {
        algs: &JwsAlg::OURS,
        typ: Typ::Exactly(TYP),
        iss: Some(core.policy.issuer.as_str()),
        aud: Audience::Any,
        expiry: Expiry::Required,
        now: core.now(),
        skew: time::Duration::ZERO,
    };
    let Ok(jwt) = jwt::verify(value, Keys::Set(&core.keys.verify_keys()), &expect) else {
        return Ok(None);
    };
    let client = core.client(jwt.text("client_id").unwrap_or_default()).await?;
    let pseudonyms = core.pseudonyms()?;
    let whom = |sub: &str| subject::read_own(pseudonyms, client.as_deref(), sub);
    Ok(access_token::read(jwt, whom))
}
