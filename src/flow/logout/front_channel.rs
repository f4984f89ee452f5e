//! Front-channel logout: the browser loads an address of every app that took part in the session (OIDC Front-Channel
//! Logout 1.0), and goes on afterwards.
//!
//! What is still to do travels in the address of a page, sealed and bound to the browser: the session is over by then, so
//! nothing else would say whose apps these are, and nobody can have somebody else's browser load them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    base::{TokenHash, id::SessionId},
    domain::logout::frontchannel_address,
    flow::{Core, Failure},
    store,
};

const PURPOSE: &str = "front_channel_logout";
/// How long a page may be loaded again.
const LIFETIME: time::Duration = time::Duration::minutes(10);
/// The most frames on a page: those of the apps that came last.
const MAX_FRAMES: i64 = 50;

/// What a browser has to do after a session has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Errand {
    session_id: SessionId,
    /// Where it goes then.
    location: String,
    /// Until when, in seconds since 1970.
    until: i64,
}

impl Errand {
    fn write(&self) -> String {
        format!("{} {} {}", self.session_id, self.until, self.location)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(text).ok()?.splitn(3, ' ');
        Some(Self {
            session_id: parts.next()?.parse().ok()?,
            until: parts.next()?.parse().ok()?,
            location: parts.next()?.to_owned(),
        })
    }
}

/// A page of frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// What to load.
    pub frames: Vec<String>,
    /// Where the browser goes then.
    pub location: String,
}

/// The errand for the page, if some app wants to hear of the end of the session through the browser.
///
/// # Errors
/// A [`Failure`].
pub async fn errand(
    core: &Core,
    session_id: SessionId,
    location: &str,
    browser: &TokenHash,
) -> Result<Option<String>, Failure> {
    let waiting = store::session_client::list_front_channel(core.store.pool(), session_id, 1).await?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let errand = Errand {
        session_id,
        location: location.to_owned(),
        until: (core.now() + LIFETIME).unix_timestamp(),
    };
    let sealed = core
        .sealer
        .seal(PURPOSE, &context(browser), errand.write().as_bytes())?;
    Ok(Some(URL_SAFE_NO_PAD.encode(sealed)))
}

/// What the page of an errand shows; `None` if it is over, or was given to another browser.
///
/// # Errors
/// A [`Failure`].
pub async fn farewell(core: &Core, errand: &str, browser: &TokenHash) -> Result<Option<Farewell>, Failure> {
    let sealed = URL_SAFE_NO_PAD.decode(errand).unwrap_or_default();
    let Ok(opened) = core.sealer.open(PURPOSE, &context(browser), &sealed) else {
        return Ok(None);
    };
    let Some(errand) = Errand::read(opened.expose()).filter(|errand| core.now().unix_timestamp() < errand.until) else {
        return Ok(None);
    };
    let apps = store::session_client::list_front_channel(core.store.pool(), errand.session_id, MAX_FRAMES).await?;
    let mut frames = Vec::with_capacity(apps.len());
    for client_id in apps {
        let Some(client) = core.client(&client_id).await? else {
            continue;
        };
        let sid = core.sid(&client, errand.session_id)?;
        let uri = client.metadata.frontchannel_logout_uri.as_deref();
        frames.extend(uri.and_then(|uri| frontchannel_address(uri, core.policy.issuer.as_str(), &sid)));
    }
    Ok(Some(Farewell {
        frames,
        location: errand.location,
    }))
}

fn context(browser: &TokenHash) -> String {
    URL_SAFE_NO_PAD.encode(browser.as_bytes())
}
