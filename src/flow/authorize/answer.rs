//! What a client is given at the authorization endpoint: a code, tokens, or both, and the JWT that a response may be.

use std::sync::Arc;

use time::Duration;

use crate::{
    base::{Secret, Time, TokenHash, id::GrantId},
    domain::{
        authorize::{Given, GivenToken, Response},
        encryption::Encryption,
        grant::{Issue, Subject, target},
    },
    flow::{
        Core, Refusal,
        apply::grant::OpaqueToken,
        cache::Catalog,
        encryption::{self, Recipient},
        mint::{self, IdTokenAsk, Mint},
        recent::GivenCode,
        session::SignedIn,
    },
    model::{AuthorizationCode, AuthorizationParameters, AuthorizationRequest, Client, Confirmation, Grant},
    spec::{
        jose::SigningAlg,
        oauth::{ResponseMode, ResponseType},
    },
    store::{
        self, Connection,
        grant::{Answers, Commit},
    },
};

/// RFC 6749 §4.1.2 allows ten minutes; a code here is never good for longer than this.
const LONGEST_CODE_LIFETIME: Duration = Duration::seconds(60);

/// What responses to a request are signed and encrypted with; found before anything is decided, for a key may have to be
/// fetched.
#[derive(Debug)]
pub(super) struct Seal {
    client: Arc<Client>,
    /// Whom signed responses are encrypted to.
    recipient: Option<Recipient>,
    /// Whom ID tokens in responses are encrypted to.
    id_token: Option<Recipient>,
}

impl Seal {
    /// For responses of that mode and with what that type promises.
    ///
    /// # Errors
    /// `invalid_request` without a key that serves what the client registered.
    pub(super) async fn find(
        core: &Core,
        client: &Arc<Client>,
        (response_type, mode): (ResponseType, ResponseMode),
    ) -> Result<Self, Refusal> {
        let metadata = &client.metadata;
        let recipient = if mode.is_signed() {
            let registered = Encryption::registered(
                metadata.authorization_encrypted_response_alg.as_deref(),
                metadata.authorization_encrypted_response_enc.as_deref(),
            );
            encryption::recipient(core, client, registered).await?
        } else {
            None
        };
        let id_token = if response_type.has_id_token() {
            mint::id_token_recipient(core, client).await?
        } else {
            None
        };
        Ok(Self {
            client: Arc::clone(client),
            recipient,
            id_token,
        })
    }

    /// Makes the response the JWT that its mode says (JARM §2.1); others stay as they are.
    pub(super) fn close(&self, core: &Core, response: Response) -> Result<Response, Refusal> {
        if !response.mode.is_signed() {
            return Ok(response);
        }
        let now = core.now();
        let alg = self.client.metadata.authorization_signed_response_alg.as_deref();
        // JARM §3: RS256 where the client says nothing
        let alg = core.signing_alg(&self.client, alg, SigningAlg::RS256);
        let claims = response.claims(core.policy.issuer.as_str(), &self.client.client_id, now)?;
        let signed = core.keys.signer(alg, now)?.sign_jwt(None, &claims)?;
        let jwt = match &self.recipient {
            Some(recipient) => recipient.nest(&signed)?,
            None => signed,
        };
        Ok(response.sealed(jwt))
    }
}

/// A grant with all that the client is given for it now.
pub(super) struct Made {
    grant: Grant,
    code: Option<AuthorizationCode>,
    opaque: Option<OpaqueToken>,
    /// When the session ends in which it is given.
    session_ends: Time,
    pub(super) given: Given,
}

/// Makes what the request asks for; nothing is written yet.
pub(super) fn make(
    core: &Core,
    catalog: &Catalog,
    client: &Client,
    request: &AuthorizationRequest,
    signed_in: &SignedIn,
    seal: &Seal,
) -> Result<Made, Refusal> {
    let now = core.now();
    let (parameters, user) = (&request.parameters, &signed_in.user);
    let asked = parameters.response_type;
    let mut grant = new_grant(core, request, signed_in, now);
    let mut given = Given::default();
    let mint = Mint {
        core,
        client,
        catalog,
        // nobody proves a key here; whose tokens must be tied to one is refused the response type
        confirmation: &Confirmation::default(),
        details: &grant.authorization_details.clone(),
    };
    let code = asked.has_code().then(|| {
        let value = core.rng.token();
        let code = new_code(core, &grant, parameters, &value, now);
        given.code = Some(value);
        code
    });
    let mut opaque = None;
    if asked.has_token() {
        let setting = target::Setting {
            policy: &core.policy.tokens,
            catalog: &catalog.permissions,
            client,
        };
        let target = target::at_once(&setting, &grant, user)?;
        let (scope, lifetime) = (target.scope.clone(), target.lifetime);
        grant.expires_at = grant.expires_at.max(now + lifetime);
        let issue = Issue {
            subject: Subject::Person {
                grant: Box::new(grant.clone()),
                user: Arc::clone(user),
            },
            access_token: target,
            expires_at: now + lifetime,
            act: None,
            id_token: None,
            refresh_token: None,
        };
        let (value, kept) = mint.access_token(&issue, now)?;
        opaque = kept;
        given.access_token = Some(GivenToken {
            value,
            expires_in: lifetime.whole_seconds(),
            scope,
        });
    }
    if asked.has_id_token() {
        grant.expires_at = grant.expires_at.max(now + core.policy.tokens.id_token);
        let ask = IdTokenAsk {
            nonce: grant.nonce.as_deref(),
            scope: &grant.scope,
            access_token: given.access_token.as_ref().map(|token| &token.value),
            code: given.code.as_ref(),
            state: parameters.state.as_deref(),
            recipient: seal.id_token.as_ref(),
        };
        given.id_token = Some(mint.id_token(&grant, user, &ask, now)?);
    }
    Ok(Made {
        grant,
        code,
        opaque,
        session_ends: signed_in.session.expires_at,
        given,
    })
}

impl Made {
    /// Writes it down, and with it that the requests are answered. `false`: somebody else was faster.
    pub(super) async fn keep(
        &self,
        core: &Core,
        mut db: Connection,
        answers: Answers<'_>,
    ) -> Result<bool, store::Error> {
        let Some(OpaqueToken { hash, token }) = &self.opaque else {
            let (grant, code) = (&self.grant, self.code.as_ref());
            let is_first = store::grant::insert_given(&mut *db, grant, code, answers, self.commit()).await?;
            core.store.keep(db);
            if is_first {
                self.remember(core);
            }
            return Ok(is_first);
        };
        // Given back before the transaction takes one: nobody waits for a second connection while holding the first.
        drop(db);
        let mut tx = core.store.begin().await?;
        let (grant, code) = (&self.grant, self.code.as_ref());
        if !store::grant::insert_given(&mut *tx, grant, code, answers, Commit::OnDisk).await? {
            return Ok(false);
        }
        store::access_token::insert(&mut *tx, hash, token).await?;
        tx.commit().await?;
        self.remember(core);
        Ok(true)
    }

    /// The grant and the code, if that is all: a code alone, which no other request stands behind.
    pub(super) fn code_alone(&self) -> Option<(&Grant, &AuthorizationCode)> {
        let has_tokens = self.given.access_token.is_some() || self.given.id_token.is_some();
        Some((&self.grant, self.code.as_ref().filter(|_| !has_tokens)?))
    }

    /// A code alone gives nothing yet: its redemption is written to the disk, and with it the code. If both are lost in a
    /// crash, the app asks again. Tokens count from now on, so what stands behind them must be there to be revoked.
    fn commit(&self) -> Commit {
        match self.code_alone() {
            Some(_) => Commit::InPassing,
            None => Commit::OnDisk,
        }
    }

    /// The client is about to exchange the code.
    pub(super) fn remember(&self, core: &Core) {
        if let Some(code) = &self.code {
            core.recent.keep_code(GivenCode {
                code: code.clone(),
                grant: self.grant.clone(),
                session_ends: self.session_ends,
            });
        }
    }
}

fn new_grant(core: &Core, request: &AuthorizationRequest, signed_in: &SignedIn, now: Time) -> Grant {
    let (parameters, session) = (&request.parameters, &signed_in.session);
    Grant {
        id: GrantId::new(now, &*core.rng),
        client_id: request.client_id.clone(),
        user_id: session.user_id,
        session_id: Some(session.id),
        scope: parameters.scope.clone(),
        resources: parameters.resource.clone(),
        claims: parameters.claims.clone(),
        authorization_details: parameters.authorization_details.clone(),
        nonce: parameters.nonce.clone(),
        auth_time: session.auth_time,
        acr: session.acr.clone(),
        amr: session.amr.clone(),
        created_at: now,
        // Whoever redeems a code moves it to the end of what is issued then.
        expires_at: now + code_lifetime(core),
        revoked_at: None,
    }
}

fn code_lifetime(core: &Core) -> Duration {
    core.policy.tokens.authorization_code.min(LONGEST_CODE_LIFETIME)
}

fn new_code(
    core: &Core,
    grant: &Grant,
    parameters: &AuthorizationParameters,
    value: &Secret<String>,
    now: Time,
) -> AuthorizationCode {
    AuthorizationCode {
        hash: TokenHash::of(value.expose()),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        redirect_uri: parameters.redirect_uri.clone(),
        redirect_uri_given: parameters.redirect_uri_given,
        code_challenge: parameters.code_challenge.clone(),
        dpop_jkt: parameters.dpop_jkt.clone(),
        created_at: now,
        expires_at: now + code_lifetime(core),
        redeemed_at: None,
    }
}

/// What a grant for the request uses up.
pub(super) fn uses_up(request: &AuthorizationRequest, kept: Kept) -> Answers<'_> {
    Answers {
        request: match kept {
            Kept::Yes => Some(request.id),
            Kept::No => None,
        },
        pushed: request.parameters.pushed.as_ref(),
    }
}

/// Whether a request had to wait for the person, and so has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It had.
    Yes,
    /// It is answered at once.
    No,
}
