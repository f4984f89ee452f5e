//! One of several things to choose: a radio button, a checkbox or an entry of a list.

use crate::base::Text;
use crate::flow::discovery;
use crate::model::SecurityProfile;
use crate::spec::jose::SigningAlg;
use crate::spec::oauth::{ClientAuthMethod, GrantType, ResponseType};

/// One of several things to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What it is called.
    pub label: Text,
    /// What it means, where the label does not say.
    pub help: Option<Text>,
    /// Whether it is chosen now.
    pub is_chosen: bool,
}

impl Choice {
    /// A choice without further words.
    pub fn new(value: impl Into<String>, label: Text, is_chosen: bool) -> Self {
        Self {
            value: value.into(),
            label,
            help: None,
            is_chosen,
        }
    }

    /// Every grant type that is offered, those of `chosen` marked.
    pub fn grant_types(chosen: &[GrantType]) -> Vec<Self> {
        let one = |grant_type: GrantType| {
            let help = match grant_type {
                GrantType::AuthorizationCode => "grant-authorization-code",
                GrantType::RefreshToken => "grant-refresh-token",
                GrantType::ClientCredentials => "grant-client-credentials",
                GrantType::Implicit => "grant-implicit",
                GrantType::DeviceCode => "grant-device-code",
                GrantType::TokenExchange => "grant-token-exchange",
                GrantType::JwtBearer => "grant-jwt-bearer",
                GrantType::Ciba => "grant-ciba",
            };
            Self {
                value: grant_type.as_str().to_owned(),
                label: Text::verbatim(grant_type.as_str()),
                help: Some(Text::new(help)),
                is_chosen: chosen.contains(&grant_type),
            }
        };
        discovery::grant_types().into_iter().map(one).collect()
    }

    /// Every response type that is offered, those of `chosen` marked.
    pub fn response_types(chosen: &[ResponseType]) -> Vec<Self> {
        let one = |response_type: ResponseType| {
            let name = response_type.as_str();
            Self::new(name, Text::verbatim(name), chosen.contains(&response_type))
        };
        discovery::response_types().into_iter().map(one).collect()
    }

    /// "The default" (an empty value) and every security profile, `chosen` marked.
    pub fn security_profiles(chosen: Option<SecurityProfile>) -> Vec<Self> {
        let default = Self::new("", Text::new("choice-default"), chosen.is_none());
        let profiles = SecurityProfile::ALL.into_iter().map(|profile| {
            let name = profile.as_str();
            Self::new(name, Text::verbatim(name), chosen == Some(profile))
        });
        std::iter::once(default).chain(profiles).collect()
    }

    /// Every way for a client to authenticate that is offered, `chosen` marked.
    pub fn auth_methods(chosen: ClientAuthMethod) -> Vec<Self> {
        let one = |method: ClientAuthMethod| {
            let help = match method {
                ClientAuthMethod::None => "method-none",
                ClientAuthMethod::ClientSecretBasic => "method-basic",
                ClientAuthMethod::ClientSecretPost => "method-post",
                ClientAuthMethod::ClientSecretJwt => "method-secret-jwt",
                ClientAuthMethod::PrivateKeyJwt => "method-private-key-jwt",
                ClientAuthMethod::TlsClientAuth => "method-tls",
                ClientAuthMethod::SelfSignedTlsClientAuth => "method-self-signed-tls",
            };
            Self {
                value: method.as_str().to_owned(),
                label: Text::verbatim(method.as_str()),
                help: Some(Text::new(help)),
                is_chosen: method == chosen,
            }
        };
        discovery::auth_methods().into_iter().map(one).collect()
    }

    /// "The default" (an empty value) and every algorithm that there are keys for, `chosen` marked.
    pub fn signing_algs(ring: &[SigningAlg], chosen: Option<&str>) -> Vec<Self> {
        let default = Self::new("", Text::new("choice-default"), chosen.is_none());
        // one whose keys were given up is shown too: it is refused by name, and does not change unseen
        let is_shown = |alg: &SigningAlg| ring.contains(alg) || chosen == Some(alg.name());
        let algs = SigningAlg::ALL.into_iter().filter(is_shown).map(|alg| {
            let name = alg.name();
            Self::new(name, Text::verbatim(name), chosen == Some(name))
        });
        std::iter::once(default).chain(algs).collect()
    }
}
