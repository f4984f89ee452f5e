//! Encrypted tokens (RFC 7516), compact serialisation only: answers to clients that registered for it (OIDC Core §10.2),
//! and what clients encrypt to us. Encrypting is [`super::RecipientKey`]'s, decrypting [`super::DecryptionKey`]'s.
//!
//! josekit does the work, behind limits of ours: no compression, because it inflates without bound; a short list of
//! algorithms, without PBES2 (the sender would choose our cost) and RSA1_5 (padding oracle); no critical extensions;
//! lengths checked before they reach the crypto library.

use josekit::jwe::JweContext;

/// The longest encrypted token that is looked at, in bytes: room for a signed one of the longest kind inside.
pub const MAX_JWE_BYTES: usize = 32 * 1024;

/// How the content key travels (RFC 7518 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JweAlg {
    /// RSA-OAEP with SHA-256.
    RsaOaep256,
    /// ECDH-ES, the agreed key is the content key.
    EcdhEs,
    /// ECDH-ES, the agreed key wraps the content key with AES-128.
    EcdhEsA128Kw,
    /// ECDH-ES, the agreed key wraps the content key with AES-256.
    EcdhEsA256Kw,
}

/// How the content is encrypted (RFC 7518 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JweEnc {
    /// AES-128 in GCM.
    A128Gcm,
    /// AES-256 in GCM.
    A256Gcm,
    /// AES-128 in CBC with HMAC SHA-256; what OIDC Registration §2 assumes when only `alg` is given.
    #[default]
    A128CbcHs256,
    /// AES-256 in CBC with HMAC SHA-512.
    A256CbcHs512,
}

impl JweAlg {
    /// All that are spoken here.
    pub const ALL: [Self; 4] = [Self::RsaOaep256, Self::EcdhEs, Self::EcdhEsA128Kw, Self::EcdhEsA256Kw];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// By its `alg` value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

impl JweEnc {
    /// All that are spoken here.
    pub const ALL: [Self; 4] = [Self::A128Gcm, Self::A256Gcm, Self::A128CbcHs256, Self::A256CbcHs512];

    /// The `enc` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// By its `enc` value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|enc| enc.name() == name)
    }

    /// Bytes of content key, initialisation vector and tag (RFC 7518 §5.2, §5.3).
    pub(super) const fn lengths(self) -> (usize, usize, usize) {
        match self {
            Self::A128Gcm => (16, 12, 16),
            Self::A256Gcm => (32, 12, 16),
            Self::A128CbcHs256 => (32, 16, 16),
            Self::A256CbcHs512 => (64, 16, 32),
        }
    }
}

/// Why a token was not encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// The recipient's key, or ours, does not serve the algorithm.
    #[error("the key does not serve the algorithm")]
    Key,
    /// More than [`MAX_JWE_BYTES`].
    #[error("the encrypted token has more than 32768 bytes")]
    TooLong,
    /// Not a compact JWE, or with parts of impossible lengths.
    #[error("not a compact JSON Web Encryption")]
    Malformed,
    /// `alg` or `enc` is not spoken here, or not by any key that is at hand.
    #[error("the encryption algorithm is not allowed")]
    AlgNotAllowed,
    /// `zip` or `crit`.
    #[error("compression and critical extensions are not allowed")]
    Extension,
    /// It does not decrypt. There is one answer for all reasons.
    #[error("the token does not decrypt")]
    Refused,
}

/// The one context; compression is not in it.
pub(super) fn context() -> JweContext {
    let mut context = JweContext::new();
    context.remove_compression("DEF");
    context
}
