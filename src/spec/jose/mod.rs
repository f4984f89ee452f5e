//! JOSE: signing algorithms, keys, signed tokens, encrypted tokens, and the hashes that tie tokens together.
//!
//! This is the one door to josekit. Signing and verifying run on aws-lc-rs with keys parsed once; josekit supplies the
//! signer trait and encryption. Absent on purpose: `alg: none`, compression, PBES2, RSA1_5, JSON serialisation.

pub mod alg;
pub mod decryption;
pub mod hash;
pub mod jwe;
pub mod jwk;
pub mod jwt;
pub mod own_key;
pub mod public_jwk;
pub mod recipient;
pub mod signer;
pub mod strict_json;

pub use alg::{EncryptionAlg, JwsAlg, KeyAlg, SigningAlg};
pub use decryption::DecryptionKey;
pub use jwe::{JweAlg, JweEnc};
pub use jwk::{JwkSet, PublicJwk, VerifyKey};
pub use jwt::{Expect, VerifiedJwt};
pub use recipient::RecipientKey;
pub use signer::KeySigner;
pub use strict_json::objects as strict_objects;
