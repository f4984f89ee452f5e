//! An authorization request on its way through the hosted pages.

use serde::{Deserialize, Serialize};

use crate::{
    base::{
        Time, TokenHash,
        id::{AuthorizationRequestId, SessionId, UserId},
    },
    spec::{
        oauth::{AuthorizationDetails, CodeChallenge, PromptSet, ResponseMode, ResponseType, ScopeSet},
        oidc::{ClaimsRequest, Display},
    },
};

/// The parameters after every check of the authorization endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationParameters {
    /// Where the answer goes: exactly as sent, or the only registered one.
    pub redirect_uri: String,
    /// Whether the request named it: then the token request must repeat it (RFC 6749 §4.1.3).
    pub redirect_uri_given: bool,
    /// What is asked for.
    pub response_type: ResponseType,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Echoed as it came.
    pub state: Option<String>,
    /// Copied into the ID token.
    pub nonce: Option<String>,
    /// What is asked for, without what this server or client does not know.
    pub scope: ScopeSet,
    /// API resources (RFC 8707).
    #[serde(default)]
    pub resource: Vec<String>,
    /// PKCE.
    pub code_challenge: Option<CodeChallenge>,
    /// What to show in any case.
    #[serde(default)]
    pub prompt: PromptSet,
    /// Largest age of the authentication, in seconds.
    pub max_age: Option<i64>,
    /// Languages, best first, as sent.
    pub ui_locales: Option<String>,
    /// Wished classes of authentication, best first.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Wished appearance.
    pub display: Option<Display>,
    /// Fills the identifier field.
    pub login_hint: Option<String>,
    /// The `sub` of the `id_token_hint` (verified): somebody else may not answer.
    pub hinted_user: Option<UserId>,
    /// Claims asked for by name.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// What is to be permitted beyond scopes (RFC 9396).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// The key that the code is to be bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The pushed request that this is, which the answer uses up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<TokenHash>,
}

/// A pending request.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizationRequest {
    /// In the address of the pages.
    pub id: AuthorizationRequestId,
    /// Who asks.
    pub client_id: String,
    /// What for.
    pub parameters: AuthorizationParameters,
    /// When somebody authenticated for this request: satisfies `prompt=login` and `max_age`.
    pub authenticated_at: Option<Time>,
    /// The session that answers it, once known.
    pub session_id: Option<SessionId>,
    /// When the account was chosen: satisfies `prompt=select_account`.
    pub selected_at: Option<Time>,
    /// When consent was given for this request: satisfies `prompt=consent`.
    pub consented_at: Option<Time>,
    /// When it was answered; it is answered once.
    pub finished_at: Option<Time>,
    /// When it came.
    pub created_at: Time,
    /// When it is forgotten.
    pub expires_at: Time,
}
