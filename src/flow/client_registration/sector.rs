//! Whoever registers himself proves that he belongs to the sector that he names.

use crate::{
    domain::account::throttle::Decision,
    flow::{
        Core, Refusal,
        sector::{self, Unproven},
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
    let counted = count(core, origin).await?;
    prove(core, metadata).await?;
    if let Some(counted) = counted {
        counted.withdraw(core.store.pool()).await?;
    }
    Ok(())
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
