//! Whoever registers himself proves that he belongs to the sector that he names.

use crate::{
    flow::{
        Core, Refusal,
        sector::{self, Unproven},
    },
    model::ClientMetadata,
    spec::oauth::{ErrorCode, OAuthError},
};

/// That the document at `sector_identifier_uri` lists every redirect URI of the client.
///
/// # Errors
/// `invalid_client_metadata`.
pub(super) async fn check(core: &Core, metadata: &ClientMetadata) -> Result<(), Refusal> {
    match sector::prove(core, metadata).await {
        Ok(()) => Ok(()),
        Err(Unproven::Busy) => Err(Refusal::TooMany {
            until: core.now() + time::Duration::seconds(1),
        }),
        Err(unproven) => {
            let why = format!("sector_identifier_uri: {unproven}");
            Err(OAuthError::named(ErrorCode::InvalidClientMetadata, &why).into())
        }
    }
}
