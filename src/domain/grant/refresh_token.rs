//! RFC 6749 §6 with rotation (RFC 9700 §4.14): a refresh token for new tokens and its successor.
//!
//! Presenting the token before the current one within the grace time gives the same successor again: the answer may have
//! been lost. Any other token of the family was used before, so somebody holds a copy: the grant is withdrawn.

use super::{
    Ask, Decision, Effect, Found, Grant, Holding, Issue, Needs, Rotation, Subject, id_token, is_offline,
    refresh_token_expiry, target,
};
use crate::{
    base::Time,
    domain::{security_profile::RefreshTokenUse, token::RefreshWire},
    model::{AuditKind, RefreshToken},
    spec::oauth::{ErrorCode, GrantType, OAuthError, Params, ScopeSet},
};

/// `grant_type=refresh_token`.
pub(super) struct RefreshTokenGrant;

impl Grant for RefreshTokenGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::RefreshToken
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Family(presented(params)?.family_id))
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        let presented = match presented(ask.params) {
            Ok(presented) => presented,
            Err(error) => return error.into(),
        };
        let Found::Family(family, holding) = ask.found else {
            return unknown().into();
        };
        // RFC 6749 §6: bound to the client to which it was issued
        if family.client_id != ask.client.client_id {
            return Decision::refuse_grant("the refresh token was issued to another client");
        }
        let grant = &holding.grant;
        // RFC 9449 §5: it is no secret that whoever finds it could use
        if !ask.sender.holds(&family.confirmation) {
            return Decision::refuse_grant("the refresh token is bound to another key");
        }
        if family.revoked_at.is_some() || grant.revoked_at.is_some() {
            return Decision::refuse_grant("the refresh token was revoked");
        }
        if ask.now >= family.expires_at || !grant.is_live(ask.now) {
            return Decision::refuse_grant("the refresh token has expired");
        }
        match standing(ask, &presented, family) {
            Standing::Reused => reused(holding),
            standing => match issue(ask, &presented, holding, &standing) {
                Ok(decision) => decision,
                Err(error) => error.into(),
            },
        }
    }
}

fn unknown() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidGrant, "the refresh token is unknown")
}

fn presented(params: &Params) -> Result<RefreshWire, OAuthError> {
    RefreshWire::parse(params.require("refresh_token")?).ok_or_else(unknown)
}

/// Where the presented token stands in its family.
enum Standing {
    /// It is the one that is good.
    Current,
    /// It was replaced a moment ago.
    JustReplaced,
    /// It was replaced earlier.
    Reused,
}

fn standing(ask: &Ask<'_>, presented: &RefreshWire, family: &RefreshToken) -> Standing {
    let hash = presented.hash();
    if hash == family.current_hash {
        return Standing::Current;
    }
    let in_grace = |rotated_at: Time| ask.now < rotated_at + ask.policy.refresh_grace;
    let just_replaced = family.previous_hash == Some(hash)
        && family.rotated_at.is_some_and(in_grace)
        // after the master key changed, the successor cannot be told again
        && presented.successor(ask.refresh_key).hash() == family.current_hash;
    if just_replaced {
        Standing::JustReplaced
    } else {
        Standing::Reused
    }
}

/// RFC 9700 §4.14.2: the server cannot know which of the two holders is the right one, so neither goes on.
fn reused(holding: &Holding) -> Decision {
    let grant = &holding.grant;
    Decision {
        effects: vec![
            Effect::RevokeGrant {
                grant_id: grant.id,
                reason: "refresh_token_reused",
            },
            Effect::Audit {
                kind: AuditKind::RefreshTokenReused,
                grant_id: grant.id,
                user_id: grant.user_id,
                session_id: grant.session_id,
            },
        ],
        ..Decision::refuse_grant("the refresh token was used before")
    }
}

fn issue(
    ask: &Ask<'_>,
    presented: &RefreshWire,
    holding: &Holding,
    standing: &Standing,
) -> Result<Decision, OAuthError> {
    let grant = &holding.grant;
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidGrant, why));
    let Some(user) = holding.active_user() else {
        return refuse("the account is not active");
    };
    // OIDC Core §11: access while the person is away is only for those who were granted it
    if !is_offline(grant) && !holding.session_holds(ask.now) {
        return refuse("the session has ended");
    }
    let scope = narrowed(ask.params, &grant.scope)?;
    let access_token = target::for_person(ask, grant, user, &scope)?;
    let successor = match (ask.rules.refresh_token, standing) {
        (RefreshTokenUse::Stays, Standing::Current) => presented.clone(),
        _ => presented.successor(ask.refresh_key),
    };
    let effects = match standing {
        Standing::Current => vec![Effect::RotateFamily(Rotation {
            family_id: presented.family_id,
            presented: presented.hash(),
            successor: successor.hash(),
            expires_at: refresh_token_expiry(ask, holding, grant.expires_at),
        })],
        Standing::JustReplaced | Standing::Reused => Vec::new(),
    };
    let subject = Subject::Person {
        grant: Box::new(grant.clone()),
        user: user.clone(),
    };
    Ok(Decision {
        effects,
        outcome: Ok(Issue {
            subject,
            expires_at: (ask.now + access_token.lifetime).min(grant.expires_at),
            access_token,
            act: None,
            // OIDC Core §12.2: no nonce need be repeated
            id_token: id_token(&scope, None),
            refresh_token: Some(successor.into_text()),
        }),
    })
}

/// RFC 6749 §6: no scope that was not originally granted; omitted means all of it.
fn narrowed(params: &Params, granted: &ScopeSet) -> Result<ScopeSet, OAuthError> {
    let Some(asked) = params.get("scope") else {
        return Ok(granted.clone());
    };
    let asked = ScopeSet::parse(asked)?;
    if asked.is_subset(granted) {
        Ok(asked)
    } else {
        let why = "scope is more than was granted";
        Err(OAuthError::new(ErrorCode::InvalidScope, why))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;

    use super::*;
    use crate::{
        base::{SeededRng, TokenHash, id::RefreshFamilyId},
        domain::{
            grant::fixture::{Scene, code_of, revokes},
            token::fixture::{API, NOW},
        },
        model::{Confirmation, SecurityProfile, UserStatus},
    };

    /// A scene with a family whose first token is returned.
    fn scene(scope: &str) -> (Scene, RefreshToken, RefreshWire) {
        let mut scene = Scene::new(scope, "");
        scene.grant.expires_at = NOW + Duration::days(180);
        let first = RefreshWire::first(RefreshFamilyId::new(NOW, &SeededRng::new(8)), &[3; 32]);
        let family = RefreshToken {
            family_id: first.family_id,
            grant_id: scene.grant.id,
            client_id: scene.client.client_id.clone(),
            confirmation: Confirmation::default(),
            generation: 0,
            current_hash: first.hash(),
            previous_hash: None,
            rotated_at: None,
            created_at: NOW,
            expires_at: NOW + Duration::days(30),
            revoked_at: None,
        };
        (scene, family, first)
    }

    fn present(scene: &mut Scene, family: &RefreshToken, token: &RefreshWire, more: &str) -> Decision {
        scene.send(&format!("refresh_token={}{more}", token.clone().into_text().expose()));
        scene.found = Found::Family(Box::new(family.clone()), scene.holding());
        RefreshTokenGrant.decide(&scene.ask())
    }

    /// What the store does with the effects.
    fn apply(decision: &Decision, family: &mut RefreshToken, scene: &mut Scene) {
        for effect in &decision.effects {
            match effect {
                Effect::RotateFamily(rotation) => {
                    assert_eq!(rotation.presented, family.current_hash);
                    family.previous_hash = Some(family.current_hash);
                    family.current_hash = rotation.successor;
                    family.generation += 1;
                    family.rotated_at = Some(scene.now);
                    family.expires_at = rotation.expires_at;
                }
                Effect::RevokeGrant { .. } => scene.grant.revoked_at = Some(scene.now),
                _ => {}
            }
        }
    }

    fn refused(change: impl FnOnce(&mut Scene, &mut RefreshToken), more: &str) -> (ErrorCode, Vec<Effect>) {
        let (mut scene, mut family, token) = scene("openid offline_access");
        change(&mut scene, &mut family);
        let decision = present(&mut scene, &family, &token, more);
        (code_of(decision.outcome), decision.effects)
    }

    #[test]
    fn the_current_token_is_rotated() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        let decision = present(&mut scene, &family, &first, "");
        apply(&decision, &mut family, &mut scene);
        let issue = decision.outcome.unwrap();
        assert_eq!(family.generation, 1);
        assert_eq!(
            family.current_hash,
            TokenHash::of(issue.refresh_token.unwrap().expose())
        );
        assert_eq!(issue.id_token.unwrap().nonce, None);
    }

    #[test]
    fn within_the_grace_time_the_predecessor_gives_the_same_successor() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        let decision = present(&mut scene, &family, &first, "");
        apply(&decision, &mut family, &mut scene);
        let successor = decision.outcome.unwrap().refresh_token.unwrap();
        scene.now += Duration::seconds(9);
        let again = present(&mut scene, &family, &first, "");
        assert!(again.effects.is_empty());
        assert_eq!(
            again.outcome.unwrap().refresh_token.unwrap().expose(),
            successor.expose()
        );
    }

    #[test]
    fn under_fapi_2_a_token_stays_and_lives_on() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        scene.profile = Some(SecurityProfile::Fapi2Security);
        for _ in 0..2 {
            scene.now += Duration::days(1);
            let decision = present(&mut scene, &family, &first, "");
            apply(&decision, &mut family, &mut scene);
            let again = decision.outcome.unwrap().refresh_token.unwrap();
            assert_eq!(TokenHash::of(again.expose()), first.hash());
            assert_eq!(family.expires_at, scene.now + Duration::days(30));
        }
    }

    #[test]
    fn a_bound_token_needs_its_key_and_is_not_revoked_by_whoever_lacks_it() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        family.confirmation.jkt = Some("k".to_owned());
        for held in [None, Some("x".to_owned())] {
            scene.sender.jkt = held;
            let decision = present(&mut scene, &family, &first, "");
            assert!(decision.effects.is_empty());
            assert_eq!(code_of(decision.outcome), ErrorCode::InvalidGrant);
        }
        scene.sender.jkt = Some("k".to_owned());
        assert!(present(&mut scene, &family, &first, "").outcome.is_ok());
    }

    #[test]
    fn after_the_grace_time_the_predecessor_withdraws_the_grant() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        let decision = present(&mut scene, &family, &first, "");
        apply(&decision, &mut family, &mut scene);
        scene.now += Duration::seconds(10);
        let again = present(&mut scene, &family, &first, "");
        assert!(revokes(&again.effects));
        assert!(again.effects.iter().any(|effect| matches!(
            effect,
            Effect::Audit {
                kind: AuditKind::RefreshTokenReused,
                ..
            }
        )));
        assert_eq!(code_of(again.outcome), ErrorCode::InvalidGrant);
    }

    #[test]
    fn the_token_before_the_predecessor_withdraws_the_grant_at_once() {
        let (mut scene, mut family, first) = scene("openid offline_access");
        let second = first.successor(&scene.refresh_key);
        for token in [&first, &second] {
            let decision = present(&mut scene, &family, token, "");
            apply(&decision, &mut family, &mut scene);
        }
        assert!(revokes(&present(&mut scene, &family, &first, "").effects));
    }

    #[test]
    fn another_clients_token_is_refused_and_nothing_is_revoked() {
        let outcome = refused(|_, family| family.client_id = "other".to_owned(), "");
        assert_eq!(outcome, (ErrorCode::InvalidGrant, Vec::new()));
    }

    #[test]
    fn what_is_over_or_withdrawn_is_refused() {
        let cases: [fn(&mut Scene, &mut RefreshToken); 6] = [
            |scene, _| scene.now = NOW + Duration::days(30),
            |_, family| family.revoked_at = Some(NOW),
            |scene, _| scene.grant.revoked_at = Some(NOW),
            |scene, _| scene.grant.expires_at = NOW,
            |scene, _| scene.user.as_mut().unwrap().status = UserStatus::Suspended,
            |scene, _| scene.user = None,
        ];
        for change in cases {
            assert_eq!(refused(change, ""), (ErrorCode::InvalidGrant, Vec::new()));
        }
    }

    #[test]
    fn unknown_and_malformed_tokens_are_refused() {
        let (mut scene, _, first) = scene("openid");
        scene.send(&format!("refresh_token={}", first.into_text().expose()));
        assert_eq!(
            code_of(RefreshTokenGrant.decide(&scene.ask()).outcome),
            ErrorCode::InvalidGrant
        );
        scene.send("refresh_token=nonsense");
        assert_eq!(code_of(RefreshTokenGrant.needs(&scene.params)), ErrorCode::InvalidGrant);
        scene.send("");
        assert_eq!(
            code_of(RefreshTokenGrant.needs(&scene.params)),
            ErrorCode::InvalidRequest
        );
    }

    #[test]
    fn scope_may_be_narrowed_but_not_widened() {
        assert_eq!(refused(|_, _| {}, "&scope=openid+email").0, ErrorCode::InvalidScope);
        let (mut scene, family, first) = scene("openid email offline_access");
        let issue = present(&mut scene, &family, &first, "&scope=email").outcome.unwrap();
        assert_eq!(issue.access_token.scope.to_string(), "email");
        assert!(issue.id_token.is_none());
    }

    #[test]
    fn the_resource_may_be_narrowed_but_not_widened() {
        let (mut scene, family, first) = scene("openid orders:read offline_access");
        scene.grant.resources = vec![API.to_owned()];
        let one = present(&mut scene, &family, &first, "&resource=https%3A%2F%2Fapi.example");
        assert_eq!(one.outcome.unwrap().access_token.audience, [API]);
        let other = present(&mut scene, &family, &first, "&resource=https%3A%2F%2Fopaque.example");
        assert!(other.effects.is_empty());
        assert_eq!(code_of(other.outcome), ErrorCode::InvalidTarget);
    }

    #[test]
    fn without_offline_access_the_session_must_stand() {
        let (mut scene, family, first) = scene("openid");
        assert!(present(&mut scene, &family, &first, "").outcome.is_ok());
        scene.session_ends = Some(NOW);
        assert_eq!(
            code_of(present(&mut scene, &family, &first, "").outcome),
            ErrorCode::InvalidGrant
        );
        scene.session_ends = None;
        assert_eq!(
            code_of(present(&mut scene, &family, &first, "").outcome),
            ErrorCode::InvalidGrant
        );
    }

    #[test]
    fn nothing_outlives_the_grant() {
        let (mut scene, family, first) = scene("openid offline_access");
        scene.grant.expires_at = NOW + Duration::seconds(30);
        let decision = present(&mut scene, &family, &first, "");
        let ends = scene.grant.expires_at;
        assert!(matches!(&decision.effects[..], [Effect::RotateFamily(rotation)] if rotation.expires_at == ends));
        assert_eq!(decision.outcome.unwrap().expires_at, ends);
    }

    proptest! {
        /// However an honest client and a thief mix their moves, at most one chain of tokens is ever alive, and once an
        /// old token was shown outside the grace time nothing is issued any more.
        #[test]
        fn a_stolen_token_ends_the_family(moves in proptest::collection::vec((0_usize..6, 0_i64..25), 1..25)) {
            let (mut scene, mut family, first) = scene("openid offline_access");
            let mut known = vec![first];
            for (back, seconds) in moves {
                scene.now += Duration::seconds(seconds);
                let at = known.len() - 1 - back.min(known.len() - 1);
                let token = known[at].clone();
                let dead = scene.grant.revoked_at.is_some();
                let fresh = at + 1 == known.len();
                let in_grace = at + 2 == known.len()
                    && family.rotated_at.is_some_and(|when| scene.now < when + Duration::seconds(10));
                let decision = present(&mut scene, &family, &token, "");
                prop_assert_eq!(decision.outcome.is_ok(), !dead && (fresh || in_grace));
                apply(&decision, &mut family, &mut scene);
                if let Ok(issue) = decision.outcome {
                    let text = issue.refresh_token.unwrap();
                    let next = RefreshWire::parse(text.expose()).unwrap();
                    prop_assert_eq!(next.hash(), family.current_hash);
                    if fresh {
                        known.push(next);
                    }
                } else {
                    prop_assert!(scene.grant.revoked_at.is_some());
                }
            }
        }
    }
}
