//! RFC 6749 §4.1.3 and OIDC Core §3.1.3: a code for tokens, once.

use super::{Ask, Decision, Effect, Found, Grant, Holding, Needs, first_tokens};
use crate::{
    base::{TokenHash, secret},
    domain::security_profile::RedirectUriAgain,
    model::{AuditKind, AuthorizationCode},
    spec::oauth::{ErrorCode, GrantType, OAuthError, Params},
};

/// `grant_type=authorization_code`.
pub(super) struct AuthorizationCodeGrant;

impl Grant for AuthorizationCodeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::AuthorizationCode
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Code(TokenHash::of(params.require("code")?)))
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        let Found::Code(code, holding) = ask.found else {
            return Decision::refuse_grant("the code is unknown");
        };
        // RFC 6749 §4.1.3: the code was issued to this client
        if code.client_id != ask.client.client_id {
            return Decision::refuse_grant("the code was issued to another client");
        }
        if code.redeemed_at.is_some() {
            return replayed(holding);
        }
        if ask.now >= code.expires_at {
            return Decision::refuse_grant("the code has expired");
        }
        if !holding.grant.is_live(ask.now) {
            return Decision::refuse_grant("the authorization was withdrawn");
        }
        // Signed out before the app came: the person did not mean to stay signed in there.
        if holding.session_ends.is_some_and(|ends| ends <= ask.now) {
            return Decision::refuse_grant("the session has ended");
        }
        let issued = check_request(ask, code).and_then(|()| first_tokens::issue(ask, code.hash, holding));
        match issued {
            Ok((redemption, issue)) => Decision {
                effects: vec![Effect::RedeemCode(redemption)],
                outcome: Ok(issue),
            },
            Err(error) => error.into(),
        }
    }
}

/// RFC 6749 §4.1.2: on a second use, refuse and revoke all that was issued for the code. The same holds within the
/// lifetime of the first use's tokens, however late it is.
fn replayed(holding: &Holding) -> Decision {
    let grant = &holding.grant;
    let mut decision = Decision::refuse_grant("the code was used before");
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

/// What the token request must repeat or prove.
fn check_request(ask: &Ask<'_>, code: &AuthorizationCode) -> Result<(), OAuthError> {
    let params = ask.params;
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidGrant, why));
    // RFC 9449 §10: nobody without the key
    if code.dpop_jkt.is_some() && code.dpop_jkt != ask.sender.jkt {
        return refuse("the code is bound to a key, of which there is no proof");
    }
    // OAuth 2.1 §10.2: the verifier says the same
    let may_omit = ask.rules.redirect_uri_again == RedirectUriAgain::MayBeOmitted && code.code_challenge.is_some();
    // RFC 6749 §4.1.3: required and identical if the authorization request had it
    match params.get("redirect_uri") {
        Some(sent) if !secret::equal(sent.as_bytes(), code.redirect_uri.as_bytes()) => {
            return refuse("redirect_uri is not that of the authorization request");
        }
        None if code.redirect_uri_given && !may_omit => {
            return refuse("redirect_uri is missing: the authorization request had it");
        }
        _ => {}
    }
    match (&code.code_challenge, params.get("code_verifier")) {
        // RFC 7636 §4.6
        (Some(challenge), Some(verifier)) if challenge.matches(verifier) => Ok(()),
        (Some(_), Some(_)) => refuse("code_verifier does not match the code_challenge"),
        (Some(_), None) => refuse("code_verifier is missing"),
        // RFC 9700 §2.1.1: a verifier without a challenge means that somebody took the challenge away
        (None, Some(_)) => refuse("code_verifier without a code_challenge in the authorization request"),
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        domain::{
            grant::{
                Redemption,
                fixture::{Scene, code_of, revokes},
            },
            token::fixture::{API, NOW},
        },
        model::{RefreshToken, SecurityProfile, UserStatus},
        spec::oauth::CodeChallenge,
    };

    const CALLBACK: &str = "https://app.example/callback";
    const GOOD: &str = "code=abc&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
    // RFC 7636, appendix B
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn code() -> AuthorizationCode {
        AuthorizationCode {
            hash: TokenHash::of("abc"),
            grant_id: crate::domain::token::fixture::grant("openid").id,
            client_id: "web".to_owned(),
            redirect_uri: CALLBACK.to_owned(),
            redirect_uri_given: true,
            code_challenge: None,
            dpop_jkt: None,
            created_at: NOW - Duration::seconds(1),
            expires_at: NOW + Duration::seconds(59),
            redeemed_at: None,
        }
    }

    fn decide(scope: &str, change: impl FnOnce(&mut Scene, &mut AuthorizationCode)) -> Decision {
        let mut scene = Scene::new(scope, GOOD);
        let mut code = code();
        change(&mut scene, &mut code);
        scene.found = Found::Code(Box::new(code), scene.holding());
        AuthorizationCodeGrant.decide(&scene.ask())
    }

    fn refusal(change: impl FnOnce(&mut Scene, &mut AuthorizationCode)) -> Vec<Effect> {
        let decision = decide("openid offline_access", change);
        assert_eq!(code_of(decision.outcome), ErrorCode::InvalidGrant);
        decision.effects
    }

    fn redemption(decision: &Decision) -> &Redemption {
        match decision.effects.as_slice() {
            [Effect::RedeemCode(redemption)] => redemption,
            other => panic!("{other:?}"),
        }
    }

    fn family(decision: &Decision) -> Option<&RefreshToken> {
        redemption(decision).family.as_deref()
    }

    #[test]
    fn a_good_code_is_redeemed_for_all_three_tokens() {
        let decision = decide("openid offline_access", |_, _| {});
        assert_eq!(redemption(&decision).hash, TokenHash::of("abc"));
        assert_eq!(redemption(&decision).grant_ends, NOW + Duration::days(180));
        let family = family(&decision).unwrap().clone();
        let issue = decision.outcome.unwrap();
        assert_eq!(issue.id_token.unwrap().nonce.as_deref(), Some("n-0S6"));
        assert_eq!(
            family.current_hash,
            TokenHash::of(issue.refresh_token.unwrap().expose())
        );
        assert_eq!(family.expires_at, NOW + Duration::days(30));
    }

    #[test]
    fn an_unknown_code_is_refused() {
        let mut scene = Scene::new("openid", GOOD);
        scene.found = Found::Nothing;
        assert_eq!(
            code_of(AuthorizationCodeGrant.decide(&scene.ask()).outcome),
            ErrorCode::InvalidGrant
        );
        let missing = AuthorizationCodeGrant.needs(&Params::default());
        assert_eq!(code_of(missing), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a_replayed_code_revokes_what_it_gave_even_after_it_expired() {
        let effects = refusal(|scene, code| {
            code.redeemed_at = Some(NOW);
            scene.now = NOW + Duration::minutes(10);
            scene.grant.expires_at = NOW + Duration::days(1);
        });
        assert!(revokes(&effects));
        assert!(effects.iter().any(|effect| matches!(
            effect,
            Effect::Audit {
                kind: AuditKind::CodeReplayed,
                ..
            }
        )));
    }

    #[test]
    fn a_code_replayed_by_another_client_revokes_nothing() {
        let effects = refusal(|_, code| {
            code.redeemed_at = Some(NOW);
            code.client_id = "other".to_owned();
        });
        assert!(effects.is_empty());
    }

    #[test]
    fn a_code_of_another_client_is_refused() {
        assert!(refusal(|_, code| code.client_id = "other".to_owned()).is_empty());
    }

    #[test]
    fn a_code_dies_with_its_time() {
        refusal(|scene, _| scene.now = NOW + Duration::seconds(59));
    }

    #[test]
    fn a_code_dies_with_its_grant() {
        refusal(|scene, _| scene.grant.revoked_at = Some(NOW));
    }

    #[test]
    fn redirect_uri_must_be_the_same_and_present_if_it_was() {
        refusal(|scene, _| scene.send("code=abc"));
        refusal(|scene, _| scene.send("code=abc&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%2F"));
        let unnamed = decide("openid", |scene, code| {
            scene.send("code=abc");
            code.redirect_uri_given = false;
        });
        assert!(unnamed.outcome.is_ok());
    }

    #[test]
    fn under_oauth_2_1_the_verifier_is_enough() {
        let without = |profile, verifier: &str, challenged: bool| {
            let decision = decide("openid", |scene, code| {
                scene.profile = profile;
                scene.send(&format!("code=abc{verifier}"));
                code.code_challenge = challenged.then(|| CodeChallenge::from_stored(CHALLENGE.to_owned()));
            });
            decision.outcome.map_err(|error| error.code)
        };
        let (held, verifier) = (Some(SecurityProfile::OAuth21), format!("&code_verifier={VERIFIER}"));
        assert!(without(held, &verifier, true).is_ok());
        let refused = Some(ErrorCode::InvalidGrant);
        for other in [None, Some(SecurityProfile::Fapi2Security)] {
            assert_eq!(without(other, &verifier, true).err(), refused, "{other:?}");
        }
        assert_eq!(without(held, "", true).err(), refused, "no verifier");
        assert_eq!(without(held, "", false).err(), refused, "nothing to tie it to");
        let wrong = format!("{verifier}&redirect_uri=https%3A%2F%2Fother.example%2F");
        assert_eq!(without(held, &wrong, true).err(), refused, "what is sent is right");
    }

    #[test]
    fn a_verifier_is_required_exactly_when_there_was_a_challenge() {
        let challenge = || Some(CodeChallenge::from_stored(CHALLENGE.to_owned()));
        refusal(|_, code| code.code_challenge = challenge());
        refusal(|scene, code| {
            code.code_challenge = challenge();
            scene.send(&format!("{GOOD}&code_verifier={}", "x".repeat(43)));
        });
        refusal(|scene, _| scene.send(&format!("{GOOD}&code_verifier={VERIFIER}")));
        let good = decide("openid", |scene, code| {
            code.code_challenge = challenge();
            scene.send(&format!("{GOOD}&code_verifier={VERIFIER}"));
        });
        assert!(good.outcome.is_ok());
    }

    #[test]
    fn a_suspended_or_deleted_person_is_not_spoken_for() {
        refusal(|scene, _| scene.user.as_mut().unwrap().status = UserStatus::Suspended);
        refusal(|scene, _| scene.user = None);
    }

    #[test]
    fn a_code_does_not_outlive_a_sign_out() {
        refusal(|scene, _| scene.session_ends = Some(NOW));
    }

    #[test]
    fn without_offline_access_the_refresh_token_dies_with_the_session() {
        let decision = decide("openid", |scene, _| {
            scene.session_ends = Some(NOW + Duration::hours(2));
        });
        assert_eq!(family(&decision).unwrap().expires_at, NOW + Duration::hours(2));
        assert!(family(&decide("openid", |scene, _| scene.session_ends = None)).is_none());
        assert!(family(&decide("openid offline_access", |scene, _| scene.session_ends = None)).is_some());
    }

    #[test]
    fn a_client_that_is_not_registered_for_them_gets_no_refresh_token() {
        let decision = decide("openid offline_access", |scene, _| {
            scene.client.metadata.grant_types = vec![GrantType::AuthorizationCode];
        });
        assert!(family(&decision).is_none());
        assert!(decision.outcome.unwrap().refresh_token.is_none());
    }

    #[test]
    fn without_openid_there_is_no_id_token() {
        let decision = decide("email", |scene, _| scene.grant.resources = vec![API.to_owned()]);
        assert!(decision.outcome.unwrap().id_token.is_none());
    }

    #[test]
    fn a_bound_code_is_good_only_with_its_key_and_not_used_up_without() {
        for held in [None, Some("x")] {
            let decision = decide("openid", |scene, code| {
                code.dpop_jkt = Some("k".to_owned());
                scene.sender.jkt = held.map(str::to_owned);
            });
            assert!(decision.effects.is_empty());
            assert_eq!(code_of(decision.outcome), ErrorCode::InvalidGrant);
        }
        let good = decide("openid", |scene, code| {
            code.dpop_jkt = Some("k".to_owned());
            scene.sender.jkt = Some("k".to_owned());
        });
        assert!(good.outcome.is_ok());
    }

    #[test]
    fn a_refused_resource_leaves_the_code_unused() {
        let decision = decide("openid", |scene, _| {
            scene.send(&format!("{GOOD}&resource=https%3A%2F%2Fother.example"))
        });
        assert!(decision.effects.is_empty());
        assert_eq!(code_of(decision.outcome), ErrorCode::InvalidTarget);
    }
}
