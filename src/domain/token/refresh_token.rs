//! The wire form of refresh tokens: `base64url(family uuid ‖ generation, 4 bytes big-endian ‖ secret, 32 bytes)`.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::base::{Secret, TokenHash, id::RefreshFamilyId};

/// The purpose under which the sealer gives the key of [`RefreshWire::successor`].
pub const MAC_PURPOSE: &str = "refresh_token";

const FAMILY: usize = 16;
const GENERATION: usize = 4;
const SECRET: usize = 32;

/// A refresh token as a client holds it.
#[derive(Debug, Clone)]
pub struct RefreshWire {
    /// Its family.
    pub family_id: RefreshFamilyId,
    /// How many came before it.
    pub generation: i32,
    text: Secret<String>,
}

impl RefreshWire {
    /// The first token of a family; `secret` is fresh.
    pub fn first(family_id: RefreshFamilyId, secret: &[u8; SECRET]) -> Self {
        Self::build(family_id, 0, secret)
    }

    /// Reads a presented token; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (family, rest) = bytes.split_at_checked(FAMILY)?;
        let (generation, secret) = rest.split_at_checked(GENERATION)?;
        let generation = i32::from_be_bytes(generation.try_into().ok()?);
        (secret.len() == SECRET && generation >= 0).then_some(())?;
        Some(Self {
            family_id: RefreshFamilyId(uuid::Uuid::from_slice(family).ok()?),
            generation,
            text: Secret::new(text.to_owned()),
        })
    }

    /// The token after this one. It is a MAC of this one, so that whoever presents this one again within the grace time
    /// gets the same successor, although only hashes are kept.
    pub fn successor(&self, key: &hmac::Key) -> Self {
        let tag = hmac::sign(key, self.text.expose().as_bytes());
        Self::build(self.family_id, self.generation.wrapping_add(1) & i32::MAX, tag.as_ref())
    }

    /// What the database keeps.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.text.expose())
    }

    /// What the client gets.
    pub fn into_text(self) -> Secret<String> {
        self.text
    }

    fn build(family_id: RefreshFamilyId, generation: i32, secret: &[u8]) -> Self {
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(FAMILY + GENERATION + SECRET));
        bytes.extend_from_slice(family_id.0.as_bytes());
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(secret);
        Self {
            family_id,
            generation,
            text: Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRng, Time};

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    fn first() -> RefreshWire {
        RefreshWire::first(RefreshFamilyId::new(Time::UNIX_EPOCH, &SeededRng::new(5)), &[7; 32])
    }

    #[test]
    fn a_token_is_read_back() {
        let token = first();
        let text = token.clone().into_text();
        let read = RefreshWire::parse(text.expose()).unwrap();
        assert_eq!((read.family_id, read.generation), (token.family_id, 0));
        assert_eq!(read.hash(), token.hash());
    }

    #[test]
    fn the_same_predecessor_and_key_give_the_same_successor() {
        let token = first();
        assert_eq!(token.successor(&key(1)).hash(), token.successor(&key(1)).hash());
        assert!(token.successor(&key(1)).hash() != token.successor(&key(2)).hash());
        assert_eq!(token.successor(&key(1)).generation, 1);
        assert!(token.successor(&key(1)).hash() != token.hash());
    }

    #[test]
    fn other_lengths_and_alphabets_are_refused() {
        let text = first().into_text();
        let text = text.expose();
        assert!(RefreshWire::parse(&text[1..]).is_none());
        assert!(RefreshWire::parse(&format!("{text}AAAA")).is_none());
        assert!(RefreshWire::parse(&text.replace(|c: char| c.is_ascii_digit(), "+")).is_none());
        assert!(RefreshWire::parse("").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "[A-Za-z0-9_-]{0,90}") {
            if let Some(read) = RefreshWire::parse(&text) {
                proptest::prop_assert!(read.generation >= 0);
            }
        }
    }
}
