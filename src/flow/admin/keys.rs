//! Keys of ours: what there is, and rotation by hand.

use serde_json::json;

use super::{By, Error, line, record};
use crate::{
    flow::{Core, keys},
    model::{AuditKind, SigningKey},
    spec::jose::KeyAlg,
};

/// Every key that is still remembered.
///
/// # Errors
/// The store's.
pub async fn list(core: &Core) -> Result<Vec<SigningKey>, Error> {
    Ok(keys::list(&core.store).await?)
}

/// What a rotation did for one algorithm.
#[derive(Debug)]
pub enum Rotation {
    /// The successor, which takes over once it has been published long enough.
    Begun(Box<SigningKey>),
    /// A successor waits already.
    AlreadyPending(KeyAlg),
}

/// Makes successors for the keys of one ring or of all.
///
/// # Errors
/// [`Error::Keys`].
pub async fn rotate(core: &Core, by: &By, alg: Option<KeyAlg>) -> Result<Vec<Rotation>, Error> {
    let algs = alg.map_or_else(|| core.keys.policy().rings().collect(), |alg| vec![alg]);
    let mut done = Vec::with_capacity(algs.len());
    for alg in algs {
        match core.keys.rotate(alg, &core.store, &core.sealer, &*core.clock).await {
            Ok(key) => {
                note(core, by, &key, "rotated").await?;
                done.push(Rotation::Begun(Box::new(key)));
            }
            Err(keys::Error::AlreadyPending(_)) => done.push(Rotation::AlreadyPending(alg)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// The emergency: every key of the ring is out at once; what it signed stops counting, and what is encrypted to it is not
/// read any more.
///
/// # Errors
/// [`Error::Keys`].
pub async fn replace(core: &Core, by: &By, alg: KeyAlg) -> Result<SigningKey, Error> {
    let key = core.keys.replace(alg, &core.store, &core.sealer, &*core.clock).await?;
    note(core, by, &key, "replaced").await?;
    Ok(key)
}

async fn note(core: &Core, by: &By, key: &SigningKey, what: &str) -> Result<(), Error> {
    let data = json!({"alg": key.alg.name(), "kid": key.kid, "how": what});
    let event = line(
        core,
        by,
        AuditKind::KeyRotated,
        data.as_object().cloned().unwrap_or_default(),
    );
    let mut tx = core.store.begin().await?;
    record(&mut tx, event).await?;
    Ok(tx.commit().await?)
}
