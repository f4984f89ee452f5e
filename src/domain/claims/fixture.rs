//! A person, a client and a sign-in for the tests of this folder.

use serde_json::json;

use super::{Ask, CompiledRules, SessionFacts, Userinfo};
use crate::{
    base::{
        Time,
        id::{SessionId, UserId},
    },
    model::{Client, ClientMetadata, ClientStatus, Placement, User, UserStatus},
    spec::{oauth::ScopeSet, oidc::ClaimsRequest},
};

pub(super) struct Fixture {
    pub user: User,
    pub client: Client,
    pub scope: ScopeSet,
    pub claims: ClaimsRequest,
    pub resource: Vec<String>,
    pub rules: CompiledRules,
    amr: Vec<String>,
}

impl Fixture {
    pub fn new() -> Self {
        let at = Time::from_unix_timestamp(1_700_000_000).unwrap();
        let profile = json!({
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "gender": "female", "locale": "en",
            "email": "ada@example.com", "email_verified": true, "phone_number": "+33612345678",
            "phone_number_verified": false, "address": {"locality": "Lyon", "country": "FR"},
        });
        let custom_data = json!({"plan": "gold", "seats": 3, "teams": ["blue", "red"], "odd key": true});
        Self {
            user: User {
                id: UserId(uuid::Uuid::nil()),
                username: Some("ada".into()),
                status: UserStatus::Active,
                profile: profile.as_object().unwrap().clone(),
                custom_data: custom_data.as_object().unwrap().clone(),
                locale: None,
                roles: vec!["admin".into(), "support".into()],
                version: 1,
                origin: None,
                password_expired_at: None,
                created_at: at,
                updated_at: at,
                last_sign_in_at: None,
            },
            client: Client {
                client_id: "demo-web".into(),
                metadata: ClientMetadata {
                    client_name: Some("Demo".into()),
                    ..ClientMetadata::default()
                },
                secrets: vec![],
                roles: vec![],
                status: ClientStatus::Active,
                version: 1,
                origin: None,
                registered_itself: false,
                created_at: at,
                updated_at: at,
            },
            scope: ScopeSet::parse("openid").unwrap(),
            claims: ClaimsRequest::default(),
            resource: vec![],
            rules: CompiledRules::default(),
            amr: vec!["pwd".into()],
        }
    }

    pub fn ask(&self, placement: Placement) -> Ask<'_> {
        let now = Time::from_unix_timestamp(1_700_000_600).unwrap();
        Ask {
            placement,
            user: Some(&self.user),
            client: &self.client,
            session: Some(SessionFacts {
                id: Some(SessionId(uuid::Uuid::nil())),
                auth_time: now,
                acr: Some("1"),
                amr: &self.amr,
            }),
            scope: &self.scope,
            claims: &self.claims,
            resource: &self.resource,
            userinfo: Userinfo::InReach,
            rules: &self.rules,
            now,
        }
    }
}
