//! What one process knows of the ring: parsed, and ready to be shared by all its request handlers.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Error, SEAL_PURPOSE};
use crate::{
    base::{Sealer, Secret, Time},
    domain::keys,
    model::{SigningKey, signing_key::KeyState},
    spec::jose::{DecryptionKey, EncryptionAlg, JwkSet, KeyAlg, KeySigner, PublicJwk, SigningAlg, VerifyKey},
};

/// A live key that signs, parsed.
struct Held {
    key: SigningKey,
    signer: Arc<KeySigner>,
}

/// The ring as it was read at one moment.
pub(super) struct Snapshot {
    pub(super) loaded_at: Time,
    held: Vec<Held>,
    pub(super) body: Arc<str>,
    pub(super) etag: Arc<str>,
    pub(super) verify_keys: Arc<JwkSet>,
    pub(super) hint_keys: Arc<JwkSet>,
    pub(super) decryption_keys: Arc<[Arc<DecryptionKey>]>,
}

impl Snapshot {
    /// What a process knows before it has read anything.
    pub(super) fn empty() -> Self {
        Self {
            loaded_at: Time::UNIX_EPOCH,
            held: Vec::new(),
            body: Arc::from(r#"{"keys":[]}"#),
            etag: Arc::from("\"\""),
            verify_keys: Arc::default(),
            hint_keys: Arc::default(),
            decryption_keys: Arc::default(),
        }
    }

    /// Opens and parses what is new; what `before` holds already is taken over.
    pub(super) fn build(rows: Vec<SigningKey>, loaded_at: Time, before: &Self, sealer: &Sealer) -> Result<Self, Error> {
        let shown: Vec<PublicJwk> = keys::published(&rows, loaded_at)
            .into_iter()
            .map(|key| key.public_jwk.clone())
            .collect();
        let body = serde_json::json!({ "keys": shown }).to_string();
        let digest = digest::digest(&digest::SHA256, body.as_bytes());
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest));

        let (mut held, mut decrypting) = (Vec::new(), Vec::new());
        let (mut published, mut remembered) = (Vec::new(), Vec::new());
        for key in rows {
            if key.was_replaced() {
                continue;
            }
            let is_live = key.state(loaded_at) != KeyState::Retired;
            let alg = match key.alg {
                KeyAlg::Signing(alg) => alg,
                KeyAlg::Encryption(alg) if is_live => {
                    decrypting.push(before.decrypting(alg, &key, sealer)?);
                    continue;
                }
                KeyAlg::Encryption(_) => continue,
            };
            let public = before.public(&key)?;
            remembered.push(Arc::clone(&public));
            if is_live {
                published.push(public);
                let signer = match before.parsed(&key.kid) {
                    Some(signer) => signer,
                    None => Arc::new(open(alg, &key, sealer)?),
                };
                held.push(Held { key, signer });
            }
        }
        Ok(Self {
            loaded_at,
            held,
            body: body.into(),
            etag: etag.into(),
            verify_keys: Arc::new(JwkSet::new(published)),
            hint_keys: Arc::new(JwkSet::new(remembered)),
            decryption_keys: decrypting.into(),
        })
    }

    /// What signs with `alg` at `now`.
    pub(super) fn signer(&self, alg: SigningAlg, now: Time) -> Option<Arc<KeySigner>> {
        let key = keys::signer(self.held.iter().map(|held| &held.key), alg, now)?;
        self.parsed(&key.kid)
    }

    /// The parsed private half, if it was parsed before.
    fn parsed(&self, kid: &str) -> Option<Arc<KeySigner>> {
        let held = self.held.iter().find(|held| held.key.kid == kid)?;
        Some(Arc::clone(&held.signer))
    }

    /// A parsed key that others encrypt to, from before or anew.
    fn decrypting(&self, alg: EncryptionAlg, key: &SigningKey, sealer: &Sealer) -> Result<Arc<DecryptionKey>, Error> {
        if let Some(known) = self.decryption_keys.iter().find(|known| known.kid() == key.kid) {
            return Ok(Arc::clone(known));
        }
        let opened = DecryptionKey::new(alg, &key.kid, &private_half(key, sealer)?);
        opened.map(Arc::new).map_err(|source| Error::Decryption {
            kid: key.kid.clone(),
            source,
        })
    }

    /// The parsed public half, from before or anew.
    fn public(&self, key: &SigningKey) -> Result<Arc<VerifyKey>, Error> {
        let known = self.hint_keys.keys().iter().find(|known| known.kid() == Some(&key.kid));
        match known {
            Some(known) => Ok(Arc::clone(known)),
            None => VerifyKey::ours(&key.public_jwk)
                .map(Arc::new)
                .map_err(|_| Error::PublicKey(key.kid.clone())),
        }
    }
}

fn open(alg: SigningAlg, key: &SigningKey, sealer: &Sealer) -> Result<KeySigner, Error> {
    KeySigner::new(alg, &key.kid, &private_half(key, sealer)?).map_err(|source| Error::Key {
        kid: key.kid.clone(),
        source,
    })
}

fn private_half(key: &SigningKey, sealer: &Sealer) -> Result<Secret<Vec<u8>>, Error> {
    let sealed = key.private_key_sealed.as_deref().unwrap_or_default();
    sealer
        .open(SEAL_PURPOSE, &key.kid, sealed)
        .map_err(|source| Error::Seal {
            kid: key.kid.clone(),
            source,
        })
}
