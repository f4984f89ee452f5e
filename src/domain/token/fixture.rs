//! Values that the tests of tokens, permissions and grants start from.

use time::macros::datetime;

use crate::{
    base::{
        SeededRng, Time, TokenHash,
        id::{ClientSecretId, GrantId, ResourceId, RoleId, SessionId, UserId},
    },
    domain::permission::Catalog,
    model::{
        Client, ClientMetadata, ClientSecret, ClientStatus, Grant, Resource, ResourceScope, Role, TokenFormat, User,
        UserStatus,
    },
    spec::{
        oauth::{ClientAuthMethod, GrantType, ScopeSet},
        oidc::ClaimsRequest,
    },
};

pub(crate) const ISSUER: &str = "https://op.example";
pub(crate) const API: &str = "https://api.example";
pub(crate) const OPAQUE_API: &str = "https://opaque.example";
pub(crate) const OWN_API: &str = "https://op.example/api/v1";
pub(crate) const NOW: Time = datetime!(2026-11-20 12:00:00 UTC);

pub(crate) fn resource(identifier: &str, scopes: &[&str]) -> Resource {
    Resource {
        id: ResourceId::new(NOW, &SeededRng::new(1)),
        identifier: identifier.to_owned(),
        name: None,
        scopes: scopes
            .iter()
            .map(|&name| ResourceScope {
                name: name.to_owned(),
                description: None,
            })
            .collect(),
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

pub(crate) fn resources() -> Vec<Resource> {
    vec![
        resource(API, &["orders:read", "orders:write", "orders:refund", "shared"]),
        Resource {
            authorization_details_types: Vec::new(),
            access_token_format: TokenFormat::Opaque,
            access_token_lifetime_seconds: Some(60),
            ..resource(OPAQUE_API, &["stock:read", "shared"])
        },
        resource(OWN_API, &["users:read"]),
    ]
}

/// Three APIs, and a role `support` that alone may refund.
pub(crate) fn catalog() -> Catalog {
    let support = Role {
        id: RoleId::new(NOW, &SeededRng::new(2)),
        name: "support".to_owned(),
        description: None,
        permissions: vec![format!("{API} orders:refund")],
        origin: None,
        created_at: NOW,
        updated_at: NOW,
    };
    Catalog::new(ISSUER, resources(), &[support])
}

/// A confidential client that may use every grant.
pub(crate) fn client() -> Client {
    Client {
        client_id: "web".to_owned(),
        metadata: ClientMetadata {
            redirect_uris: vec!["https://app.example/callback".to_owned()],
            grant_types: GrantType::ALL.to_vec(),
            ..ClientMetadata::default()
        },
        secrets: vec![secret("s3cret")],
        roles: Vec::new(),
        status: ClientStatus::Active,
        version: 1,
        origin: None,
        registered_itself: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A secret without an end.
pub(crate) fn secret(value: &str) -> ClientSecret {
    let id = ClientSecretId::new(NOW, &SeededRng::new(value.len() as u64));
    ClientSecret::lasting(id, TokenHash::of(value), NOW)
}

/// A client that has nothing to prove itself with.
pub(crate) fn public_client() -> Client {
    let mut client = client();
    client.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    client.secrets.clear();
    client
}

pub(crate) fn user() -> User {
    User {
        id: UserId::new(NOW, &SeededRng::new(3)),
        username: Some("alice".to_owned()),
        status: UserStatus::Active,
        profile: serde_json::Map::new(),
        custom_data: serde_json::Map::new(),
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

/// What the fixture's user gave the fixture's client a second ago.
pub(crate) fn grant(scope: &str) -> Grant {
    Grant {
        id: GrantId::new(NOW, &SeededRng::new(5)),
        client_id: client().client_id,
        user_id: user().id,
        session_id: Some(SessionId::new(NOW, &SeededRng::new(4))),
        scope: ScopeSet::parse(scope).unwrap(),
        resources: Vec::new(),
        claims: ClaimsRequest::default(),
        authorization_details: Default::default(),
        nonce: Some("n-0S6".to_owned()),
        auth_time: NOW - time::Duration::minutes(1),
        acr: Some("1".to_owned()),
        amr: vec!["pwd".to_owned()],
        created_at: NOW - time::Duration::seconds(1),
        expires_at: NOW + time::Duration::minutes(1),
        revoked_at: None,
    }
}
