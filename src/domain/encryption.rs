//! How a client wants answers to it encrypted (OIDC Registration §2, RFC 9701 §6, JARM §3).

use crate::spec::jose::{JweAlg, JweEnc};

/// An encryption that a client registered for one kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encryption {
    /// How the content key travels.
    pub alg: JweAlg,
    /// How the content is encrypted.
    pub enc: JweEnc,
}

/// A stored name is none of the algorithms spoken here. The answer must then not leave in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client registered an encryption that is not supported")]
pub struct Unsupported;

impl Encryption {
    /// From a client's `…_encrypted_response_alg` and `…_encrypted_response_enc`; `None` if it wants the answer as it is.
    ///
    /// # Errors
    /// [`Unsupported`].
    pub fn registered(alg: Option<&str>, enc: Option<&str>) -> Result<Option<Self>, Unsupported> {
        let Some(alg) = alg else {
            // OIDC Registration §2: `enc` has no meaning without `alg`; registration refuses it
            return Ok(None);
        };
        let alg = JweAlg::from_name(alg).ok_or(Unsupported)?;
        // "If …_alg is specified, the default … is A128CBC-HS256"
        let enc = enc.map_or(Some(JweEnc::A128CbcHs256), JweEnc::from_name);
        Ok(Some(Self {
            alg,
            enc: enc.ok_or(Unsupported)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_read_and_the_default_is_that_of_the_standard() {
        let read = Encryption::registered;
        assert_eq!(read(None, None), Ok(None));
        let by_default = Encryption {
            alg: JweAlg::EcdhEs,
            enc: JweEnc::A128CbcHs256,
        };
        assert_eq!(read(Some("ECDH-ES"), None), Ok(Some(by_default)));
        let named = Encryption {
            alg: JweAlg::RsaOaep256,
            enc: JweEnc::A256Gcm,
        };
        assert_eq!(read(Some("RSA-OAEP-256"), Some("A256GCM")), Ok(Some(named)));
    }

    #[test]
    fn an_unknown_name_is_never_read_as_no_encryption() {
        assert_eq!(Encryption::registered(Some("RSA1_5"), None), Err(Unsupported));
        assert_eq!(Encryption::registered(Some(""), None), Err(Unsupported));
        assert_eq!(
            Encryption::registered(Some("ECDH-ES"), Some("A192GCM")),
            Err(Unsupported)
        );
    }
}
