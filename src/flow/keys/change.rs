//! Changing the ring in the database: under a lock, so that of several processes one does it.

use std::collections::HashMap;

use super::{Error, SEAL_PURPOSE};
use crate::{
    base::{Clock, Sealer, Time},
    domain::keys::{Action, plan::AlreadyPending},
    model::{SigningKey, signing_key::IllegalTransition},
    spec::jose::{
        KeyAlg, decryption,
        signer::{self, GeneratedKey, KeyError},
    },
    store::{self, Store, signing_key},
};

/// How often a change starts again because another process changed the ring in between.
const ATTEMPTS: usize = 5;

/// Applies what `decide` says about the rows as they are under the lock; returns the new keys.
///
/// New keys are made before the lock is taken, because an RSA key takes as long as a hundred transactions.
pub(super) async fn change(
    store: &Store,
    sealer: &Sealer,
    clock: &dyn Clock,
    decide: impl Fn(&[SigningKey], Time) -> Result<Vec<Action>, AlreadyPending>,
) -> Result<Vec<SigningKey>, Error> {
    let mut made: HashMap<KeyAlg, GeneratedKey> = HashMap::new();
    for _ in 0..ATTEMPTS {
        let mut tx = store.begin().await?;
        signing_key::lock_ring(&mut tx).await?;
        let rows = signing_key::list(&mut *tx).await?;
        let now = clock.now();
        let actions = decide(&rows, now)?;
        let missing: Vec<KeyAlg> = wanted(&actions).filter(|alg| !made.contains_key(alg)).collect();
        if !missing.is_empty() {
            tx.rollback().await?;
            for alg in missing {
                made.insert(alg, generate(alg).await?);
            }
            continue;
        }
        let created = apply(&mut tx, rows, actions, &mut made, sealer, now).await?;
        tx.commit().await?;
        return Ok(created);
    }
    Err(Error::Contended)
}

/// A new key, made off the async threads.
async fn generate(alg: KeyAlg) -> Result<GeneratedKey, Error> {
    let failed = |source| Error::Key {
        kid: String::new(),
        source,
    };
    let make = move || match alg {
        KeyAlg::Signing(alg) => signer::generate(alg),
        KeyAlg::Encryption(alg) => decryption::generate(alg),
    };
    tokio::task::spawn_blocking(make)
        .await
        .map_err(|_| failed(KeyError::Generation))?
        .map_err(failed)
}

fn wanted(actions: &[Action]) -> impl Iterator<Item = KeyAlg> + '_ {
    actions.iter().filter_map(|action| match action {
        Action::Create { alg, .. } => Some(*alg),
        _ => None,
    })
}

async fn apply(
    tx: &mut store::Tx,
    mut rows: Vec<SigningKey>,
    actions: Vec<Action>,
    made: &mut HashMap<KeyAlg, GeneratedKey>,
    sealer: &Sealer,
    now: Time,
) -> Result<Vec<SigningKey>, Error> {
    let mut created = Vec::new();
    for action in actions {
        match action {
            Action::Create { alg, active_at } => {
                let new = made.remove(&alg).ok_or(Error::NoSigner(alg))?;
                let key = sealed(alg, new, active_at, (now, sealer))?;
                signing_key::insert(&mut **tx, &key).await?;
                tracing::info!(kid = key.kid, %alg, %active_at, "a new key");
                created.push(key);
            }
            Action::Retire { kid, at } => {
                transition(tx, &mut rows, &kid, |key| key.retire_at(at)).await?;
                tracing::info!(kid, %at, "the signing key has a successor");
            }
            Action::Withdraw { kid } => {
                transition(tx, &mut rows, &kid, |key| key.withdraw(now)).await?;
                tracing::info!(kid, "the signing key is retired");
            }
            Action::Replace { kid } => {
                transition(tx, &mut rows, &kid, |key| key.replace(now)).await?;
                tracing::warn!(
                    kid,
                    "the signing key is replaced at once; what it signed counts no more"
                );
            }
            Action::Forget { kid } => signing_key::delete(&mut **tx, &kid).await?,
        }
    }
    Ok(created)
}

async fn transition(
    tx: &mut store::Tx,
    rows: &mut [SigningKey],
    kid: &str,
    change: impl FnOnce(&mut SigningKey) -> Result<(), IllegalTransition>,
) -> Result<(), Error> {
    let key = rows
        .iter_mut()
        .find(|key| key.kid == kid)
        .ok_or(store::Error::NotFound)?;
    change(key).map_err(|source| Error::Transition {
        kid: kid.to_owned(),
        source,
    })?;
    Ok(signing_key::update(&mut **tx, key).await?)
}

fn sealed(
    alg: KeyAlg,
    new: GeneratedKey,
    active_at: Time,
    (now, sealer): (Time, &Sealer),
) -> Result<SigningKey, Error> {
    let kid = new.public_jwk.kid.clone();
    let private = sealer
        .seal(SEAL_PURPOSE, &kid, new.private_der.expose())
        .map_err(|source| Error::Seal {
            kid: kid.clone(),
            source,
        })?;
    Ok(SigningKey {
        kid,
        alg,
        public_jwk: new.public_jwk,
        private_key_sealed: Some(private),
        created_at: now,
        active_at,
        retiring_at: None,
        retired_at: None,
    })
}
