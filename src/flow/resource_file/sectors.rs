//! Looks whether the apps of resource files belong to the sectors that they name (OIDC Registration §5).
//!
//! A document that says otherwise refuses the file. One that cannot be fetched now is a warning: whoever writes the file is
//! the operator, whose word counts, and a server must be set up also while somebody else's is down.

use super::{Error, document::FileError, wanted::WantedClient};
use crate::{
    domain::client_metadata,
    flow::{
        Core,
        sector::{self, Unproven, Whose},
    },
};

/// Fetches the documents; returns what was taken on the files' word.
///
/// # Errors
/// [`Error::Files`] for apps that a document does not list.
pub(super) async fn prove(core: &Core, clients: &[WantedClient]) -> Result<Vec<String>, Error> {
    let (mut wrong, mut warnings): (Vec<FileError>, _) = (Vec::new(), Vec::new());
    for wanted in clients
        .iter()
        .filter(|one| one.metadata.sector_identifier_uri.is_some())
    {
        let mut metadata = wanted.metadata.clone();
        client_metadata::normalise(&mut metadata);
        // what else is wrong is said when the app is written
        if client_metadata::check(&metadata, core.keys.policy(), core.policy.security.profile).is_err() {
            continue;
        }
        match sector::prove(core, &metadata, Whose::Operators).await {
            Ok(()) => {}
            Err(unproven @ (Unproven::Busy | Unproven::Unreachable)) => warnings.push(format!(
                "client {}: sector_identifier_uri: {unproven}; the file is believed for now",
                wanted.client_id
            )),
            Err(unproven) => {
                let place = wanted.places.of_field("sector_identifier_uri");
                wrong.push(place.error(format!("sector_identifier_uri: {unproven}")));
            }
        }
    }
    if wrong.is_empty() {
        Ok(warnings)
    } else {
        Err(Error::Files(wrong))
    }
}
