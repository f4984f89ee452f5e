//! What device codes and authentication request ids have in common: the client comes back until somebody has decided.

use super::{Ask, Decision, Effect, Found, Holding, first_tokens, is_offline};
use crate::{
    domain::deferred::{self, Polled},
    model::{
        AuditKind, DeferredAuthorization,
        deferred_authorization::{DeferredKind, DeferredState},
    },
    spec::oauth::ErrorCode,
};

/// The answer to a client that comes back (RFC 8628 §3.5, CIBA Core §11).
pub(super) fn decide(ask: &Ask<'_>, kind: DeferredKind) -> Decision {
    let Found::Deferred(deferred, holding) = ask.found else {
        return Decision::refuse_grant("nothing waits under this value");
    };
    // one kind's secret is nothing to the other's grant type
    if deferred.kind != kind {
        return Decision::refuse_grant("nothing waits under this value");
    }
    if deferred.client_id != ask.client.client_id {
        return Decision::refuse_grant("it was issued to another client");
    }
    match (deferred.state, holding) {
        (DeferredState::Redeemed(_), Some(holding)) => replayed(holding),
        (DeferredState::Denied, _) => Decision::refuse(ErrorCode::AccessDenied, "the person did not allow it"),
        _ if ask.now >= deferred.expires_at => Decision::refuse(
            ErrorCode::ExpiredToken,
            "nobody decided in time, or the client came too late",
        ),
        (DeferredState::Approved(_), Some(holding)) => redeem(ask, deferred, holding),
        (DeferredState::Waiting, _) => wait(ask, deferred),
        // the grant is gone
        _ => Decision::refuse_grant("the authorization was withdrawn"),
    }
}

/// Used twice: as with a code, nobody knows which of the two holders is the right one (RFC 6749 §4.1.2).
fn replayed(holding: &Holding) -> Decision {
    let grant = &holding.grant;
    let mut decision = Decision::refuse_grant("it was used before");
    if grant.revoked_at.is_none() {
        decision.effects = vec![
            Effect::RevokeGrant {
                grant_id: grant.id,
                reason: "code_replayed",
            },
            Effect::Audit {
                kind: AuditKind::CodeReplayed,
                grant_id: grant.id,
                user_id: grant.user_id,
                session_id: grant.session_id,
            },
        ];
    }
    decision
}

fn redeem(ask: &Ask<'_>, deferred: &DeferredAuthorization, holding: &Holding) -> Decision {
    if !holding.grant.is_live(ask.now) {
        return Decision::refuse_grant("the authorization was withdrawn");
    }
    // Whoever allows a device to stay connected may sign out at once where they did so.
    if !is_offline(&holding.grant) && !holding.session_holds(ask.now) {
        return Decision::refuse_grant("the session in which it was allowed has ended");
    }
    match first_tokens::issue(ask, deferred.secret_hash, holding) {
        Ok((redemption, issue)) => Decision {
            effects: vec![Effect::RedeemDeferred(redemption)],
            outcome: Ok(issue),
        },
        Err(error) => error.into(),
    }
}

fn wait(ask: &Ask<'_>, deferred: &DeferredAuthorization) -> Decision {
    let (after, polled) = deferred::polled(deferred.pace, ask.now);
    let refusal = match polled {
        Polled::InTime => Decision::refuse(ErrorCode::AuthorizationPending, "nobody has decided yet"),
        Polled::TooSoon => Decision::refuse(
            ErrorCode::SlowDown,
            "the client came back too soon: it has to wait 5 seconds longer each time from now on",
        ),
    };
    Decision {
        effects: vec![Effect::Polled {
            hash: deferred.secret_hash,
            before: deferred.pace,
            after,
        }],
        ..refusal
    }
}
