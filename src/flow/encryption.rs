//! Encrypts answers to a client's own key (OIDC Core §10.2), which is looked up before anything is decided: it may have to
//! be fetched, and nothing that a client presents is used up by a key that is missing.

use std::sync::Arc;

use super::{Core, Refusal, client_keys};
use crate::{
    domain::encryption::{Encryption, Unsupported},
    model::Client,
    spec::{
        jose::RecipientKey,
        oauth::{ErrorCode, OAuthError},
    },
};

/// What a client registered for its ID tokens; logout tokens are encrypted alike (Back-Channel Logout §2.4).
pub fn of_id_tokens(client: &Client) -> Result<Option<Encryption>, Unsupported> {
    Encryption::registered(
        client.metadata.id_token_encrypted_response_alg.as_deref(),
        client.metadata.id_token_encrypted_response_enc.as_deref(),
    )
}

/// A client's key, and how to encrypt to it.
#[derive(Debug, Clone)]
pub struct Recipient {
    key: Arc<RecipientKey>,
    encryption: Encryption,
}

impl Recipient {
    /// Encrypts a signed token: a nested JWT (RFC 7519 §5.2).
    ///
    /// # Errors
    /// If the crypto library fails.
    pub fn nest(&self, signed: &str) -> Result<String, Refusal> {
        self.encrypt(signed.as_bytes(), Some("JWT"))
    }

    /// Encrypts a claims set that nobody signed.
    ///
    /// # Errors
    /// If the crypto library fails.
    pub fn wrap(&self, claims: &[u8]) -> Result<String, Refusal> {
        self.encrypt(claims, None)
    }

    fn encrypt(&self, payload: &[u8], cty: Option<&str>) -> Result<String, Refusal> {
        let Encryption { alg, enc } = self.encryption;
        Ok(self.key.encrypt(payload, cty, alg, enc)?)
    }
}

/// Whom to encrypt an answer to, by what the client registered for it; `None` if it registered nothing.
///
/// # Errors
/// `invalid_request` if there is no key that serves; the reason is logged.
pub async fn recipient(
    core: &Core,
    client: &Arc<Client>,
    registered: Result<Option<Encryption>, Unsupported>,
) -> Result<Option<Recipient>, Refusal> {
    let refused = |why: String| {
        tracing::info!(client_id = client.client_id, why, "an answer cannot be encrypted");
        let what = "no key of the client serves the encryption that it registered";
        Refusal::from(OAuthError::new(ErrorCode::InvalidRequest, what))
    };
    let Some(encryption) = registered.map_err(|error| refused(error.to_string()))? else {
        return Ok(None);
    };
    let found = client_keys::find(core, client, |set| set.recipient(encryption.alg)).await;
    let found = found.map_err(|error| refused(error.to_string()))?;
    let key = found.ok_or_else(|| refused("no such key".to_owned()))?;
    Ok(Some(Recipient { key, encryption }))
}
