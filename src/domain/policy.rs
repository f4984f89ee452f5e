//! What the operator decided, as the rules need it: small structs that `app` fills from the settings.

use time::Duration;

use super::account::{password_policy::PasswordPolicy, throttle::Rules};
use crate::{
    base::Time,
    model::SecurityProfile,
    spec::oauth::{GrantType, ResponseType},
};

/// The issuer and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// An issuer identifier, exactly as it stands in `iss` (OIDC Discovery §3); checked by the settings.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a path of this server; `path` begins with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// Whether browsers reach the server by https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Scheme, host and port, as browsers send it in `Origin`.
    pub fn origin(&self) -> String {
        url::Url::parse(&self.0).map_or_else(|_| self.0.clone(), |url| url.origin().ascii_serialization())
    }
}

/// How long things live that tokens are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// Authorization codes; at most 60 s.
    pub authorization_code: Duration,
    /// Access tokens, where neither client nor resource says otherwise.
    pub access_token: Duration,
    /// ID tokens.
    pub id_token: Duration,
    /// No access token lives longer, whatever a client or resource asks for: signing keys are published for so long.
    pub longest: Duration,
    /// A refresh token that nobody uses.
    pub refresh_token_idle: Duration,
    /// A family of refresh tokens, used or not.
    pub refresh_token_absolute: Duration,
    /// How long the predecessor of a refresh token still gives the same successor.
    pub refresh_grace: Duration,
    /// How far clocks may differ: at least 10 s, under 60 s.
    pub clock_skew: Duration,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self {
            authorization_code: Duration::seconds(60),
            access_token: Duration::minutes(5),
            id_token: Duration::hours(1),
            longest: Duration::days(1),
            refresh_token_idle: Duration::days(30),
            refresh_token_absolute: Duration::days(180),
            refresh_grace: Duration::seconds(10),
            clock_skew: Duration::seconds(15),
        }
    }
}

/// How long a browser stays signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Without being used.
    pub idle: Duration,
    /// In any case.
    pub absolute: Duration,
    /// How long an authorization request waits for the person.
    pub authorization_request: Duration,
    /// How many of them one address may begin within [`REQUEST_WINDOW`], and how many an app may push that registered
    /// itself; `None`: any number.
    pub requests_per_address: Option<u32>,
}

/// The span of [`SessionPolicy::requests_per_address`].
pub const REQUEST_WINDOW: Duration = Duration::minutes(10);

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            idle: Duration::days(3),
            absolute: Duration::days(30),
            authorization_request: Duration::minutes(30),
            // One a second; people of a large office are signed in most of the time.
            requests_per_address: Some(600),
        }
    }
}

/// Whether and how people make accounts for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUpPolicy {
    /// Whether the page is offered.
    pub enabled: bool,
    /// Whether it asks for a username.
    pub ask_username: bool,
    /// How long the mailed code and link are good.
    pub verification: Duration,
    /// How long the mailed link for a new password is good.
    pub recovery: Duration,
}

impl Default for SignUpPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            ask_username: false,
            verification: Duration::hours(1),
            recovery: Duration::minutes(30),
        }
    }
}

/// What the whole server is held to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityPolicy {
    /// The profile of clients that have none of their own.
    pub profile: Option<SecurityProfile>,
    /// Whether DPoP proofs must carry a nonce of this server (RFC 9449 §8).
    pub dpop_nonces: bool,
    /// How long ago a person may have signed in whose data userinfo tells (RFC 9470); `None`: whenever.
    pub userinfo_max_age: Option<Duration>,
}

impl SecurityPolicy {
    /// Whether a person must sign in anew before userinfo tells about them.
    pub fn wants_newer(&self, auth_time: Time, now: Time) -> bool {
        self.userinfo_max_age.is_some_and(|max_age| now > auth_time + max_age)
    }
}

/// How clients with certificates reach this server (RFC 8705).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MtlsPolicy {
    /// Whether certificates are seen at all.
    pub enabled: bool,
    /// Where they are asked for, if that is not at the issuer: what endpoint aliases begin with (§5).
    pub base: Option<Issuer>,
    /// The header in which trusted proxies pass them on.
    pub certificate_header: Option<String>,
}

/// Who may register a client without an administrator (RFC 7591 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Nobody.
    Off,
    /// Whoever brings an initial access token.
    Token,
    /// Everybody.
    Open,
}

/// What programs may register for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// Who may.
    pub admission: Admission,
    /// The grant types that they may have.
    pub grant_types: Vec<GrantType>,
    /// The response types that they may have.
    pub response_types: Vec<ResponseType>,
    /// The scopes that they may ask for; `None`: all.
    pub scopes: Option<Vec<String>>,
    /// How many clients one address may register within [`REGISTRATION_WINDOW`], whatever becomes of them; `None`: any
    /// number.
    pub per_address: Option<u32>,
    /// How many there may be in all.
    pub most: u32,
    /// A client that nobody has signed in to is deleted after that time.
    pub unused: Duration,
    /// How long a secret lasts that a client got here; `None`: for ever.
    pub secret_lifetime: Option<Duration>,
    /// How long the old secret is still good when the client got another one (RFC 7592 §2.2).
    pub secret_grace: Duration,
    /// Whether the address of a document may name a client that nobody registered.
    pub client_id_documents: bool,
    /// Which pages may register an app through the browser of whoever looks at them, where everybody may register.
    pub origins: Origins,
    /// Whether people are sent on at once to the address of an app that registered itself also where they never allowed it
    /// anything: with an error, or signed out.
    pub redirect_at_once: bool,
    /// Whether addresses that this server calls for an app that registered itself may be plain http on this machine, as
    /// `outbound.allow_private` lets it call them.
    pub plain_http: bool,
}

/// The span of [`RegistrationPolicy::per_address`] and of [`MOST_REPLACEMENTS`].
pub const REGISTRATION_WINDOW: Duration = Duration::hours(1);

/// How often an app may replace what it registered within [`REGISTRATION_WINDOW`]: each time may name other addresses, and
/// leaves a line in the trail.
pub const MOST_REPLACEMENTS: i64 = 60;

/// The origins of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All.
    Any,
    /// These.
    Listed(Vec<String>),
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self {
            admission: Admission::Off,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_types: vec![ResponseType::Code],
            scopes: None,
            per_address: Some(20),
            most: 10_000,
            unused: Duration::days(30),
            secret_lifetime: None,
            secret_grace: Duration::hours(24),
            client_id_documents: false,
            origins: Origins::Listed(Vec::new()),
            redirect_at_once: false,
            plain_http: false,
        }
    }
}

/// Everything that the flows ask the operator's settings for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who issues.
    pub issuer: Issuer,
    /// Profiles and proofs.
    pub security: SecurityPolicy,
    /// Client certificates.
    pub mtls: MtlsPolicy,
    /// Lifetimes of tokens.
    pub tokens: TokenPolicy,
    /// Lifetimes of sessions.
    pub sessions: SessionPolicy,
    /// Registration by people themselves.
    pub sign_up: SignUpPolicy,
    /// Registration by programs themselves.
    pub registration: RegistrationPolicy,
    /// Whether a program may decide for people what apps ask them behind the scenes: for runs of the conformance suite.
    pub ciba_approval: bool,
    /// What may become a password.
    pub passwords: PasswordPolicy,
    /// How fast passwords may be guessed and mails asked for.
    pub throttle: Rules,
    /// How long others may cache the JWKS.
    pub jwks_max_age: Duration,
    /// How long lines of the audit trail are kept.
    pub audit_retention: Duration,
    /// Networks of the proxies whose forwarding headers count, in CIDR form.
    pub trusted_proxies: Vec<String>,
}

impl Policy {
    /// The defaults for an issuer.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            security: SecurityPolicy::default(),
            mtls: MtlsPolicy::default(),
            tokens: TokenPolicy::default(),
            sessions: SessionPolicy::default(),
            sign_up: SignUpPolicy::default(),
            registration: RegistrationPolicy::default(),
            ciba_approval: false,
            passwords: PasswordPolicy::default(),
            throttle: Rules::default(),
            jwks_max_age: Duration::minutes(15),
            audit_retention: Duration::days(400),
            trusted_proxies: Vec::new(),
        }
    }

    /// The addresses at which programs may call an endpoint.
    pub fn addresses(&self, path: &str) -> Vec<String> {
        let bases = std::iter::once(&self.issuer).chain(&self.mtls.base);
        bases.map(|base| base.at(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_sign_in_grows_too_old_only_where_the_operator_says_so() {
        let signed_in = datetime!(2026-11-20 12:00 UTC);
        let mut policy = SecurityPolicy::default();
        assert!(!policy.wants_newer(signed_in, signed_in + Duration::weeks(100)));
        policy.userinfo_max_age = Some(Duration::minutes(5));
        assert!(!policy.wants_newer(signed_in, signed_in + Duration::minutes(5)));
        assert!(policy.wants_newer(signed_in, signed_in + Duration::seconds(301)));
    }
}
