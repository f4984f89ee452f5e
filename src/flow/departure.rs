//! Whether a browser is sent on to an app's address at once, with what the database knows.

use super::{Core, session};
use crate::{
    base::Secret,
    domain::departure::{self, Arrival, Known, Way},
    model::Client,
    store,
};

/// How the browser leaves for a registered address of the client, with that session.
///
/// # Errors
/// The store's.
pub(super) async fn way(
    core: &Core,
    client: &Client,
    address: &str,
    session: Option<&Secret<String>>,
    arrival: &Arrival,
) -> Result<Way, store::Error> {
    // most need not be known any better
    if of(core, client, Known::Not, address, arrival) == Way::AtOnce {
        return Ok(Way::AtOnce);
    }
    let Some(signed_in) = session::current(core, session).await? else {
        return Ok(Way::Told);
    };
    let consent = store::consent::find(core.store.pool(), signed_in.user.id, &client.client_id).await?;
    Ok(match consent {
        Some(_) => Way::AtOnce,
        None => Way::Told,
    })
}

/// The same where it is known whether the person allowed the client anything.
pub(super) fn of(core: &Core, client: &Client, known: Known, address: &str, arrival: &Arrival) -> Way {
    match core.policy.registration.redirect_at_once {
        true => Way::AtOnce,
        false => departure::way(client, known, address, arrival),
    }
}
