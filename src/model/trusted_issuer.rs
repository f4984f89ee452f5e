//! Somebody else whose word about people counts here (RFC 7523 §2.1), within terms.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::Time;

/// What a subject names a person by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectIs {
    /// Their username.
    #[default]
    Username,
    /// Their verified e-mail address.
    Email,
    /// Their id here, which is the public `sub`.
    Id,
}

/// What the operator wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustTerms {
    /// Its public keys, by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Its public keys, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The claim that says about whom it speaks.
    #[serde(default = "sub")]
    pub subject_claim: String,
    /// What that claim names a person by.
    #[serde(default)]
    pub subject_is: SubjectIs,
    /// The client_ids of those who may bring its assertions.
    pub clients: Vec<String>,
    /// The scopes that may be asked for on its word.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The APIs that may be named on its word; where none is, its tokens are for userinfo.
    #[serde(default)]
    pub resources: Vec<String>,
}

fn sub() -> String {
    "sub".to_owned()
}

/// Such an issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustedIssuer {
    /// The `iss` of its assertions.
    pub issuer: String,
    /// Within which terms.
    pub terms: TrustTerms,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}
