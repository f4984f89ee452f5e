//! Client metadata: one list of fields, from which the struct, its defaults, its names and its tidying follow.

use serde::{Deserialize, Serialize};

use super::{
    exchange_rule::ExchangeRule, localized::Localized, resource::TokenFormat, security_profile::SecurityProfile,
};
use crate::spec::oauth::{ClientAuthMethod, GrantType, ResponseType};

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
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same for every app.
    #[default]
    Public,
    /// Another one for every sector.
    Pairwise,
}

impl SubjectType {
    /// The name as it is registered.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

/// How a client hears of a decision (CIBA Core §5). Tokens are never pushed: FAPI-CIBA §5.2.2 forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// It asks.
    Poll,
    /// It is told that it may ask.
    Ping,
}

/// What becomes of a field when metadata are brought into the form in which they are kept.
trait Tidy {
    fn tidy(&mut self) {}
}

impl Tidy for Option<String> {
    /// A blank text says nothing.
    fn tidy(&mut self) {
        *self = self
            .take()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
    }
}

impl Tidy for Localized {
    fn tidy(&mut self) {
        self.trim();
    }
}

macro_rules! kept_as_they_are {
    ($($kind:ty),* $(,)?) => { $(impl Tidy for $kind {})* };
}

kept_as_they_are![
    bool,
    Option<i64>,
    Vec<String>,
    Option<Vec<String>>,
    Option<serde_json::Value>,
    Vec<GrantType>,
    Vec<ResponseType>,
    Vec<ExchangeRule>,
    ApplicationType,
    ClientAuthMethod,
    SubjectType,
    Option<DeliveryMode>,
    TokenFormat,
    Option<SecurityProfile>,
];

macro_rules! client_metadata {
    ($($(#[$about:meta])* $name:ident: $kind:ty = $default:expr,)*) => {
        /// Client metadata under its registered names (RFC 7591 §2, OIDC Registration §2 and the extensions), and
        /// Signet's own below.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct ClientMetadata {
            $($(#[$about])* pub $name: $kind,)*
        }

        impl Default for ClientMetadata {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl ClientMetadata {
            /// The name of every field.
            pub const NAMES: &[&str] = &[$(stringify!($name),)*];

            /// Cuts outer blanks off texts, and forgets blank ones.
            pub fn tidy(&mut self) {
                $(self.$name.tidy();)*
            }
        }
    };
}

client_metadata! {
    /// What people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String> = None,
    /// The app's home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String> = None,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String> = None,
    /// How it treats data.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_uri: Option<String> = None,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    tos_uri: Option<String> = None,
    /// The five above in further languages.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    localized: Localized = Localized::default(),
    /// E-mail addresses of those responsible.
    contacts: Vec<String> = Vec::new(),
    /// Which software it is an instance of (RFC 7591 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    software_id: Option<String> = None,
    /// And of which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    software_version: Option<String> = None,
    /// Web or native.
    application_type: ApplicationType = ApplicationType::Web,
    /// Where authorization responses may go.
    redirect_uris: Vec<String> = Vec::new(),
    /// Where browsers may go after signing out.
    post_logout_redirect_uris: Vec<String> = Vec::new(),
    /// Which grants it may use.
    grant_types: Vec<GrantType> = vec![GrantType::AuthorizationCode],
    /// Which response types it may use.
    response_types: Vec<ResponseType> = vec![ResponseType::Code],
    /// In which modes it may be answered (FAPI 2.0 Message Signing §5.3.3); empty: in any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response_modes: Vec<String> = Vec::new(),
    /// How it authenticates.
    token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod::ClientSecretBasic,
    /// The one algorithm that its assertions use; `None`: any that fits the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<String> = None,
    /// Of its certificate (RFC 8705 §2.1.2): the subject's distinguished name (RFC 4514). Exactly one of the five
    /// is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_subject_dn: Option<String> = None,
    /// Or a name of its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_dns: Option<String> = None,
    /// Or a URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_uri: Option<String> = None,
    /// Or an address, IPv4 or IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_ip: Option<String> = None,
    /// Or an e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_email: Option<String> = None,
    /// Whether its access tokens are bound to its certificate (RFC 8705 §3.4).
    tls_client_certificate_bound_access_tokens: bool = false,
    /// Whether it calls the endpoints at their aliases (FAPI 2.0 Security Profile §5.2.2.1.1): kept for it, and only taken
    /// where there are some.
    use_mtls_endpoint_aliases: bool = false,
    /// Whether it always uses DPoP (RFC 9449 §5.2).
    dpop_bound_access_tokens: bool = false,
    /// Its public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<serde_json::Value> = None,
    /// Its public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String> = None,
    /// The scopes that it may ask for, separated by blanks; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String> = None,
    /// What `sub` says to it.
    subject_type: SubjectType = SubjectType::Public,
    /// The document whose host stands for all its redirect URIs (OIDC Core §8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_identifier_uri: Option<String> = None,
    /// Signs its ID tokens; `None`: RS256 (OIDC Registration §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_signed_response_alg: Option<String> = None,
    /// Encrypts its ID tokens; `None`: they are not encrypted. So with every `…_encrypted_response_alg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_encrypted_response_alg: Option<String> = None,
    /// And with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_encrypted_response_enc: Option<String> = None,
    /// Signs answers of userinfo; `None`: they are JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_signed_response_alg: Option<String> = None,
    /// Encrypts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_encrypted_response_alg: Option<String> = None,
    /// And with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_encrypted_response_enc: Option<String> = None,
    /// Signs answers of introspection that are asked for as a JWT (RFC 9701 §6); `None`: RS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_signed_response_alg: Option<String> = None,
    /// Encrypts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_encrypted_response_alg: Option<String> = None,
    /// And with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_encrypted_response_enc: Option<String> = None,
    /// Signs authorization responses (JARM §3); `None`: RS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_signed_response_alg: Option<String> = None,
    /// Encrypts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_encrypted_response_alg: Option<String> = None,
    /// And with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_encrypted_response_enc: Option<String> = None,
    /// The one algorithm that its request objects use; `None`: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object_signing_alg: Option<String> = None,
    /// How it says that it may encrypt them.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object_encryption_alg: Option<String> = None,
    /// And with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object_encryption_enc: Option<String> = None,
    /// Where its request objects may be fetched from.
    request_uris: Vec<String> = Vec::new(),
    /// Whether every authorization request must be a signed request object (RFC 9101 §10.5).
    require_signed_request_object: bool = false,
    /// Whether every authorization request must be pushed (RFC 9126 §6).
    require_pushed_authorization_requests: bool = false,
    /// The types of `authorization_details` that it may use (RFC 9396 §10).
    authorization_details_types: Vec<String> = Vec::new(),
    /// `max_age` when a request names none, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_max_age: Option<i64> = None,
    /// Whether ID tokens must carry `auth_time`.
    require_auth_time: bool = false,
    /// `acr_values` when a request names none.
    default_acr_values: Vec<String> = Vec::new(),
    /// Where a third party may start a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    initiate_login_uri: Option<String> = None,
    /// Where logout tokens go (Back-Channel Logout §2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<String> = None,
    /// Whether they must carry `sid`.
    backchannel_logout_session_required: bool = false,
    /// What is loaded in a frame when a session ends (Front-Channel Logout §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    frontchannel_logout_uri: Option<String> = None,
    /// Whether that must say `iss` and `sid`.
    frontchannel_logout_session_required: bool = false,
    /// How it hears of a decision (CIBA Core §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_token_delivery_mode: Option<DeliveryMode> = None,
    /// Where it hears of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_client_notification_endpoint: Option<String> = None,
    /// The one algorithm that its signed authentication requests use; `None`: they may be unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_authentication_request_signing_alg: Option<String> = None,
    /// Whether it sends a `user_code`; there are none here.
    backchannel_user_code_parameter: bool = false,

    /// Whether people are asked before the app learns about them. `false` for first-party apps.
    require_consent: bool = true,
    /// Whether PKCE is required also of this confidential client.
    require_pkce: bool = false,
    /// How access tokens without a resource are written; a resource decides for its own.
    access_token_format: TokenFormat = TokenFormat::Jwt,
    /// Signs JWT access tokens without a resource; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_signing_alg: Option<String> = None,
    /// In seconds; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_lifetime_seconds: Option<i64> = None,
    /// In seconds; `None`: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_lifetime_seconds: Option<i64> = None,
    /// The API resources that it may ask for; `None`: every one (people's own permissions still bound a token).
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<String>> = None,
    /// Whose tokens it may exchange for which APIs.
    token_exchange: Vec<ExchangeRule> = Vec::new(),
    /// The profile that it is held to; `None`: the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    security_profile: Option<SecurityProfile> = None,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_blank_text_is_forgotten() {
        let mut texts = 0;
        for name in ClientMetadata::NAMES {
            // the texts are those fields that take any
            let Ok(mut metadata) = serde_json::from_value::<ClientMetadata>(json!({ *name: "  " })) else {
                continue;
            };
            if *name != "jwks" {
                texts += 1;
                metadata.tidy();
                let value = serde_json::to_value(metadata).unwrap();
                assert_eq!(value.get(name), None, "{name}");
            }
        }
        assert!(texts > 30);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let metadata = ClientMetadata::default();
        let value = serde_json::to_value(&metadata).unwrap();
        assert_eq!(serde_json::from_value::<ClientMetadata>(value).unwrap(), metadata);
        assert_eq!(serde_json::from_value::<ClientMetadata>(json!({})).unwrap(), metadata);
        assert!(serde_json::from_value::<ClientMetadata>(json!({ "unheard_of": Value::Null })).is_err());
    }
}
