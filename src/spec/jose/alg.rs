//! JWS algorithms by their registered names (RFC 7518 §3.1, RFC 8037 §3.1).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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
    fn none_and_other_spellings_are_unknown() {
        for name in ["none", "None", "rs256", "RS1", "", "ES256K"] {
            assert_eq!(name.parse::<JwsAlg>(), Err(UnknownAlg), "{name}");
            assert_eq!(name.parse::<SigningAlg>(), Err(UnknownAlg), "{name}");
        }
        assert_eq!("HS256".parse::<SigningAlg>(), Err(UnknownAlg));
    }
}
