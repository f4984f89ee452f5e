//! The code that a device shows and a person types in (RFC 8628 §6.1): eight consonants, so that it spells no word and
//! has no letter that looks like a digit. 34 bits: enough because guesses are counted and codes are gone in minutes.

use std::fmt::{Display, Formatter};

use crate::base::{Rng, TokenHash};

/// Letters that are easy to read out, to type on any keyboard, and without vowels.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Letters of a code.
const LENGTH: usize = 8;

/// A user code in its normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A new one.
    pub fn new(rng: &dyn Rng) -> Self {
        Self([(); LENGTH].map(|()| {
            let drawn = usize::try_from(rng.below(20)).unwrap_or_default();
            ALPHABET.get(drawn).copied().unwrap_or(b'B')
        }))
    }

    /// What somebody typed: case, blanks and dashes mean nothing (RFC 8628 §6.1).
    pub fn parse(typed: &str) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut letters = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'));
        for place in &mut code {
            let letter = u8::try_from(letters.next()?.to_ascii_uppercase()).ok()?;
            *place = Some(letter).filter(|letter| ALPHABET.contains(letter))?;
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&format!("user_code:{self}"))
    }
}

/// As it is shown: `WDJB-MJHT`.
impl Display for UserCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at == LENGTH / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRng;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        for typed in ["wdjbmjht", " wdjb mjht ", "WDJB\u{2013}MJHT", "w-d-j-b-m-j-h-t"] {
            assert_eq!(UserCode::parse(typed), Some(code), "{typed}");
        }
        assert_eq!(code.to_string(), "WDJB-MJHT");
    }

    #[test]
    fn what_cannot_be_a_code_is_none() {
        for typed in [
            "",
            "WDJB",
            "WDJB-MJHTX",
            "AEIO-UAEI",
            "WDJB-MJH1",
            "WDJB_MJHT",
            "ẞDJBMJHT",
        ] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn new_codes_differ_and_read_back() {
        let rng = SeededRng::new(3);
        let codes: Vec<UserCode> = (0..50).map(|_| UserCode::new(&rng)).collect();
        for (at, code) in codes.iter().enumerate() {
            assert_eq!(UserCode::parse(&code.to_string()), Some(*code));
            assert!(!codes[..at].contains(code));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_code_or_none(typed in "\\PC{0,20}") {
            if let Some(code) = UserCode::parse(&typed) {
                proptest::prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
            }
        }
    }
}
