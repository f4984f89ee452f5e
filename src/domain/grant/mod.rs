//! The grant types of the token endpoint: who gets which tokens for what.
//!
//! A grant type says what it needs to see ([`Grant::needs`]), is shown it, and decides ([`Grant::decide`]): effects that
//! must be written *whatever the outcome* (a replayed code is refused and revokes what it gave), and the outcome. A new
//! grant type is one file and one line in [`GRANTS`]. Imports `base`, `spec`, `model`, and of this floor `permission`,
//! `policy` and `token`. Absent: loading, writing, signing, custom claims.

use std::sync::Arc;

use aws_lc_rs::hmac;
use serde_json::Value;

use super::{permission::Catalog, policy::TokenPolicy, security_profile::Rules, sender::Sender};
use crate::{
    base::{
        Pseudonyms, Secret, Time, TokenHash,
        id::{GrantId, RefreshFamilyId, SessionId, UserId},
    },
    model::{
        self, AccessToken, AuditKind, AuthorizationCode, Client, Confirmation, DeferredAuthorization, RefreshToken,
        User, UserStatus, deferred_authorization::Pace,
    },
    spec::oauth::{
        ErrorCode, GrantType, OAuthError, Params, ScopeSet,
        scope::{OFFLINE_ACCESS, OPENID},
    },
};

mod authorization_code;
mod ciba;
mod client_credentials;
mod deferred;
mod device_code;
mod first_tokens;
#[cfg(test)]
pub(crate) mod fixture;
mod jwt_bearer;
mod refresh_token;
pub mod target;
mod token_exchange;

pub use target::Target;

/// Every grant type that the token endpoint knows.
pub static GRANTS: &[&dyn Grant] = &[
    &authorization_code::AuthorizationCodeGrant,
    &refresh_token::RefreshTokenGrant,
    &client_credentials::ClientCredentialsGrant,
    &device_code::DeviceCodeGrant,
    &token_exchange::TokenExchangeGrant,
    &ciba::CibaGrant,
    &jwt_bearer::JwtBearerGrant,
];

/// One grant type.
pub trait Grant: Sync {
    /// Its name.
    fn grant_type(&self) -> GrantType;

    /// What it has to see before it can decide.
    ///
    /// # Errors
    /// `invalid_request` for a missing parameter, `invalid_grant` for a value that cannot be one of ours.
    fn needs(&self, params: &Params) -> Result<Needs, OAuthError>;

    /// The decision.
    fn decide(&self, ask: &Ask<'_>) -> Decision;
}

/// The grant type that the request names, if the client may use it.
///
/// # Errors
/// `invalid_request` without `grant_type`, `unsupported_grant_type`, `unauthorized_client` (RFC 6749 §5.2).
pub fn find(params: &Params, client: &Client) -> Result<&'static dyn Grant, OAuthError> {
    let name = params.require("grant_type")?;
    let grant = GRANTS
        .iter()
        .find(|grant| grant.grant_type().as_str() == name)
        .ok_or(OAuthError::new(
            ErrorCode::UnsupportedGrantType,
            "this grant_type is not supported",
        ))?;
    if !client.allows_grant(grant.grant_type()) {
        let why = "the client is not registered for this grant_type";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why));
    }
    Ok(*grant)
}

/// What a grant type has to see.
#[derive(Debug, Clone)]
pub enum Needs {
    /// Nothing but the client.
    Nothing,
    /// The code of this hash, locked, with what it stands for.
    Code(TokenHash),
    /// The family of refresh tokens, with what it stands for.
    Family(RefreshFamilyId),
    /// What is decided elsewhere, by the hash of the secret that its client holds, with what it stands for.
    Deferred(TokenHash),
    /// Access tokens of this server, with what they stand for.
    Tokens {
        /// On whose behalf.
        subject: Secret<String>,
        /// Who acts.
        actor: Option<Secret<String>>,
    },
    /// Whom this assertion of a trusted issuer speaks for.
    Assertion(Secret<String>),
}

/// What was there.
#[derive(Debug, Clone)]
pub enum Found {
    /// Nothing was needed, or what was needed is not there.
    Nothing,
    /// A code.
    Code(Box<AuthorizationCode>, Box<Holding>),
    /// A family of refresh tokens.
    Family(Box<RefreshToken>, Box<Holding>),
    /// What is decided elsewhere, and what it stands for once somebody allowed it.
    Deferred(Box<DeferredAuthorization>, Option<Box<Holding>>),
    /// Access tokens: each that was needed, and each of them good.
    Tokens {
        /// On whose behalf.
        subject: Box<Presented>,
        /// Who acts.
        actor: Option<Box<Presented>>,
    },
    /// Somebody for whom a trusted issuer vouches.
    Vouched(Box<Vouched>),
}

/// Somebody for whom a trusted issuer vouches.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// Who.
    pub user: Arc<User>,
    /// When they had authenticated there.
    pub auth_time: Time,
    /// Whose word it is.
    pub issuer: String,
    /// What may be asked for on its word.
    pub scopes: Vec<String>,
    /// And at which APIs.
    pub resources: Vec<String>,
}

/// An access token that is good, with what it stands for.
#[derive(Debug, Clone)]
pub struct Presented {
    /// What it says.
    pub token: Arc<AccessToken>,
    /// The grant and the person that it speaks for; `None`: it speaks for its client.
    pub person: Option<(Arc<model::Grant>, Arc<User>)>,
}

/// What a code or refresh token stands for.
#[derive(Debug, Clone)]
pub struct Holding {
    /// The grant.
    pub grant: model::Grant,
    /// Who gave it; `None` if they are gone.
    pub user: Option<Arc<User>>,
    /// When the session that it was given in ended or will end; `None` if that is gone. Lying idle does not end it here: an
    /// app at work is use.
    pub session_ends: Option<Time>,
}

impl Holding {
    /// Whether the session that it was given in still stands.
    fn session_holds(&self, now: Time) -> bool {
        self.session_ends.is_some_and(|ends| now < ends)
    }

    /// The person, if they may still be spoken for.
    fn active_user(&self) -> Option<&Arc<User>> {
        self.user.as_ref().filter(|user| user.status == UserStatus::Active)
    }
}

/// Everything that a decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The instant.
    pub now: Time,
    /// The operator's lifetimes.
    pub policy: &'a TokenPolicy,
    /// APIs and permissions.
    pub catalog: &'a Catalog,
    /// Who asks, authenticated.
    pub client: &'a Client,
    /// What they sent.
    pub params: &'a Params,
    /// What the sender proved to hold.
    pub sender: &'a Sender,
    /// What the tokens will be tied to.
    pub confirmation: &'a Confirmation,
    /// What the client's profile demands.
    pub rules: &'a Rules,
    /// What was loaded for [`Grant::needs`].
    pub found: &'a Found,
    /// Randomness for a first refresh token.
    pub fresh: &'a Fresh,
    /// The key under which refresh tokens follow one another.
    pub refresh_key: &'a hmac::Key,
    /// What people are called to clients that see pairwise subjects.
    pub pseudonyms: &'a Pseudonyms,
}

/// Randomness that a decision may use up.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// For a new grant.
    pub grant_id: GrantId,
    /// For a new family.
    pub family_id: RefreshFamilyId,
    /// The secret of its first token.
    pub refresh_secret: Secret<[u8; 32]>,
}

/// What must be written and what is answered.
#[derive(Debug)]
pub struct Decision {
    /// To be committed even when the outcome is a refusal.
    pub effects: Vec<Effect>,
    /// What the client gets.
    pub outcome: Result<Issue, OAuthError>,
}

impl Decision {
    fn refuse(code: ErrorCode, why: &'static str) -> Self {
        Self::from(OAuthError::new(code, why))
    }

    fn refuse_grant(why: &'static str) -> Self {
        Self::refuse(ErrorCode::InvalidGrant, why)
    }
}

impl From<OAuthError> for Decision {
    fn from(error: OAuthError) -> Self {
        Self {
            effects: Vec::new(),
            outcome: Err(error),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The code is used up, if it still may be used. If it may not, nothing may be issued.
    RedeemCode(Redemption),
    /// A refresh token is replaced by its successor, if it is still the current one. If it is not, nothing may be issued.
    RotateFamily(Rotation),
    /// A grant that nobody gave on a page.
    BeginGrant(Box<model::Grant>),
    /// What was allowed elsewhere is used up, if it still may be used. If it may not, nothing may be issued.
    RedeemDeferred(Redemption),
    /// A client asked for what is decided elsewhere, if it has not asked once more meanwhile.
    Polled {
        /// For what.
        hash: TokenHash,
        /// How often it might ask.
        before: Pace,
        /// How often it may from now on.
        after: Pace,
    },
    /// The grant, and with it everything that hangs on it, is withdrawn.
    RevokeGrant {
        /// Which.
        grant_id: GrantId,
        /// Why, as stored.
        reason: &'static str,
    },
    /// Somebody should know whose word was taken.
    Accepted {
        /// The trusted issuer.
        issuer: String,
        /// What it gave.
        grant_id: GrantId,
        /// About whom.
        user_id: UserId,
    },
    /// Somebody should know.
    Audit {
        /// What.
        kind: AuditKind,
        /// About which grant.
        grant_id: GrantId,
        /// About whom.
        user_id: UserId,
        /// In which session.
        session_id: Option<SessionId>,
    },
}

/// The use of a code, or of what stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// When the session ends in which it was given, as the decision had it: if that has changed, it does not hold.
    pub session_ends: Option<Time>,
    /// Of what.
    pub hash: TokenHash,
    /// The last moment at which anything that hangs on its grant can be valid: the grant is kept until then.
    pub grant_ends: Time,
    /// The family of refresh tokens that begins.
    pub family: Option<Box<RefreshToken>>,
}

/// One step of a family of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Which family.
    pub family_id: RefreshFamilyId,
    /// The token that must be current.
    pub presented: TokenHash,
    /// The token that then is.
    pub successor: TokenHash,
    /// When the successor dies unused.
    pub expires_at: Time,
}

/// What the client gets.
#[derive(Debug)]
pub struct Issue {
    /// For whom the tokens speak.
    pub subject: Subject,
    /// The access token.
    pub access_token: Target,
    /// The end of its life.
    pub expires_at: Time,
    /// Who acts for that person, if somebody does (RFC 8693 §4.1).
    pub act: Option<Value>,
    /// The ID token, if there is one.
    pub id_token: Option<IdTokenPlan>,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret<String>>,
}

/// For whom tokens speak.
#[derive(Debug)]
pub enum Subject {
    /// The client itself.
    Client,
    /// A person.
    Person {
        /// What they gave.
        grant: Box<model::Grant>,
        /// Who they are.
        user: Arc<User>,
    },
}

/// What only some ID tokens carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenPlan {
    /// The authorization request's nonce.
    pub nonce: Option<String>,
    /// For which scopes: all that were granted, or what a refresh narrowed them to.
    pub scope: ScopeSet,
}

/// Whether refresh tokens of the grant outlive its session: only `offline_access` asks for that (OIDC Core §11). Without
/// it an app that is registered for refresh tokens gets one that dies with the session, which is what an app in the
/// browser needs.
pub fn is_offline(grant: &model::Grant) -> bool {
    grant.scope.contains(OFFLINE_ACCESS)
}

/// When a refresh token dies unused: the client's or the server's lifetime, the grant's end, and the session's unless the
/// grant is an offline one.
fn refresh_token_expiry(ask: &Ask<'_>, holding: &Holding, grant_ends: Time) -> Time {
    let lifetime = ask.client.metadata.refresh_token_lifetime_seconds;
    let idle = lifetime.map_or(ask.policy.refresh_token_idle, time::Duration::seconds);
    let ends = (ask.now + idle).min(grant_ends);
    match holding.session_ends {
        Some(session_ends) if !is_offline(&holding.grant) => ends.min(session_ends),
        _ => ends,
    }
}

fn id_token(scope: &ScopeSet, nonce: Option<String>) -> Option<IdTokenPlan> {
    scope.contains(OPENID).then(|| IdTokenPlan {
        nonce,
        scope: scope.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture;

    #[test]
    fn no_grant_type_has_two_lines() {
        for grant_type in GrantType::ALL {
            let named = GRANTS.iter().filter(|grant| grant.grant_type() == grant_type);
            assert!(named.count() <= 1, "{}", grant_type.as_str());
        }
        let implicit = GRANTS.iter().any(|grant| grant.grant_type() == GrantType::Implicit);
        assert!(!implicit, "it is no business of the token endpoint");
    }

    #[test]
    fn only_known_and_registered_grant_types_are_taken() {
        let find = |params: &str, client: &Client| find(&Params::parse(params).unwrap(), client).map(Grant::grant_type);
        let mut client = fixture::client();
        assert_eq!(find("grant_type=refresh_token", &client), Ok(GrantType::RefreshToken));
        assert_eq!(find("", &client).unwrap_err().code, ErrorCode::InvalidRequest);
        assert_eq!(
            find("grant_type=password", &client).unwrap_err().code,
            ErrorCode::UnsupportedGrantType
        );
        client.metadata.grant_types = vec![GrantType::AuthorizationCode];
        let refused = find("grant_type=client_credentials", &client).unwrap_err();
        assert_eq!(refused.code, ErrorCode::UnauthorizedClient);
    }
}
