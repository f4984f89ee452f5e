//! `jti` values of access tokens.
//!
//! One that hangs on a grant ends with the grant's id, so that a JWT which leaves no row can be tied to what it came
//! from: `base64url(16 random bytes ‖ grant uuid)`. Without a grant it is 16 random bytes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::base::{Rng, id::GrantId};

const RANDOM: usize = 16;

/// A new `jti`, 128 random bits.
pub fn new(grant_id: Option<GrantId>, rng: &dyn Rng) -> String {
    let mut bytes = [0_u8; RANDOM + 16];
    let (random, rest) = bytes.split_at_mut(RANDOM);
    rng.fill(random);
    match grant_id {
        Some(id) => {
            rest.copy_from_slice(id.0.as_bytes());
            URL_SAFE_NO_PAD.encode(bytes)
        }
        None => URL_SAFE_NO_PAD.encode(random),
    }
}

/// The grant that a `jti` of ours names.
pub fn grant_id(jti: &str) -> Option<GrantId> {
    let bytes = URL_SAFE_NO_PAD.decode(jti).ok()?;
    let (_, id) = bytes.split_at_checked(RANDOM)?;
    uuid::Uuid::from_slice(id).ok().map(GrantId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SeededRng, Time};

    #[test]
    fn the_grant_is_found_again() {
        let rng = SeededRng::new(1);
        let grant = GrantId::new(Time::UNIX_EPOCH, &rng);
        assert_eq!(grant_id(&new(Some(grant), &rng)), Some(grant));
        assert_eq!(grant_id(&new(None, &rng)), None);
    }

    #[test]
    fn what_others_wrote_names_no_grant() {
        for jti in [
            "",
            "abc",
            "not base64!",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(grant_id(jti), None, "{jti}");
        }
    }
}
