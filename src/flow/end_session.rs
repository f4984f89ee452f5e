//! Signing out, by a client's request (RP-Initiated Logout 1.0) or by the person's own.

use std::sync::Arc;

use super::{
    Core, Failure,
    authorize::Browser,
    departure, hint,
    session::{self, SignedIn},
};
use crate::{
    base::id::SessionId,
    domain::{
        departure::{Known, Way, place},
        logout::{self, Ask, Decision, Fault, Hint, Target},
    },
    model::{AuditKind, Client, Origin},
    spec::oauth::{OAuthError, Params},
};

/// What becomes of a request to sign out.
#[derive(Debug)]
pub enum Outcome {
    /// Nobody is signed in any more.
    SignedOut(SignedOut),
    /// The person must be asked.
    Confirm(Box<Confirm>),
    /// An error page; everything stays as it is.
    Refused(Refused),
}

/// Nobody is signed in any more: go there, or say so.
#[derive(Debug)]
pub struct SignedOut {
    /// The address that was asked for and may be followed.
    pub target: Option<Target>,
    /// How the browser goes there.
    pub way: Way,
    /// The client that sent the person.
    pub client: Option<Arc<Client>>,
    /// The session that has ended; `None` if nobody was signed in.
    pub session_id: Option<SessionId>,
}

/// What the page that asks has to know.
#[derive(Debug)]
pub struct Confirm {
    /// Who is signed in.
    pub signed_in: SignedIn,
    /// The client that sent the person.
    pub client: Option<Arc<Client>>,
    /// Where the browser will go, if nobody here answers for the client.
    pub leads_to: Option<String>,
    /// The parameters to ask again with, `id_token_hint` left out: it must not travel through more addresses.
    pub parameters: String,
}

/// Why a request to sign out is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// By a rule.
    #[error(transparent)]
    Rule(#[from] Fault),
    /// It cannot be read.
    #[error(transparent)]
    Malformed(OAuthError),
}

/// Whether the person has already said yes, on a page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// They have.
    Yes,
    /// They were not asked.
    No,
}

/// A request at the end_session endpoint, or its confirmation.
///
/// # Errors
/// A [`Failure`].
pub async fn end_session(
    core: &Core,
    encoded: &str,
    browser: &Browser,
    confirmed: Confirmed,
    origin: &Origin,
) -> Result<Outcome, Failure> {
    let params = match Params::parse(encoded) {
        Ok(params) => params,
        Err(error) => return Ok(Outcome::Refused(Refused::Malformed(error))),
    };
    let hint = match params.get("id_token_hint") {
        None => Hint::Absent,
        Some(token) => hinted(core, token).await?,
    };
    let client_id = match &hint {
        Hint::Known { client_id, .. } => Some(client_id.as_str()),
        _ => params.get("client_id"),
    };
    let client = match client_id {
        Some(client_id) => core.client(client_id).await?,
        None => None,
    };
    let signed_in = session::current(core, browser.session.as_ref()).await?;
    let decision = logout::decide(&Ask {
        hint: hint.clone(),
        client_id: params.get("client_id"),
        client: client.as_deref(),
        post_logout_redirect_uri: params.get("post_logout_redirect_uri"),
        state: params.get("state"),
        session: signed_in.as_ref().map(|signed_in| &signed_in.session),
    });
    match (decision, signed_in) {
        (Err(fault), _) => Ok(Outcome::Refused(Refused::Rule(fault))),
        (Ok(Decision::Confirm(target)), Some(signed_in)) if confirmed == Confirmed::No => {
            let parameters = to_ask_again(client_id, &params);
            let stranger = client.as_ref().is_some_and(|client| client.is_strange());
            Ok(Outcome::Confirm(Box::new(Confirm {
                signed_in,
                client,
                leads_to: target.filter(|_| stranger).map(|target| place(&target.uri)),
                parameters,
            })))
        }
        (Ok(Decision::SignOut(target) | Decision::Confirm(target)), signed_in) => {
            if let Some(signed_in) = &signed_in {
                sign_out(core, signed_in, origin).await?;
            }
            let way = match (&target, &client, &signed_in) {
                // nobody has said anything, on no page of ours
                (Some(target), Some(client), None) => {
                    departure::of(core, client, Known::Not, &target.uri, &browser.arrival)
                }
                _ => Way::AtOnce,
            };
            Ok(Outcome::SignedOut(SignedOut {
                target,
                way,
                client,
                session_id: signed_in.map(|signed_in| signed_in.session.id),
            }))
        }
    }
}

/// Ends the session of somebody who wants to leave.
///
/// # Errors
/// A [`Failure`].
pub async fn sign_out(core: &Core, signed_in: &SignedIn, origin: &Origin) -> Result<(), Failure> {
    let mut tx = core.store.begin().await?;
    session::end(core, &mut tx, &signed_in.session, AuditKind::SignedOut, origin).await?;
    tx.commit().await?;
    // the apps hear of it at once
    core.outbox.wake();
    Ok(())
}

async fn hinted(core: &Core, token: &str) -> Result<Hint, Failure> {
    let Some(token) = hint::read(core, token) else {
        return Ok(Hint::Refused);
    };
    let client = core.client(&token.client_id).await?;
    Ok(match token.user_id(core, client.as_deref()) {
        None => Hint::Refused,
        Some(user_id) => Hint::Known {
            user_id,
            session_id: token.session_id(core, client.as_deref()),
            client_id: token.client_id,
        },
    })
}

fn to_ask_again(client_id: Option<&str>, params: &Params) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    if let Some(client_id) = client_id {
        encoded.append_pair("client_id", client_id);
    }
    for name in ["post_logout_redirect_uri", "state", "ui_locales"] {
        if let Some(value) = params.get(name) {
            encoded.append_pair(name, value);
        }
    }
    encoded.finish()
}
