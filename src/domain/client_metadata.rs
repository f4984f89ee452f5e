//! What a client may register (RFC 7591 §2, OIDC Registration §2, RFC 9700).

use std::collections::BTreeSet;

use crate::{
    base::{Secret, storable::is_storable_json},
    model::{ClientMetadata, Localized},
    spec::{
        jose::{JwkSet, JwsAlg, SigningAlg},
        oauth::{
            ClientAuthMethod, GrantType, ScopeSet,
            redirect_uri::{self, RedirectUriFault},
        },
        oidc::claim::is_email,
    },
};

const MAX_URIS: usize = 50;
const MAX_TEXT: usize = 200;
const MAX_LIST: usize = 50;
/// Shortest secret that a file may set. Those that Signet makes have 43 characters.
const MIN_SECRET: usize = 8;
/// RFC 7518 §3.2: a MAC key is at least as long as its hash.
const MIN_MAC_SECRET: usize = 32;

/// Bounds of `refresh_token_lifetime_seconds`: a minute to two years.
pub const REFRESH_TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 60..=63_072_000;
const MAX_AGE_SECONDS: std::ops::RangeInclusive<i64> = 0..=315_360_000;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct MetadataError {
    /// The registered name of the field.
    pub field: &'static str,
    /// What is wrong.
    pub fault: MetadataFault,
}

/// Why a value is refused. Each is a sentence for people once the field's name stands before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataFault {
    /// A URI that may not be redirected to.
    #[error("{uri} {fault}")]
    RedirectUri {
        /// The URI.
        uri: String,
        /// Its fault.
        fault: RedirectUriFault,
    },
    /// Nothing where something is needed.
    #[error("is needed")]
    Missing,
    /// An address that is not https, nor http on this machine.
    #[error("must be an https address; http only on localhost")]
    Address,
    /// Too many, too long, or with characters that do not belong there.
    #[error("is too long, too many or has characters that are not allowed")]
    Malformed,
    /// A list that says something twice.
    #[error("names something twice")]
    Repeated,
    /// A public client cannot keep a secret or act for itself (RFC 6749 §4.4).
    #[error("a public client cannot use client_credentials")]
    PublicClientCredentials,
    /// A refresh token comes only with an authorization.
    #[error("refresh_token needs authorization_code")]
    RefreshWithoutCode,
    /// RFC 7591 §2: one of the two.
    #[error("give either jwks or jwks_uri, not both")]
    TwoKeySets,
    /// Keys that this server cannot use.
    #[error("has no key that can be used")]
    NoUsableKey,
    /// An algorithm that is unknown or does not fit.
    #[error("is not one of {0}")]
    Algorithm(String),
    /// A number out of its bounds.
    #[error("must be from {0} to {1}")]
    OutOfBounds(i64, i64),
    /// Too short for a secret.
    #[error("needs at least {0} characters")]
    TooShort(usize),
}

/// Checks a client identifier: RFC 6749 Appendix A.1, without what would need escaping in a path.
pub fn is_client_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~:@".contains(&b))
}

/// Checks a secret that somebody chose (RFC 6749 Appendix A.2).
///
/// # Errors
/// The fault.
pub fn check_secret(secret: &Secret<String>, method: ClientAuthMethod) -> Result<(), MetadataFault> {
    let secret = secret.expose();
    let needed = if method == ClientAuthMethod::ClientSecretJwt {
        MIN_MAC_SECRET
    } else {
        MIN_SECRET
    };
    if secret.len() > 500 || !secret.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        return Err(MetadataFault::Malformed);
    }
    if secret.len() < needed {
        Err(MetadataFault::TooShort(needed))
    } else {
        Ok(())
    }
}

/// Brings metadata into the form in which it is kept: without blank texts, and with the response types that its grants
/// use (RFC 7591 §2.1).
pub fn normalise(metadata: &mut ClientMetadata) {
    for text in [
        &mut metadata.client_name,
        &mut metadata.client_uri,
        &mut metadata.logo_uri,
        &mut metadata.policy_uri,
        &mut metadata.tos_uri,
        &mut metadata.token_endpoint_auth_signing_alg,
        &mut metadata.jwks_uri,
        &mut metadata.scope,
        &mut metadata.id_token_signed_response_alg,
        &mut metadata.initiate_login_uri,
        &mut metadata.access_token_signing_alg,
    ] {
        *text = text
            .take()
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty());
    }
    metadata.localized.trim();
    if !metadata.grant_types.contains(&GrantType::AuthorizationCode) {
        metadata.response_types.clear();
    }
}

/// Checks normalised metadata as a whole.
///
/// # Errors
/// Everything that is wrong.
pub fn check(metadata: &ClientMetadata) -> Result<(), Vec<MetadataError>> {
    let mut check = Check::default();
    check.redirects(metadata);
    check.texts(metadata);
    check.grants(metadata);
    check.keys(metadata);
    check.numbers(metadata);
    if check.errors.is_empty() {
        Ok(())
    } else {
        Err(check.errors)
    }
}

#[derive(Default)]
struct Check {
    errors: Vec<MetadataError>,
}

impl Check {
    fn refuse(&mut self, field: &'static str, fault: MetadataFault) {
        self.errors.push(MetadataError { field, fault });
    }

    fn redirects(&mut self, metadata: &ClientMetadata) {
        let lists = [
            ("redirect_uris", &metadata.redirect_uris),
            ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
        ];
        for (field, uris) in lists {
            self.list(field, uris);
            for uri in uris {
                if let Err(fault) = redirect_uri::check(uri) {
                    let uri = uri.chars().take(MAX_TEXT).filter(|c| !c.is_control()).collect();
                    self.refuse(field, MetadataFault::RedirectUri { uri, fault });
                }
            }
        }
        let uses_code = metadata.grant_types.contains(&GrantType::AuthorizationCode);
        if uses_code && metadata.redirect_uris.is_empty() {
            self.refuse("redirect_uris", MetadataFault::Missing);
        }
    }

    fn list(&mut self, field: &'static str, values: &[String]) {
        if values.len() > MAX_URIS.max(MAX_LIST) {
            self.refuse(field, MetadataFault::Malformed);
        }
        let mut seen = BTreeSet::new();
        if !values.iter().all(|value| seen.insert(value)) {
            self.refuse(field, MetadataFault::Repeated);
        }
    }

    fn texts(&mut self, metadata: &ClientMetadata) {
        for (field, address) in [
            ("client_uri", &metadata.client_uri),
            ("logo_uri", &metadata.logo_uri),
            ("policy_uri", &metadata.policy_uri),
            ("tos_uri", &metadata.tos_uri),
            ("jwks_uri", &metadata.jwks_uri),
            ("initiate_login_uri", &metadata.initiate_login_uri),
        ] {
            if address.as_deref().is_some_and(|address| !is_web_address(address)) {
                self.refuse(field, MetadataFault::Address);
            }
        }
        if metadata.client_name.as_deref().is_some_and(|name| !is_name(name)) {
            self.refuse("client_name", MetadataFault::Malformed);
        }
        for (tagged, value) in metadata.localized.iter() {
            match check_localized(tagged, value) {
                Ok(()) => {}
                Err(fault) => self.refuse(Localized::split(tagged).map_or("localized", |(name, _)| name), fault),
            }
        }
        self.list("contacts", &metadata.contacts);
        if !metadata.contacts.iter().all(|contact| is_email(contact)) {
            self.refuse("contacts", MetadataFault::Malformed);
        }
        self.list("default_acr_values", &metadata.default_acr_values);
        if metadata
            .default_acr_values
            .iter()
            .any(|acr| acr.is_empty() || acr.contains(|c: char| c.is_whitespace() || c.is_control()))
        {
            self.refuse("default_acr_values", MetadataFault::Malformed);
        }
        if metadata
            .scope
            .as_deref()
            .is_some_and(|scope| ScopeSet::parse(scope).is_err())
        {
            self.refuse("scope", MetadataFault::Malformed);
        }
        let resources = metadata.resources.as_deref().unwrap_or_default();
        self.list("resources", resources);
        if !resources.iter().all(|one| super::api_resource::is_identifier(one)) {
            self.refuse("resources", MetadataFault::Malformed);
        }
    }

    fn grants(&mut self, metadata: &ClientMetadata) {
        let grants = &metadata.grant_types;
        if grants.is_empty() {
            self.refuse("grant_types", MetadataFault::Missing);
        }
        if grants.iter().collect::<std::collections::HashSet<_>>().len() != grants.len() {
            self.refuse("grant_types", MetadataFault::Repeated);
        }
        let uses = |grant: GrantType| grants.contains(&grant);
        if metadata.token_endpoint_auth_method == ClientAuthMethod::None && uses(GrantType::ClientCredentials) {
            self.refuse("grant_types", MetadataFault::PublicClientCredentials);
        }
        if uses(GrantType::RefreshToken) && !uses(GrantType::AuthorizationCode) {
            self.refuse("grant_types", MetadataFault::RefreshWithoutCode);
        }
        if uses(GrantType::AuthorizationCode) && metadata.response_types.is_empty() {
            self.refuse("response_types", MetadataFault::Missing);
        }
    }

    fn keys(&mut self, metadata: &ClientMetadata) {
        let method = metadata.token_endpoint_auth_method;
        if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
            self.refuse("jwks", MetadataFault::TwoKeySets);
        }
        if method == ClientAuthMethod::PrivateKeyJwt && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
            self.refuse("jwks", MetadataFault::Missing);
        }
        if let Some(document) = &metadata.jwks
            && (!is_storable_json(document) || JwkSet::from_value(document).map_or(true, |set| set.is_empty()))
        {
            self.refuse("jwks", MetadataFault::NoUsableKey);
        }
        let assertion_algs: &[JwsAlg] = match method {
            ClientAuthMethod::PrivateKeyJwt => &JwsAlg::SIGNATURES,
            ClientAuthMethod::ClientSecretJwt => &JwsAlg::MACS,
            _ => &[],
        };
        let assertion_algs: Vec<&str> = assertion_algs.iter().map(|alg| alg.name()).collect();
        if !assertion_algs.is_empty() {
            self.alg(
                "token_endpoint_auth_signing_alg",
                metadata.token_endpoint_auth_signing_alg.as_deref(),
                &assertion_algs,
            );
        }
        let own: Vec<&str> = SigningAlg::ALL.iter().map(|alg| alg.name()).collect();
        for (field, alg) in [
            ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
            ("access_token_signing_alg", &metadata.access_token_signing_alg),
        ] {
            self.alg(field, alg.as_deref(), &own);
        }
    }

    fn alg(&mut self, field: &'static str, alg: Option<&str>, known: &[&str]) {
        if alg.is_some_and(|alg| !known.contains(&alg)) {
            self.refuse(field, MetadataFault::Algorithm(known.join(", ")));
        }
    }

    fn numbers(&mut self, metadata: &ClientMetadata) {
        for (field, number, bounds) in [
            ("default_max_age", metadata.default_max_age, MAX_AGE_SECONDS),
            (
                "access_token_lifetime_seconds",
                metadata.access_token_lifetime_seconds,
                super::api_resource::ACCESS_TOKEN_SECONDS,
            ),
            (
                "refresh_token_lifetime_seconds",
                metadata.refresh_token_lifetime_seconds,
                REFRESH_TOKEN_SECONDS,
            ),
        ] {
            if number.is_some_and(|number| !bounds.contains(&number)) {
                self.refuse(field, MetadataFault::OutOfBounds(*bounds.start(), *bounds.end()));
            }
        }
    }
}

/// Checks a value whose name carries a language tag (OIDC Registration §2.1), as the one without a tag is checked.
///
/// # Errors
/// The fault.
pub fn check_localized(tagged: &str, value: &str) -> Result<(), MetadataFault> {
    match Localized::split(tagged) {
        None => Err(MetadataFault::Malformed),
        Some(("client_name", _)) if !is_name(value) => Err(MetadataFault::Malformed),
        Some(("client_name", _)) => Ok(()),
        Some(_) if !is_web_address(value) => Err(MetadataFault::Address),
        Some(_) => Ok(()),
    }
}

/// Whether people can read it as a name.
fn is_name(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

/// Whether a page or a document may be fetched or linked there: https, or http on this machine.
fn is_web_address(text: &str) -> bool {
    text.len() <= 2000
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && url::Url::parse(text).is_ok_and(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            plain && (url.scheme() == "https" || (url.scheme() == "http" && redirect_uri::is_loopback(&url)))
        })
}

#[cfg(test)]
mod tests;
