//! Fetches `sector_identifier_uri` and looks whether a client belongs to that sector (OIDC Registration §5).

use tokio::sync::Semaphore;
use url::Url;

use super::Core;
use crate::{domain::client_metadata::sector::comes_back_alone, model::ClientMetadata};

/// Fetches at once. Strangers name the address; this server is not to be the hose that they hold.
static FETCHES: Semaphore = Semaphore::const_new(4);
/// The same for operators, whom strangers do not keep waiting.
static OF_OPERATORS: Semaphore = Semaphore::const_new(4);

/// Who names a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Whoever runs this server.
    Operators,
    /// An app that registers itself.
    Strangers,
}

/// Why a client is not known to belong to its sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// Not an address.
    #[error("is not an address")]
    Address,
    /// Others are being fetched.
    #[error("too many documents are being fetched; try again")]
    Busy,
    /// Nobody answers there, or not with a document.
    #[error("the document cannot be fetched")]
    Unreachable,
    /// Something else is there.
    #[error("the document is not a JSON array of addresses")]
    NotAList,
    /// It is not a client of that sector.
    // CIBA Core §4 for the keys
    #[error("the document does not list every redirect URI, and jwks_uri for device and ciba clients")]
    NotListed,
}

/// That the document at `sector_identifier_uri` lists every redirect URI of the client.
///
/// # Errors
/// [`Unproven`].
pub async fn prove(core: &Core, metadata: &ClientMetadata, whose: Whose) -> Result<(), Unproven> {
    let Some(address) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    let url = Url::parse(address).map_err(|_| Unproven::Address)?;
    let (turns, way) = match whose {
        Whose::Operators => (&OF_OPERATORS, &core.to_registered),
        Whose::Strangers => (&FETCHES, &core.to_strangers),
    };
    let _turn = turns.try_acquire().map_err(|_| Unproven::Busy)?;
    let body = way.http.get(&url, "application/json").await.map_err(|error| {
        // the cause is for the log: what can be reached from here is nobody's business
        tracing::info!(host = url.host_str(), %error, "a sector identifier cannot be fetched");
        Unproven::Unreachable
    })?;
    let listed: Vec<String> = serde_json::from_slice(&body).map_err(|_| Unproven::NotAList)?;
    let keys = metadata.jwks_uri.iter().filter(|_| comes_back_alone(metadata));
    let mut own = metadata.redirect_uris.iter().chain(keys).peekable();
    match own.peek().is_some() && own.all(|uri| listed.contains(uri)) {
        true => Ok(()),
        false => Err(Unproven::NotListed),
    }
}
