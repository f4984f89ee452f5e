//! The proof that a browser has signed in to an account before.
//!
//! It is no credential: it signs nobody in. It only gives the browser a throttle counter of its own, so that somebody
//! who guesses passwords from elsewhere slows down himself and not the owner.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::base::{Rng, Secret, id::UserId};

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

    /// A new proof for the browser in which `user` has just signed in: what its cookie holds.
    pub fn issue(key: &hmac::Key, user: UserId, rng: &dyn Rng) -> Secret<String> {
        let mut id = [0; 16];
        rng.fill(&mut id);
        let id = URL_SAFE_NO_PAD.encode(id);
        let tag = hmac::sign(key, message(user, &id).as_bytes());
        Secret::new(format!("{id}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// Reads a cookie; `None` unless it was issued for `user` under this key.
    pub fn verify(key: &hmac::Key, user: UserId, cookie: &str) -> Option<Self> {
        let (id, tag) = cookie.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(key, message(user, id).as_bytes(), &tag).ok()?;
        Some(Self { id: id.to_owned() })
    }
}

fn message(user: UserId, id: &str) -> String {
    format!("{user}:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRng, Time};

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    #[test]
    fn a_proof_counts_for_its_own_user_and_key_only() {
        let rng = SeededRng::new(3);
        let [alice, bob] = [(); 2].map(|()| UserId::new(Time::UNIX_EPOCH, &rng));
        let cookie = KnownDevice::issue(&key(1), alice, &rng);
        let known = KnownDevice::verify(&key(1), alice, cookie.expose()).unwrap();
        assert!(cookie.expose().starts_with(known.id()));
        assert_eq!(KnownDevice::verify(&key(1), bob, cookie.expose()), None);
        assert_eq!(KnownDevice::verify(&key(2), alice, cookie.expose()), None);
        let forged = format!("x{}", cookie.expose());
        assert_eq!(KnownDevice::verify(&key(1), alice, &forged), None);
        for nonsense in ["", ".", "a.b", "a"] {
            assert_eq!(KnownDevice::verify(&key(1), alice, nonsense), None);
        }
    }
}
