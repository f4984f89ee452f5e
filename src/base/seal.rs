//! Secrets at rest: AES-256-GCM under keys derived from the master key.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf, hmac,
};
use zeroize::Zeroizing;

use super::Secret;

const VERSION: u8 = 1;

/// Seals and opens small secrets. Each `purpose` has a key of its own, and the `context` (usually the row's id) is
/// authenticated, so that a sealed value cannot be moved to another row or column.
pub struct Sealer {
    master: hkdf::Prk,
}

/// Why a sealed value did not open.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The master key has too few bytes to be one.
    #[error("the master key needs at least 32 bytes")]
    KeyTooShort,
    /// Not a value that this version sealed.
    #[error("not a sealed value of a known version")]
    Malformed,
    /// Another master key, another context, or changed bytes.
    #[error("the sealed value does not open: wrong master key, or it was changed or moved")]
    Refused,
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl Sealer {
    /// A sealer over the operator's master key.
    ///
    /// # Errors
    /// [`SealError::KeyTooShort`] under 32 bytes.
    pub fn new(master_key: &Secret<Vec<u8>>) -> Result<Self, SealError> {
        if master_key.expose().len() < 32 {
            return Err(SealError::KeyTooShort);
        }
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"signet/master/v1");
        Ok(Self {
            master: salt.extract(master_key.expose()),
        })
    }

    /// 32 bytes that only this master key and this purpose give (HKDF, RFC 5869).
    fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        let info = [purpose.as_bytes()];
        let okm = self
            .master
            .expand(&info, Length(32))
            .map_err(|_| SealError::Malformed)?;
        okm.fill(key.as_mut_slice()).map_err(|_| SealError::Malformed)?;
        Ok(key)
    }

    /// A MAC key for `purpose` (refresh token successors, cookies).
    ///
    /// # Errors
    /// Never with a sound crypto library; typed for the caller's sake.
    pub fn mac_key(&self, purpose: &str) -> Result<hmac::Key, SealError> {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, self.derive(purpose)?.as_slice()))
    }

    /// Seals `plaintext`: version, nonce, ciphertext, tag.
    ///
    /// # Errors
    /// [`SealError::Refused`] if the crypto library fails.
    pub fn seal(&self, purpose: &str, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let key =
            RandomizedNonceKey::new(&AES_256_GCM, self.derive(purpose)?.as_slice()).map_err(|_| SealError::Refused)?;
        let mut body = plaintext.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut body)
            .map_err(|_| SealError::Refused)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal`] made for the same purpose and context.
    ///
    /// # Errors
    /// [`SealError::Malformed`] or [`SealError::Refused`].
    pub fn open(&self, purpose: &str, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Malformed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Malformed)?;
        if *version != VERSION {
            return Err(SealError::Malformed);
        }
        let key =
            RandomizedNonceKey::new(&AES_256_GCM, self.derive(purpose)?.as_slice()).map_err(|_| SealError::Refused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Malformed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plain = key
            .open_in_place(nonce, Aad::from(context.as_bytes()), body.as_mut_slice())
            .map_err(|_| SealError::Refused)?;
        Ok(Secret::new(plain.to_vec()))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&Secret::new(vec![byte; 32])).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let sealed = sealer(1).seal("signing_key", "kid-1", b"private").unwrap();
        assert_eq!(
            sealer(1).open("signing_key", "kid-1", &sealed).unwrap().expose(),
            b"private"
        );
    }

    #[test]
    fn another_key_purpose_context_or_byte_is_refused() {
        let mut sealed = sealer(1).seal("signing_key", "kid-1", b"private").unwrap();
        assert!(sealer(2).open("signing_key", "kid-1", &sealed).is_err());
        assert!(sealer(1).open("client_secret", "kid-1", &sealed).is_err());
        assert!(sealer(1).open("signing_key", "kid-2", &sealed).is_err());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(sealer(1).open("signing_key", "kid-1", &sealed).is_err());
        assert!(sealer(1).open("signing_key", "kid-1", &[1, 2, 3]).is_err());
    }

    #[test]
    fn a_short_master_key_is_refused() {
        assert!(Sealer::new(&Secret::new(vec![1; 31])).is_err());
    }
}
