//! Whoever registers himself proves that he belongs to the sector that he names.

use crate::{
    domain::{
        account::throttle::Decision,
        client_metadata::sector::{comes_back_alone, is_same, proving_keys},
    },
    flow::{
        Core, Refusal,
        sector::{self, Unproven, Whose},
        throttle::{self, Attempt, Reservation, Target},
    },
    model::{ClientMetadata, Origin},
    spec::oauth::{ErrorCode, OAuthError},
};

/// That the document at `sector_identifier_uri` lists every redirect URI of the client.
///
/// # Errors
/// `invalid_client_metadata`.
pub(super) async fn check(core: &Core, metadata: &ClientMetadata, origin: &Origin) -> Result<(), Refusal> {
    if metadata.sector_identifier_uri.is_none() {
        return Ok(());
    }
    // Anybody can copy a list of redirect URIs; without a redirect only a key on that list proves something.
    if comes_back_alone(metadata) && proving_keys(metadata).is_none() {
        let why =
            "sector_identifier_uri: device and ciba clients prove their sector by the keys at a jwks_uri that it lists";
        return Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why).into());
    }
    let counted = count(core, origin).await?;
    prove(core, metadata).await?;
    if let Some(counted) = counted {
        counted.withdraw(core.store.pool()).await?;
    }
    Ok(())
}

/// That people stay to the client who they were. What it was given so far would otherwise tell it who they are elsewhere:
/// tokens about them name them by the metadata of the moment.
///
/// # Errors
/// `invalid_client_metadata`.
pub(in crate::flow) fn stays(before: &ClientMetadata, after: &ClientMetadata) -> Result<(), OAuthError> {
    if is_same(before, after) {
        return Ok(());
    }
    let why = "subject_type and the sector of the client stay what they are: register another one";
    Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why))
}

/// Counts a fetch as one that leads to nothing, until it has led to something: what is refused leaves no client that would
/// count for its address.
async fn count(core: &Core, origin: &Origin) -> Result<Option<Reservation>, Refusal> {
    let address = origin.address.as_deref().and_then(|text| text.parse().ok());
    let Some(address) = address.filter(|_| core.policy.registration.per_address.is_some()) else {
        return Ok(None);
    };
    let attempt = Attempt {
        at: Target::Sector(address),
        address: None,
    };
    let counted = throttle::reserve(core.store.pool(), &core.policy.throttle, attempt, core.now()).await?;
    match counted.decision {
        Decision::Wait { until } => Err(Refusal::TooMany { until }),
        Decision::Allow | Decision::Fail => Ok(Some(counted)),
    }
}

async fn prove(core: &Core, metadata: &ClientMetadata) -> Result<(), Refusal> {
    match sector::prove(core, metadata, Whose::Strangers).await {
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
