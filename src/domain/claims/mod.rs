//! Which claims go into an ID token, an access token and the userinfo answer.
//!
//! A [`ClaimSource`] adds claims to what is asked for; [`SOURCES`] is their list. Protocol claims (`iss`, `sub`, `aud`,
//! `exp`, `auth_time`, …) are not claims in this sense: whoever issues the token writes them. Pure: the person, the
//! client and the rules come in as values, failures go out as values; logging them is the caller's business.

mod cel;
mod cost;
mod custom;
mod standard;
mod told;
mod variables;

use serde_json::{Map, Value};

use crate::{
    base::{Time, id::SessionId},
    model::{Client, Placement, User},
    spec::{oauth::ScopeSet, oidc::ClaimsRequest},
};

pub use cel::{EvaluationFault, ExpressionFault};
pub use custom::{CompiledRules, RuleFault, check_name, check_rule, check_title};
pub use told::{Told, told};

/// What is known about the sign-in behind a token.
#[derive(Debug, Clone, Copy)]
pub struct SessionFacts<'a> {
    /// The session, as far as it is known.
    pub id: Option<SessionId>,
    /// When the person authenticated.
    pub auth_time: Time,
    /// The class of that.
    pub acr: Option<&'a str>,
    /// Its methods.
    pub amr: &'a [String],
}

/// For what claims are assembled.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where they go.
    pub placement: Placement,
    /// About whom; `None` for client_credentials.
    pub user: Option<&'a User>,
    /// For whom.
    pub client: &'a Client,
    /// The sign-in; `None` for client_credentials.
    pub session: Option<SessionFacts<'a>>,
    /// What was granted.
    pub scope: &'a ScopeSet,
    /// What was asked for by name.
    pub claims: &'a ClaimsRequest,
    /// The API resources of the access token, or of the whole grant for the other placements.
    pub resource: &'a [String],
    /// Whether the client can ask userinfo.
    pub userinfo: Userinfo,
    /// The operator's custom claims.
    pub rules: &'a CompiledRules,
    /// The instant, for expressions.
    pub now: Time,
}

/// Whether the client can ask userinfo for what its scopes bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Userinfo {
    /// It has an access token, or will.
    InReach,
    /// The ID token is all that it gets (OIDC Core §5.4).
    OutOfReach,
}

/// A custom claim that could not be computed and was left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The claim's name.
    pub rule: String,
    /// Why; never contains a value of the person.
    pub fault: EvaluationFault,
}

/// The claims, without null or blank ones.
#[derive(Debug, Default)]
pub struct Assembled {
    /// By name.
    pub claims: Map<String, Value>,
    /// What was left out, to be logged once per rule and reason.
    pub failures: Vec<Failure>,
}

impl Assembled {
    /// Adds a claim unless it says nothing (OIDC Core §5.3.2: such claims are omitted, not sent as null or "").
    fn add(&mut self, name: &str, value: Value) {
        if says_something(&value) {
            self.claims.insert(name.to_owned(), value);
        }
    }
}

/// Whether a value may be sent: neither null nor a blank string, nor an object of nothing but such.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

/// Something that knows claims.
pub trait ClaimSource: Sync {
    /// Adds what it knows to `assembled`. A later source never replaces what an earlier one added.
    fn contribute(&self, ask: &Ask<'_>, assembled: &mut Assembled);

    /// The names that it may add, for `claims_supported` (OIDC Discovery §3).
    fn names(&self, rules: &CompiledRules) -> Vec<String>;
}

/// Every source, in order of precedence.
pub const SOURCES: &[&dyn ClaimSource] = &[&standard::StandardClaims, &custom::CustomClaims];

/// Assembles the claims for one token or answer.
pub fn assemble(ask: &Ask<'_>) -> Assembled {
    let mut assembled = Assembled::default();
    for source in SOURCES {
        source.contribute(ask, &mut assembled);
    }
    assembled
}

/// Every claim name that this server can supply besides those of the protocol, for `claims_supported`.
pub fn supported(rules: &CompiledRules) -> Vec<String> {
    let mut names: Vec<String> = SOURCES.iter().flat_map(|source| source.names(rules)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hostile;
