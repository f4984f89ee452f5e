//! Algorithms by their registered names: those that sign (RFC 7518 §3.1, RFC 8037 §3.1), and those of our own keys.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::jwe::JweAlg;

/// A name that is none of the algorithms wanted here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown or unsupported signing algorithm")]
pub struct UnknownAlg;

/// An algorithm that Signet itself signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256; every relying party knows it.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519 (RFC 8037).
    EdDSA,
}

impl SigningAlg {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        self.jws().name()
    }

    /// The same algorithm among all that are verified.
    pub const fn jws(self) -> JwsAlg {
        match self {
            Self::RS256 => JwsAlg::RS256,
            Self::PS256 => JwsAlg::PS256,
            Self::ES256 => JwsAlg::ES256,
            Self::EdDSA => JwsAlg::EdDSA,
        }
    }
}

/// A kind of key of ours that others encrypt to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EncryptionAlg {
    /// RSA of 2048 bits, for RSA-OAEP-256.
    RsaOaep256,
    /// A key on P-256, for ECDH-ES alone and with its key wraps.
    EcdhEs,
}

impl EncryptionAlg {
    /// Every kind, in the order in which metadata lists them.
    pub const ALL: [Self; 2] = [Self::RsaOaep256, Self::EcdhEs];

    /// By its first algorithm.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => JweAlg::RsaOaep256.name(),
            Self::EcdhEs => JweAlg::EcdhEs.name(),
        }
    }

    /// The algorithms that one key serves.
    pub const fn serves(self) -> &'static [JweAlg] {
        match self {
            Self::RsaOaep256 => &[JweAlg::RsaOaep256],
            Self::EcdhEs => &[JweAlg::EcdhEs, JweAlg::EcdhEsA128Kw, JweAlg::EcdhEsA256Kw],
        }
    }
}

/// What a key of ours is for: it signs, or others encrypt to it. One ring of keys for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum KeyAlg {
    /// It signs.
    Signing(SigningAlg),
    /// Others encrypt to it.
    Encryption(EncryptionAlg),
}

impl KeyAlg {
    /// Every ring that there may be.
    pub fn all() -> impl Iterator<Item = Self> {
        let signing = SigningAlg::ALL.into_iter().map(Self::Signing);
        signing.chain(EncryptionAlg::ALL.into_iter().map(Self::Encryption))
    }

    /// Its name, which no two have.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing(alg) => alg.name(),
            Self::Encryption(alg) => alg.name(),
        }
    }

    /// Whether others encrypt to it.
    pub const fn is_encryption(self) -> bool {
        matches!(self, Self::Encryption(_))
    }
}

/// An algorithm that Signet verifies; clients may sign their assertions and request objects with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the registry's own
pub enum JwsAlg {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
    HS256,
    HS384,
    HS512,
}

impl JwsAlg {
    /// Signatures: what `private_key_jwt` may use.
    pub const SIGNATURES: [Self; 10] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// Message authentication codes: what `client_secret_jwt` may use.
    pub const MACS: [Self; 3] = [Self::HS256, Self::HS384, Self::HS512];

    /// What Signet signs with, for verifying its own tokens.
    pub const OURS: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }
}

impl From<SigningAlg> for KeyAlg {
    fn from(alg: SigningAlg) -> Self {
        Self::Signing(alg)
    }
}

impl From<EncryptionAlg> for KeyAlg {
    fn from(alg: EncryptionAlg) -> Self {
        Self::Encryption(alg)
    }
}

impl From<KeyAlg> for &'static str {
    fn from(alg: KeyAlg) -> Self {
        alg.name()
    }
}

impl TryFrom<String> for KeyAlg {
    type Error = UnknownAlg;

    fn try_from(name: String) -> Result<Self, UnknownAlg> {
        name.parse()
    }
}

impl From<SigningAlg> for JwsAlg {
    fn from(alg: SigningAlg) -> Self {
        alg.jws()
    }
}

impl fmt::Display for SigningAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for JwsAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for KeyAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyAlg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Self::all().find(|alg| alg.name() == name).ok_or(UnknownAlg)
    }
}

impl FromStr for EncryptionAlg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Self::ALL.into_iter().find(|alg| alg.name() == name).ok_or(UnknownAlg)
    }
}

impl FromStr for SigningAlg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Self::ALL.into_iter().find(|alg| alg.name() == name).ok_or(UnknownAlg)
    }
}

impl FromStr for JwsAlg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Self::SIGNATURES
            .into_iter()
            .chain(Self::MACS)
            .find(|alg| alg.name() == name)
            .ok_or(UnknownAlg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_agree_with_json() {
        for alg in SigningAlg::ALL {
            assert_eq!(alg.name().parse(), Ok(alg));
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.name());
        }
        for alg in JwsAlg::SIGNATURES.into_iter().chain(JwsAlg::MACS) {
            assert_eq!(alg.name().parse(), Ok(alg));
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.name());
        }
    }

    #[test]
    fn every_ring_has_a_name_of_its_own() {
        for alg in KeyAlg::all() {
            assert_eq!(alg.name().parse(), Ok(alg));
            let json = serde_json::to_value(alg).unwrap();
            assert_eq!(serde_json::from_value::<KeyAlg>(json).unwrap(), alg);
        }
        assert_eq!("ECDH-ES+A128KW".parse::<KeyAlg>(), Err(UnknownAlg));
        assert_eq!("RSA-OAEP".parse::<EncryptionAlg>(), Err(UnknownAlg));
    }

    #[test]
    fn none_and_other_spellings_are_unknown() {
        for name in ["none", "None", "rs256", "RS1", "", "ES256K"] {
            assert_eq!(name.parse::<JwsAlg>(), Err(UnknownAlg), "{name}");
            assert_eq!(name.parse::<SigningAlg>(), Err(UnknownAlg), "{name}");
        }
        assert_eq!("HS256".parse::<SigningAlg>(), Err(UnknownAlg));
    }
}
