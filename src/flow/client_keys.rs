//! The public keys that a client registered, by value or by reference, to verify what it signed.

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

/// Runs `verify` with the client's keys. Where they are fetched and none fits, a newer set is fetched once; where there are
/// none, or they cannot be had, no key fits.
pub async fn with<T>(
    core: &Core,
    client: &Arc<Client>,
    verify: impl Fn(Keys<'_>) -> Result<T, TokenError>,
) -> Result<T, TokenError> {
    let metadata = &client.metadata;
    if let Some(document) = &metadata.jwks {
        let set = core
            .caches
            .registered_keys(Some(client), || JwkSet::from_value(document));
        return match set {
            Ok(set) => verify(Keys::Set(&set)),
            Err(error) => {
                tracing::info!(client_id = client.client_id, %error, "the registered keys cannot be used");
                Err(TokenError::UnknownKey)
            }
        };
    }
    let Some(url) = metadata.jwks_uri.as_deref().and_then(|uri| Url::parse(uri).ok()) else {
        return Err(TokenError::UnknownKey);
    };
    let pick = |set: &JwkSet| match verify(Keys::Set(set)) {
        Err(TokenError::UnknownKey) => None,
        outcome => Some(outcome),
    };
    match core.key_sets.find(&url, pick).await {
        Ok(found) => found.unwrap_or(Err(TokenError::UnknownKey)),
        Err(error) => {
            tracing::info!(client_id = client.client_id, %error, "the keys cannot be fetched");
            Err(TokenError::UnknownKey)
        }
    }
}
