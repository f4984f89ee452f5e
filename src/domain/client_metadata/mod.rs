//! What a client may register (RFC 7591 §2, OIDC Registration §2, RFC 9700, and the extensions that add metadata).
//!
//! One file per subject; each looks at the whole, because most rules join fields. Imports `base`, `model` and `spec`.
//! Absent: fetching `sector_identifier_uri`, and what a policy of registration allows to strangers.

mod addresses;
mod algorithms;
mod authentication;
mod backchannel;
mod grants;
mod profile;
pub mod sector;
mod texts;

pub(in crate::domain) use profile::is_forbidden_redirect_uri;

use std::collections::HashSet;

use crate::{
    base::{Secret, direction},
    domain::keys::KeyPolicy,
    model::{ClientMetadata, Localized, SecurityProfile},
    spec::oauth::{
        ClientAuthMethod,
        redirect_uri::{self, RedirectUriFault},
    },
};

const MAX_TEXT: usize = 200;
const MAX_LIST: usize = 50;
/// Shortest secret that a file may set. Those that Signet makes have 43 characters.
const MIN_SECRET: usize = 8;
/// RFC 7518 §3.2: a MAC key is at least as long as its hash.
const MIN_MAC_SECRET: usize = 32;

/// Bounds of `refresh_token_lifetime_seconds`: a minute to two years.
pub const REFRESH_TOKEN_SECONDS: std::ops::RangeInclusive<i64> = 60..=63_072_000;

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
    #[error("refresh_token needs a grant type by which people authorize")]
    RefreshWithoutCode,
    /// OIDC Registration §2: response types and grant types go together.
    #[error("{0} needs the grant type {1}")]
    NeedsGrant(&'static str, &'static str),
    /// OIDC Registration §2, RFC 6749 §10.16: tokens in a fragment go to https only.
    #[error("a web client that gets tokens at the authorization endpoint must use https, and not localhost")]
    ImplicitAddress,
    /// It has a meaning only together with something else.
    #[error("needs {0}")]
    Needs(&'static str),
    /// RFC 8705 §2.1.2.
    #[error("tls_client_auth needs exactly one name of the certificate")]
    OneCertificateName,
    /// OIDC Core §8.1: without a sector identifier nothing says which clients share a `sub`.
    #[error("is needed: the redirect URIs do not have one host in common")]
    NoSector,
    /// Front-Channel Logout §2.
    #[error("must have the scheme, host and port of a redirect URI")]
    OtherOrigin,
    /// Something that is known but not done here.
    #[error("is not supported")]
    Unsupported,
    /// RFC 7591 §2: one of the two.
    #[error("give either jwks or jwks_uri, not both")]
    TwoKeySets,
    /// Keys that this server cannot use.
    #[error("has no key that can be used")]
    NoUsableKey,
    /// An algorithm that is unknown or does not fit.
    #[error("is not one of {0}")]
    Algorithm(String),
    /// A profile that no key of this server serves.
    #[error("needs a signing key for one of {0} in the setting keys.algorithms")]
    NoSigner(String),
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

/// Brings metadata into the form in which it is kept: without blank texts, without response types that no grant of it
/// uses (RFC 7591 §2.1), and with the content encryption that holds where only the other half was named (OIDC
/// Registration §2).
pub fn normalise(metadata: &mut ClientMetadata) {
    metadata.tidy();
    if !metadata
        .grant_types
        .iter()
        .any(|grant| grants::has_front_channel(*grant))
    {
        metadata.response_types.clear();
    }
    algorithms::complete(metadata);
    // an algorithm without an assertion says nothing (OIDC Registration §2)
    if !metadata.token_endpoint_auth_method.uses_assertion() {
        metadata.token_endpoint_auth_signing_alg = None;
    }
}

/// Checks normalised metadata as a whole, on a server with these keys that is held to this profile.
///
/// # Errors
/// Everything that is wrong.
pub fn check(
    metadata: &ClientMetadata,
    keys: &KeyPolicy,
    server: Option<SecurityProfile>,
) -> Result<(), Vec<MetadataError>> {
    let mut faults = Faults::default();
    for rule in [
        addresses::check,
        texts::check,
        grants::check,
        authentication::check,
        algorithms::check,
        backchannel::check,
        sector::check,
        profile::check,
    ] {
        rule(metadata, &mut faults);
    }
    algorithms::check_ours(metadata, keys, &mut faults);
    profile::check_algs(metadata, server, &mut faults);
    profile::check_keys(metadata, &keys.algs, &mut faults);
    if faults.0.is_empty() { Ok(()) } else { Err(faults.0) }
}

/// What was found wrong so far.
#[derive(Default)]
struct Faults(Vec<MetadataError>);

impl Faults {
    fn refuse(&mut self, field: &'static str, fault: MetadataFault) {
        self.0.push(MetadataError { field, fault });
    }

    /// Refuses the field if there is a fault.
    fn hold(&mut self, field: &'static str, outcome: Result<(), MetadataFault>) {
        if let Err(fault) = outcome {
            self.refuse(field, fault);
        }
    }

    /// A list is short and says nothing twice.
    fn list<T: Eq + std::hash::Hash>(&mut self, field: &'static str, values: &[T]) {
        if values.len() > MAX_LIST {
            self.refuse(field, MetadataFault::Malformed);
        }
        if values.iter().collect::<HashSet<_>>().len() != values.len() {
            self.refuse(field, MetadataFault::Repeated);
        }
    }

    fn bounds(&mut self, field: &'static str, number: Option<i64>, bounds: &std::ops::RangeInclusive<i64>) {
        if number.is_some_and(|number| !bounds.contains(&number)) {
            self.refuse(field, MetadataFault::OutOfBounds(*bounds.start(), *bounds.end()));
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
    text.chars().count() <= MAX_TEXT && !text.chars().any(|c| c.is_control() || direction::turns(c))
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
mod hostile;
#[cfg(test)]
mod tests;
