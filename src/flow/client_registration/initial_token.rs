//! Initial access tokens: what an operator hands out so that somebody may register a client (RFC 7591 §1.2).

use time::Duration;

use crate::{
    base::{Secret, TokenHash, id::InitialAccessTokenId},
    flow::{Core, admin::Error},
    model::InitialAccessToken,
    store,
};

/// What is to be made.
#[derive(Debug, Clone)]
pub struct New {
    /// Whom it is for.
    pub note: Option<String>,
    /// How many clients may be registered with it; `None`: any number.
    pub uses: Option<i32>,
    /// How long it is good.
    pub lifetime: Duration,
}

/// Makes a token; its value is told once.
///
/// # Errors
/// The store's.
pub async fn create(core: &Core, new: &New) -> Result<(InitialAccessToken, Secret<String>), Error> {
    let now = core.now();
    let value = core.rng.token();
    let token = InitialAccessToken {
        id: InitialAccessTokenId::new(now, &*core.rng),
        note: new.note.clone(),
        uses_left: new.uses,
        created_at: now,
        expires_at: now + new.lifetime,
    };
    let hash = TokenHash::of(value.expose());
    store::client_registration::insert_token(core.store.pool(), &token, &hash).await?;
    Ok((token, value))
}

/// Those that have not expired, the oldest first.
///
/// # Errors
/// The store's.
pub async fn list(core: &Core) -> Result<Vec<InitialAccessToken>, Error> {
    Ok(store::client_registration::list_tokens(core.store.pool(), core.now()).await?)
}

/// Takes a token back. What was registered with it stays.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn revoke(core: &Core, id: InitialAccessTokenId) -> Result<(), Error> {
    if store::client_registration::delete_token(core.store.pool(), id).await? {
        Ok(())
    } else {
        Err(Error::NotFound("registration token"))
    }
}
