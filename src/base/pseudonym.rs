//! Names of people that differ from sector to sector and that only this server can trace back.
//!
//! A pseudonym is the person's id under a permutation of 128-bit blocks, AES-256 with a key of the sector's own (OIDC Core
//! §8.1 has the like). Nothing is stored, no two people share one, and what a client sends back can be read again.

use aws_lc_rs::{
    cipher::{AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{Sealer, seal::SealError};

/// The purpose of the key that sector keys are derived from.
const PURPOSE: &str = "pairwise subjects";

/// Makes pseudonyms and reads them.
pub struct Pseudonyms {
    key: hmac::Key,
}

impl Pseudonyms {
    /// The pseudonyms of this server.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn new(sealer: &Sealer) -> Result<Self, SealError> {
        Ok(Self {
            key: sealer.mac_key(PURPOSE)?,
        })
    }

    fn sector(&self, sector: &str) -> Result<UnboundCipherKey, SealError> {
        let key = hmac::sign(&self.key, sector.as_bytes());
        UnboundCipherKey::new(&AES_256, key.as_ref()).map_err(|_| SealError::Refused)
    }

    /// The pseudonym of an id in a sector: 22 characters.
    ///
    /// # Errors
    /// Never with a sound crypto library.
    pub fn of(&self, sector: &str, id: Uuid) -> Result<String, SealError> {
        let mut block = id.into_bytes();
        // One block under a key that encrypts nothing else: the mode has nothing to add.
        let key = EncryptingKey::ecb(self.sector(sector)?).map_err(|_| SealError::Refused)?;
        key.encrypt(&mut block).map_err(|_| SealError::Refused)?;
        Ok(URL_SAFE_NO_PAD.encode(block))
    }

    /// The id behind a pseudonym of a sector; any 22 characters give some id, hardly ever one that somebody has.
    pub fn read(&self, sector: &str, pseudonym: &str) -> Option<Uuid> {
        let mut block: [u8; 16] = URL_SAFE_NO_PAD.decode(pseudonym).ok()?.try_into().ok()?;
        let key = DecryptingKey::ecb(self.sector(sector).ok()?).ok()?;
        key.decrypt(&mut block, DecryptionContext::None).ok()?;
        Some(Uuid::from_bytes(block))
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn pseudonyms(seed: u8) -> Pseudonyms {
        Pseudonyms::new(&Sealer::new(&Secret::new(vec![seed; 32])).unwrap()).unwrap()
    }

    #[test]
    fn a_pseudonym_is_the_same_in_its_sector_and_another_elsewhere() {
        let (ours, id) = (pseudonyms(1), Uuid::from_u128(7));
        let first = ours.of("a.example", id).unwrap();
        assert_eq!(first, pseudonyms(1).of("a.example", id).unwrap());
        assert_eq!(first.len(), 22);
        assert_ne!(first, ours.of("b.example", id).unwrap());
        assert_ne!(first, ours.of("a.example", Uuid::from_u128(8)).unwrap());
        assert_ne!(first, pseudonyms(2).of("a.example", id).unwrap());
    }

    #[test]
    fn only_its_own_sector_reads_it() {
        let (ours, id) = (pseudonyms(1), Uuid::from_u128(7));
        let first = ours.of("a.example", id).unwrap();
        assert_eq!(ours.read("a.example", &first), Some(id));
        assert_ne!(ours.read("b.example", &first), Some(id));
        for other in ["", "x", &id.to_string(), &format!("{first}A"), "!!!!!!!!!!!!!!!!!!!!!!"] {
            assert_eq!(ours.read("a.example", other), None, "{other}");
        }
    }
}
