//! What must be done about the ring: by the clock, by command, in an emergency.

use super::{KeyPolicy, signer};
use crate::{
    base::Time,
    model::signing_key::{KeyState, SigningKey},
    spec::jose::KeyAlg,
};

/// One change of the ring, to be applied in the order given and all in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make a key; publish it now, let it sign from `active_at`.
    Create {
        /// For this algorithm.
        alg: KeyAlg,
        /// The moment it takes over.
        active_at: Time,
    },
    /// The key has a successor, which takes over at `at`.
    Retire {
        /// Which.
        kid: String,
        /// The moment.
        at: Time,
    },
    /// Nothing that the key signed is valid any more: out of the JWKS with it, and wipe its private half.
    Withdraw {
        /// Which.
        kid: String,
    },
    /// The key may be known to others: out of the JWKS at once, nothing that it signed counts.
    Replace {
        /// Which.
        kid: String,
    },
    /// Nobody will ask for the retired key again: drop its row.
    Forget {
        /// Which.
        kid: String,
    },
}

/// A rotation that needs no second one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key {kid} takes over at {active_at} already")]
pub struct AlreadyPending {
    /// The key that waits.
    pub kid: String,
    /// The moment it takes over.
    pub active_at: Time,
}

/// What the clock demands at `now`; nothing, most of the time.
pub fn plan(keys: &[SigningKey], policy: &KeyPolicy, now: Time) -> Vec<Action> {
    let mut actions = Vec::new();
    for alg in policy.rings() {
        plan_ring(keys, alg, policy, now, &mut actions);
    }
    for key in keys {
        let withdrawal = key.retiring_at.map(|at| at + policy.retirement_delay(key.alg));
        if key.retired_at.is_none() && withdrawal.is_some_and(|at| at <= now) {
            actions.push(Action::Withdraw { kid: key.kid.clone() });
        }
        if key.retired_at.is_some_and(|at| at + policy.remember_retired <= now) {
            actions.push(Action::Forget { kid: key.kid.clone() });
        }
    }
    actions
}

fn plan_ring(keys: &[SigningKey], alg: KeyAlg, policy: &KeyPolicy, now: Time, actions: &mut Vec<Action>) {
    let Some(current) = signer(keys, alg, now) else {
        // Nothing signs: there is no verifier to wait for, or it would wait for nothing.
        actions.push(Action::Create { alg, active_at: now });
        return;
    };
    // Two active keys come from outside (an import, a repaired table); the newer one is the one that signs.
    for other in keys.iter().filter(|key| key.alg == alg && key.kid != current.kid) {
        if other.state(now) == KeyState::Active && other.retiring_at.is_none() {
            actions.push(Action::Retire {
                kid: other.kid.clone(),
                at: now,
            });
        }
    }
    let due = current.active_at + policy.rotation_interval - policy.publication_delay();
    if now >= due && pending(keys, alg, now).is_none() {
        succeed(current, policy, now, actions);
    }
}

/// Makes a successor of `current`, which is published before it signs.
fn succeed(current: &SigningKey, policy: &KeyPolicy, now: Time, actions: &mut Vec<Action>) {
    let active_at = now + policy.publication_delay();
    actions.push(Action::Create {
        alg: current.alg,
        active_at,
    });
    if current.retiring_at.is_none() {
        actions.push(Action::Retire {
            kid: current.kid.clone(),
            at: active_at,
        });
    }
}

fn pending(keys: &[SigningKey], alg: KeyAlg, now: Time) -> Option<&SigningKey> {
    keys.iter()
        .find(|key| key.alg == alg && key.state(now) == KeyState::Pending)
}

/// Rotation by command: a new key now, which takes over after it has been published long enough.
///
/// # Errors
/// [`AlreadyPending`] when a successor waits already.
pub fn rotate(
    keys: &[SigningKey],
    alg: impl Into<KeyAlg>,
    policy: &KeyPolicy,
    now: Time,
) -> Result<Vec<Action>, AlreadyPending> {
    let alg = alg.into();
    if let Some(waiting) = pending(keys, alg, now) {
        return Err(AlreadyPending {
            kid: waiting.kid.clone(),
            active_at: waiting.active_at,
        });
    }
    let mut actions = Vec::new();
    match signer(keys, alg, now) {
        Some(current) => succeed(current, policy, now, &mut actions),
        None => actions.push(Action::Create { alg, active_at: now }),
    }
    Ok(actions)
}

/// The emergency: every key of `alg` may be known to others. All go at once, a new one signs at once. Verifiers that
/// cached the JWKS refuse new tokens until they fetch it again, which a `kid` that they do not know makes them do.
pub fn replace(keys: &[SigningKey], alg: impl Into<KeyAlg>, now: Time) -> Vec<Action> {
    let alg = alg.into();
    let mut actions: Vec<Action> = keys
        .iter()
        .filter(|key| key.alg == alg && key.retired_at.is_none())
        .map(|key| Action::Replace { kid: key.kid.clone() })
        .collect();
    actions.push(Action::Create { alg, active_at: now });
    actions
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        domain::keys::published,
        spec::jose::{EncryptionAlg, SigningAlg, signer::generate},
    };

    fn at(seconds: i64) -> Time {
        Time::from_unix_timestamp(seconds).unwrap()
    }

    fn policy() -> KeyPolicy {
        KeyPolicy {
            algs: vec![SigningAlg::EdDSA],
            encryption: Vec::new(),
            rotation_interval: Duration::seconds(1000),
            jwks_max_age: Duration::seconds(80),
            propagation: Duration::seconds(15),
            longest_token_lifetime: Duration::seconds(300),
            clock_skew: Duration::seconds(5),
            remember_retired: Duration::seconds(5000),
        }
    }

    fn key(active_at: i64) -> SigningKey {
        let public_jwk = generate(SigningAlg::EdDSA).unwrap().public_jwk;
        SigningKey {
            kid: public_jwk.kid.clone(),
            alg: SigningAlg::EdDSA.into(),
            public_jwk,
            private_key_sealed: Some(Vec::new()),
            created_at: at(active_at),
            active_at: at(active_at),
            retiring_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let create = Action::Create {
            alg: SigningAlg::EdDSA.into(),
            active_at: at(7),
        };
        assert_eq!(plan(&[], &policy(), at(7)), [create]);
    }

    #[test]
    fn a_successor_is_made_one_publication_delay_before_the_interval_ends() {
        let key = key(0);
        assert_eq!(plan(std::slice::from_ref(&key), &policy(), at(899)), []);
        let actions = plan(std::slice::from_ref(&key), &policy(), at(900));
        let create = Action::Create {
            alg: SigningAlg::EdDSA.into(),
            active_at: at(1000),
        };
        let retire = Action::Retire {
            kid: key.kid,
            at: at(1000),
        };
        assert_eq!(actions, [create, retire]);
    }

    #[test]
    fn a_retired_key_is_withdrawn_after_its_last_token_and_later_forgotten() {
        let (mut old, new) = (key(0), key(1000));
        old.retire_at(at(1000)).unwrap();
        assert_eq!(plan(&[old.clone(), new.clone()], &policy(), at(1319)), []);
        let withdraw = Action::Withdraw { kid: old.kid.clone() };
        assert_eq!(plan(&[old.clone(), new.clone()], &policy(), at(1320)), [withdraw]);
        old.withdraw(at(1320)).unwrap();
        assert_eq!(plan(&[old.clone(), new.clone()], &policy(), at(1321)), []);
        let forget = Action::Forget { kid: old.kid.clone() };
        let actions = plan(&[old, new], &policy(), at(6320));
        assert!(actions.contains(&forget), "{actions:?}");
    }

    #[test]
    fn a_command_makes_one_successor_and_not_two() {
        let mut old = key(0);
        let actions = rotate(std::slice::from_ref(&old), SigningAlg::EdDSA, &policy(), at(50)).unwrap();
        let retire = Action::Retire {
            kid: old.kid.clone(),
            at: at(150),
        };
        assert_eq!(actions.last(), Some(&retire));
        old.retire_at(at(150)).unwrap();
        let mut new = key(150);
        new.created_at = at(50);
        let refused = rotate(&[old.clone(), new.clone()], SigningAlg::EdDSA, &policy(), at(60)).unwrap_err();
        assert_eq!((refused.kid, refused.active_at), (new.kid.clone(), at(150)));
        // nor does the schedule add one
        assert_eq!(plan(&[old, new], &policy(), at(149)), []);
    }

    #[test]
    fn a_command_without_any_key_makes_one_that_signs_at_once() {
        let create = Action::Create {
            alg: SigningAlg::ES256.into(),
            active_at: at(3),
        };
        assert_eq!(rotate(&[key(0)], SigningAlg::ES256, &policy(), at(3)), Ok(vec![create]));
    }

    #[test]
    fn an_emergency_replaces_every_key_of_the_algorithm() {
        let (mut gone, old, waiting) = (key(0), key(10), key(500));
        gone.withdraw(at(5)).unwrap();
        let actions = replace(&[gone, old.clone(), waiting.clone()], SigningAlg::EdDSA, at(50));
        let wanted = [
            Action::Replace { kid: old.kid },
            Action::Replace { kid: waiting.kid },
            Action::Create {
                alg: SigningAlg::EdDSA.into(),
                active_at: at(50),
            },
        ];
        assert_eq!(actions, wanted);
    }

    #[test]
    fn of_two_active_keys_the_newer_signs_and_the_older_retires() {
        let (old, new) = (key(0), key(10));
        let keys = [new.clone(), old.clone()];
        assert_eq!(
            signer(&keys, SigningAlg::EdDSA, at(20)).map(|key| &key.kid),
            Some(&new.kid)
        );
        assert_eq!(
            plan(&keys, &policy(), at(20)),
            [Action::Retire {
                kid: old.kid,
                at: at(20)
            }]
        );
    }

    #[test]
    fn a_clock_that_is_behind_still_finds_the_first_key() {
        let first = key(10);
        let keys = [first.clone()];
        assert_eq!(
            signer(&keys, SigningAlg::EdDSA, at(8)).map(|key| &key.kid),
            Some(&first.kid)
        );
        assert_eq!(plan(&keys, &policy(), at(8)), []);
    }

    #[test]
    fn a_key_that_others_encrypt_to_is_shown_alone_and_decrypts_until_the_last_message_came() {
        let policy = KeyPolicy {
            algs: Vec::new(),
            encryption: vec![EncryptionAlg::EcdhEs],
            ..policy()
        };
        let of = |active_at| SigningKey {
            alg: EncryptionAlg::EcdhEs.into(),
            ..key(active_at)
        };
        let shown = |keys: &[SigningKey], second| -> Vec<String> {
            let shown = published(keys, at(second));
            shown.into_iter().map(|key| key.kid.clone()).collect()
        };
        let (mut old, mut new) = (of(0), of(1000));
        assert_eq!(plan(std::slice::from_ref(&old), &policy, at(899)), []);
        assert_eq!(plan(std::slice::from_ref(&old), &policy, at(900)).len(), 2);
        new.created_at = at(900);
        old.retire_at(at(1000)).unwrap();
        let keys = [old.clone(), new.clone()];
        assert_eq!(shown(&keys, 999), [old.kid.clone()]);
        assert_eq!(shown(&keys, 1000), [new.kid]);
        // the JWKS may be kept for 80 s, and what is encrypted is good for an hour
        let withdraw = Action::Withdraw { kid: old.kid };
        let policy = KeyPolicy {
            rotation_interval: Duration::days(1),
            ..policy
        };
        assert_eq!(plan(&keys, &policy, at(1000 + 80 + 15 + 5 + 3599)), []);
        assert_eq!(plan(&keys, &policy, at(1000 + 80 + 15 + 5 + 3600)), [withdraw]);
    }
}
