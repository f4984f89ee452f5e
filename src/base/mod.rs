//! Ground floor: small values that every other floor uses. Imports nothing of this crate.
//!
//! Time and randomness come in through [`clock::Clock`] and [`rng::Rng`]; nothing above reads the wall clock or the
//! operating system's generator by itself, so that every rule can be tested with a fixed time and a known seed.

pub mod clock;
pub mod direction;
pub mod id;
pub mod locale;
pub mod nearest;
pub mod network;
pub mod page;
pub mod pseudonym;
pub mod rng;
pub mod seal;
pub mod secret;
pub mod storable;
pub mod token_hash;
pub mod translate;

pub use clock::{Clock, FixedClock, SystemClock};
pub use locale::Locale;
pub use network::Network;
pub use pseudonym::Pseudonyms;
pub use rng::{Rng, SeededRng, SystemRng};
pub use seal::Sealer;
pub use secret::Secret;
pub use token_hash::TokenHash;
pub use translate::{Text, Translator};

/// An instant with its offset; always UTC inside Signet.
pub type Time = time::OffsetDateTime;
