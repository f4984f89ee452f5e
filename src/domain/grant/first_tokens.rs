//! The first tokens of a grant, whichever way the client learned that it was given.

use super::{Ask, Holding, Issue, Redemption, Subject, id_token, is_offline, refresh_token_expiry, target};
use crate::{
    base::{Secret, Time, TokenHash},
    domain::token::RefreshWire,
    model::{Confirmation, RefreshToken},
    spec::oauth::{ErrorCode, GrantType, OAuthError},
};

/// What the client gets for what it presented (of `hash`), and what becomes of that.
///
/// # Errors
/// `invalid_grant` for a person who may not be spoken for, or what [`target::for_person`] refuses.
pub(super) fn issue(ask: &Ask<'_>, hash: TokenHash, holding: &Holding) -> Result<(Redemption, Issue), OAuthError> {
    let grant = &holding.grant;
    let user = holding
        .active_user()
        .ok_or(OAuthError::new(ErrorCode::InvalidGrant, "the account is not active"))?;
    let access_token = target::for_person(ask, grant, user, &grant.scope)?;
    let expires_at = ask.now + access_token.lifetime;
    let mut grant_ends = grant.expires_at.max(expires_at);
    let (family, refresh_token) = start_family(ask, holding).unzip();
    if family.is_some() {
        grant_ends = grant_ends.max(ask.now + ask.policy.refresh_token_absolute);
    }
    let redemption = Redemption {
        hash,
        session_ends: holding.session_ends,
        grant_ends,
        family: family.map(Box::new),
    };
    let issue = Issue {
        subject: Subject::Person {
            grant: Box::new(grant.clone()),
            user: user.clone(),
        },
        access_token,
        act: None,
        expires_at,
        id_token: id_token(&grant.scope, grant.nonce.clone()),
        refresh_token,
    };
    Ok((redemption, issue))
}

/// A first refresh token, where the client uses them and there is something that bounds its life.
fn start_family(ask: &Ask<'_>, holding: &Holding) -> Option<(RefreshToken, Secret<String>)> {
    let wanted = ask.client.allows_grant(GrantType::RefreshToken);
    let bounded = is_offline(&holding.grant) || holding.session_holds(ask.now);
    if !(wanted && bounded) {
        return None;
    }
    let grant_ends: Time = ask.now + ask.policy.refresh_token_absolute;
    let wire = RefreshWire::first(ask.fresh.family_id, ask.fresh.refresh_secret.expose());
    let family = RefreshToken {
        family_id: wire.family_id,
        grant_id: holding.grant.id,
        client_id: ask.client.client_id.clone(),
        confirmation: match ask.client.is_public() {
            true => ask.confirmation.clone(),
            false => Confirmation::default(),
        },
        generation: wire.generation,
        current_hash: wire.hash(),
        previous_hash: None,
        rotated_at: None,
        created_at: ask.now,
        expires_at: refresh_token_expiry(ask, holding, grant_ends),
        revoked_at: None,
    };
    Some((family, wire.into_text()))
}
