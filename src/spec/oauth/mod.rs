//! The vocabulary of OAuth 2.0: its errors, parameters and closed sets of values, each with its own small algorithm.

pub mod authorization_details;
pub mod bearer;
pub mod client_auth_method;
pub mod client_document;
pub mod error;
pub mod grant_type;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod request_uri;
pub mod response_mode;
pub mod response_type;
pub mod scope;
pub mod token_type;

pub use authorization_details::AuthorizationDetails;
pub use client_auth_method::ClientAuthMethod;
pub use error::{ErrorCode, OAuthError};
pub use grant_type::GrantType;
pub use params::Params;
pub use pkce::CodeChallenge;
pub use prompt::{Prompt, PromptSet};
pub use response_mode::ResponseMode;
pub use response_type::ResponseType;
pub use scope::ScopeSet;
