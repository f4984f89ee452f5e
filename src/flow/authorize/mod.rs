//! The authorization endpoint, and the way of a pending request through the pages (OIDC Core §3.1.2).
//!
//! A request that needs nobody's attention is answered at once and leaves no row. Any other is kept, bound to the
//! browser that brought it, and looked at anew after every step. It is answered once: of two tabs the second is told
//! that it is over.

mod answer;
pub(super) mod foreseen;
pub(super) mod object;
pub(super) mod request;

use std::{net::IpAddr, sync::Arc};

use self::answer::{Kept, Seal};
use super::{
    Core, Failure,
    cache::Catalog,
    departure,
    session::{self, SignedIn},
};
use crate::{
    base::{
        Secret, Time, TokenHash,
        id::{AuthorizationRequestId, SessionId},
    },
    domain::{
        account::throttle::{Subject, ThrottleKey},
        authorize::{Fault, Refusal, Response, Situation, Step, may_still_answer, next_step},
        departure::{Arrival, Known, Way},
        policy::REQUEST_WINDOW,
        security_profile,
        session_state::{self, browser_state, session_state},
    },
    model::{AuthorizationParameters, AuthorizationRequest, Client, Consent, Resource},
    spec::oauth::{ErrorCode, OAuthError, Prompt, ResponseType, scope::OPENID},
    store::{self, Connection, PgExecutor, Tx, authorization_request::Quota},
};

/// The browser that sends a request: what its cookies say.
#[derive(Debug, Clone)]
pub struct Browser {
    /// SHA-256 of the browser's own cookie.
    pub hash: TokenHash,
    /// The session cookie.
    pub session: Option<Secret<String>>,
    /// How it came here.
    pub arrival: Arrival,
}

/// What comes next for the browser.
#[derive(Debug)]
pub enum Next {
    /// A page of this server, for the pending request.
    Page(Step, AuthorizationRequestId),
    /// The answer to the client.
    Respond(Answered),
    /// The same, once the person has been told where it leads.
    Tell(Answered),
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
    /// What the OP iframe shall find in this browser; `None` if the client does not want to know.
    pub browser_state: Option<String>,
}

impl Answered {
    fn by(self, way: Way) -> Next {
        match way {
            Way::AtOnce => Next::Respond(self),
            Way::Told => Next::Tell(self),
        }
    }
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
    catalog: Arc<Catalog>,
    seal: Seal,
}

/// A request at the authorization endpoint, by query or by body.
///
/// # Errors
/// A [`Failure`]; what is wrong with the request is in [`Next`].
pub async fn begin(core: &Core, encoded: &str, browser: &Browser, address: Option<IpAddr>) -> Result<Next, Failure> {
    let incoming = match request::read(core, encoded, address).await? {
        Ok(incoming) => incoming,
        Err(fault) => return Ok(Next::Fault(fault)),
    };
    let catalog = core.catalog().await?;
    let decided = request::decide(core, &catalog, &incoming);
    let client = match (&decided, incoming.client) {
        (Err(Refusal::Page(fault)), _) => return Ok(Next::Fault(fault.clone())),
        (_, None) => return Ok(Next::Fault(Fault::ClientUnknown)),
        (_, Some(client)) => client,
    };
    let form = match &decided {
        Ok(parameters) => (parameters.response_type, parameters.response_mode),
        Err(Refusal::Respond(response)) => (ResponseType::Code, response.mode),
        Err(Refusal::Page(fault)) => return Ok(Next::Fault(fault.clone())),
    };
    let seal = match Seal::find(core, &client, form).await {
        Ok(seal) => seal,
        // no answer can be given in the form that it must have
        Err(super::Refusal::Protocol(error)) => return Ok(Next::Fault(Fault::Malformed(error))),
        Err(refusal) => return Err(refusal.into()),
    };
    let parameters = match decided {
        Ok(parameters) => parameters,
        Err(Refusal::Respond(response)) => {
            use_up(core, core.store.pool(), incoming.pushed.as_ref()).await?;
            let way = departure::way(
                core,
                &client,
                &response.redirect_uri,
                browser.session.as_ref(),
                &browser.arrival,
            )
            .await?;
            let answered = Answered {
                response: seal.close(core, *response)?,
                client_name: client.display_name().to_owned(),
                browser_state: None,
            };
            return Ok(answered.by(way));
        }
        Err(Refusal::Page(fault)) => return Ok(Next::Fault(fault)),
    };
    let request = new_request(core, &client, parameters);
    let signed_in = session::current(core, browser.session.as_ref()).await?;
    let mut db = core.store.acquire().await?;
    let pending = look(core, catalog, &mut db, request, seal, client, signed_in).await?;
    match &pending.step {
        Step::Finish => pending.give(core, db, Kept::No).await,
        Step::Refuse(error) => {
            use_up(core, &mut *db, pending.request.parameters.pushed.as_ref()).await?;
            let response = Response::error(&pending.request.parameters, error.clone());
            let way = pending.way(core, &browser.arrival);
            Ok(pending.answered(core, response)?.by(way))
        }
        _ => keep(core, db, pending, browser, address).await,
    }
}

/// Keeps a request that needs somebody's attention, unless too many came from there. Nobody can attend to it in a frame: or
/// else any page could use up with frames what its visitors' address may ask for.
async fn keep(
    core: &Core,
    mut db: Connection,
    pending: Pending,
    browser: &Browser,
    address: Option<IpAddr>,
) -> Result<Next, Failure> {
    if browser.arrival.framed {
        core.store.keep(db);
        return Ok(Next::Fault(Fault::Framed));
    }
    let most = core.policy.sessions.requests_per_address;
    let quota = most.zip(address).map(|(most, address)| Quota {
        address: ThrottleKey::of(Subject::Address(address)),
        most,
        since: pending.request.created_at - REQUEST_WINDOW,
    });
    let full = store::authorization_request::insert(&mut *db, &pending.request, &browser.hash, quota).await?;
    core.store.keep(db);
    if let Some(oldest) = full {
        let until = oldest + REQUEST_WINDOW;
        return Ok(Next::Wait { until });
    }
    let next = Next::Page(pending.step, pending.request.id);
    core.recent.keep_request(browser.hash, pending.request);
    Ok(next)
}

/// Uses up what was pushed, whose end an answer is, whatever it says (RFC 9126 §4).
async fn use_up(core: &Core, db: impl PgExecutor<'_>, pushed: Option<&TokenHash>) -> Result<(), Failure> {
    if let Some(pushed) = pushed {
        store::pushed_request::consume(db, pushed, core.now()).await?;
    }
    Ok(())
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
    catalog: Arc<Catalog>,
    db: &mut Connection,
    request: AuthorizationRequest,
    seal: Seal,
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
    let rules = security_profile::of(&client, core.policy.security.profile);
    let asks = rules.ask_people(&client) || request.parameters.prompt.contains(Prompt::Consent);
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
        rules,
        now: core.now(),
    });
    Ok(Pending {
        request,
        client,
        resources,
        signed_in,
        consent,
        step,
        catalog,
        seal,
    })
}

/// The pending request of that id in that browser; `None` if it is over.
///
/// # Errors
/// A [`Failure`].
pub async fn pending(core: &Core, id: AuthorizationRequestId, browser: &Browser) -> Result<Option<Pending>, Failure> {
    let recent = match &browser.session {
        // nobody can have done anything for it yet in a browser in which nobody is signed in
        None => core.recent.request(id, &browser.hash),
        Some(_) => None,
    };
    let found = match recent {
        Some(request) => take_up(core, request, None).await?,
        None => resume(core, id, browser).await?,
    };
    let Some((pending, db)) = found else {
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
    // A client that was disabled meanwhile gets no answer any more, nor does an address that is not its own any more.
    match core.client(&request.client_id).await? {
        Some(client) if may_still_answer(&client, &request.parameters) => {
            let catalog = core.catalog().await?;
            let form = (request.parameters.response_type, request.parameters.response_mode);
            let seal = Seal::find(core, &client, form).await?;
            let mut db = core.store.acquire().await?;
            let pending = look(core, catalog, &mut db, request, seal, client, signed_in).await?;
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
    let found = pending(core, id, browser).await?;
    core.recent.take_request(id, &browser.hash);
    match found {
        Some(pending) => {
            let error = OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it");
            pending.refuse(core, error).await
        }
        None => Ok(Next::Over),
    }
}

impl Pending {
    /// Goes on: to the next page, or to the client with the answer.
    async fn proceed(self, core: &Core, db: Connection) -> Result<Next, Failure> {
        match &self.step {
            Step::Finish => self.give(core, db, Kept::Yes).await,
            Step::Refuse(error) => {
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

    /// Gives the client what it asked for, once.
    async fn give(self, core: &Core, mut db: Connection, kept: Kept) -> Result<Next, Failure> {
        let Some(signed_in) = &self.signed_in else {
            return Ok(Next::Over);
        };
        let made = match answer::make(core, &self.catalog, &self.client, &self.request, signed_in, &self.seal) {
            Ok(made) => made,
            // what was granted cannot be written into one token
            Err(super::Refusal::Protocol(error)) if kept == Kept::Yes => {
                drop(db);
                return self.refuse(core, error).await;
            }
            Err(super::Refusal::Protocol(error)) => {
                use_up(core, &mut *db, self.request.parameters.pushed.as_ref()).await?;
                let response = Response::error(&self.request.parameters, error);
                return Ok(Next::Respond(self.answered(core, response)?));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        // Signed before anything is written: a key that fails must not use up the request.
        let response = Response::given(&self.request.parameters, made.given.clone());
        let answered = self.answered(core, response)?;
        session::joined(core, &mut *db, &self.client, signed_in.session.id).await?;
        if !made.keep(core, db, answer::uses_up(&self.request, kept)).await? {
            return Ok(Next::Over);
        }
        Ok(Next::Respond(answered))
    }

    /// Answers with an error, once.
    async fn refuse(self, core: &Core, error: OAuthError) -> Result<Next, Failure> {
        let mut tx = core.store.begin().await?;
        // how the browser came to the first page is not known any more
        let way = self.way(core, &Arrival::default());
        let refused = self.refuse_in(core, &mut tx, error).await?;
        tx.commit().await?;
        Ok(refused.map_or(Next::Over, |answered| answered.by(way)))
    }

    /// The answer that the person would not, once, in a transaction of the caller's; `None` if there was another one. Where
    /// it leads is for the caller to have said.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn refuse_in(self, core: &Core, tx: &mut Tx, error: OAuthError) -> Result<Option<Answered>, Failure> {
        if !store::authorization_request::finish(&mut **tx, self.request.id, core.now()).await? {
            return Ok(None);
        }
        use_up(core, &mut **tx, self.request.parameters.pushed.as_ref()).await?;
        let response = Response::error(&self.request.parameters, error);
        Ok(Some(self.answered(core, response)?))
    }

    /// How the browser leaves with an error.
    fn way(&self, core: &Core, arrival: &Arrival) -> Way {
        let known = match &self.consent {
            Some(_) => Known::Allowed,
            None => Known::Not,
        };
        departure::of(
            core,
            &self.client,
            known,
            &self.request.parameters.redirect_uri,
            arrival,
        )
    }

    fn answered(&self, core: &Core, response: Response) -> Result<Answered, Failure> {
        let browser_state = self.browser_state(core)?;
        let session_state = browser_state.as_deref().and_then(|state| {
            let redirect_uri = &self.request.parameters.redirect_uri;
            session_state(&self.client.client_id, redirect_uri, state, core.rng.token().expose())
        });
        Ok(Answered {
            response: self.seal.close(core, response.in_session(session_state))?,
            client_name: self.client.display_name().to_owned(),
            browser_state,
        })
    }

    /// Only OpenID Connect has a session to manage; plain OAuth gets no more than it asked for.
    fn browser_state(&self, core: &Core) -> Result<Option<String>, Failure> {
        if !self.request.parameters.scope.contains(OPENID) {
            return Ok(None);
        }
        let key = core.sealer.mac_key(session_state::MAC_PURPOSE)?;
        Ok(Some(browser_state(&key, self.session_id())))
    }

    /// The session that would answer now.
    pub fn session_id(&self) -> Option<SessionId> {
        self.signed_in.as_ref().map(|signed_in| signed_in.session.id)
    }
}
