//! An app: anything that asks for tokens.

use serde::{Deserialize, Serialize};

use super::{localized::Localized, resource::TokenFormat};
use crate::{
    base::{Time, TokenHash},
    spec::oauth::{ClientAuthMethod, GrantType, ResponseType},
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

/// OIDC Registration §2: `web` or `native`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server or in a browser.
    #[default]
    Web,
    /// Installed on a device.
    Native,
}

/// What `sub` says to an app (OIDC Core §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SubjectType {
    /// The same for every app.
    #[default]
    Public,
}

/// A subject type that this version does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not supported by this version, only \"public\" is: sub is the same for every app")]
pub struct UnknownSubjectType(String);

impl TryFrom<String> for SubjectType {
    type Error = UnknownSubjectType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "public" => Ok(Self::Public),
            _ => Err(UnknownSubjectType(text.chars().take(40).collect())),
        }
    }
}

impl From<SubjectType> for &'static str {
    fn from(kind: SubjectType) -> Self {
        match kind {
            SubjectType::Public => "public",
        }
    }
}

/// Client metadata under its registered names (RFC 7591 §2, OIDC Registration §2), and Signet's own below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMetadata {
    /// What people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The app's home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// How it treats data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// The five above in further languages.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub localized: Localized,
    /// E-mail addresses of those responsible.
    pub contacts: Vec<String>,
    /// Web or native.
    pub application_type: ApplicationType,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// Where browsers may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Which grants it may use.
    pub grant_types: Vec<GrantType>,
    /// Which response types it may use.
    pub response_types: Vec<ResponseType>,
    /// How it authenticates.
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The one algorithm that its assertions use; `None`: any that fits the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Its public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Its public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The scopes that it may ask for, separated by blanks; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What `sub` says to it.
    pub subject_type: SubjectType,
    /// Signs its ID tokens; `None`: RS256 (OIDC Registration §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// `max_age` when a request names none, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// Whether ID tokens must carry `auth_time`.
    pub require_auth_time: bool,
    /// `acr_values` when a request names none.
    pub default_acr_values: Vec<String>,
    /// Where a third party may start a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,

    /// Whether people are asked before the app learns about them. `false` for first-party apps.
    pub require_consent: bool,
    /// Whether PKCE is required also of this confidential client.
    pub require_pkce: bool,
    /// How access tokens without a resource are written; a resource decides for its own.
    pub access_token_format: TokenFormat,
    /// Signs JWT access tokens without a resource; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signing_alg: Option<String>,
    /// In seconds; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime_seconds: Option<i64>,
    /// In seconds; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime_seconds: Option<i64>,
    /// The API resources that it may ask for; `None`: every one (people's own permissions still bound a token).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<String>>,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            localized: Localized::default(),
            contacts: Vec::new(),
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec![ResponseType::Code],
            token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            scope: None,
            subject_type: SubjectType::Public,
            id_token_signed_response_alg: None,
            default_max_age: None,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            initiate_login_uri: None,
            require_consent: true,
            require_pkce: false,
            access_token_format: TokenFormat::Jwt,
            access_token_signing_alg: None,
            access_token_lifetime_seconds: None,
            refresh_token_lifetime_seconds: None,
            resources: None,
        }
    }
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its public identifier.
    pub client_id: String,
    /// Everything it registered.
    pub metadata: ClientMetadata,
    /// SHA-256 of its secret.
    pub secret_hash: Option<TokenHash>,
    /// Its secret, sealed (purpose `client_secret`, context the client_id); only for client_secret_jwt.
    pub secret_sealed: Option<Vec<u8>>,
    /// Names of its roles, for client_credentials.
    pub roles: Vec<String>,
    /// Whether it may be used.
    pub status: ClientStatus,
    /// Counts changes; an edit names the version that it saw.
    pub version: i64,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
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

    /// Whether it has nothing to prove itself with.
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == ClientAuthMethod::None
    }

    /// Whether it may use the grant.
    pub fn allows_grant(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
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
