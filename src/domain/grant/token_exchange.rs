//! RFC 8693: a service that was called with a token gets one for the service that it calls next.
//!
//! Nothing grows on the way: the new token hangs on the same grant, ends no later, and permits no scope that the old one
//! did not. Whose tokens a client may bring, for which APIs, and which scopes go along is the operator's word
//! (`token_exchange` in its metadata); and it must have come by the token rightly: the token was issued to it, or for it.

use serde_json::{Value, json};

use super::{Ask, Decision, Effect, Found, Grant, Issue, Needs, Presented, Subject, Target, target};
use crate::{
    base::Secret,
    domain::{introspection, subject},
    model::{AuditKind, exchange_rule::ExchangeMode},
    spec::oauth::{ErrorCode, GrantType, OAuthError, Params, ScopeSet, token_type},
};

/// So many may have acted one after the other; more is a circle.
const MAX_ACTORS: usize = 5;

/// `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`.
pub(super) struct TokenExchangeGrant;

impl Grant for TokenExchangeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::TokenExchange
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidRequest, why));
        let subject = params.require("subject_token")?;
        // RFC 8693 §3; a JWT of ours is an access token by its `typ`, so nothing else is let in under that name
        let is_access_token = |kind: &str| matches!(kind, token_type::ACCESS_TOKEN | token_type::JWT);
        if !is_access_token(params.require("subject_token_type")?) {
            return refuse("subject_token_type is not supported: only access tokens of this server are");
        }
        let actor = match (params.get("actor_token"), params.get("actor_token_type")) {
            (None, None) => None,
            (Some(token), Some(kind)) if is_access_token(kind) => Some(Secret::new(token.to_owned())),
            (Some(_), Some(_)) => return refuse("actor_token_type is not supported"),
            // RFC 8693 §2.1
            (Some(_), None) => return refuse("actor_token_type is missing"),
            (None, Some(_)) => return refuse("actor_token_type without an actor_token"),
        };
        match params.get("requested_token_type") {
            None | Some(token_type::ACCESS_TOKEN) => {}
            Some(_) => return refuse("requested_token_type is not supported: only access tokens are issued"),
        }
        Ok(Needs::Tokens {
            subject: Secret::new(subject.to_owned()),
            actor,
        })
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        if ask.client.is_public() {
            let why = "a public client cannot exchange tokens";
            return Decision::refuse(ErrorCode::UnauthorizedClient, why);
        }
        let Found::Tokens { subject, actor } = ask.found else {
            return unacceptable("a token is unknown, expired or revoked").into();
        };
        match exchange(ask, subject, actor.as_deref()) {
            Ok(decision) => decision,
            Err(error) => error.into(),
        }
    }
}

/// RFC 8693 §2.2.2: tokens that are invalid, or unacceptable by policy, are an invalid_request.
fn unacceptable(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, why)
}

fn exchange(ask: &Ask<'_>, subject: &Presented, actor: Option<&Presented>) -> Result<Decision, OAuthError> {
    let token = &subject.token;
    let Some((grant, user)) = &subject.person else {
        return Err(unacceptable(
            "subject_token speaks for a program, which can ask for itself",
        ));
    };
    // Whoever merely found a token has no business with it.
    if !introspection::may_see(ask.client, token, ask.catalog) {
        return Err(unacceptable(
            "subject_token was issued neither to this client nor for it",
        ));
    }
    if actor.is_some_and(|actor| !introspection::may_see(ask.client, &actor.token, ask.catalog)) {
        return Err(unacceptable("actor_token was issued neither to this client nor for it"));
    }
    // Neither does it get rid of the key that a token is tied to: not its owner without the key, nor a service for itself.
    if token.client_id == ask.client.client_id && !ask.sender.holds(&token.confirmation) {
        return Err(unacceptable(
            "subject_token is tied to a key that this client has not proven",
        ));
    }
    if !token.confirmation.is_empty() && ask.confirmation.is_empty() {
        return Err(unacceptable(
            "subject_token is tied to a key, so the new token must be, too",
        ));
    }
    let audiences = audiences(ask.params)?;
    let mode = mode(ask, &token.client_id, &audiences, actor)?;
    let scope = narrowed(ask.params, &token.scope)?;
    let goes_along = |api: &str, scope: &str| {
        let rules = ask.client.metadata.token_exchange.iter();
        let mut covering = rules.filter(|rule| rule.mode == mode && rule.covers(&token.client_id, api));
        covering.any(|rule| rule.scopes.iter().any(|named| named == scope))
    };
    let access_token: Target = target::for_exchange(ask, user, &scope, &audiences, goes_along)?;
    let before = token.claims.get("act");
    let act = match mode {
        ExchangeMode::Delegation => Some(acting(ask, actor, before)?),
        // who acted before is not made forgotten
        ExchangeMode::Impersonation => before.cloned(),
    };
    let effects = match mode {
        ExchangeMode::Delegation => Vec::new(),
        // the token itself does not tell
        ExchangeMode::Impersonation => vec![Effect::Audit {
            kind: AuditKind::Impersonated,
            grant_id: grant.id,
            user_id: user.id,
            session_id: grant.session_id,
        }],
    };
    Ok(Decision {
        effects,
        outcome: Ok(Issue {
            subject: Subject::Person {
                grant: Box::new((**grant).clone()),
                user: user.clone(),
            },
            expires_at: (ask.now + access_token.lifetime).min(token.expires_at),
            access_token,
            act,
            id_token: None,
            // RFC 8693 §2.2.1: typically not, and here never: the next exchange is as easy
            refresh_token: None,
        }),
    })
}

/// The APIs that the token is asked for, by either name of the parameter, each once (RFC 8693 §2.1).
fn audiences(params: &Params) -> Result<Vec<&str>, OAuthError> {
    let mut named: Vec<&str> = Vec::new();
    for audience in params.all("audience").chain(params.all("resource")) {
        if !named.contains(&audience) {
            named.push(audience);
        }
    }
    if named.is_empty() {
        return Err(unacceptable("audience or resource must say which API the token is for"));
    }
    Ok(named)
}

/// What the operator's rules make of it: each API must be covered, and all by rules of one mode. Who brings an actor asks
/// for delegation.
fn mode(
    ask: &Ask<'_>,
    subject_client: &str,
    audiences: &[&str],
    actor: Option<&Presented>,
) -> Result<ExchangeMode, OAuthError> {
    let rules = &ask.client.metadata.token_exchange;
    let covered_by = |mode: ExchangeMode| {
        audiences.iter().all(|audience| {
            let mut covering = rules.iter().filter(|rule| rule.covers(subject_client, audience));
            covering.any(|rule| rule.mode == mode)
        })
    };
    let allowed = match actor {
        Some(_) => &[ExchangeMode::Delegation][..],
        None => &[ExchangeMode::Delegation, ExchangeMode::Impersonation],
    };
    let mode = allowed.iter().copied().find(|mode| covered_by(*mode));
    mode.ok_or(OAuthError::new(
        ErrorCode::InvalidTarget,
        "no rule lets this client exchange such a token for this audience",
    ))
}

/// Who acts now, and inside who acted before (RFC 8693 §4.1). Without an actor_token it is the client itself.
fn acting(ask: &Ask<'_>, actor: Option<&Presented>, before: Option<&Value>) -> Result<Value, OAuthError> {
    let mut act = match actor {
        None => json!({ "sub": ask.client.client_id }),
        Some(actor) => match &actor.person {
            Some((_, person)) => {
                let sub = subject::of(ask.pseudonyms, ask.client, person.id);
                let sub = sub.map_err(|_| unacceptable("the actor cannot be named"))?;
                json!({ "sub": sub, "client_id": actor.token.client_id })
            }
            None => json!({ "sub": actor.token.client_id }),
        },
    };
    let mut depth = 1;
    let mut inner = before;
    while let Some(one) = inner {
        depth += 1;
        inner = one.get("act");
    }
    if depth > MAX_ACTORS {
        return Err(unacceptable("too many have acted on this token already"));
    }
    if let (Some(members), Some(before)) = (act.as_object_mut(), before) {
        members.insert("act".to_owned(), before.clone());
    }
    Ok(act)
}

/// Never more than the subject_token permits; without a scope all of that.
fn narrowed(params: &Params, held: &ScopeSet) -> Result<ScopeSet, OAuthError> {
    let Some(asked) = params.get("scope") else {
        return Ok(held.clone());
    };
    let asked = ScopeSet::parse(asked)?;
    if asked.is_subset(held) {
        Ok(asked)
    } else {
        let why = "scope is more than the subject_token permits";
        Err(OAuthError::new(ErrorCode::InvalidScope, why))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::Duration;

    use super::*;
    use crate::{
        domain::{
            grant::fixture::{Scene, code_of},
            permission::Catalog,
            token::fixture::{self, API, ISSUER, NOW, OPAQUE_API, public_client, user},
        },
        model::{AccessToken, Confirmation, exchange_rule::ExchangeRule},
    };

    const ASK: &str = "subject_token=x&subject_token_type=urn:ietf:params:oauth:token-type:access_token";

    /// The client `gateway` serves [`API`] and is called by `web` with a token for it.
    fn scene(params: &str) -> (Scene, Presented) {
        let mut scene = Scene::new("openid orders:read shared", &format!("{ASK}&{params}"));
        scene.client.client_id = "gateway".to_owned();
        let mut resources: Vec<_> = scene.catalog.resources().cloned().collect();
        for api in resources.iter_mut().filter(|api| api.identifier == API) {
            api.own_clients = vec!["gateway".to_owned()];
        }
        scene.catalog = Catalog::new(ISSUER, resources, &[]);
        scene.client.metadata.resources = Some(vec![OPAQUE_API.to_owned()]);
        scene.client.metadata.token_exchange = vec![ExchangeRule {
            subject_clients: vec!["web".to_owned()],
            audiences: vec![OPAQUE_API.to_owned()],
            scopes: vec!["shared".to_owned()],
            mode: ExchangeMode::Delegation,
        }];
        let subject = presented(&scene, "web", true);
        (scene, subject)
    }

    fn presented(scene: &Scene, client_id: &str, speaks_for_a_person: bool) -> Presented {
        let person = (Arc::new(scene.grant.clone()), Arc::new(user()));
        Presented {
            token: Arc::new(AccessToken {
                jti: None,
                grant_id: speaks_for_a_person.then_some(scene.grant.id),
                client_id: client_id.to_owned(),
                user_id: speaks_for_a_person.then(|| user().id),
                scope: "orders:read shared".split(' ').map(str::to_owned).collect(),
                audience: vec![API.to_owned()],
                confirmation: Confirmation::default(),
                claims: serde_json::Map::new(),
                issued_at: NOW,
                expires_at: NOW + Duration::seconds(30),
            }),
            person: speaks_for_a_person.then_some(person),
        }
    }

    fn decide(scene: &mut Scene, subject: Presented, actor: Option<Presented>) -> Decision {
        scene.found = Found::Tokens {
            subject: Box::new(subject),
            actor: actor.map(Box::new),
        };
        TokenExchangeGrant.decide(&scene.ask())
    }

    const TO_STOCK: &str = "audience=https%3A%2F%2Fopaque.example";

    #[test]
    fn a_service_that_was_called_gets_a_token_for_the_next_one_and_is_named_in_it() {
        let (mut scene, subject) = scene(TO_STOCK);
        let decision = decide(&mut scene, subject, None);
        assert!(decision.effects.is_empty());
        let issue = decision.outcome.unwrap();
        assert_eq!(issue.access_token.audience, [OPAQUE_API]);
        assert_eq!(issue.access_token.scope.to_string(), "shared");
        assert_eq!(issue.act, Some(json!({ "sub": "gateway" })));
        assert_eq!(
            issue.expires_at,
            NOW + Duration::seconds(30),
            "no later than the old one"
        );
        assert!(issue.refresh_token.is_none() && issue.id_token.is_none());
        assert!(matches!(issue.subject, Subject::Person { .. }));
    }

    #[test]
    fn a_token_that_is_tied_to_a_key_is_not_exchanged_for_one_that_is_not() {
        let tie = |subject: &mut Presented| {
            let mut token = (*subject.token).clone();
            token.confirmation.jkt = Some("key of web".to_owned());
            subject.token = Arc::new(token);
        };
        let (mut scene, mut subject) = scene(TO_STOCK);
        tie(&mut subject);
        let refused = decide(&mut scene, subject.clone(), None).outcome;
        assert_eq!(code_of(refused), ErrorCode::InvalidRequest);
        scene.sender.jkt = Some("key of gateway".to_owned());
        scene.confirmation.jkt = Some("key of gateway".to_owned());
        assert!(decide(&mut scene, subject.clone(), None).outcome.is_ok());
        // its own token by another key
        let mut own = (*subject.token).clone();
        own.client_id = "gateway".to_owned();
        subject.token = Arc::new(own);
        let refused = decide(&mut scene, subject, None).outcome;
        assert_eq!(code_of(refused), ErrorCode::InvalidRequest);
    }

    #[test]
    fn those_who_acted_before_stay_named_and_circles_end() {
        let (mut scene, mut subject) = scene(TO_STOCK);
        let mut before = json!({ "sub": "a" });
        for _ in 0..3 {
            before = json!({ "sub": "b", "act": before });
        }
        let act = |before: &Value, subject: &mut Presented| {
            let mut token = (*subject.token).clone();
            token.claims.insert("act".to_owned(), before.clone());
            subject.token = Arc::new(token);
        };
        act(&before, &mut subject);
        let issue = decide(&mut scene, subject.clone(), None).outcome.unwrap();
        assert_eq!(issue.act, Some(json!({ "sub": "gateway", "act": before })));
        act(&json!({ "sub": "c", "act": before }), &mut subject);
        assert_eq!(
            code_of(decide(&mut scene, subject, None).outcome),
            ErrorCode::InvalidRequest
        );
    }

    #[test]
    fn an_actor_token_says_who_acts() {
        let (mut scene, subject) = scene(TO_STOCK);
        let program = presented(&scene, "gateway", false);
        let issue = decide(&mut scene, subject.clone(), Some(program)).outcome.unwrap();
        assert_eq!(issue.act, Some(json!({ "sub": "gateway" })));
        let person = presented(&scene, "web", true);
        let issue = decide(&mut scene, subject, Some(person)).outcome.unwrap();
        assert_eq!(
            issue.act,
            Some(json!({ "sub": user().id.to_string(), "client_id": "web" }))
        );
    }

    #[test]
    fn impersonation_needs_a_rule_of_its_own_and_leaves_a_line() {
        let (mut scene, subject) = scene(TO_STOCK);
        scene.client.metadata.token_exchange[0].mode = ExchangeMode::Impersonation;
        let decision = decide(&mut scene, subject.clone(), None);
        assert!(matches!(
            decision.effects.as_slice(),
            [Effect::Audit {
                kind: AuditKind::Impersonated,
                ..
            }]
        ));
        assert_eq!(decision.outcome.unwrap().act, None);
        // and who brings an actor wants to be named
        let actor = presented(&scene, "gateway", false);
        let refused = decide(&mut scene, subject, Some(actor));
        assert_eq!(code_of(refused.outcome), ErrorCode::InvalidTarget);
    }

    #[test]
    fn what_no_rule_covers_is_refused() {
        type Change = fn(&mut Scene, &mut Presented);
        let cases: [(Change, ErrorCode); 7] = [
            (
                |scene, _| scene.client.metadata.token_exchange.clear(),
                ErrorCode::InvalidTarget,
            ),
            (
                |scene, _| scene.client.metadata.token_exchange[0].subject_clients = vec!["other".to_owned()],
                ErrorCode::InvalidTarget,
            ),
            (
                |scene, _| scene.client.metadata.token_exchange[0].audiences = vec![API.to_owned()],
                ErrorCode::InvalidTarget,
            ),
            // a token that was found somewhere
            (|scene, _| scene.catalog = fixture::catalog(), ErrorCode::InvalidRequest),
            (|_, subject| subject.person = None, ErrorCode::InvalidRequest),
            (|scene, _| scene.client = public_client(), ErrorCode::UnauthorizedClient),
            (
                |scene, _| scene.client.metadata.token_exchange[0].audiences = vec!["https://gone.example".to_owned()],
                ErrorCode::InvalidTarget,
            ),
        ];
        for (at, (change, code)) in cases.into_iter().enumerate() {
            let (mut scene, mut subject) = scene(TO_STOCK);
            change(&mut scene, &mut subject);
            assert_eq!(code_of(decide(&mut scene, subject, None).outcome), code, "{at}");
        }
    }

    #[test]
    fn a_scope_goes_along_only_where_the_rule_for_that_api_and_mode_names_it() {
        let outcome = |change: fn(&mut Vec<ExchangeRule>)| {
            let (mut scene, subject) = scene(TO_STOCK);
            change(&mut scene.client.metadata.token_exchange);
            let issue = decide(&mut scene, subject, None).outcome.unwrap();
            issue.access_token.scope.to_string()
        };
        assert_eq!(outcome(|_| {}), "shared");
        assert_eq!(outcome(|rules| rules[0].scopes.clear()), "");
        assert_eq!(outcome(|rules| rules[0].scopes = vec!["orders:read".to_owned()]), "");
        // another rule's word for another API, another app or another mode
        let others: [fn(&mut ExchangeRule); 3] = [
            |rule| rule.audiences = vec![API.to_owned()],
            |rule| rule.subject_clients = vec!["other".to_owned()],
            |rule| rule.mode = ExchangeMode::Impersonation,
        ];
        for (at, change) in others.into_iter().enumerate() {
            let (mut scene, subject) = scene(TO_STOCK);
            let rules = &mut scene.client.metadata.token_exchange;
            let mut other = rules[0].clone();
            change(&mut other);
            rules[0].scopes.clear();
            rules.push(other);
            let issue = decide(&mut scene, subject, None).outcome.unwrap();
            assert!(issue.access_token.scope.is_empty(), "{at}");
        }
    }

    #[test]
    fn scope_never_grows() {
        for (asked, granted) in [("shared", Ok("shared")), ("stock:read", Err(())), ("openid", Err(()))] {
            let (mut scene, subject) = scene(&format!("{TO_STOCK}&scope={asked}"));
            let outcome = decide(&mut scene, subject, None).outcome;
            match granted {
                Ok(scope) => assert_eq!(outcome.unwrap().access_token.scope.to_string(), scope),
                Err(()) => assert_eq!(code_of(outcome), ErrorCode::InvalidScope, "{asked}"),
            }
        }
    }

    #[test]
    fn a_request_that_is_not_whole_is_refused() {
        for params in [
            "subject_token=x",
            "subject_token_type=urn:ietf:params:oauth:token-type:access_token",
            "subject_token=x&subject_token_type=urn:ietf:params:oauth:token-type:id_token",
            "subject_token=x&subject_token_type=urn:ietf:params:oauth:token-type:refresh_token",
            &format!("{ASK}&actor_token=y"),
            &format!("{ASK}&actor_token_type=urn:ietf:params:oauth:token-type:access_token"),
            &format!("{ASK}&actor_token=y&actor_token_type=urn:ietf:params:oauth:token-type:saml2"),
            &format!("{ASK}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
        ] {
            let needs = TokenExchangeGrant.needs(&Params::parse(params).unwrap());
            assert_eq!(code_of(needs), ErrorCode::InvalidRequest, "{params}");
        }
        let (mut scene, subject) = scene("scope=shared");
        assert_eq!(
            code_of(decide(&mut scene, subject, None).outcome),
            ErrorCode::InvalidRequest
        );
    }
}
