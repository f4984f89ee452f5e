//! The protocol errors, each with its wire code, HTTP status and source.

use std::borrow::Cow;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal, $status:literal;)*) => {
        /// A registered OAuth error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The HTTP status of a direct (not redirected) answer.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

error_codes! {
    /// RFC 6749 §4.1.2.1, §5.2.
    InvalidRequest = "invalid_request", 400;
    /// RFC 6749 §5.2: 401, with `WWW-Authenticate` where the client used the header.
    InvalidClient = "invalid_client", 401;
    /// RFC 6749 §5.2.
    InvalidGrant = "invalid_grant", 400;
    /// RFC 6749 §4.1.2.1, §5.2.
    UnauthorizedClient = "unauthorized_client", 400;
    /// RFC 6749 §5.2.
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// RFC 6749 §4.1.2.1, §5.2.
    InvalidScope = "invalid_scope", 400;
    /// RFC 6749 §4.1.2.1; at the token endpoint RFC 8628 §3.5, with the status of RFC 6749 §5.2.
    AccessDenied = "access_denied", 400;
    /// RFC 6749 §4.1.2.1.
    ServerError = "server_error", 500;
    /// RFC 6749 §4.1.2.1.
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// RFC 8707 §2.
    InvalidTarget = "invalid_target", 400;
    /// RFC 9101 §7, OIDC Core §3.1.2.6.
    InvalidRequestUri = "invalid_request_uri", 400;
    /// RFC 9101 §7, OIDC Core §3.1.2.6.
    InvalidRequestObject = "invalid_request_object", 400;
    /// RFC 9396 §5.
    InvalidAuthorizationDetails = "invalid_authorization_details", 400;
    /// RFC 7591 §3.2.2.
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// RFC 7591 §3.2.2.
    InvalidClientMetadata = "invalid_client_metadata", 400;
    /// RFC 7591 §3.2.2.
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400;
    /// RFC 7009 §2.2.1.
    UnsupportedTokenType = "unsupported_token_type", 400;
    /// RFC 9449 §5, §7.1.
    InvalidDpopProof = "invalid_dpop_proof", 400;
    /// RFC 9449 §8, §9.
    UseDpopNonce = "use_dpop_nonce", 400;
    /// RFC 6750 §3.1.
    InvalidToken = "invalid_token", 401;
    /// RFC 9470 §3.
    InsufficientUserAuthentication = "insufficient_user_authentication", 401;
    /// RFC 6750 §3.1.
    InsufficientScope = "insufficient_scope", 403;
    /// RFC 8628 §3.5, CIBA Core §11.
    AuthorizationPending = "authorization_pending", 400;
    /// RFC 8628 §3.5, CIBA Core §11.
    SlowDown = "slow_down", 400;
    /// RFC 8628 §3.5, CIBA Core §11.
    ExpiredToken = "expired_token", 400;
    /// CIBA Core §13.
    UnknownUserId = "unknown_user_id", 400;
    /// CIBA Core §13.
    InvalidBindingMessage = "invalid_binding_message", 400;
    /// OIDC Core §3.1.2.6.
    InteractionRequired = "interaction_required", 400;
    /// OIDC Core §3.1.2.6.
    LoginRequired = "login_required", 400;
    /// OIDC Core §3.1.2.6.
    AccountSelectionRequired = "account_selection_required", 400;
    /// OIDC Core §3.1.2.6.
    ConsentRequired = "consent_required", 400;
    /// OIDC Core §3.1.2.6.
    RequestNotSupported = "request_not_supported", 400;
    /// OIDC Core §3.1.2.6.
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// OIDC Core §3.1.2.6.
    RegistrationNotSupported = "registration_not_supported", 400;
    /// OpenID Connect Core Unmet Authentication Requirements 1.0.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
}

/// A refusal that goes to the client: a code and a sentence for the developer who reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// What is wrong, for programs.
    pub code: ErrorCode,
    /// What is wrong, for the developer: printable ASCII without `"` and `\` (RFC 6749 §5.2).
    description: Cow<'static, str>,
}

impl OAuthError {
    /// An error whose description is written here and now.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self {
            code,
            description: Cow::Borrowed(description),
        }
    }

    /// An error that names something; characters that may not travel are replaced by `?`, and it is cut at 300.
    pub fn named(code: ErrorCode, description: &str) -> Self {
        let safe = description
            .chars()
            .take(300)
            .map(|c| {
                if matches!(c, ' '..='~') && c != '"' && c != '\\' {
                    c
                } else {
                    '?'
                }
            })
            .collect::<String>();
        Self {
            code,
            description: Cow::Owned(safe),
        }
    }

    /// The sentence, safe for the wire.
    pub fn description(&self) -> &str {
        &self.description
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_carry_only_what_the_grammar_allows() {
        let error = OAuthError::named(ErrorCode::InvalidScope, "scope \"é\\\r\n\" is unknown");
        assert_eq!(error.description(), "scope ?????? is unknown");
    }

    #[test]
    fn codes_are_unique() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }
}
