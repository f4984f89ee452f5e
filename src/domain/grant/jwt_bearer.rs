//! RFC 7523 §2.1: somebody whom the operator trusts vouches for a person.
//!
//! Whoever brings the assertion is a client of the issuer's terms and proves who it is. The person was not here: there is
//! no ID token, and no refresh token, for the client can bring another assertion (RFC 7521 §4.1).

use super::{Ask, Decision, Effect, Found, Grant, Issue, Needs, Subject, Vouched, target};
use crate::{
    base::Secret,
    domain::trust::refused,
    model,
    spec::{
        oauth::{AuthorizationDetails, ErrorCode, GrantType, OAuthError, Params, ScopeSet, scope::OFFLINE_ACCESS},
        oidc::ClaimsRequest,
    },
};

/// `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer`.
pub(super) struct JwtBearerGrant;

impl Grant for JwtBearerGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::JwtBearer
    }

    fn needs(&self, params: &Params) -> Result<Needs, OAuthError> {
        Ok(Needs::Assertion(Secret::new(params.require("assertion")?.to_owned())))
    }

    fn decide(&self, ask: &Ask<'_>) -> Decision {
        if ask.client.is_public() {
            let why = "a public client cannot bring assertions";
            return Decision::refuse(ErrorCode::UnauthorizedClient, why);
        }
        let Found::Vouched(vouched) = ask.found else {
            return refused("assertion: nobody is known by its subject").into();
        };
        match issue(ask, vouched) {
            Ok(decision) => decision,
            Err(error) => error.into(),
        }
    }
}

fn issue(ask: &Ask<'_>, vouched: &Vouched) -> Result<Decision, OAuthError> {
    let scope = scope(ask.params, &vouched.scopes)?;
    let issuer = ask.catalog.issuer();
    let named = ask.params.all("resource").filter(|resource| *resource != issuer);
    let mut resources: Vec<String> = Vec::new();
    for resource in named {
        // terms bound where, too: a scope may have the same name at many APIs
        if !vouched.resources.iter().any(|allowed| allowed == resource) {
            let why = "resource is none that may be named on this issuer's word";
            return Err(OAuthError::new(ErrorCode::InvalidTarget, why));
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    let mut grant = model::Grant {
        id: ask.fresh.grant_id,
        client_id: ask.client.client_id.clone(),
        user_id: vouched.user.id,
        session_id: None,
        scope,
        resources,
        claims: ClaimsRequest::default(),
        authorization_details: AuthorizationDetails::default(),
        nonce: None,
        auth_time: vouched.auth_time,
        acr: None,
        amr: Vec::new(),
        created_at: ask.now,
        expires_at: ask.now,
        revoked_at: None,
    };
    let access_token = target::for_person(ask, &grant, &vouched.user, &grant.scope)?;
    let expires_at = ask.now + access_token.lifetime;
    grant.expires_at = expires_at;
    Ok(Decision {
        effects: vec![
            Effect::BeginGrant(Box::new(grant.clone())),
            Effect::Accepted {
                issuer: vouched.issuer.clone(),
                grant_id: grant.id,
                user_id: grant.user_id,
            },
        ],
        outcome: Ok(Issue {
            subject: Subject::Person {
                grant: Box::new(grant),
                user: vouched.user.clone(),
            },
            access_token,
            act: None,
            expires_at,
            id_token: None,
            refresh_token: None,
        }),
    })
}

/// Within what may be asked for on the issuer's word; all of it where nothing is said.
fn scope(params: &Params, allowed: &[String]) -> Result<ScopeSet, OAuthError> {
    let allowed: ScopeSet = allowed.iter().cloned().collect();
    let asked = match params.get("scope") {
        None => allowed.clone(),
        Some(sent) => ScopeSet::parse(sent)?,
    };
    if asked.contains(OFFLINE_ACCESS) || !asked.is_subset(&allowed) {
        let why = "scope is more than may be asked for on this issuer's word";
        return Err(OAuthError::new(ErrorCode::InvalidScope, why));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{
        grant::fixture::{Scene, code_of},
        token::fixture::{API, NOW, public_client, user},
    };

    fn decide(params: &str, change: impl FnOnce(&mut Scene)) -> Decision {
        let mut scene = Scene::new("openid", &format!("assertion=x&{params}"));
        scene.found = Found::Vouched(Box::new(Vouched {
            user: Arc::new(user()),
            auth_time: NOW,
            issuer: "https://partner.example".to_owned(),
            scopes: vec!["openid".to_owned(), "orders:read".to_owned()],
            resources: vec![API.to_owned()],
        }));
        change(&mut scene);
        JwtBearerGrant.decide(&scene.ask())
    }

    #[test]
    fn a_person_who_is_vouched_for_gives_an_access_token_and_nothing_else() {
        let decision = decide("resource=https%3A%2F%2Fapi.example&scope=orders:read", |_| {});
        let [Effect::BeginGrant(grant), Effect::Accepted { issuer, grant_id, .. }] = decision.effects.as_slice() else {
            panic!("{:?}", decision.effects);
        };
        assert_eq!((issuer.as_str(), *grant_id), ("https://partner.example", grant.id));
        let issue = decision.outcome.unwrap();
        assert_eq!(
            (grant.user_id, grant.session_id, grant.expires_at),
            (user().id, None, issue.expires_at)
        );
        assert_eq!(issue.access_token.audience, [API]);
        assert_eq!(issue.access_token.scope.to_string(), "orders:read");
        assert!(issue.id_token.is_none() && issue.refresh_token.is_none());
    }

    #[test]
    fn nothing_is_asked_for_beyond_the_terms() {
        for scope in ["email", "orders:read+orders:write", "offline_access"] {
            let refused = decide(&format!("scope={scope}"), |_| {});
            assert!(refused.effects.is_empty());
            assert_eq!(code_of(refused.outcome), ErrorCode::InvalidScope, "{scope}");
        }
        for api in ["gone", "opaque"] {
            let elsewhere = decide(&format!("resource=https%3A%2F%2F{api}.example"), |_| {});
            assert!(elsewhere.effects.is_empty());
            assert_eq!(code_of(elsewhere.outcome), ErrorCode::InvalidTarget, "{api}");
        }
        let public = decide("", |scene| scene.client = public_client());
        assert_eq!(code_of(public.outcome), ErrorCode::UnauthorizedClient);
        let nobody = decide("", |scene| scene.found = Found::Nothing);
        assert_eq!(code_of(nobody.outcome), ErrorCode::InvalidGrant);
    }
}
