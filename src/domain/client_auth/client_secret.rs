//! Secrets that are sent: what `client_secret_basic` and `client_secret_post` have in common (RFC 6749 §2.3.1).

use super::{Ask, ClientAuthError, Credentials, Next};
use crate::{
    base::{Secret, Time, TokenHash},
    model::{Client, ClientSecret, MOST_SECRETS},
    spec::oauth::ClientAuthMethod,
};

/// The secret must have come by `method` and be one of the client's.
pub(super) fn check<'a>(ask: &Ask<'_, 'a>, method: ClientAuthMethod) -> Result<Next<'a>, ClientAuthError> {
    match ask.credentials {
        Credentials::Secret { method: sent, .. } if *sent == method => {
            ask.brought.map(Next::Secret).ok_or(ClientAuthError::WrongSecret)
        }
        _ => ask.wrong_method(),
    }
}

/// The secret of the client that one of the readings is. An unknown client costs the same as a wrong secret, and one with
/// several secrets the same as one with a single one.
pub(super) fn find<'a>(readings: &[Secret<String>], client: Option<&'a Client>, now: Time) -> Option<&'a ClientSecret> {
    let brought: Vec<TokenHash> = readings.iter().map(|reading| TokenHash::of(reading.expose())).collect();
    let good: Vec<&ClientSecret> = client.map_or_else(Vec::new, |client| client.good_secrets(now).collect());
    let nothing = TokenHash::of("");
    // no short cut: every reading is compared with every secret, and with nothing in the places that are free
    let places = good.len().max(MOST_SECRETS);
    (0..places).fold(None, |found, place| {
        let kept = good.get(place).copied();
        let hash = kept.map_or(nothing, |secret| secret.hash);
        let is_it = brought.iter().fold(false, |is_it, one| (*one == hash) | is_it);
        if is_it { kept.or(found) } else { found }
    })
}
