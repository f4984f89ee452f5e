//! Entities for unit tests of the rules: plain ones that each test bends where it matters.

use super::{
    AuthorizationParameters, AuthorizationRequest, Client, ClientMetadata, ClientStatus, DeferredAuthorization, Origin,
    Resource, ResourceScope, Session, TokenFormat, User, UserStatus,
    deferred_authorization::{DeferredKind, DeferredState, Pace},
};
use crate::{
    base::{
        SeededRng, Time, TokenHash,
        id::{AuthorizationRequestId, DeferredAuthorizationId, ResourceId, SessionId, UserId},
    },
    spec::{
        oauth::{AuthorizationDetails, GrantType, PromptSet, ResponseMode, ResponseType, ScopeSet},
        oidc::ClaimsRequest,
    },
};

/// The moment at which all of them were made.
pub(crate) const NOW: Time = Time::UNIX_EPOCH;

/// The redirect_uri of [`client`].
pub(crate) const CALLBACK: &str = "https://app.example/cb";

/// The confidential client `app` with one redirect_uri and refresh tokens; it needs consent.
pub(crate) fn client() -> Client {
    Client {
        client_id: "app".to_owned(),
        metadata: ClientMetadata {
            redirect_uris: vec![CALLBACK.to_owned()],
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            ..ClientMetadata::default()
        },
        secrets: vec![],
        roles: vec![],
        status: ClientStatus::Active,
        version: 1,
        origin: None,
        registered_itself: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Parameters that ask [`client`]'s callback for a code and nothing else.
pub(crate) fn parameters() -> AuthorizationParameters {
    AuthorizationParameters {
        redirect_uri: CALLBACK.to_owned(),
        redirect_uri_given: true,
        response_type: ResponseType::Code,
        response_mode: ResponseMode::Query,
        state: None,
        nonce: None,
        scope: ScopeSet::default(),
        resource: vec![],
        code_challenge: None,
        prompt: PromptSet::default(),
        max_age: None,
        ui_locales: None,
        acr_values: vec![],
        display: None,
        login_hint: None,
        hinted_user: None,
        claims: ClaimsRequest::default(),
        authorization_details: AuthorizationDetails::default(),
        dpop_jkt: None,
        pushed: None,
    }
}

/// A request of [`client`] that nothing has happened for yet.
pub(crate) fn authorization_request() -> AuthorizationRequest {
    AuthorizationRequest {
        id: AuthorizationRequestId::new(NOW, &SeededRng::new(11)),
        client_id: "app".to_owned(),
        parameters: parameters(),
        authenticated_at: None,
        session_id: None,
        selected_at: None,
        consented_at: None,
        finished_at: None,
        created_at: NOW,
        expires_at: NOW + time::Duration::hours(1),
    }
}

/// An active person without a profile.
pub(crate) fn user() -> User {
    User {
        id: UserId::new(NOW, &SeededRng::new(12)),
        username: Some("ada".to_owned()),
        status: UserStatus::Active,
        profile: serde_json::Map::new(),
        custom_data: serde_json::Map::new(),
        locale: None,
        roles: vec![],
        version: 1,
        origin: None,
        password_expired_at: None,
        created_at: NOW,
        updated_at: NOW,
        last_sign_in_at: None,
    }
}

/// A session of [`user`].
pub(crate) fn session() -> Session {
    Session {
        id: SessionId::new(NOW, &SeededRng::new(13)),
        user_id: user().id,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        acr: Some("1".to_owned()),
        user_agent: None,
        address: None,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + time::Duration::days(14),
        ended_at: None,
    }
}

/// Something that `client_id` asked for at `now` and nobody has decided yet.
pub(crate) fn deferred(kind: DeferredKind, client_id: &str, now: Time) -> DeferredAuthorization {
    DeferredAuthorization {
        id: DeferredAuthorizationId::new(now, &SeededRng::new(15)),
        kind,
        secret_hash: TokenHash::of("secret"),
        user_code_hash: None,
        client_id: client_id.to_owned(),
        user_id: None,
        scope: ScopeSet::default(),
        resources: vec![],
        authorization_details: AuthorizationDetails::default(),
        binding_message: None,
        ping_sealed: None,
        origin: Origin::default(),
        pace: Pace {
            interval_seconds: 5,
            polled_at: None,
        },
        state: DeferredState::Waiting,
        created_at: now,
        expires_at: now + time::Duration::minutes(10),
    }
}

/// An API with one scope.
pub(crate) fn resource(identifier: &str, scope: &str) -> Resource {
    Resource {
        id: ResourceId::new(NOW, &SeededRng::new(14)),
        identifier: identifier.to_owned(),
        name: None,
        scopes: vec![ResourceScope {
            name: scope.to_owned(),
            description: None,
        }],
        own_clients: Vec::new(),
        authorization_details_types: Vec::new(),
        access_token_format: TokenFormat::Jwt,
        access_token_signing_alg: None,
        access_token_lifetime_seconds: None,
        origin: None,
        created_at: NOW,
        updated_at: NOW,
    }
}
