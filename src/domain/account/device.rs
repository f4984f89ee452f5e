//! The proof that a browser has signed in to an account before.
//!
//! It is no credential: it signs nobody in. It only gives the browser a throttle counter of its own, so that somebody
//! who guesses passwords from elsewhere slows down himself and not the owner. It lasts as long as the password that it was
//! earned with: whoever knew an old one and kept proofs of it gains nothing by them.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::base::{Rng, Secret, Time, id::UserId};

/// Purpose of the MAC key: `Sealer::mac_key(device::KEY_PURPOSE)`.
pub const KEY_PURPOSE: &str = "known_device";

/// A browser that has signed in to the account that it was checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    id: String,
}

impl KnownDevice {
    /// The id that the proof carries.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A new proof for the browser in which `user` has just signed in with the password that is theirs since
    /// `password_changed_at`: what its cookie holds.
    pub fn issue(key: &hmac::Key, user: UserId, password_changed_at: Option<Time>, rng: &dyn Rng) -> Secret<String> {
        let mut id = [0; 16];
        rng.fill(&mut id);
        let id = URL_SAFE_NO_PAD.encode(id);
        let tag = hmac::sign(key, message(user, password_changed_at, &id).as_bytes());
        Secret::new(format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Reads a cookie; `None` unless it was issued for `user` and this password under this key.
    pub fn verify(key: &hmac::Key, user: UserId, password_changed_at: Option<Time>, cookie: &str) -> Option<Self> {
        let (id, tag) = cookie.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(key, message(user, password_changed_at, id).as_bytes(), &tag).ok()?;
        Some(Self { id: id.to_owned() })
    }
}

fn message(user: UserId, password_changed_at: Option<Time>, id: &str) -> String {
    // as finely as the database keeps it
    let changed_at = password_changed_at.map_or(0, |at| at.unix_timestamp_nanos() / 1000);
    format!("{user}:{changed_at}:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRng;
    use time::{Duration, macros::datetime};

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn a_proof_counts_for_its_own_user_password_and_key_only() {
        let rng = SeededRng::new(3);
        let [alice, bob] = [(); 2].map(|()| UserId::new(Time::UNIX_EPOCH, &rng));
        let changed_at = Some(datetime!(2026-11-21 12:00:00.123456 UTC));
        let cookie = KnownDevice::issue(&key(1), alice, changed_at, &rng);
        let verify = |key_byte, user, at, cookie: &str| KnownDevice::verify(&key(key_byte), user, at, cookie);
        let known = verify(1, alice, changed_at, cookie.expose()).unwrap();
        assert!(cookie.expose().starts_with(known.id()));
        // The clock is finer than the database.
        let finer = changed_at.map(|at| at + Duration::nanoseconds(999));
        assert_eq!(verify(1, alice, finer, cookie.expose()), Some(known));
        for other in [None, changed_at.map(|at| at + Duration::microseconds(1))] {
            assert_eq!(verify(1, alice, other, cookie.expose()), None);
        }
        assert_eq!(verify(1, bob, changed_at, cookie.expose()), None);
        assert_eq!(verify(2, alice, changed_at, cookie.expose()), None);
        let forged = format!("x{}", cookie.expose());
        assert_eq!(verify(1, alice, changed_at, &forged), None);
        for nonsense in ["", ".", "a.b", "a"] {
            assert_eq!(verify(1, alice, changed_at, nonsense), None);
        }
    }
}
