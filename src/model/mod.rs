//! The entities and their legal transitions: values only, one file each. Imports `base` and `spec`.

pub mod access_token;
pub mod audit_event;
pub mod authorization_code;
pub mod authorization_request;
pub mod claim_rule;
pub mod client;
pub mod client_metadata;
pub mod consent;
pub mod deferred_authorization;
pub mod email_link;
pub mod fact;
pub mod grant;
pub mod localized;
pub mod pushed_request;
pub mod refresh_token;
pub mod registration;
pub mod resource;
pub mod role;
#[cfg(test)]
pub(crate) mod sample;
pub mod security_profile;
pub mod session;
pub mod signing_key;
pub mod user;

pub use access_token::AccessToken;
pub use audit_event::{Actor, AuditEvent, AuditKind, Origin};
pub use authorization_code::AuthorizationCode;
pub use authorization_request::{AuthorizationParameters, AuthorizationRequest};
pub use claim_rule::{ClaimRule, Placement};
pub use client::{Client, ClientStatus};
pub use client_metadata::{ApplicationType, ClientMetadata, DeliveryMode, SubjectType};
pub use consent::Consent;
pub use deferred_authorization::DeferredAuthorization;
pub use email_link::{EmailLink, EmailLinkPurpose};
pub use fact::{Fact, FactSource};
pub use grant::Grant;
pub use localized::Localized;
pub use pushed_request::PushedRequest;
pub use refresh_token::RefreshToken;
pub use registration::Registration;
pub use resource::{Resource, ResourceScope, TokenFormat};
pub use role::Role;
pub use security_profile::SecurityProfile;
pub use session::Session;
pub use signing_key::{KeyState, SigningKey};
pub use user::{User, UserStatus};
