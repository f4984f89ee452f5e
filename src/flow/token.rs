//! The token endpoint: authenticate, load, decide, sign, apply (RFC 6749 §3.2).
//!
//! Tokens are signed before anything is written, so that a key that fails costs the client nothing. What is presented (a
//! code, a refresh token) costs one select and one conditional update; whoever loses that race looks again. A JWT for a
//! client itself needs neither, once client, resources and keys are remembered.

use std::sync::Arc;

use super::{
    Caller, Core, Refusal, access_token,
    apply::grant::{self as apply, Applied, OpaqueToken},
    cache::Catalog,
    client_auth,
    encryption::Recipient,
    mint::{self, IdTokenAsk, Mint},
    sender::{self, Unused},
    vouched,
};
use crate::{
    base::{
        Secret, Time, TokenHash,
        id::{GrantId, RefreshFamilyId},
    },
    domain::{
        self,
        authorize::details,
        grant::{self, Ask, Decision, Effect, Found, Fresh, Grant, Holding, Issue, Needs, Presented, Subject},
        security_profile::{self, Rules},
        sender::Sender,
    },
    model::{self, Client, Confirmation, UserStatus, deferred_authorization::DeferredState},
    spec::oauth::{AuthorizationDetails, GrantType, ScopeSet, token_type},
    store::{self, Connection},
};

/// How often a request is decided anew when others were faster.
const ATTEMPTS: usize = 4;

/// The answer (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[derive(Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// How it is sent (RFC 6749 §7.1, RFC 9449 §5).
    pub token_type: &'static str,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// What it permits.
    pub scope: ScopeSet,
    /// And beyond scopes (RFC 9396 §7).
    pub authorization_details: AuthorizationDetails,
    /// The ID token.
    pub id_token: Option<Secret<String>>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
    /// What kind of token the access token is, said only by token exchange (RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

/// Exchanges what the client holds for tokens.
///
/// # Errors
/// [`Refusal`]. What a refusal has to change (a replayed code) is then committed already.
pub async fn exchange(core: &Core, caller: &Caller) -> Result<Tokens, Refusal> {
    let client = client_auth::authenticate(core, caller).await?;
    let grant = grant::find(&caller.params, &client)?;
    let needs = grant.needs(&caller.params)?;
    let rules = security_profile::of(&client, core.policy.security.profile);
    let (sender, proof) = sender::verify(core, caller, rules.client_algs, None)?;
    let confirmation = domain::sender::confirm(&client, rules, &sender)?;
    let exchange = Exchange {
        core,
        caller,
        rules,
        sender,
        confirmation,
        catalog: core.catalog().await?,
        grant,
        recipient: match needs {
            // what a client gets for itself has no ID token
            Needs::Nothing => None,
            _ => mint::id_token_recipient(core, &client).await?,
        },
        client,
    };
    let outcome = exchange.run(&needs, proof).await;
    if let (Needs::Assertion(assertion), Err(Refusal::Protocol(why))) = (&needs, &outcome) {
        vouched::refuse(core, &exchange.client, caller, assertion, why).await?;
    }
    outcome
}

struct Exchange<'a> {
    core: &'a Core,
    caller: &'a Caller,
    rules: &'static Rules,
    sender: Sender,
    confirmation: Confirmation,
    client: Arc<Client>,
    catalog: Arc<Catalog>,
    grant: &'static dyn Grant,
    /// Whom ID tokens are encrypted to.
    recipient: Option<Recipient>,
}

impl Exchange<'_> {
    /// Looks, decides and writes; whoever finds that another request was faster looks again.
    async fn run(&self, needs: &Needs, proof: Unused) -> Result<Tokens, Refusal> {
        let mut proof = Some(proof);
        for _ in 0..ATTEMPTS {
            // one connection for all of it: the pool looks at it each time that it comes back
            let mut db = match needs {
                Needs::Nothing | Needs::Tokens { .. } | Needs::Assertion(_) => None,
                Needs::Code(_) | Needs::Family(_) | Needs::Deferred(_) => Some(self.core.store.acquire().await?),
            };
            let found = match (needs, &mut db) {
                (Needs::Code(hash), Some(db)) => self.code(db, hash).await?,
                (Needs::Family(family_id), Some(db)) => self.family(db, *family_id).await?,
                (Needs::Deferred(hash), Some(db)) => self.deferred(db, hash).await?,
                (Needs::Assertion(assertion), _) => self.vouched(assertion).await?,
                (Needs::Tokens { subject, actor }, _) => self.tokens(subject, actor.as_ref()).await?,
                _ => Found::Nothing,
            };
            let (effects, signed) = self.decide(&found)?;
            // a proof that was used before must not use up what came with it
            if signed.is_ok()
                && let Some(proof) = proof.take()
            {
                let now = self.core.now();
                match &mut db {
                    Some(db) => proof.use_up(&mut **db, now).await?,
                    None => proof.use_up(self.core.store.pool(), now).await?,
                }
            }
            let opaque = signed.as_ref().ok().and_then(|signed| signed.opaque.as_ref());
            // also when the answer is a refusal: RFC 6749 §4.1.2
            if self.apply(db, &effects, opaque).await? == Applied::Done {
                return Ok(signed?.tokens);
            }
        }
        Err(Refusal::Contended)
    }

    async fn code(&self, db: &mut Connection, hash: &TokenHash) -> Result<Found, Refusal> {
        if let Some(given) = self.core.recent.take_code(hash) {
            let (status, ends) = (UserStatus::Active, Some(given.session_ends));
            let holding = self.holding(db, given.grant, status, ends).await?;
            return Ok(Found::Code(Box::new(given.code), Box::new(holding)));
        }
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

    async fn deferred(&self, db: &mut Connection, hash: &TokenHash) -> Result<Found, Refusal> {
        let Some(deferred) = store::deferred_authorization::find(&mut **db, hash).await? else {
            return Ok(Found::Nothing);
        };
        let (DeferredState::Approved(grant_id) | DeferredState::Redeemed(grant_id)) = deferred.state else {
            return Ok(Found::Deferred(Box::new(deferred), None));
        };
        let holding = match store::deferred_authorization::find_grant(&mut **db, grant_id).await? {
            Some(context) => {
                let holding = self.holding(db, context.grant, context.user_status, context.session_ends);
                Some(Box::new(holding.await?))
            }
            None => None,
        };
        Ok(Found::Deferred(Box::new(deferred), holding))
    }

    async fn tokens(&self, subject: &Secret<String>, actor: Option<&Secret<String>>) -> Result<Found, Refusal> {
        let Some(subject) = self.presented(subject).await? else {
            return Ok(Found::Nothing);
        };
        let actor = match actor {
            None => None,
            Some(token) => match self.presented(token).await? {
                Some(actor) => Some(Box::new(actor)),
                None => return Ok(Found::Nothing),
            },
        };
        Ok(Found::Tokens {
            subject: Box::new(subject),
            actor,
        })
    }

    async fn vouched(&self, assertion: &Secret<String>) -> Result<Found, Refusal> {
        // nobody is asked for one whose name anybody could say; the decision refuses it
        if self.client.is_public() {
            return Ok(Found::Nothing);
        }
        let found = vouched::find(self.core, &self.catalog, &self.client, self.caller, assertion).await?;
        Ok(found.map_or(Found::Nothing, |vouched| Found::Vouched(Box::new(vouched))))
    }

    async fn presented(&self, token: &Secret<String>) -> Result<Option<Presented>, Refusal> {
        let live = access_token::find(self.core, token.expose()).await?;
        Ok(live.map(|live| Presented {
            token: live.token,
            person: live.person,
        }))
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
            let applied = applied?;
            core.store.keep(db);
            return Ok(applied);
        }
        let mut tx = core.store.begin().await?;
        let by = (&*self.client, &self.caller.origin);
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
        if let Found::Code(..) | Found::Deferred(..) = found {
            core.rng.fill(&mut refresh_secret);
        }
        let Decision { effects, outcome } = self.grant.decide(&Ask {
            now,
            policy: &core.policy.tokens,
            catalog: &self.catalog.permissions,
            client: &self.client,
            params: &self.caller.params,
            sender: &self.sender,
            confirmation: &self.confirmation,
            rules: self.rules,
            found,
            fresh: &Fresh {
                grant_id: GrantId::new(now, &*core.rng),
                family_id: RefreshFamilyId::new(now, &*core.rng),
                refresh_secret: Secret::new(refresh_secret),
            },
            refresh_key: core.refresh_key()?,
            pseudonyms: core.pseudonyms()?,
        });
        let signed = match outcome {
            // A key that fails must not use up what the client presented.
            Ok(issue) => Ok(self.sign(issue, now)?),
            Err(error) => Err(error.into()),
        };
        Ok((effects, signed))
    }

    /// What the token permits beyond scopes; a token that stands for another one permits nothing of the kind.
    fn details(&self, issue: &Issue) -> Result<AuthorizationDetails, Refusal> {
        let nothing = AuthorizationDetails::default();
        let own = [
            GrantType::AuthorizationCode,
            GrantType::DeviceCode,
            GrantType::Ciba,
            GrantType::RefreshToken,
        ];
        let carries = own.contains(&self.grant.grant_type());
        let granted = match &issue.subject {
            Subject::Person { grant, .. } if carries => &grant.authorization_details,
            _ => &nothing,
        };
        let all = self.catalog.resources.values().map(|resource| &**resource);
        Ok(details::narrowed(
            &self.caller.params,
            granted,
            all,
            &issue.access_token.resources,
        )?)
    }

    fn sign(&self, issue: Issue, now: Time) -> Result<Signed, Refusal> {
        let details = self.details(&issue)?;
        let mint = Mint {
            core: self.core,
            client: &self.client,
            catalog: &self.catalog,
            confirmation: &self.confirmation,
            details: &details,
        };
        let (access_token, opaque) = mint.access_token(&issue, now)?;
        let id_token = match &issue.subject {
            Subject::Person { grant, user } => match &issue.id_token {
                Some(plan) => Some(mint.id_token(
                    grant,
                    user,
                    &IdTokenAsk {
                        nonce: plan.nonce.as_deref(),
                        scope: &plan.scope,
                        access_token: Some(&access_token),
                        recipient: self.recipient.as_ref(),
                        code: None,
                        state: None,
                    },
                    now,
                )?),
                None => None,
            },
            Subject::Client => None,
        };
        Ok(Signed {
            tokens: Tokens {
                expires_in: (issue.expires_at - now).whole_seconds(),
                access_token,
                token_type: self.confirmation.token_type(),
                scope: issue.access_token.scope,
                authorization_details: details,
                id_token,
                refresh_token: issue.refresh_token,
                issued_token_type: (self.grant.grant_type() == GrantType::TokenExchange)
                    .then_some(token_type::ACCESS_TOKEN),
            },
            opaque,
        })
    }
}

struct Signed {
    tokens: Tokens,
    opaque: Option<OpaqueToken>,
}
