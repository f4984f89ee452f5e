//! Makes tokens: their claims are assembled and signed here, wherever they are handed out. Nothing is written.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Core, Refusal,
    apply::grant::OpaqueToken,
    cache::Catalog,
    encryption::{self, Recipient},
};
use crate::{
    base::{Secret, Time, TokenHash},
    domain::{
        claims::{self, SessionFacts, Userinfo},
        grant::{Issue, Subject},
        token::{
            AccessTokenClaims, IdTokenClaims,
            access_token::{self, Authentication},
            id_token, jti,
        },
    },
    model::{self, AccessToken, Client, Confirmation, Placement, TokenFormat, User},
    spec::{
        jose::{SigningAlg, hash::half_hash, jwe::JweError},
        oauth::{AuthorizationDetails, ScopeSet},
        oidc::ClaimsRequest,
    },
};

/// What tokens are made from.
#[derive(Clone, Copy)]
pub(super) struct Mint<'a> {
    pub(super) core: &'a Core,
    /// Who gets them.
    pub(super) client: &'a Client,
    pub(super) catalog: &'a Catalog,
    /// The keys that access tokens are tied to.
    pub(super) confirmation: &'a Confirmation,
    /// What access tokens permit beyond scopes.
    pub(super) details: &'a AuthorizationDetails,
}

/// What only one ID token carries.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdTokenAsk<'a> {
    /// The authorization request's nonce.
    pub(super) nonce: Option<&'a str>,
    /// For which scopes.
    pub(super) scope: &'a ScopeSet,
    /// The access token that goes with it.
    pub(super) access_token: Option<&'a Secret<String>>,
    /// The code that goes through the browser with it.
    pub(super) code: Option<&'a Secret<String>>,
    /// The state that goes through the browser with it.
    pub(super) state: Option<&'a str>,
    /// Whom it is encrypted to, as [`id_token_recipient`] found.
    pub(super) recipient: Option<&'a Recipient>,
}

/// Whom the client's ID tokens are encrypted to; looked up before anything is decided.
pub(super) async fn id_token_recipient(core: &Core, client: &Arc<Client>) -> Result<Option<Recipient>, Refusal> {
    encryption::recipient(core, client, encryption::of_id_tokens(client)).await
}

impl Mint<'_> {
    /// An access token; an opaque one must still be written down.
    pub(super) fn access_token(
        &self,
        issue: &Issue,
        now: Time,
    ) -> Result<(Secret<String>, Option<OpaqueToken>), Refusal> {
        let (core, target) = (self.core, &issue.access_token);
        let (grant, user) = match &issue.subject {
            Subject::Person { grant, user } => (Some(&**grant), Some(&**user)),
            Subject::Client => (None, None),
        };
        let mut extra = self.claims(
            (Placement::AccessToken, Userinfo::InReach),
            grant.zip(user),
            &target.scope,
            &target.resources,
            now,
        );
        if let Some(act) = &issue.act {
            extra.insert("act".to_owned(), act.clone());
        }
        // RFC 9396 §9.1
        if !self.details.is_empty() {
            extra.insert("authorization_details".to_owned(), serde_json::to_value(self.details)?);
        }
        let (grant_id, user_id) = (grant.map(|grant| grant.id), user.map(|user| user.id));
        match target.format {
            TokenFormat::Jwt => {
                let sub = user_id.map(|id| core.subject(self.client, id)).transpose()?;
                let claims = AccessTokenClaims {
                    iss: core.policy.issuer.as_str(),
                    sub: sub.as_deref().unwrap_or(&self.client.client_id),
                    aud: &target.audience,
                    client_id: &self.client.client_id,
                    scope: &target.scope,
                    jti: &jti::new(grant_id, &*core.rng),
                    iat: now,
                    exp: issue.expires_at,
                    confirmation: self.confirmation,
                    authentication: grant.map(authentication),
                    extra: &extra,
                };
                let alg = core.signing_alg(self.client, None, target.signing_alg);
                let signer = core.keys.signer(alg, now)?;
                let token = signer.sign_jwt(Some(access_token::TYP), &claims.to_json()?)?;
                Ok((Secret::new(token), None))
            }
            TokenFormat::Opaque => {
                let value = core.rng.token();
                let token = AccessToken {
                    jti: None,
                    grant_id,
                    client_id: self.client.client_id.clone(),
                    user_id,
                    confirmation: self.confirmation.clone(),
                    scope: target.scope.clone(),
                    audience: target.audience.clone(),
                    claims: extra,
                    issued_at: now,
                    expires_at: issue.expires_at,
                };
                let hash = TokenHash::of(value.expose());
                Ok((value, Some(OpaqueToken { hash, token })))
            }
        }
    }

    /// An ID token about the person of a grant.
    pub(super) fn id_token(
        &self,
        grant: &model::Grant,
        user: &User,
        ask: &IdTokenAsk<'_>,
        now: Time,
    ) -> Result<Secret<String>, Refusal> {
        let core = self.core;
        // OIDC Core §5.4: neither an access token nor a code that gives one
        let userinfo = match (ask.access_token, ask.code) {
            (None, None) => Userinfo::OutOfReach,
            _ => Userinfo::InReach,
        };
        let extra = self.claims(
            (Placement::IdToken, userinfo),
            Some((grant, user)),
            ask.scope,
            &grant.resources,
            now,
        );
        let alg = self.client.metadata.id_token_signed_response_alg.as_deref();
        // OIDC Registration §2: RS256 where the client says nothing
        let alg = core.signing_alg(self.client, alg, SigningAlg::RS256);
        let hash = |value: Option<&Secret<String>>| value.map(|value| half_hash(alg, value.expose()));
        let (at_hash, c_hash) = (hash(ask.access_token), hash(ask.code));
        let s_hash = ask.state.map(|state| half_hash(alg, state));
        let sid = grant.session_id.map(|id| core.sid(self.client, id)).transpose()?;
        let claims = IdTokenClaims {
            iss: core.policy.issuer.as_str(),
            sub: &core.subject(self.client, user.id)?,
            aud: &self.client.client_id,
            iat: now,
            exp: now + core.policy.tokens.id_token,
            authentication: authentication(grant),
            nonce: ask.nonce,
            sid: sid.as_deref(),
            at_hash: at_hash.as_deref(),
            c_hash: c_hash.as_deref(),
            s_hash: s_hash.as_deref(),
            extra: &extra,
        };
        let signer = core.keys.signer(alg, now)?;
        let signed = signer.sign_jwt(id_token::TYP, &claims.to_json()?)?;
        match (ask.recipient, encryption::of_id_tokens(self.client)) {
            // OIDC Core §10.2: signed first, then encrypted
            (Some(recipient), _) => Ok(Secret::new(recipient.nest(&signed)?)),
            (None, Ok(None)) => Ok(Secret::new(signed)),
            // whoever forgot to look for the key must not send in clear what was registered as encrypted
            (None, _) => Err(JweError::Key.into()),
        }
    }

    fn claims(
        &self,
        (placement, userinfo): (Placement, Userinfo),
        person: Option<(&model::Grant, &User)>,
        scope: &ScopeSet,
        resource: &[String],
        now: Time,
    ) -> Map<String, Value> {
        let nothing = ClaimsRequest::default();
        let (grant, user) = person.unzip();
        let assembled = claims::assemble(&claims::Ask {
            placement,
            user,
            client: self.client,
            session: grant.map(session_facts),
            scope,
            claims: grant.map_or(&nothing, |grant| &grant.claims),
            resource,
            userinfo,
            rules: &self.catalog.rules,
            now,
        });
        self.core.log_failures(assembled.failures);
        assembled.claims
    }
}

/// The sign-in behind a grant, for tokens and what is said about them.
pub(super) fn authentication(grant: &model::Grant) -> Authentication<'_> {
    Authentication {
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref(),
        amr: &grant.amr,
    }
}

/// The sign-in behind a grant, for custom claims.
pub(super) fn session_facts(grant: &model::Grant) -> SessionFacts<'_> {
    SessionFacts {
        id: grant.session_id,
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref(),
        amr: &grant.amr,
    }
}
