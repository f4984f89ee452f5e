//! A key that signs tokens or that others encrypt to, from its first publication to the day on which it is forgotten.

use crate::{
    base::Time,
    spec::jose::{KeyAlg, PublicJwk},
};

/// Where a key stands at a given moment. Published in the JWKS are all but the retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, so that verifiers know it before it signs. One that others encrypt to is only known to all processes.
    Pending,
    /// It signs; others encrypt to it.
    Active,
    /// It signs no more; tokens that it signed may still be out. It still decrypts what may be on its way.
    Retiring,
    /// Out of the JWKS, the private half is gone.
    Retired,
}

/// One key of ours. Its times are facts and plans: all processes read the same state from them at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// RFC 7638 thumbprint of the public half.
    pub kid: String,
    /// The one algorithm that it signs with, or the kind of key that others encrypt to.
    pub alg: KeyAlg,
    /// The half that is published.
    pub public_jwk: PublicJwk,
    /// The private half in PKCS#8 DER, sealed for purpose `signing_key` and its `kid`; gone once it is retired.
    pub private_key_sealed: Option<Vec<u8>>,
    /// When it was made, and so first published.
    pub created_at: Time,
    /// From then on it signs.
    pub active_at: Time,
    /// From then on it signs no more; known as soon as there is a successor.
    pub retiring_at: Option<Time>,
    /// From then on it is out of the JWKS.
    pub retired_at: Option<Time>,
}

/// A change of state that a key cannot make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// Something else follows it already.
    #[error("the key has a successor already")]
    HasSuccessor,
    /// The successor would come before the key itself.
    #[error("a successor cannot become active before the key")]
    SuccessorTooEarly,
    /// It is gone.
    #[error("the key is retired")]
    Retired,
}

impl SigningKey {
    /// Its state at `now`.
    pub fn state(&self, now: Time) -> KeyState {
        let past = |moment: Option<Time>| moment.is_some_and(|moment| moment <= now);
        if past(self.retired_at) {
            KeyState::Retired
        } else if past(self.retiring_at) {
            KeyState::Retiring
        } else if now < self.active_at {
            KeyState::Pending
        } else {
            KeyState::Active
        }
    }

    /// Whether it was taken out at once, because it may be known to others: then nothing that it signed counts.
    pub fn was_replaced(&self) -> bool {
        self.retired_at.is_some() && self.retiring_at == self.retired_at
    }

    /// A successor takes over at `at`.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn retire_at(&mut self, at: Time) -> Result<(), IllegalTransition> {
        match (self.retired_at, self.retiring_at) {
            (Some(_), _) => Err(IllegalTransition::Retired),
            (None, Some(_)) => Err(IllegalTransition::HasSuccessor),
            (None, None) if at < self.active_at => Err(IllegalTransition::SuccessorTooEarly),
            (None, None) => {
                self.retiring_at = Some(at);
                Ok(())
            }
        }
    }

    /// Its time is over: it leaves the JWKS and loses its private half.
    ///
    /// # Errors
    /// [`IllegalTransition::Retired`].
    pub fn withdraw(&mut self, now: Time) -> Result<(), IllegalTransition> {
        if self.retired_at.is_some() {
            return Err(IllegalTransition::Retired);
        }
        self.private_key_sealed = None;
        self.retired_at = Some(now);
        Ok(())
    }

    /// It may be known to others: it leaves the JWKS at once, whatever it signed.
    ///
    /// # Errors
    /// [`IllegalTransition::Retired`].
    pub fn replace(&mut self, now: Time) -> Result<(), IllegalTransition> {
        self.withdraw(now)?;
        self.retiring_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::jose::{SigningAlg, signer::generate};

    fn at(seconds: i64) -> Time {
        Time::from_unix_timestamp(seconds).unwrap()
    }

    fn key() -> SigningKey {
        let public_jwk = generate(SigningAlg::EdDSA).unwrap().public_jwk;
        SigningKey {
            kid: public_jwk.kid.clone(),
            alg: SigningAlg::EdDSA.into(),
            public_jwk,
            private_key_sealed: Some(vec![1]),
            created_at: at(0),
            active_at: at(10),
            retiring_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn a_key_goes_through_its_four_states_to_the_second() {
        let mut key = key();
        key.retire_at(at(20)).unwrap();
        let states: Vec<KeyState> = [9, 10, 19, 20, 99].map(|second| key.state(at(second))).into();
        assert_eq!(
            states,
            [
                KeyState::Pending,
                KeyState::Active,
                KeyState::Active,
                KeyState::Retiring,
                KeyState::Retiring
            ]
        );
        key.withdraw(at(30)).unwrap();
        assert_eq!(key.state(at(29)), KeyState::Retiring);
        assert_eq!(key.state(at(30)), KeyState::Retired);
        assert_eq!(key.private_key_sealed, None);
        assert!(!key.was_replaced());
    }

    #[test]
    fn a_key_has_one_successor_and_none_before_itself() {
        let mut key = key();
        assert_eq!(key.retire_at(at(9)), Err(IllegalTransition::SuccessorTooEarly));
        key.retire_at(at(20)).unwrap();
        assert_eq!(key.retire_at(at(21)), Err(IllegalTransition::HasSuccessor));
    }

    #[test]
    fn a_replaced_key_is_gone_at_once_and_for_good() {
        let mut key = key();
        key.replace(at(12)).unwrap();
        assert_eq!(key.state(at(12)), KeyState::Retired);
        assert!(key.was_replaced());
        assert_eq!(key.private_key_sealed, None);
        assert_eq!(key.withdraw(at(13)), Err(IllegalTransition::Retired));
        assert_eq!(key.retire_at(at(13)), Err(IllegalTransition::Retired));
    }
}
