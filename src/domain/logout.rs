//! Sign-out started by a client (OpenID Connect RP-Initiated Logout 1.0): when it happens at once, when the person is asked
//! first, and where the browser may go afterwards.
//!
//! Nobody is signed out by a bare cross-site link: only a token of ours that names the person who is signed in does that
//! without asking. The browser goes back only to an address that the client registered for this, compared exactly.

use url::Url;

use crate::{
    base::id::{SessionId, UserId},
    model::{Client, ClientStatus, Session},
};

/// The longest `state` that is echoed, in bytes.
pub const MAX_STATE: usize = 2048;

/// What the `id_token_hint` turned out to be. Expired ones count (§2); other signatures and `alg: none` do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// None was sent.
    Absent,
    /// A token of ours.
    Known {
        /// About whom.
        user_id: UserId,
        /// From which session, if it said so.
        session_id: Option<SessionId>,
        /// For which client.
        client_id: String,
    },
    /// Not a token of ours.
    Refused,
}

/// A request for sign-out with what it names.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// What `id_token_hint` says.
    pub hint: Hint,
    /// `client_id` as sent.
    pub client_id: Option<&'a str>,
    /// The client that the hint or else `client_id` names.
    pub client: Option<&'a Client>,
    /// `post_logout_redirect_uri` as sent.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// `state` as sent.
    pub state: Option<&'a str>,
    /// Who is signed in in this browser.
    pub session: Option<&'a Session>,
}

/// Where the browser goes afterwards: the registered address with the state as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A registered `post_logout_redirect_uri`.
    pub uri: String,
    /// Echoed (§3).
    pub state: Option<String>,
}

impl Target {
    /// The address with `state` in its query.
    pub fn location(&self) -> String {
        let Some(state) = &self.state else {
            return self.uri.clone();
        };
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .finish();
        let joint = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{joint}{encoded}", self.uri)
    }
}

/// What the browser loads to sign out of an app: the registered address, its query kept, with `iss` and `sid` (Front-Channel
/// Logout §2). The app finds its session by them, and so a link that somebody else made up signs nobody out.
pub fn frontchannel_address(registered: &str, issuer: &str, sid: &str) -> Option<String> {
    let mut url = Url::parse(registered).ok()?;
    // What a page frames must never be a script; registration takes only these schemes.
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    url.query_pairs_mut().append_pair("iss", issuer).append_pair("sid", sid);
    Some(url.into())
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// End the session now, then go there, or show that it is done.
    SignOut(Option<Target>),
    /// Ask the person first; then the same.
    Confirm(Option<Target>),
}

/// Why a request is answered by an error page, with nobody signed out and no redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The hint is not a token of ours.
    #[error("id_token_hint is not a token of this server")]
    HintRefused,
    /// `client_id` and the hint's audience differ (§2).
    #[error("client_id and id_token_hint name different clients")]
    ClientMismatch,
    /// No such client, or it is disabled.
    #[error("the client is unknown")]
    ClientUnknown,
    /// The address is not registered.
    #[error("post_logout_redirect_uri is not registered for the client")]
    RedirectUriMismatch,
    /// `state` is too long to be echoed whole.
    #[error("state is too long")]
    StateTooLong,
}

/// Decides.
///
/// # Errors
/// The fault to show.
pub fn decide(ask: &Ask<'_>) -> Result<Decision, Fault> {
    if ask.hint == Hint::Refused {
        return Err(Fault::HintRefused);
    }
    if let (Hint::Known { client_id, .. }, Some(sent)) = (&ask.hint, ask.client_id)
        && client_id != sent
    {
        return Err(Fault::ClientMismatch);
    }
    let names_client = ask.client_id.is_some() || matches!(ask.hint, Hint::Known { .. });
    let client = ask.client.filter(|client| client.status == ClientStatus::Active);
    if names_client && client.is_none() {
        return Err(Fault::ClientUnknown);
    }
    let target = target(ask, client)?;
    let Some(session) = ask.session else {
        // Nobody to sign out, nobody to ask.
        return Ok(Decision::SignOut(target));
    };
    match &ask.hint {
        Hint::Known {
            user_id, session_id, ..
        } if *user_id == session.user_id || *session_id == Some(session.id) => Ok(Decision::SignOut(target)),
        // §2: without such a hint, or with one about somebody else, "the OP MUST ask the End-User".
        _ => Ok(Decision::Confirm(target)),
    }
}

/// §2: an address needs a client that registered it. Without a client it is not followed; the person may still sign out.
fn target(ask: &Ask<'_>, client: Option<&Client>) -> Result<Option<Target>, Fault> {
    if ask.state.is_some_and(|state| state.len() > MAX_STATE) {
        return Err(Fault::StateTooLong);
    }
    let (Some(sent), Some(client)) = (ask.post_logout_redirect_uri, client) else {
        return Ok(None);
    };
    if !client.metadata.post_logout_redirect_uris.iter().any(|one| one == sent) {
        return Err(Fault::RedirectUriMismatch);
    }
    // Somebody who is not signed in confirms nothing: then only a hint shows that the client means it.
    if ask.session.is_none() && ask.hint == Hint::Absent {
        return Ok(None);
    }
    Ok(Some(Target {
        uri: sent.to_owned(),
        state: ask.state.map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::SeededRng,
        model::sample::{NOW, client, session},
    };

    const BACK: &str = "https://app.example/bye?x=1";

    fn app() -> Client {
        let mut app = client();
        app.metadata.post_logout_redirect_uris = vec![BACK.to_owned()];
        app
    }

    fn hint(session: &Session) -> Hint {
        Hint::Known {
            user_id: session.user_id,
            session_id: Some(session.id),
            client_id: "app".to_owned(),
        }
    }

    fn ask<'a>(hint: Hint, client: Option<&'a Client>, session: Option<&'a Session>) -> Ask<'a> {
        Ask {
            hint,
            client_id: None,
            client,
            post_logout_redirect_uri: Some(BACK),
            state: Some("s 1"),
            session,
        }
    }

    #[test]
    fn a_hint_about_the_person_signed_in_signs_out_at_once_and_goes_back() {
        let (session, app) = (session(), app());
        let Ok(Decision::SignOut(Some(target))) = decide(&ask(hint(&session), Some(&app), Some(&session))) else {
            panic!()
        };
        assert_eq!(target.location(), "https://app.example/bye?x=1&state=s+1");
        // Already signed out: the same way back.
        assert!(matches!(
            decide(&ask(hint(&session), Some(&app), None)),
            Ok(Decision::SignOut(Some(_)))
        ));
    }

    #[test]
    fn without_state_none_is_added() {
        let (session, app) = (session(), app());
        let mut asked = ask(hint(&session), Some(&app), Some(&session));
        asked.state = None;
        let Ok(Decision::SignOut(Some(target))) = decide(&asked) else {
            panic!()
        };
        assert_eq!(target.location(), BACK);
    }

    #[test]
    fn no_hint_means_asking_and_no_client_means_no_way_back() {
        let (session, app) = (session(), app());
        assert_eq!(
            decide(&ask(Hint::Absent, None, Some(&session))),
            Ok(Decision::Confirm(None))
        );
        let mut named = ask(Hint::Absent, Some(&app), Some(&session));
        named.client_id = Some("app");
        assert!(matches!(decide(&named), Ok(Decision::Confirm(Some(_)))));
        // Nobody is there to confirm: then the link is no more than an open redirect to a registered place.
        named.session = None;
        assert_eq!(decide(&named), Ok(Decision::SignOut(None)));
    }

    #[test]
    fn a_frame_says_which_session_has_ended_and_is_never_a_script() {
        let address = |uri: &str| frontchannel_address(uri, "https://id.example", "0191");
        let tail = "iss=https%3A%2F%2Fid.example&sid=0191";
        assert_eq!(
            address("https://a.example/out"),
            Some(format!("https://a.example/out?{tail}"))
        );
        assert_eq!(
            address("https://a.example/out?x=%20y"),
            Some(format!("https://a.example/out?x=%20y&{tail}"))
        );
        for other in ["javascript:alert(1)", "data:text/html,x", "/out", ""] {
            assert_eq!(address(other), None, "{other}");
        }
    }

    #[test]
    fn a_hint_about_somebody_else_means_asking() {
        let (session, app) = (session(), app());
        let other = Hint::Known {
            user_id: UserId::new(NOW, &SeededRng::new(8)),
            session_id: None,
            client_id: "app".to_owned(),
        };
        assert!(matches!(
            decide(&ask(other, Some(&app), Some(&session))),
            Ok(Decision::Confirm(Some(_)))
        ));
    }

    #[test]
    fn whatever_is_wrong_signs_nobody_out_and_leads_nowhere() {
        let (session, app) = (session(), app());
        let good = || ask(hint(&session), Some(&app), Some(&session));
        assert_eq!(
            decide(&ask(Hint::Refused, Some(&app), Some(&session))),
            Err(Fault::HintRefused)
        );
        for other in [
            "https://app.example/bye",
            "https://app.example/bye?x=1&y=2",
            "https://evil.example/",
        ] {
            let mut asked = good();
            asked.post_logout_redirect_uri = Some(other);
            assert_eq!(decide(&asked), Err(Fault::RedirectUriMismatch), "{other}");
        }
        let mut mismatched = good();
        mismatched.client_id = Some("other");
        assert_eq!(decide(&mismatched), Err(Fault::ClientMismatch));
        assert_eq!(
            decide(&ask(hint(&session), None, Some(&session))),
            Err(Fault::ClientUnknown)
        );
        let long = "s".repeat(MAX_STATE + 1);
        let mut too_long = good();
        too_long.state = Some(&long);
        assert_eq!(decide(&too_long), Err(Fault::StateTooLong));
    }
}
