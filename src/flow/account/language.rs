//! The language that somebody chose for their pages and mails.

use crate::{
    base::Locale,
    flow::{Core, session::SignedIn},
    store,
};

/// Remembers the choice.
///
/// # Errors
/// The store's.
pub async fn choose(core: &Core, signed_in: &SignedIn, locale: Locale) -> Result<(), store::Error> {
    if signed_in.user.locale == Some(locale) {
        return Ok(());
    }
    store::user::set_locale(core.store.pool(), signed_in.user.id, locale).await
}
