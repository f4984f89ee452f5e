//! The session state of OpenID Connect Session Management 1.0: how a page of an app may learn that its person has signed
//! out here, without asking this server again and again.
//!
//! A cookie that scripts can read holds the browser state: a MAC of the session's id, so that it says nothing about the
//! session and stays the same for as long as that lasts. The value that an app gets is a hash over it (§3.2); the iframe
//! (`static/js/check_session.js`) computes it again.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use crate::base::id::SessionId;

/// What the MAC key is derived for.
pub const MAC_PURPOSE: &str = "session_state";

/// The browser state of a session; nobody being signed in is the empty one.
pub fn browser_state(key: &hmac::Key, session_id: Option<SessionId>) -> String {
    session_id.map_or_else(String::new, |id| {
        URL_SAFE_NO_PAD.encode(hmac::sign(key, id.to_string().as_bytes()))
    })
}

/// The `session_state` of an authorization response to `redirect_uri`; `None` where no page could ask about it: an app
/// under a scheme of its own has no origin.
pub fn session_state(client_id: &str, redirect_uri: &str, browser_state: &str, salt: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    let origin = url.origin();
    if !matches!(url.scheme(), "http" | "https") || !origin.is_tuple() {
        return None;
    }
    // §3.2: the client's id, its origin, the browser state and a salt, which stands behind the dot in clear
    let text = format!("{client_id} {} {browser_state} {salt}", origin.ascii_serialization());
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    Some(format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base::SeededRng, domain::token::fixture::NOW};

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    #[test]
    fn every_part_counts_and_the_path_does_not() {
        let state = |client: &str, uri: &str, browser: &str, salt: &str| session_state(client, uri, browser, salt);
        let one = state("app", "https://a.example/cb", "b", "s");
        assert_eq!(one, state("app", "https://a.example:443/other?x", "b", "s"));
        for other in [
            state("ap", "https://a.example/cb", "b", "s"),
            state("app", "https://a.example:8443/cb", "b", "s"),
            state("app", "http://a.example/cb", "b", "s"),
            state("app", "https://a.example/cb", "", "s"),
            state("app", "https://a.example/cb", "b", "t"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn the_value_is_what_the_iframe_computes() {
        // tests/browser has the same vector for static/js/check_session.js
        assert_eq!(
            session_state("app", "https://a.example/cb", "browser", "salt").as_deref(),
            Some("LM9HydTmeB57cmVJwfEXuJ8cVerVRWODLM2VW-SGZTk.salt")
        );
    }

    #[test]
    fn an_app_without_an_origin_gets_none() {
        assert_eq!(session_state("app", "com.example.app:/cb", "b", "s"), None);
    }

    #[test]
    fn the_browser_state_follows_the_session_and_hides_it() {
        let id = SessionId::new(NOW, &SeededRng::new(1));
        let other = SessionId::new(NOW, &SeededRng::new(2));
        let state = browser_state(&key(), Some(id));
        assert_eq!(state, browser_state(&key(), Some(id)));
        assert_ne!(state, browser_state(&key(), Some(other)));
        assert!(!state.contains(&id.to_string()) && state.len() == 43);
        assert_eq!(browser_state(&key(), None), "");
    }
}
