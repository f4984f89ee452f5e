//! An app: anything that asks for tokens.

use serde::{Deserialize, Serialize};

use super::{client_metadata::ClientMetadata, client_secret::ClientSecret};
use crate::{
    base::Time,
    spec::oauth::{ClientAuthMethod, GrantType, ResponseMode, client_document},
};

/// Whether a client may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// In use.
    Active,
    /// Every request of it is refused.
    Disabled,
}

impl ClientStatus {
    /// The status as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its public identifier.
    pub client_id: String,
    /// Everything it registered.
    pub metadata: ClientMetadata,
    /// Its secrets, the newest first; those that have expired too.
    pub secrets: Vec<ClientSecret>,
    /// Names of its roles, for client_credentials.
    pub roles: Vec<String>,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// Counts changes; an edit names the version that it saw.
    pub version: i64,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// Whether a program registered it, or its document did: nobody here has looked at what it says.
    pub registered_itself: bool,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Client {
    /// What people see: the name, else the identifier.
    pub fn display_name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(&self.client_id)
    }

    /// The same for readers of a language.
    pub fn display_name_in(&self, language: &str) -> &str {
        let name = self.metadata.localized.find("client_name", language);
        name.unwrap_or_else(|| self.display_name())
    }

    /// The secrets that let it in, the newest first.
    pub fn good_secrets(&self, now: Time) -> impl Iterator<Item = &ClientSecret> {
        self.secrets.iter().filter(move |secret| secret.is_good(now))
    }

    /// The host of the document that names it, if nobody registered it: all that is known of it for sure.
    pub fn document_host(&self) -> Option<String> {
        let address = client_document::address(&self.client_id)?;
        address.host_str().map(str::to_owned)
    }

    /// Whether nobody here answers for it: it registered itself, and no administrator made it one of the house, whose people
    /// are not even asked.
    pub fn is_strange(&self) -> bool {
        self.registered_itself && self.metadata.require_consent
    }

    /// Whether it has nothing to prove itself with.
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == ClientAuthMethod::None
    }

    /// Whether it may use the grant.
    pub fn allows_grant(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }

    /// Whether it may be answered in that mode, for a response type whose own is `default`.
    pub fn allows_mode(&self, mode: ResponseMode, default: ResponseMode) -> bool {
        let registered = &self.metadata.response_modes;
        registered.is_empty()
            || registered
                .iter()
                .any(|name| ResponseMode::parse(name, default) == Some(mode))
    }

    /// Whether its authorization requests need PKCE: always for public clients (RFC 9700 §2.1.1).
    pub fn needs_pkce(&self) -> bool {
        self.is_public() || self.metadata.require_pkce
    }

    /// Whether it may ask for the scope.
    pub fn allows_scope(&self, scope: &str) -> bool {
        self.metadata
            .scope
            .as_deref()
            .is_none_or(|scopes| scopes.split(' ').any(|allowed| allowed == scope))
    }

    /// Whether it may ask for the resource.
    pub fn allows_resource(&self, identifier: &str) -> bool {
        self.metadata
            .resources
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|one| one == identifier))
    }
}
