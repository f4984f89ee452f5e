//! Which keys the sender of a request holds: its DPoP proof is verified and used up here (RFC 9449).
//!
//! A proof costs its maker nothing, so one is used up only once what it came with was found good: nobody fills the table of
//! used ones by sending what is worth nothing.

use super::{Caller, Core, Refusal};
use crate::{
    base::Time,
    domain::{
        dpop::{self, DpopError, Expected, Proven, nonce},
        sender::Sender,
    },
    spec::jose::JwsAlg,
    store::{self, PgExecutor},
};

/// A proof that holds and was not yet used.
#[derive(Debug)]
pub struct Unused(Option<Proven>);

/// Verifies the proof of a request, if there is one, without using it up. With an `access_token` the proof must have been
/// made for that.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`.
pub fn verify(
    core: &Core,
    caller: &Caller,
    algs: &[JwsAlg],
    access_token: Option<&str>,
) -> Result<(Sender, Unused), Refusal> {
    let proven = match &caller.dpop {
        Some(proof) => {
            let expected = Expected {
                method: &caller.method,
                addresses: &core.policy.addresses(caller.endpoint),
                access_token,
                algs,
                nonces: match core.policy.security.dpop_nonces {
                    true => Some(core.dpop_nonce_key()?),
                    false => None,
                },
                now: core.now(),
                skew: core.policy.tokens.clock_skew,
            };
            Some(dpop::verify(proof, &expected).map_err(DpopError::wire)?)
        }
        None => None,
    };
    let sender = Sender {
        jkt: proven.as_ref().map(|proven| proven.jkt.clone()),
        ..without_proof(caller).0
    };
    Ok((sender, Unused(proven)))
}

/// The keys that the sender holds without any proof of its own.
pub fn without_proof(caller: &Caller) -> (Sender, Unused) {
    let certificate = caller.certificate.as_ref();
    let sender = Sender {
        jkt: None,
        certificate: certificate.map(|certificate| certificate.thumbprint().to_owned()),
    };
    (sender, Unused(None))
}

impl Unused {
    /// Uses the proof up, in whichever process it comes again (RFC 9449 §11.1): one indexed write.
    ///
    /// # Errors
    /// `invalid_dpop_proof` for one that was used before; the store's.
    pub async fn use_up(self, db: impl PgExecutor<'_>, now: Time) -> Result<(), Refusal> {
        let Some(Proven { once, .. }) = self.0 else {
            return Ok(());
        };
        if store::used_jti::insert(db, &once.jti_hash, now, once.expires_at).await? {
            Ok(())
        } else {
            Err(DpopError::Replayed.wire().into())
        }
    }
}

/// The nonce that proofs should carry from now on; `None` where none is demanded (RFC 9449 §8.2).
///
/// # Errors
/// Never with a sound crypto library.
pub fn next_nonce(core: &Core) -> Result<Option<String>, Refusal> {
    if !core.policy.security.dpop_nonces {
        return Ok(None);
    }
    Ok(Some(nonce::make(core.dpop_nonce_key()?, core.now())))
}
