//! Tells a client that somebody has decided (CIBA Core §10.2): where, and under which token, is sealed until then.

use serde_json::json;
use url::Url;

use super::{
    Core,
    outbox::{self, Failure, Message, Ping},
};
use crate::{
    base::{Secret, id::DeferredAuthorizationId, seal::SealError},
    model::DeferredAuthorization,
    store::Tx,
};

const PURPOSE: &str = "ciba_ping";

/// Seals it for the row of that id.
///
/// # Errors
/// Never with a sound crypto library.
pub fn seal(core: &Core, id: DeferredAuthorizationId, ping: &Ping) -> Result<Vec<u8>, SealError> {
    let plain = Secret::new(serde_json::to_vec(ping).unwrap_or_default());
    core.sealer.seal(PURPOSE, &id.to_string(), plain.expose())
}

/// Writes that the client must hear of the decision, if it wants to, in the transaction of the decision.
///
/// # Errors
/// The outbox's.
pub async fn send(core: &Core, tx: &mut Tx, deferred: &DeferredAuthorization) -> Result<(), outbox::Error> {
    let Some(sealed) = &deferred.ping_sealed else {
        return Ok(());
    };
    let opened = core.sealer.open(PURPOSE, &deferred.id.to_string(), sealed)?;
    let ping: Ping = serde_json::from_slice(opened.expose()).map_err(|_| outbox::Error::Payload)?;
    core.outbox.insert(tx, &Message::Ping(ping), core.now()).await?;
    Ok(())
}

/// Has it leave now, after the commit.
pub fn hurry(core: &Core, deferred: &DeferredAuthorization) {
    if deferred.ping_sealed.is_some() {
        core.outbox.wake();
    }
}

/// Calls the client. Redirects are not followed, and whoever says no is not asked again (CIBA Core §10.2).
///
/// # Errors
/// A [`Failure`] that says whether it is worth trying again.
pub async fn call(core: &Core, ping: &Ping) -> Result<(), Failure> {
    if core.now() >= ping.expires_at {
        return Err(Failure::Permanent("what was decided has expired".to_owned()));
    }
    let url = Url::parse(&ping.endpoint).map_err(|_| Failure::Permanent("the endpoint is no address".to_owned()))?;
    let body = json!({ "auth_req_id": ping.auth_req_id }).to_string();
    let client = core.client(&ping.client_id).await;
    let client = client.map_err(|error| Failure::Transient(error.to_string()))?;
    let way = client.map_or(&core.to_strangers, |client| core.way_to(&client));
    Ok(way.http.post_json(&url, &Secret::new(ping.token.clone()), body).await?)
}
