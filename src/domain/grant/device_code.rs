//! RFC 8628 §3.4: a device comes back for what its owner allowed elsewhere.

use super::{Ask, Decision, Grant, Needs, deferred};
use crate::{
    base::TokenHash,
    model::deferred_authorization::DeferredKind,
    spec::oauth::{GrantType, OAuthError, Params},
};

/// `grant_type=urn:ietf:params:oauth:grant-type:device_code`.
pub(super) struct DeviceCodeGrant;

impl Grant for DeviceCodeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::DeviceCode
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Deferred(TokenHash::of(params.require("device_code")?)))
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        deferred::decide(ask, DeferredKind::Device)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        domain::{
            deferred::INTERVAL_SECONDS,
            grant::{
                Effect, Found,
                fixture::{Scene, code_of, revokes},
            },
            token::fixture::NOW,
        },
        model::{
            DeferredAuthorization, UserStatus,
            deferred_authorization::{DeferredState, Pace},
            sample,
        },
        spec::oauth::ErrorCode,
    };

    /// A device of the scene's client that waits, was allowed, or whatever `change` makes of it.
    fn decide(change: impl FnOnce(&mut Scene, &mut DeferredAuthorization)) -> Decision {
        let mut scene = Scene::new("openid profile", "device_code=secret");
        scene.grant.expires_at = NOW + Duration::minutes(10);
        let mut deferred = sample::deferred(DeferredKind::Device, &scene.client.client_id, NOW);
        deferred.secret_hash = TokenHash::of("secret");
        change(&mut scene, &mut deferred);
        let has_grant = matches!(deferred.state, DeferredState::Approved(_) | DeferredState::Redeemed(_));
        let holding = has_grant.then(|| scene.holding());
        scene.found = Found::Deferred(Box::new(deferred), holding);
        DeviceCodeGrant.decide(&scene.ask())
    }

    fn allowed(scene: &Scene, deferred: &mut DeferredAuthorization) {
        deferred.state = DeferredState::Approved(scene.grant.id);
    }

    #[test]
    fn an_allowed_device_gets_tokens_and_its_code_is_used_up() {
        let decision = decide(|scene, deferred| allowed(scene, deferred));
        let [Effect::RedeemDeferred(redemption)] = decision.effects.as_slice() else {
            panic!("{:?}", decision.effects);
        };
        assert_eq!(redemption.hash, TokenHash::of("secret"));
        let issue = decision.outcome.unwrap();
        assert!(issue.id_token.is_some() && issue.refresh_token.is_some());
    }

    #[test]
    fn a_device_that_waits_is_told_so_and_slowed_down_when_it_is_eager() {
        let waiting = decide(|_, _| {});
        assert!(
            matches!(waiting.effects.as_slice(), [Effect::Polled { after, .. }] if after.interval_seconds == INTERVAL_SECONDS)
        );
        assert_eq!(code_of(waiting.outcome), ErrorCode::AuthorizationPending);
        let eager = decide(|_, deferred| {
            deferred.pace = Pace {
                interval_seconds: 5,
                polled_at: Some(NOW - Duration::seconds(2)),
            };
        });
        assert!(matches!(eager.effects.as_slice(), [Effect::Polled { after, .. }] if after.interval_seconds == 10));
        assert_eq!(code_of(eager.outcome), ErrorCode::SlowDown);
    }

    #[test]
    fn an_eager_device_is_not_kept_from_tokens_that_are_there() {
        let decision = decide(|scene, deferred| {
            allowed(scene, deferred);
            deferred.pace.polled_at = Some(NOW);
        });
        assert!(decision.outcome.is_ok());
    }

    #[test]
    fn refusal_expiry_and_everything_else_have_codes_of_their_own() {
        type Change = fn(&mut Scene, &mut DeferredAuthorization);
        let cases: [(Change, ErrorCode); 8] = [
            (
                |_, deferred| deferred.state = DeferredState::Denied,
                ErrorCode::AccessDenied,
            ),
            (|scene, _| scene.now += Duration::minutes(10), ErrorCode::ExpiredToken),
            (
                |_, deferred| deferred.client_id = "other".to_owned(),
                ErrorCode::InvalidGrant,
            ),
            (
                |_, deferred| deferred.kind = DeferredKind::Ciba,
                ErrorCode::InvalidGrant,
            ),
            (
                |scene, deferred| {
                    allowed(scene, deferred);
                    scene.now += Duration::minutes(10);
                },
                ErrorCode::ExpiredToken,
            ),
            (
                |scene, deferred| {
                    allowed(scene, deferred);
                    scene.grant.revoked_at = Some(NOW);
                },
                ErrorCode::InvalidGrant,
            ),
            (
                |scene, deferred| {
                    allowed(scene, deferred);
                    scene.user.as_mut().unwrap().status = UserStatus::Suspended;
                },
                ErrorCode::InvalidGrant,
            ),
            (
                |scene, deferred| {
                    allowed(scene, deferred);
                    scene.session_ends = Some(NOW);
                },
                ErrorCode::InvalidGrant,
            ),
        ];
        for (at, (change, code)) in cases.into_iter().enumerate() {
            let decision = decide(change);
            assert!(decision.effects.is_empty(), "{at}");
            assert_eq!(code_of(decision.outcome), code, "{at}");
        }
    }

    #[test]
    fn what_may_stay_connected_does_not_wait_for_a_session() {
        let decision = decide(|scene, deferred| {
            allowed(scene, deferred);
            scene.grant.scope = "openid offline_access".split(' ').map(str::to_owned).collect();
            scene.session_ends = Some(NOW);
        });
        assert!(decision.outcome.unwrap().refresh_token.is_some());
    }

    #[test]
    fn a_code_that_is_used_twice_takes_back_what_it_gave() {
        let decision = decide(|scene, deferred| deferred.state = DeferredState::Redeemed(scene.grant.id));
        assert!(revokes(&decision.effects));
        assert_eq!(code_of(decision.outcome), ErrorCode::InvalidGrant);
    }

    #[test]
    fn an_unknown_code_is_refused() {
        let scene = Scene::new("openid", "device_code=unknown");
        assert_eq!(
            code_of(DeviceCodeGrant.decide(&scene.ask()).outcome),
            ErrorCode::InvalidGrant
        );
        assert_eq!(
            code_of(DeviceCodeGrant.needs(&Params::default())),
            ErrorCode::InvalidRequest
        );
    }
}
