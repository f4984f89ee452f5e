//! Fetches `sector_identifier_uri` and looks whether the client belongs to that sector (OIDC Registration §5).

use tokio::sync::Semaphore;
use url::Url;

use crate::{
    domain::client_metadata::sector::is_never_redirected,
    flow::{Core, Refusal},
    model::ClientMetadata,
    spec::oauth::{ErrorCode, OAuthError},
};

/// Fetches at once. Strangers name the address; this server is not to be the hose that they hold.
static FETCHES: Semaphore = Semaphore::const_new(4);

/// That the document at `sector_identifier_uri` lists every redirect URI of the client.
///
/// # Errors
/// `invalid_client_metadata`.
pub(super) async fn check(core: &Core, metadata: &ClientMetadata) -> Result<(), Refusal> {
    let Some(address) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    let refuse = |why: &str| {
        let why = format!("sector_identifier_uri: {why}");
        Err(OAuthError::named(ErrorCode::InvalidClientMetadata, &why).into())
    };
    let Ok(url) = Url::parse(address) else {
        return refuse("is not an address");
    };
    let Ok(_turn) = FETCHES.try_acquire() else {
        return Err(Refusal::TooMany {
            until: core.now() + time::Duration::seconds(1),
        });
    };
    let body = match core.http.get(&url, "application/json").await {
        Ok(body) => body,
        Err(error) => {
            // the cause is for the log: what can be reached from here is nobody's business
            tracing::info!(host = url.host_str(), %error, "a sector identifier cannot be fetched");
            return refuse("the document cannot be fetched");
        }
    };
    let Ok(listed) = serde_json::from_slice::<Vec<String>>(&body) else {
        return refuse("the document is not a JSON array of addresses");
    };
    let keys = metadata.jwks_uri.iter().filter(|_| is_never_redirected(metadata));
    let mut own = metadata.redirect_uris.iter().chain(keys).peekable();
    if own.peek().is_some() && own.all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        // CIBA Core §4 for the keys
        refuse("the document does not list every redirect URI, and jwks_uri for device and ciba clients")
    }
}
