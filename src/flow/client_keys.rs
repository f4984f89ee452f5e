//! The public keys that a client registered, by value or by reference: to verify what it signed, to know its certificate, and
//! to encrypt what is for it.

use std::sync::Arc;

use url::Url;

use super::Core;
use crate::{
    model::Client,
    spec::jose::{
        JwkSet,
        jwt::{Keys, TokenError},
    },
};

/// Why there are no keys to look among; for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoKeys(String);

impl NoKeys {
    fn because(why: impl ToString) -> Self {
        Self(why.to_string())
    }
}

/// What `pick` finds among the client's keys. Where they are fetched and it finds nothing, the key may be new: then it is
/// asked again about a newer set.
///
/// # Errors
/// [`NoKeys`] if there are none, or they cannot be read or fetched.
pub async fn find<T>(
    core: &Core,
    client: &Arc<Client>,
    pick: impl Fn(&JwkSet) -> Option<T>,
) -> Result<Option<T>, NoKeys> {
    match (&client.metadata.jwks, &client.metadata.jwks_uri) {
        (Some(document), _) => {
            let parse = || JwkSet::from_value(document);
            let set = core.caches.registered_keys(client, parse).map_err(NoKeys::because)?;
            Ok(pick(&set))
        }
        (None, Some(uri)) => {
            let url = Url::parse(uri).map_err(NoKeys::because)?;
            let host = url.host_str().unwrap_or_default();
            // it may be another address each time
            let may_fetch = || !client.registered_itself || core.fetches.allow_keys(&client.client_id, host);
            let key_sets = &core.way_to(client).key_sets;
            let found = key_sets.find_within(&url, may_fetch, pick).await;
            found.map_err(NoKeys::because)
        }
        (None, None) => Err(NoKeys::because("none is registered")),
    }
}

/// Runs `verify` with the client's keys; where there are none, or they cannot be had, no key fits.
///
/// # Errors
/// Those of `verify`.
pub async fn with<T>(
    core: &Core,
    client: &Arc<Client>,
    verify: impl Fn(Keys<'_>) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let pick = |set: &JwkSet| match verify(Keys::Set(set)) {
        Err(TokenError::UnknownKey) => None,
        outcome => Some(outcome),
    };
    match find(core, client, pick).await {
        Ok(found) => found.unwrap_or(Err(TokenError::UnknownKey)),
        Err(error) => {
            tracing::info!(client_id = client.client_id, %error, "the keys of a client cannot be used");
            Err(TokenError::UnknownKey)
        }
    }
}
