//! How a password is kept: Argon2 (RFC 9106) in PHC strings, and which stored ones are worth the work.
//!
//! A stored hash names its own parameters, and an import may bring any: `m=4194304` is a valid string that asks for
//! 4 GiB. Parsing refuses whatever costs more than [`MAX_MEMORY_KIB`], [`MAX_PASSES`] and [`MAX_LANES`].
//! Computing is pure but slow: `flow::password` decides where and how many at once.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::base::{Rng, Secret, secret};

/// Most memory that a stored hash may ask for, in KiB.
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Most passes over the memory.
pub const MAX_PASSES: u32 = 20;
/// Most lanes.
pub const MAX_LANES: u32 = 8;

const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;
/// Longest PHC string that is looked at, in bytes.
const MAX_TEXT: usize = 512;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a stored hash or a cost cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Not a PHC string with salt and hash.
    #[error("not a password hash in PHC form")]
    Malformed,
    /// Not Argon2.
    #[error("a password hash of an algorithm other than Argon2")]
    UnknownAlgorithm,
    /// Not version 19 (1.3) of Argon2.
    #[error("a password hash of a version other than 19")]
    UnknownVersion,
    /// More memory, passes or lanes than allowed, or impossible ones.
    #[error(
        "Argon2 needs memory of 8 KiB per lane to {MAX_MEMORY_KIB} KiB, 1 to {MAX_PASSES} passes and 1 to \
         {MAX_LANES} lanes"
    )]
    CostOutOfBounds,
    /// The library refused to compute.
    #[error("Argon2 failed")]
    Failed,
}

impl Default for Cost {
    /// 19 MiB, two passes, one lane: the OWASP recommendation, some 16 ms on a server's core.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Cost {
    /// A cost of `memory_kib` KiB, `passes` passes and `lanes` lanes.
    ///
    /// # Errors
    /// [`HashError::CostOutOfBounds`].
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, HashError> {
        let cost = Self {
            memory_kib,
            passes,
            lanes,
        };
        let bounded = memory_kib <= MAX_MEMORY_KIB && passes <= MAX_PASSES && lanes <= MAX_LANES;
        if bounded && cost.params(OUTPUT_LENGTH).is_ok() {
            Ok(cost)
        } else {
            Err(HashError::CostOutOfBounds)
        }
    }

    /// Memory, in blocks of 1 KiB.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    fn params(&self, output_length: usize) -> Result<Params, HashError> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(output_length))
            .map_err(|_| HashError::CostOutOfBounds)
    }
}

/// A stored hash that was parsed and found affordable.
#[derive(Clone)]
pub struct StoredHash {
    algorithm: Algorithm,
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredHash({}, {:?}, ***)", self.algorithm.as_str(), self.cost)
    }
}

impl StoredHash {
    /// Reads a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, also argon2i and argon2d.
    ///
    /// # Errors
    /// Every [`HashError`] but [`HashError::Failed`].
    pub fn parse(text: &str) -> Result<Self, HashError> {
        if text.len() > MAX_TEXT {
            return Err(HashError::Malformed);
        }
        let parsed = phc::PasswordHash::new(text).map_err(|_| HashError::Malformed)?;
        let algorithm = match parsed.algorithm.as_str() {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(HashError::UnknownAlgorithm),
        };
        if parsed.version != Some(u32::from(Version::V0x13)) {
            return Err(HashError::UnknownVersion);
        }
        let (Some(salt), Some(output)) = (parsed.salt, parsed.hash) else {
            return Err(HashError::Malformed);
        };
        let number = |name| parsed.params.get_decimal(name).ok_or(HashError::Malformed);
        // `keyid` and `data` would change the result; nobody writes them, and to ignore them would never match.
        if parsed
            .params
            .iter()
            .any(|(name, _)| !matches!(name.as_str(), "m" | "t" | "p"))
        {
            return Err(HashError::Malformed);
        }
        let cost = Cost::new(number("m")?, number("t")?, number("p")?)?;
        if salt.len() < argon2::MIN_SALT_LEN || output.len() < 16 {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            algorithm,
            cost,
            salt: salt.to_vec(),
            output: output.as_bytes().to_vec(),
        })
    }

    /// A hash of no password, at `cost`: comparing with it takes as long as with a real one and never matches.
    pub fn dummy(cost: Cost, rng: &dyn Rng) -> Self {
        let mut salt = vec![0; SALT_LENGTH];
        let mut output = vec![0; OUTPUT_LENGTH];
        rng.fill(&mut salt);
        rng.fill(&mut output);
        Self {
            algorithm: Algorithm::Argon2id,
            cost,
            salt,
            output,
        }
    }

    /// What comparing with it costs.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether a hash made today would look different, so that it should be replaced at the next sign-in.
    pub fn is_outdated(&self, today: Cost) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.cost != today
            || self.salt.len() < SALT_LENGTH
            || self.output.len() != OUTPUT_LENGTH
    }

    /// Whether `password` is the one. Slow; `memory` needs [`Cost::memory_kib`] blocks.
    ///
    /// # Errors
    /// [`HashError::Failed`].
    pub fn matches(&self, password: &Secret<String>, memory: &mut [Block]) -> Result<bool, HashError> {
        let computed = compute(
            self.algorithm,
            self.cost,
            password,
            &self.salt,
            self.output.len(),
            memory,
        )?;
        Ok(secret::equal(&computed, &self.output))
    }
}

/// Hashes a new password with `salt` as Argon2id, as a PHC string. Slow; `memory` needs [`Cost::memory_kib`] blocks.
///
/// # Errors
/// [`HashError::Failed`].
pub fn hash(password: &Secret<String>, salt: &Salt, cost: Cost, memory: &mut [Block]) -> Result<String, HashError> {
    let computed = compute(Algorithm::Argon2id, cost, password, &salt.0, OUTPUT_LENGTH, memory)?;
    let params = cost.params(OUTPUT_LENGTH)?;
    let text = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: (&params).try_into().map_err(|_| HashError::Failed)?,
        salt: Some(phc::Salt::new(&salt.0).map_err(|_| HashError::Failed)?),
        hash: Some(phc::Output::new(&computed).map_err(|_| HashError::Failed)?),
    };
    Ok(text.to_string())
}

/// 16 random bytes that make equal passwords look different.
#[derive(Debug, Clone)]
pub struct Salt([u8; SALT_LENGTH]);

impl Salt {
    /// A new salt.
    pub fn new(rng: &dyn Rng) -> Self {
        let mut bytes = [0; SALT_LENGTH];
        rng.fill(&mut bytes);
        Self(bytes)
    }
}

fn compute(
    algorithm: Algorithm,
    cost: Cost,
    password: &Secret<String>,
    salt: &[u8],
    length: usize,
    memory: &mut [Block],
) -> Result<zeroize::Zeroizing<Vec<u8>>, HashError> {
    let mut output = zeroize::Zeroizing::new(vec![0; length]);
    Argon2::new(algorithm, Version::V0x13, cost.params(length)?)
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut output, memory)
        .map_err(|_| HashError::Failed)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRng;

    fn password(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn memory(blocks: usize) -> Vec<Block> {
        vec![Block::new(); blocks]
    }

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let cost = Cost::new(64, 1, 1).unwrap();
        let salt = Salt::new(&SeededRng::new(1));
        let text = hash(&password("secret"), &salt, cost, &mut memory(64)).unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{text}");
        let stored = StoredHash::parse(&text).unwrap();
        assert!(stored.matches(&password("secret"), &mut memory(64)).unwrap());
        assert!(!stored.matches(&password("Secret"), &mut memory(64)).unwrap());
        assert!(!stored.is_outdated(cost));
        assert!(stored.is_outdated(Cost::default()));
    }

    #[test]
    fn hashes_of_other_software_match() {
        // Test vectors of the reference implementation (password `password`, salt `somesalt`).
        for text in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        ] {
            let stored = StoredHash::parse(text).unwrap();
            let mut memory = memory(65_536);
            assert!(stored.matches(&password("password"), &mut memory).unwrap(), "{text}");
            assert!(!stored.matches(&password("passwort"), &mut memory).unwrap(), "{text}");
            assert!(
                stored.is_outdated(Cost::new(65_536, 2, 1).unwrap()),
                "the salt is short"
            );
        }
    }

    #[test]
    fn a_hash_that_asks_for_too_much_is_refused() {
        let with = |params: &str| {
            format!("$argon2id$v=19${params}$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
        };
        for params in [
            "m=4194304,t=2,p=1",
            "m=4294967295,t=2,p=1",
            "m=262145,t=2,p=1",
            "m=19456,t=21,p=1",
            "m=19456,t=2,p=9",
            "m=7,t=2,p=1",
            "m=19456,t=0,p=1",
        ] {
            assert_eq!(
                StoredHash::parse(&with(params)).unwrap_err(),
                HashError::CostOutOfBounds,
                "{params}"
            );
        }
        assert!(StoredHash::parse(&with("m=262144,t=20,p=8")).is_ok());
    }

    #[test]
    fn what_is_not_argon2_version_19_is_refused() {
        let output = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for (text, error) in [
            (String::new(), HashError::Malformed),
            ("password".to_owned(), HashError::Malformed),
            (
                format!("$scrypt$ln=16,r=8,p=1$c29tZXNhbHRzb21lc2FsdA${output}"),
                HashError::UnknownAlgorithm,
            ),
            (
                format!("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ${output}"),
                HashError::UnknownVersion,
            ),
            (
                format!("$argon2id$m=64,t=1,p=1$c29tZXNhbHQ${output}"),
                HashError::UnknownVersion,
            ),
            (
                format!("$argon2id$v=19$t=1,p=1$c29tZXNhbHQ${output}"),
                HashError::Malformed,
            ),
            (
                format!("$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$c29tZXNhbHQ${output}"),
                HashError::Malformed,
            ),
            (
                "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ".to_owned(),
                HashError::Malformed,
            ),
            (
                "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFQ".to_owned(),
                HashError::Malformed,
            ),
            (
                format!("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ${}", "A".repeat(600)),
                HashError::Malformed,
            ),
        ] {
            assert_eq!(StoredHash::parse(&text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_dummy_costs_what_a_real_hash_costs_and_never_matches() {
        let cost = Cost::new(64, 1, 1).unwrap();
        let dummy = StoredHash::dummy(cost, &SeededRng::new(1));
        assert_eq!(dummy.cost(), cost);
        assert!(!dummy.matches(&password(""), &mut memory(64)).unwrap());
    }

    #[test]
    fn debug_output_shows_neither_salt_nor_hash() {
        let shown = format!("{:?}", StoredHash::dummy(Cost::default(), &SeededRng::new(1)));
        assert!(shown.ends_with("***)"), "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in "\\$argon2(id|i|d)\\$v=19\\$m=[0-9]{1,10},t=[0-9]{1,3},p=[0-9]{1,2}\\$[A-Za-z0-9+/]{8,30}\\$[A-Za-z0-9+/]{20,60}") {
            if let Ok(stored) = StoredHash::parse(&text) {
                proptest::prop_assert!(stored.cost().memory_kib() <= MAX_MEMORY_KIB);
            }
        }
    }
}
