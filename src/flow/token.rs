//! The token endpoint: authenticate, load, decide, sign, apply (RFC 6749 §3.2).
//!
//! Tokens are signed before anything is written, so that a key that fails costs the client nothing. What is presented (a
//! code, a refresh token) costs one select and one conditional update; whoever loses that race looks again. A JWT for a
//! client itself needs neither, once client, resources and keys are remembered.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Core, Refusal,
    apply::grant::{self as apply, Applied, OpaqueToken},
    cache::Catalog,
    client_auth,
};
use crate::{
    base::{Secret, Time, TokenHash, id::RefreshFamilyId},
    domain::{
        claims::{self, SessionFacts},
        grant::{self, Ask, Decision, Effect, Found, Fresh, Grant, Holding, IdTokenPlan, Issue, Needs, Subject},
        token::{
            AccessTokenClaims, IdTokenClaims,
            access_token::{self, Authentication},
            id_token, jti,
        },
    },
    model::{self, AccessToken, Client, Origin, Placement, TokenFormat, User, UserStatus},
    spec::{
        jose::{SigningAlg, hash::half_hash},
        oauth::{Params, ScopeSet},
        oidc::{ClaimsRequest, discovery::path},
    },
    store::{self, Connection},
};

/// How often a request is decided anew when others were faster.
const ATTEMPTS: usize = 4;

/// A token request.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The body.
    pub params: &'a Params,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// Where it came from.
    pub origin: &'a Origin,
}

/// The answer (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// What it permits.
    pub scope: ScopeSet,
    /// The ID token.
    pub id_token: Option<Secret<String>>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
}

/// Exchanges what the client holds for tokens.
///
/// # Errors
/// [`Refusal`]. What a refusal has to change (a replayed code) is then committed already.
pub async fn exchange(core: &Core, request: TokenRequest<'_>) -> Result<Tokens, Refusal> {
    let client = client_auth::authenticate(core, request.params, request.authorization, path::TOKEN).await?;
    let grant = grant::find(request.params, &client)?;
    let needs = grant.needs(request.params)?;
    let exchange = Exchange {
        core,
        request,
        client,
        catalog: core.catalog().await?,
        grant,
    };
    exchange.run(&needs).await
}

struct Exchange<'a> {
    core: &'a Core,
    request: TokenRequest<'a>,
    client: Arc<Client>,
    catalog: Arc<Catalog>,
    grant: &'static dyn Grant,
}

impl Exchange<'_> {
    /// Looks, decides and writes; whoever finds that another request was faster looks again.
    async fn run(&self, needs: &Needs) -> Result<Tokens, Refusal> {
        for _ in 0..ATTEMPTS {
            // one connection for all of it: the pool looks at it each time that it comes back
            let mut db = match needs {
                Needs::Nothing => None,
                Needs::Code(_) | Needs::Family(_) => Some(self.core.store.acquire().await?),
            };
            let found = match (needs, &mut db) {
                (Needs::Code(hash), Some(db)) => self.code(db, hash).await?,
                (Needs::Family(family_id), Some(db)) => self.family(db, *family_id).await?,
                _ => Found::Nothing,
            };
            let (effects, signed) = self.decide(&found)?;
            let opaque = signed.as_ref().ok().and_then(|signed| signed.opaque.as_ref());
            // also when the answer is a refusal: RFC 6749 §4.1.2
            if self.apply(db, &effects, opaque).await? == Applied::Done {
                return Ok(signed?.tokens);
            }
        }
        Err(Refusal::Contended)
    }

    async fn code(&self, db: &mut Connection, hash: &TokenHash) -> Result<Found, Refusal> {
        let Some(context) = store::authorization_code::find(&mut **db, hash).await? else {
            return Ok(Found::Nothing);
        };
        let holding = self
            .holding(db, context.grant, context.user_status, context.session_ends)
            .await?;
        Ok(Found::Code(Box::new(context.code), Box::new(holding)))
    }

    async fn family(&self, db: &mut Connection, family_id: RefreshFamilyId) -> Result<Found, Refusal> {
        let Some(context) = store::refresh_token::find(&mut **db, family_id).await? else {
            return Ok(Found::Nothing);
        };
        let holding = self
            .holding(db, context.grant, context.user_status, context.session_ends)
            .await?;
        Ok(Found::Family(Box::new(context.token), Box::new(holding)))
    }

    async fn holding(
        &self,
        db: &mut Connection,
        grant: model::Grant,
        user_status: UserStatus,
        session_ends: Option<Time>,
    ) -> Result<Holding, store::Error> {
        // the row is newer than what is remembered of the person
        let user = match user_status {
            UserStatus::Active => self.core.user(&mut **db, grant.user_id).await?,
            UserStatus::Suspended => None,
        };
        Ok(Holding {
            grant,
            user,
            session_ends,
        })
    }

    async fn apply(
        &self,
        db: Option<Connection>,
        effects: &[Effect],
        opaque: Option<&OpaqueToken>,
    ) -> Result<Applied, Refusal> {
        let core = self.core;
        if effects.is_empty() && opaque.is_none() {
            return Ok(Applied::Done);
        }
        // Given back before the transaction takes one: nobody waits for a second connection while holding the first.
        if let (Some(mut db), None) = (db, opaque)
            && let Some(applied) = apply::write_at_once(&mut *db, effects, core.now()).await
        {
            return Ok(applied?);
        }
        let mut tx = core.store.begin().await?;
        let by = (&*self.client, self.request.origin);
        let applied = apply::write(core, &mut tx, effects, opaque, by).await?;
        if applied == Applied::Done {
            tx.commit().await?;
            for effect in effects {
                if let Effect::RevokeGrant { grant_id, .. } = effect {
                    core.forget_grant(*grant_id);
                }
            }
        }
        Ok(applied)
    }

    /// Decides, and signs what is to be issued. The effects stand whatever became of the rest.
    #[allow(clippy::type_complexity)] // two results that go different ways
    fn decide(&self, found: &Found) -> Result<(Vec<Effect>, Result<Signed, Refusal>), Refusal> {
        let core = self.core;
        let now = core.now();
        let mut refresh_secret = [0_u8; 32];
        if let Found::Code(..) = found {
            core.rng.fill(&mut refresh_secret);
        }
        let Decision { effects, outcome } = self.grant.decide(&Ask {
            now,
            policy: &core.policy.tokens,
            catalog: &self.catalog.permissions,
            client: &self.client,
            params: self.request.params,
            found,
            fresh: &Fresh {
                family_id: RefreshFamilyId::new(now, &*core.rng),
                refresh_secret: Secret::new(refresh_secret),
            },
            refresh_key: core.refresh_key()?,
        });
        let signed = match outcome {
            // A key that fails must not use up what the client presented.
            Ok(issue) => Ok(self.sign(issue, now)?),
            Err(error) => Err(error.into()),
        };
        Ok((effects, signed))
    }

    fn sign(&self, issue: Issue, now: Time) -> Result<Signed, Refusal> {
        let (access_token, opaque) = self.access_token(&issue, now)?;
        let id_token = match &issue.subject {
            Subject::Person { grant, user } => match &issue.id_token {
                Some(plan) => {
                    let extra = self.claims(Placement::IdToken, &issue.subject, &plan.scope, &grant.resources, now);
                    Some(self.id_token(plan, grant, user, &access_token, &extra, now)?)
                }
                None => None,
            },
            Subject::Client => None,
        };
        Ok(Signed {
            tokens: Tokens {
                expires_in: (issue.expires_at - now).whole_seconds(),
                access_token,
                scope: issue.access_token.scope,
                id_token,
                refresh_token: issue.refresh_token,
            },
            opaque,
        })
    }

    fn access_token(&self, issue: &Issue, now: Time) -> Result<(Secret<String>, Option<OpaqueToken>), Refusal> {
        let (core, target) = (self.core, &issue.access_token);
        let extra = self.claims(
            Placement::AccessToken,
            &issue.subject,
            &target.scope,
            &target.resources,
            now,
        );
        let (grant, user_id) = match &issue.subject {
            Subject::Person { grant, user } => (Some(&**grant), Some(user.id)),
            Subject::Client => (None, None),
        };
        let grant_id = grant.map(|grant| grant.id);
        match target.format {
            TokenFormat::Jwt => {
                let sub = user_id.map(|id| id.to_string());
                let claims = AccessTokenClaims {
                    iss: core.policy.issuer.as_str(),
                    sub: sub.as_deref().unwrap_or(&self.client.client_id),
                    aud: &target.audience,
                    client_id: &self.client.client_id,
                    scope: &target.scope,
                    jti: &jti::new(grant_id, &*core.rng),
                    iat: now,
                    exp: issue.expires_at,
                    authentication: grant.map(authentication),
                    extra: &extra,
                };
                let signer = core.keys.signer(target.signing_alg, now)?;
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

    fn id_token(
        &self,
        plan: &IdTokenPlan,
        grant: &model::Grant,
        user: &User,
        access_token: &Secret<String>,
        extra: &Map<String, Value>,
        now: Time,
    ) -> Result<Secret<String>, Refusal> {
        let core = self.core;
        let alg = self.client.metadata.id_token_signed_response_alg.as_deref();
        // OIDC Registration §2: RS256 where the client says nothing
        let alg = alg.and_then(|name| name.parse().ok()).unwrap_or(SigningAlg::RS256);
        let claims = IdTokenClaims {
            iss: core.policy.issuer.as_str(),
            sub: &user.id.to_string(),
            aud: &self.client.client_id,
            iat: now,
            exp: now + core.policy.tokens.id_token,
            authentication: authentication(grant),
            nonce: plan.nonce.as_deref(),
            sid: grant.session_id,
            at_hash: Some(&half_hash(alg, access_token.expose())),
            extra,
        };
        let signer = core.keys.signer(alg, now)?;
        Ok(Secret::new(signer.sign_jwt(id_token::TYP, &claims.to_json()?)?))
    }

    fn claims(
        &self,
        placement: Placement,
        subject: &Subject,
        scope: &ScopeSet,
        resource: &[String],
        now: Time,
    ) -> Map<String, Value> {
        let nothing = ClaimsRequest::default();
        let (user, grant) = match subject {
            Subject::Person { grant, user } => (Some(&**user), Some(&**grant)),
            Subject::Client => (None, None),
        };
        let assembled = claims::assemble(&claims::Ask {
            placement,
            user,
            client: &self.client,
            session: grant.map(session_facts),
            scope,
            claims: grant.map_or(&nothing, |grant| &grant.claims),
            resource,
            rules: &self.catalog.rules,
            now,
        });
        self.core.log_failures(assembled.failures);
        assembled.claims
    }
}

struct Signed {
    tokens: Tokens,
    opaque: Option<OpaqueToken>,
}

fn authentication(grant: &model::Grant) -> Authentication<'_> {
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
