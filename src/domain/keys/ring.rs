//! Reading the ring: who signs, and who is published.

use crate::{
    base::Time,
    model::signing_key::{KeyState, SigningKey},
    spec::jose::KeyAlg,
};

/// The key that signs with `alg` at `now`, or that others encrypt to. Every process that has read the same rows picks the same.
///
/// A pending key is picked only where there is no active one: the very first key, seen by a process whose clock is a
/// little behind that of its maker.
pub fn signer<'a>(
    keys: impl IntoIterator<Item = &'a SigningKey>,
    alg: impl Into<KeyAlg>,
    now: Time,
) -> Option<&'a SigningKey> {
    let alg = alg.into();
    let mut active: Option<&SigningKey> = None;
    let mut pending: Option<&SigningKey> = None;
    let order = |key: &'a SigningKey| (key.active_at, &key.kid);
    for key in keys.into_iter().filter(|key| key.alg == alg) {
        match key.state(now) {
            KeyState::Active if active.is_none_or(|best| order(best) < order(key)) => active = Some(key),
            KeyState::Pending if pending.is_none_or(|best| order(key) < order(best)) => pending = Some(key),
            _ => {}
        }
    }
    active.or(pending)
}

/// The keys that the JWKS shows at `now`: by algorithm, and those that sign first, for verifiers that look no further. Of
/// those that others encrypt to only the one in use: a new one must be known to every process first, and nobody should
/// take up an old one.
pub fn published(keys: &[SigningKey], now: Time) -> Vec<&SigningKey> {
    let is_shown = |key: &&SigningKey| match key.alg {
        KeyAlg::Signing(_) => key.state(now) != KeyState::Retired,
        alg @ KeyAlg::Encryption(_) => signer(keys, alg, now).is_some_and(|used| used.kid == key.kid),
    };
    let mut shown: Vec<&SigningKey> = keys.iter().filter(is_shown).collect();
    shown.sort_by_key(|key| {
        let rank = match key.state(now) {
            KeyState::Active => 0,
            KeyState::Pending => 1,
            KeyState::Retiring | KeyState::Retired => 2,
        };
        (key.alg, rank, key.active_at, key.kid.as_str())
    });
    shown
}
