//! Entities with sound values, to be changed where a test cares.

use serde_json::{Map, Value, json};
use signet::base::id::{
    AuditEventId, AuthorizationRequestId, ClientSecretId, DeferredAuthorizationId, GrantId, RefreshFamilyId, SessionId,
    UserId,
};
use signet::base::{Rng, Secret, SystemRng, Time, TokenHash};
use signet::model::deferred_authorization::{DeferredKind, DeferredState, Pace};
use signet::model::{
    Actor, AuditEvent, AuditKind, AuthorizationCode, AuthorizationParameters, AuthorizationRequest, Client,
    ClientMetadata, ClientSecret, ClientStatus, DeferredAuthorization, Grant, Origin, PushedRequest, RefreshToken,
    Session, User, UserStatus,
};
use signet::spec::oauth::{AuthorizationDetails, CodeChallenge, PromptSet, ResponseMode, ResponseType, ScopeSet};
use signet::spec::oidc::ClaimsRequest;
use signet::store::{self, Store};
use time::Duration;
use time::macros::datetime;

use crate::support::database::TestDatabase;

/// The instant at which these tests take place.
pub const NOW: Time = datetime!(2026-11-20 12:00 UTC);

/// A database and a store on it.
pub async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::new().await;
    let store = Store::new(database.pool().clone(), 4);
    (database, store)
}

/// A hash of something that nobody else hashes.
pub fn new_hash() -> TokenHash {
    TokenHash::of(SystemRng.token().expose())
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn audit_event(at: Time) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(at, &SystemRng),
        at,
        kind: AuditKind::SignInFailed.as_str().to_owned(),
        actor: Actor::Anonymous.to_string(),
        user_id: None,
        client_id: None,
        session_id: None,
        origin: Origin::default(),
        data: Map::new(),
    }
}

pub fn user(username: &str) -> User {
    User {
        id: UserId::new(NOW, &SystemRng),
        username: Some(username.to_owned()),
        status: UserStatus::Active,
        profile: Map::new(),
        custom_data: Map::new(),
        locale: None,
        roles: Vec::new(),
        version: 1,
        origin: None,
        password_expired_at: None,
        created_at: NOW,
        updated_at: NOW,
        last_sign_in_at: None,
    }
}

pub fn user_with(username: &str, profile: Value) -> User {
    User {
        profile: object(profile),
        ..user(username)
    }
}

pub async fn insert_user(store: &Store, user: &User) {
    let hash = Secret::new(format!("$test${}", user.id));
    store::user::insert(store.pool(), user, Some(&hash)).await.unwrap();
}

pub fn client(client_id: &str) -> Client {
    Client {
        client_id: client_id.to_owned(),
        metadata: ClientMetadata {
            client_name: Some("An app".to_owned()),
            redirect_uris: vec!["https://app.example/callback".to_owned()],
            ..ClientMetadata::default()
        },
        secrets: vec![ClientSecret::lasting(
            ClientSecretId::new(NOW, &SystemRng),
            new_hash(),
            NOW,
        )],
        roles: vec!["admin".to_owned()],
        status: ClientStatus::Active,
        version: 1,
        origin: None,
        registered_itself: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn session(user_id: UserId) -> Session {
    Session {
        id: SessionId::new(NOW, &SystemRng),
        user_id,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        acr: Some("1".to_owned()),
        user_agent: Some("A browser".to_owned()),
        address: Some("192.0.2.1".to_owned()),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW + Duration::days(1),
        ended_at: None,
    }
}

pub fn scope(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

pub fn grant(user_id: UserId, client_id: &str) -> Grant {
    Grant {
        id: GrantId::new(NOW, &SystemRng),
        client_id: client_id.to_owned(),
        user_id,
        session_id: None,
        scope: scope("openid offline_access"),
        resources: vec!["https://api.example".to_owned()],
        claims: ClaimsRequest::parse(&json!({"id_token": {"email": null}}).to_string()).unwrap(),
        authorization_details: Default::default(),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        auth_time: NOW,
        acr: Some("1".to_owned()),
        amr: vec!["pwd".to_owned()],
        created_at: NOW,
        expires_at: NOW + Duration::days(30),
        revoked_at: None,
    }
}

pub fn pushed_request(client_id: &str) -> PushedRequest {
    PushedRequest {
        hash: new_hash(),
        client_id: client_id.to_owned(),
        parameters: vec![("response_type".to_owned(), "code".to_owned())],
        signed: false,
        created_at: NOW,
        expires_at: NOW + Duration::seconds(60),
        consumed_at: None,
        kept_until: NOW + Duration::minutes(31),
    }
}

pub fn code(grant: &Grant) -> AuthorizationCode {
    AuthorizationCode {
        hash: new_hash(),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        redirect_uri: "https://app.example/callback".to_owned(),
        redirect_uri_given: true,
        code_challenge: Some(CodeChallenge::from_stored(
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        )),
        dpop_jkt: None,
        created_at: NOW,
        expires_at: NOW + Duration::seconds(60),
        redeemed_at: None,
    }
}

pub fn refresh_token(grant: &Grant) -> RefreshToken {
    RefreshToken {
        family_id: RefreshFamilyId::new(NOW, &SystemRng),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        confirmation: signet::model::Confirmation {
            jkt: Some("k".to_owned()),
            certificate: None,
        },
        generation: 0,
        current_hash: new_hash(),
        previous_hash: None,
        rotated_at: None,
        created_at: NOW,
        expires_at: NOW + Duration::days(7),
        revoked_at: None,
    }
}

pub fn authorization_request(client_id: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        id: AuthorizationRequestId::new(NOW, &SystemRng),
        client_id: client_id.to_owned(),
        parameters: AuthorizationParameters {
            redirect_uri: "https://app.example/callback".to_owned(),
            redirect_uri_given: true,
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            state: Some("af0ifjsldkj".to_owned()),
            nonce: None,
            scope: scope("openid profile"),
            resource: Vec::new(),
            code_challenge: None,
            prompt: PromptSet::parse("login consent").unwrap(),
            max_age: Some(3600),
            ui_locales: None,
            acr_values: Vec::new(),
            display: None,
            login_hint: None,
            hinted_user: None,
            claims: ClaimsRequest::default(),
            authorization_details: Default::default(),
            dpop_jkt: None,
            pushed: None,
        },
        authenticated_at: None,
        session_id: None,
        selected_at: None,
        consented_at: None,
        finished_at: None,
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
    }
}

pub fn deferred(client_id: &str) -> DeferredAuthorization {
    DeferredAuthorization {
        id: DeferredAuthorizationId::new(NOW, &SystemRng),
        kind: DeferredKind::Device,
        secret_hash: new_hash(),
        user_code_hash: Some(new_hash()),
        client_id: client_id.to_owned(),
        user_id: None,
        scope: scope("openid"),
        resources: vec![],
        authorization_details: AuthorizationDetails::parse(r#"[{"type":"payment"}]"#).unwrap(),
        binding_message: None,
        ping_sealed: None,
        origin: Origin::default(),
        pace: Pace {
            interval_seconds: 5,
            polled_at: None,
        },
        state: DeferredState::Waiting,
        created_at: NOW,
        expires_at: NOW + Duration::minutes(10),
    }
}

/// A user and a client that grants can hang on.
pub async fn insert_parties(store: &Store) -> (User, Client) {
    let user = user("alice");
    insert_user(store, &user).await;
    let client = client("app");
    store::client::insert(store.pool(), &client).await.unwrap();
    (user, client)
}

/// A grant with a refresh token, both in the database.
pub async fn insert_family(store: &Store) -> (Grant, RefreshToken) {
    let (user, client) = insert_parties(store).await;
    let grant = grant(user.id, &client.client_id);
    let token = begin_family(store, &grant).await;
    (grant, token)
}

/// When the session of a code ends.
pub async fn session_ends(store: &Store, code: &AuthorizationCode) -> Option<Time> {
    let found = store::authorization_code::find(store.pool(), &code.hash).await;
    found.unwrap().unwrap().session_ends
}

/// The same for a grant that is not there yet: by a code, redeemed.
pub async fn begin_family(store: &Store, grant: &Grant) -> RefreshToken {
    let (code, family) = (code(grant), refresh_token(grant));
    let given = store::grant::insert_given(
        store.pool(),
        grant,
        Some(&code),
        Default::default(),
        store::grant::Commit::OnDisk,
    )
    .await;
    assert!(given.unwrap());
    let ends = grant.expires_at;
    let redeemed = store::authorization_code::redeem(
        store.pool(),
        &code.hash,
        NOW,
        session_ends(store, &code).await,
        ends,
        Some(&family),
    )
    .await;
    assert!(redeemed.unwrap());
    family
}
