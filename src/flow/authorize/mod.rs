//! The authorization endpoint, and the way of a pending request through the pages (OIDC Core §3.1.2).
//!
//! A request that needs nobody's attention is answered at once and leaves no row. Any other is kept, bound to the
//! browser that brought it, and looked at anew after every step. It is answered once: of two tabs the second is told
//! that it is over.

pub(super) mod request;

use std::{net::IpAddr, sync::Arc};

use time::Duration;

use super::{
    Core, Failure,
    cache::Catalog,
    session::{self, SignedIn},
};
use crate::{
    base::{
        Secret, Time, TokenHash,
        id::{AuthorizationRequestId, GrantId, SessionId},
    },
    domain::{
        account::throttle::{Subject, ThrottleKey},
        authorize::{Fault, Refusal, Response, Situation, Step, next_step},
        policy::REQUEST_WINDOW,
    },
    model::{
        AuthorizationCode, AuthorizationParameters, AuthorizationRequest, Client, Consent, Grant, Resource, Session,
    },
    spec::oauth::{ErrorCode, OAuthError, Prompt},
    store::{self, Connection, Tx, authorization_request::Quota, grant::Answers},
};

/// RFC 6749 §4.1.2 allows ten minutes; a code here is never good for longer than this.
const LONGEST_CODE_LIFETIME: Duration = Duration::seconds(60);

/// The browser that sends a request: what its cookies say.
#[derive(Debug, Clone)]
pub struct Browser {
    /// SHA-256 of the browser's own cookie.
    pub hash: TokenHash,
    /// The session cookie.
    pub session: Option<Secret<String>>,
}

/// What comes next for the browser.
#[derive(Debug)]
pub enum Next {
    /// A page of this server, for the pending request.
    Page(Step, AuthorizationRequestId),
    /// The answer to the client.
    Respond(Answered),
    /// The request was answered before, has expired, or belongs to another browser.
    Over,
    /// An error page; nothing may be redirected.
    Fault(Fault),
    /// An error page: too many requests from this address. Not for the client, which could do nothing about it.
    Wait {
        /// The earliest moment for the next one.
        until: Time,
    },
}

/// An answer, and whose it is.
#[derive(Debug)]
pub struct Answered {
    /// The response.
    pub response: Response,
    /// What people call the client.
    pub client_name: String,
}

/// A pending request with all that the pages need to know.
#[derive(Debug)]
pub struct Pending {
    /// The request.
    pub request: AuthorizationRequest,
    /// Who asks.
    pub client: Arc<Client>,
    /// The API resources that it names.
    pub resources: Vec<Arc<Resource>>,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// What they allowed before.
    pub consent: Option<Consent>,
    /// What comes next.
    pub step: Step,
}

/// A request at the authorization endpoint, by query or by body.
///
/// # Errors
/// A [`Failure`]; what is wrong with the request is in [`Next`].
pub async fn begin(core: &Core, encoded: &str, browser: &Browser, address: Option<IpAddr>) -> Result<Next, Failure> {
    let incoming = match request::read(core, encoded).await? {
        Ok(incoming) => incoming,
        Err(fault) => return Ok(Next::Fault(fault)),
    };
    let catalog = core.catalog().await?;
    let decided = request::decide(core, &catalog, &incoming);
    let (parameters, client) = match (decided, incoming.client) {
        (Ok(parameters), Some(client)) => (parameters, client),
        (Err(Refusal::Respond(response)), Some(client)) => {
            return Ok(Next::Respond(Answered {
                response,
                client_name: client.display_name().to_owned(),
            }));
        }
        (Err(Refusal::Page(fault)), _) => return Ok(Next::Fault(fault)),
        (_, None) => return Ok(Next::Fault(Fault::ClientUnknown)),
    };
    let request = new_request(core, &client, parameters);
    let signed_in = session::current(core, browser.session.as_ref()).await?;
    let mut db = core.store.acquire().await?;
    let pending = look(core, &catalog, &mut db, request, client, signed_in).await?;
    match (&pending.step, &pending.signed_in) {
        (Step::Finish, Some(signed_in)) => {
            session::joined(core, &mut *db, &pending.client, signed_in.session.id).await?;
            let (grant, code, value) = granted(core, &pending.request, &signed_in.session);
            let answers = answers(&pending.request, None);
            let is_first = store::grant::insert_given(&mut *db, &grant, Some(&code), answers).await?;
            core.store.keep(db);
            if !is_first {
                return Ok(Next::Over);
            }
            Ok(pending.answered(Response::code(&pending.request.parameters, value)))
        }
        (Step::Refuse(error), _) => {
            if let Some(pushed) = &pending.request.parameters.pushed {
                store::pushed_request::consume(&mut *db, pushed, core.now()).await?;
            }
            let response = Response::error(&pending.request.parameters, error.clone());
            Ok(pending.answered(response))
        }
        _ => keep(core, db, pending, browser, address).await,
    }
}

/// Keeps a request that needs somebody's attention, unless too many came from there.
async fn keep(
    core: &Core,
    mut db: Connection,
    pending: Pending,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Next, Failure> {
    let most = core.policy.sessions.requests_per_address;
    let quota = most.zip(address).map(|(most, address)| Quota {
        address: ThrottleKey::of(Subject::Address(address)),
        most,
        since: pending.request.created_at - REQUEST_WINDOW,
    });
    let full = store::authorization_request::insert(&mut *db, &pending.request, &browser.hash, quota).await?;
    core.store.keep(db);
    Ok(match full {
        Some(oldest) => Next::Wait {
            until: oldest + REQUEST_WINDOW,
        },
        None => Next::Page(pending.step, pending.request.id),
    })
}

fn new_request(core: &Core, client: &Client, parameters: AuthorizationParameters) -> AuthorizationRequest {
    let now = core.now();
    AuthorizationRequest {
        id: AuthorizationRequestId::new(now, &*core.rng),
        client_id: client.client_id.clone(),
        parameters,
        authenticated_at: None,
        session_id: None,
        selected_at: None,
        consented_at: None,
        finished_at: None,
        created_at: now,
        expires_at: now + core.policy.sessions.authorization_request,
    }
}

/// Loads what the next step depends on, and decides it.
async fn look(
    core: &Core,
    catalog: &Catalog,
    db: &mut Connection,
    request: AuthorizationRequest,
    client: Arc<Client>,
    signed_in: Option<SignedIn>,
) -> Result<Pending, Failure> {
    let resources: Vec<Arc<Resource>> = request
        .parameters
        .resource
        .iter()
        .filter_map(|identifier| catalog.resources.get(identifier).cloned())
        .collect();
    // a first-party app is not asked about, so nobody looks what was answered
    let asks = client.metadata.require_consent || request.parameters.prompt.contains(Prompt::Consent);
    let consent = match &signed_in {
        Some(signed_in) if asks => store::consent::find(&mut **db, signed_in.user.id, &client.client_id).await?,
        _ => None,
    };
    let step = next_step(&Situation {
        request: &request,
        client: &client,
        resources: &resources.iter().map(|resource| &**resource).collect::<Vec<_>>(),
        signed_in: signed_in
            .as_ref()
            .map(|signed_in| (&signed_in.session, &*signed_in.user)),
        consent: consent.as_ref(),
        now: core.now(),
    });
    Ok(Pending {
        request,
        client,
        resources,
        signed_in,
        consent,
        step,
    })
}

/// The pending request of that id in that browser; `None` if it is over.
///
/// # Errors
/// A [`Failure`].
pub async fn pending(core: &Core, id: AuthorizationRequestId, browser: &Browser) -> Result<Option<Pending>, Failure> {
    let Some((pending, db)) = resume(core, id, browser).await? else {
        return Ok(None);
    };
    core.store.keep(db);
    Ok(Some(pending))
}

async fn resume(
    core: &Core,
    id: AuthorizationRequestId,
    browser: &Browser,
) -> Result<Option<(Pending, Connection)>, Failure> {
    let mut db = core.store.acquire().await?;
    let found = store::authorization_request::find(&mut *db, id, &browser.hash).await?;
    core.store.keep(db);
    match found {
        Some(request) => {
            let signed_in = session::current(core, browser.session.as_ref()).await?;
            take_up(core, request, signed_in).await
        }
        None => Ok(None),
    }
}

/// What is known of a request that still waits, and the connection on which it was read, to go on with.
async fn take_up(
    core: &Core,
    request: AuthorizationRequest,
    signed_in: Option<SignedIn>,
) -> Result<Option<(Pending, Connection)>, Failure> {
    if request.finished_at.is_some() || request.expires_at <= core.now() {
        return Ok(None);
    }
    // A client that was disabled meanwhile gets no answer any more.
    match core.client(&request.client_id).await? {
        Some(client) if client.status == crate::model::ClientStatus::Active => {
            let catalog = core.catalog().await?;
            let mut db = core.store.acquire().await?;
            let pending = look(core, &catalog, &mut db, request, client, signed_in).await?;
            Ok(Some((pending, db)))
        }
        _ => Ok(None),
    }
}

/// Goes on with a pending request: to the next page, or to the client with the answer.
///
/// # Errors
/// A [`Failure`].
pub async fn proceed(core: &Core, id: AuthorizationRequestId, browser: &Browser) -> Result<Next, Failure> {
    match resume(core, id, browser).await? {
        Some((pending, db)) => pending.proceed(core, db).await,
        None => Ok(Next::Over),
    }
}

/// Goes on with a pending request of this browser for somebody who has just signed in for it.
///
/// # Errors
/// A [`Failure`].
pub async fn proceed_as(core: &Core, request: AuthorizationRequest, signed_in: SignedIn) -> Result<Next, Failure> {
    match take_up(core, request, Some(signed_in)).await? {
        Some((pending, db)) => pending.proceed(core, db).await,
        None => Ok(Next::Over),
    }
}

/// Answers that the person would not: cancelled, or denied (RFC 6749 §4.1.2.1).
///
/// # Errors
/// A [`Failure`].
pub async fn cancel(core: &Core, id: AuthorizationRequestId, browser: &Browser) -> Result<Next, Failure> {
    match pending(core, id, browser).await? {
        Some(pending) => {
            let error = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
            pending.refuse(core, error).await
        }
        None => Ok(Next::Over),
    }
}

impl Pending {
    /// Goes on: to the next page, or to the client with the answer.
    async fn proceed(self, core: &Core, mut db: Connection) -> Result<Next, Failure> {
        match (&self.step, &self.signed_in) {
            (Step::Finish, Some(signed_in)) => {
                session::joined(core, &mut *db, &self.client, signed_in.session.id).await?;
                let (grant, code, value) = granted(core, &self.request, &signed_in.session);
                let answers = answers(&self.request, Some(self.request.id));
                let is_first = store::grant::insert_given(&mut *db, &grant, Some(&code), answers).await?;
                core.store.keep(db);
                if !is_first {
                    return Ok(Next::Over);
                }
                Ok(self.answered(Response::code(&self.request.parameters, value)))
            }
            (Step::Refuse(error), _) => {
                drop(db);
                let error = error.clone();
                self.refuse(core, error).await
            }
            _ => {
                core.store.keep(db);
                Ok(Next::Page(self.step, self.request.id))
            }
        }
    }

    /// Answers with an error, once.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn refuse(self, core: &Core, error: OAuthError) -> Result<Next, Failure> {
        let mut tx = core.store.begin().await?;
        let answered = self.refuse_in(core, &mut tx, error).await?;
        tx.commit().await?;
        Ok(answered)
    }

    /// The same in a transaction of the caller's.
    ///
    /// # Errors
    /// The store's.
    pub async fn refuse_in(self, core: &Core, tx: &mut Tx, error: OAuthError) -> Result<Next, store::Error> {
        if !store::authorization_request::finish(&mut **tx, self.request.id, core.now()).await? {
            return Ok(Next::Over);
        }
        if let Some(pushed) = &self.request.parameters.pushed {
            store::pushed_request::consume(&mut **tx, pushed, core.now()).await?;
        }
        let response = Response::error(&self.request.parameters, error);
        Ok(self.answered(response))
    }

    fn answered(&self, response: Response) -> Next {
        Next::Respond(Answered {
            response,
            client_name: self.client.display_name().to_owned(),
        })
    }

    /// The session that would answer now.
    pub fn session_id(&self) -> Option<SessionId> {
        self.signed_in.as_ref().map(|signed_in| signed_in.session.id)
    }
}

/// What a grant for the request uses up.
fn answers(request: &AuthorizationRequest, kept: Option<AuthorizationRequestId>) -> Answers<'_> {
    Answers {
        request: kept,
        pushed: request.parameters.pushed.as_ref(),
    }
}

/// The grant for a request, and a fresh code for it.
fn granted(
    core: &Core,
    request: &AuthorizationRequest,
    session: &Session,
) -> (Grant, AuthorizationCode, Secret<String>) {
    let now = core.now();
    let value = core.rng.token();
    let expires_at: Time = now + core.policy.tokens.authorization_code.min(LONGEST_CODE_LIFETIME);
    let parameters = &request.parameters;
    let grant = Grant {
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
        // Whoever redeems the code moves it to the end of what is issued then.
        expires_at,
        revoked_at: None,
    };
    let code = AuthorizationCode {
        hash: TokenHash::of(value.expose()),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        redirect_uri: parameters.redirect_uri.clone(),
        redirect_uri_given: parameters.redirect_uri_given,
        code_challenge: parameters.code_challenge.clone(),
        dpop_jkt: parameters.dpop_jkt.clone(),
        created_at: now,
        expires_at,
        redeemed_at: None,
    };
    (grant, code, value)
}
