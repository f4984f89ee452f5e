//! How a client proves who it is at the token endpoint.

use serde::{Deserialize, Serialize};

/// A client authentication method (RFC 7591 §2, OIDC Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// A public client: it has nothing to prove itself with.
    None,
    /// RFC 6749 §2.3.1, HTTP Basic. The default (RFC 7591 §2).
    #[default]
    ClientSecretBasic,
    /// RFC 6749 §2.3.1, in the body.
    ClientSecretPost,
    /// RFC 7523 with a MAC by the client_secret.
    ClientSecretJwt,
    /// RFC 7523 with a signature by the client's own key.
    PrivateKeyJwt,
    /// RFC 8705 §2.1: a certificate of a known authority, with a registered name.
    TlsClientAuth,
    /// RFC 8705 §2.2: a certificate whose key the client registered.
    SelfSignedTlsClientAuth,
}

impl ClientAuthMethod {
    /// Every method.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    /// The name as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        }
    }

    /// Whether a signed assertion is sent.
    pub fn uses_assertion(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }

    /// Whether a client_secret is needed.
    pub fn uses_secret(self) -> bool {
        matches!(
            self,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
        )
    }
}
