//! What a sign-in will bring the app that waits for it, prepared before the sign-in is written: session, grant and code are
//! then one statement.
//!
//! It is a guess about a request that this process wrote a moment ago. The statement holds only if the request still waits in
//! that browser; and whatever is not as plain as a code for an app of the house takes the ordinary way.

use std::sync::Arc;

use super::{Browser, Next, answer::Made, take_up};
use crate::{
    base::id::AuthorizationRequestId,
    domain::{
        authorize::{Response, Step},
        security_profile,
    },
    flow::{Core, Failure, session::SignedIn},
    model::{AuthorizationCode, AuthorizationRequest, Client, Grant, Session, User},
    spec::oauth::Prompt,
};

/// An answer that waits for its session to begin.
pub(in crate::flow) struct Foreseen {
    made: Made,
    next: Next,
}

/// What the request in that browser will be answered once `user` has `session`; `None` if that cannot be said now. Nothing
/// fails here: whoever proved who they are is signed in, and then the ordinary way says what is wrong with the app.
pub(in crate::flow) async fn foresee(
    core: &Core,
    browser: &Browser,
    id: AuthorizationRequestId,
    session: &Session,
    user: &Arc<User>,
) -> Option<Foreseen> {
    look_ahead(core, browser, id, session, user).await.ok().flatten()
}

async fn look_ahead(
    core: &Core,
    browser: &Browser,
    id: AuthorizationRequestId,
    session: &Session,
    user: &Arc<User>,
) -> Result<Option<Foreseen>, Failure> {
    let Some(request) = core.recent.take_request(id, &browser.hash) else {
        return Ok(None);
    };
    match core.client(&request.client_id).await? {
        Some(client) if is_plain(core, &client, &request) => {}
        _ => return Ok(None),
    }
    let request = AuthorizationRequest {
        authenticated_at: Some(session.auth_time),
        selected_at: Some(session.auth_time),
        session_id: Some(session.id),
        ..request
    };
    let signed_in = SignedIn {
        session: session.clone(),
        user: Arc::clone(user),
    };
    let Some((pending, db)) = take_up(core, request, Some(signed_in)).await? else {
        return Ok(None);
    };
    core.store.keep(db);
    if pending.step != Step::Finish {
        return Ok(None);
    }
    let Some(signed_in) = &pending.signed_in else {
        return Ok(None);
    };
    let made = super::answer::make(
        core,
        &pending.catalog,
        &pending.client,
        &pending.request,
        signed_in,
        &pending.seal,
    );
    let Some(made) = made.ok().filter(|made| made.code_alone().is_some()) else {
        return Ok(None);
    };
    let response = Response::given(&pending.request.parameters, made.given.clone());
    let next = Next::Respond(pending.answered(core, response)?);
    Ok(Some(Foreseen { made, next }))
}

/// Whether a code is all that will be written: nobody is asked to consent, no pushed request is used up, and the app need
/// not be told when the session ends.
fn is_plain(core: &Core, client: &Client, request: &AuthorizationRequest) -> bool {
    let (metadata, parameters) = (&client.metadata, &request.parameters);
    let rules = security_profile::of(client, core.policy.security.profile);
    parameters.pushed.is_none()
        && !rules.ask_people(client)
        && !parameters.prompt.contains(Prompt::Consent)
        && metadata.backchannel_logout_uri.is_none()
        && metadata.frontchannel_logout_uri.is_none()
}

impl Foreseen {
    /// What is to be written with the session.
    pub(in crate::flow) fn given(&self) -> Option<(&Grant, &AuthorizationCode)> {
        self.made.code_alone()
    }

    /// It has been written.
    pub(in crate::flow) fn came_true(self, core: &Core) -> Next {
        self.made.remember(core);
        self.next
    }
}
