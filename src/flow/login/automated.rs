//! A decision without a person, for runs of the conformance suite: it has nobody to press a button.
//!
//! Nothing of this happens unless a setting says so, which the server takes only with an issuer on its own machine, and
//! each time a line in the log says that it did.

use super::{Visit, deferred};
use crate::{
    base::TokenHash,
    flow::{
        Core, Failure,
        session::{self, SignedIn},
    },
    model::UserStatus,
    store,
};

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The app gets its tokens.
    Allow,
    /// It does not.
    Deny,
}

/// Decides in the name of whoever is asked, as if they had just signed in. `false` if nothing waits under that name, or the
/// setting is off.
///
/// # Errors
/// A [`Failure`].
pub async fn decide(core: &Core, visit: &Visit, auth_req_id: &str, action: Action) -> Result<bool, Failure> {
    if !core.policy.ciba_approval {
        return Ok(false);
    }
    let pool = core.store.pool();
    let Some(asked) = store::deferred_authorization::find(pool, &TokenHash::of(auth_req_id)).await? else {
        return Ok(false);
    };
    let user = match asked.user_id {
        Some(user_id) => core.user(pool, user_id).await?,
        None => None,
    };
    let Some(user) = user.filter(|user| user.status == UserStatus::Active) else {
        return Ok(false);
    };
    tracing::warn!(client_id = %asked.client_id, "testing.ciba_approval: a program decides in the name of a person");
    let mut tx = core.store.begin().await?;
    let begun = session::authenticated(core, &mut tx, user.id, None, &visit.origin).await?;
    tx.commit().await?;
    let signed_in = SignedIn {
        session: begun.session,
        user,
    };
    let Some(waiting) = deferred::find_asked(core, &signed_in, asked.id).await? else {
        return Ok(false);
    };
    match action {
        Action::Allow => deferred::allow(core, visit, &signed_in, &waiting).await,
        Action::Deny => deferred::deny(core, visit, &signed_in, &waiting).await,
    }
}
