//! The durations of a key's life, and what follows from them.

use time::Duration;

use crate::{
    base::Time,
    spec::jose::{EncryptionAlg, JweAlg, KeyAlg, SigningAlg},
};

/// For how long what was encrypted to us may be on its way: as long as a request object is good under any profile.
const LONGEST_WAY: Duration = Duration::HOUR;

/// How keys come and go. Every process on one database must have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The algorithms that have a ring. Keys of others are left as they are.
    pub algs: Vec<SigningAlg>,
    /// The kinds of keys that others encrypt to which have one.
    pub encryption: Vec<EncryptionAlg>,
    /// How long a key is in use; never shorter than [`KeyPolicy::publication_delay`].
    pub rotation_interval: Duration,
    /// How long a verifier may keep a fetched JWKS (`Cache-Control: max-age`).
    pub jwks_max_age: Duration,
    /// How long it takes at most until every process has seen a change; each must look more often than that.
    pub propagation: Duration,
    /// The longest time for which anything that is signed is valid.
    pub longest_token_lifetime: Duration,
    /// How far the clocks of two processes, or of a verifier, may be apart.
    pub clock_skew: Duration,
    /// How long the public half of a retired key is remembered, for `id_token_hint`s that are over their time.
    pub remember_retired: Duration,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            algs: SigningAlg::ALL.to_vec(),
            encryption: EncryptionAlg::ALL.to_vec(),
            rotation_interval: Duration::days(90),
            jwks_max_age: Duration::hours(1),
            propagation: Duration::minutes(1),
            longest_token_lifetime: Duration::days(1),
            clock_skew: Duration::seconds(30),
            remember_retired: Duration::days(180),
        }
    }
}

impl KeyPolicy {
    /// From a key's first publication to its first signature.
    pub fn publication_delay(&self) -> Duration {
        self.jwks_max_age + self.propagation + self.clock_skew
    }

    /// The algorithms by which others may encrypt to us.
    pub fn encryption_algs(&self) -> impl Iterator<Item = JweAlg> {
        self.encryption.iter().flat_map(|alg| alg.serves()).copied()
    }

    /// Every ring.
    pub fn rings(&self) -> impl Iterator<Item = KeyAlg> {
        let signing = self.algs.iter().copied().map(KeyAlg::from);
        signing.chain(self.encryption.iter().copied().map(KeyAlg::from))
    }

    /// From the moment at which a key has a successor to its withdrawal: the last token that it signed has expired by then,
    /// or the last message that was encrypted to it has arrived.
    pub fn retirement_delay(&self, alg: KeyAlg) -> Duration {
        let last = match alg {
            KeyAlg::Signing(_) => self.longest_token_lifetime,
            KeyAlg::Encryption(_) => self.jwks_max_age + LONGEST_WAY,
        };
        self.propagation + last + self.clock_skew
    }

    /// For how long a JWKS may be kept that is handed out at `now` and was read from the database at `loaded_at`.
    ///
    /// A key that was made since then signs after `jwks_max_age + propagation` at the earliest, and no copy that lacks it
    /// may be kept longer than that. `None`: too old to be handed out at all.
    pub fn jwks_lifetime(&self, loaded_at: Time, now: Time) -> Option<Duration> {
        let left = loaded_at + self.jwks_max_age + self.propagation - now;
        (left > Duration::ZERO).then(|| left.min(self.jwks_max_age))
    }

    /// Whether a process may still sign at `now` with what it read from the database at `loaded_at`.
    ///
    /// A successor made since then takes over after `jwks_max_age + propagation` at the earliest, and its predecessor may
    /// be used for `propagation` after that.
    pub fn may_sign(&self, loaded_at: Time, now: Time) -> bool {
        now <= loaded_at + self.jwks_max_age + self.propagation + self.propagation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jwks_is_handed_out_for_less_time_the_older_it_is() {
        let policy = KeyPolicy::default();
        let loaded_at = Time::UNIX_EPOCH;
        let lifetime = |age| policy.jwks_lifetime(loaded_at, loaded_at + age);
        assert_eq!(lifetime(Duration::ZERO), Some(policy.jwks_max_age));
        assert_eq!(lifetime(policy.propagation), Some(policy.jwks_max_age));
        assert_eq!(lifetime(Duration::minutes(31)), Some(Duration::minutes(30)));
        assert_eq!(lifetime(Duration::minutes(61)), None);
    }

    #[test]
    fn a_process_without_its_database_stops_signing() {
        let policy = KeyPolicy::default();
        let loaded_at = Time::UNIX_EPOCH;
        assert!(policy.may_sign(loaded_at, loaded_at + Duration::minutes(62)));
        assert!(!policy.may_sign(loaded_at, loaded_at + Duration::minutes(62) + Duration::seconds(1)));
    }
}
