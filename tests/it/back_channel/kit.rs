//! A server without hosted pages: what a sign-in leaves behind is put into the database by hand.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{App, test};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use signet::base::id::{ClientSecretId, GrantId, ResourceId, RoleId, SessionId, UserId};
use signet::base::{Clock, FixedClock, Rng, Sealer, Secret, SystemRng, Time, TokenHash};
use signet::domain::account::password_hash::Cost;
use signet::domain::keys::KeyPolicy;
use signet::domain::policy::{Issuer, Policy};
use signet::flow::keys::KeyRing;
use signet::flow::password::{PasswordPool, PoolSettings};
use signet::flow::{Core, Parts, job};
use signet::model::{
    AuthorizationCode, Client, ClientMetadata, ClientSecret, ClientStatus, Grant, Resource, ResourceScope, Role,
    Session, TokenFormat, User, UserStatus,
};
use signet::spec::jose::jwt::{self, Audience, Expect, Expiry, Keys, Typ};
use signet::spec::jose::{JwkSet, JwsAlg, SigningAlg, VerifiedJwt};
use signet::spec::oauth::{CodeChallenge, GrantType, ScopeSet};
use signet::spec::oidc::ClaimsRequest;
use signet::store::{self, Store};
use signet::upstream::http::{HttpClient, HttpSettings, Reach};
use signet::web::oidc;
use time::Duration;
use time::macros::datetime;
use url::form_urlencoded;

use crate::support::database::TestDatabase;

pub const ISSUER: &str = "https://op.example";
pub const API: &str = "https://api.example";
pub const OPAQUE_API: &str = "https://opaque.example";
pub const CALLBACK: &str = "https://app.example/callback";
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
// RFC 7636, appendix B
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const START: Time = datetime!(2026-11-20 12:00 UTC);

/// One process, one person and the confidential client `web`.
pub struct Kit {
    pub core: Arc<Core>,
    pub clock: Arc<FixedClock>,
    pub store: Store,
    pub user: User,
    pub session: Session,
    pub client: Client,
    _database: Arc<TestDatabase>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The JSON of a success.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// Status and error code of a refusal.
    pub fn error(&self) -> (u16, String) {
        let json = self.json();
        let description = json["error_description"].as_str().unwrap();
        // RFC 6749 §5.2
        assert!(
            description
                .chars()
                .all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'),
            "{description}"
        );
        (self.status, json["error"].as_str().unwrap().to_owned())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Kit {
    pub async fn new() -> Self {
        Self::on(
            Arc::new(TestDatabase::new().await),
            &[SigningAlg::ES256, SigningAlg::EdDSA],
        )
        .await
    }

    pub async fn on(database: Arc<TestDatabase>, algs: &[SigningAlg]) -> Self {
        let clock = Arc::new(FixedClock::new(START));
        let core = process(&database, &clock, algs).await;
        let store = core.store.clone();
        let user = user();
        let hash = Secret::new("$test$".to_owned());
        store::user::insert(store.pool(), &user, Some(&hash)).await.unwrap();
        let session = session(user.id);
        store::session::insert(store.pool(), &session, &TokenHash::of("cookie"))
            .await
            .unwrap();
        let client = client("web");
        store::client::insert(store.pool(), &client).await.unwrap();
        for resource in resources() {
            store::resource::insert(store.pool(), &resource).await.unwrap();
        }
        store::role::insert(store.pool(), &support()).await.unwrap();
        Self {
            core,
            clock,
            store,
            user,
            session,
            client,
            _database: database,
        }
    }

    /// Another process on the same database.
    pub async fn another_process(&self) -> Arc<Core> {
        process(&self._database, &self.clock, &[SigningAlg::ES256, SigningAlg::EdDSA]).await
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Lets a long time pass; the worker that looks after the keys does its part.
    pub async fn live_through(&self, time: Duration) {
        self.clock.advance(time);
        let core = &self.core;
        core.keys
            .tick(&core.store, &core.sealer, core.clock.as_ref())
            .await
            .unwrap();
    }

    /// Registers one more client.
    pub async fn register(&self, client_id: &str, change: impl FnOnce(&mut Client)) -> Client {
        let mut client = client(client_id);
        change(&mut client);
        store::client::insert(self.store.pool(), &client).await.unwrap();
        client
    }

    /// Lets the listener run, so that things are remembered; returns when it does.
    pub async fn listen(&self) {
        listen(&self.core).await;
    }

    /// A code of `scope` for the client `web`.
    pub async fn code(&self, scope: &str, change: impl FnOnce(&mut Grant, &mut AuthorizationCode)) -> String {
        let value = SystemRng.token().expose().clone();
        let mut grant = Grant {
            id: GrantId::new(self.now(), &SystemRng),
            client_id: "web".to_owned(),
            user_id: self.user.id,
            session_id: Some(self.session.id),
            scope: ScopeSet::parse(scope).unwrap(),
            resources: Vec::new(),
            claims: ClaimsRequest::default(),
            authorization_details: Default::default(),
            nonce: Some("n-0S6".to_owned()),
            auth_time: self.now() - Duration::minutes(1),
            acr: Some("1".to_owned()),
            amr: vec!["pwd".to_owned()],
            created_at: self.now(),
            expires_at: self.now() + Duration::minutes(1),
            revoked_at: None,
        };
        let mut code = AuthorizationCode {
            hash: TokenHash::of(&value),
            grant_id: grant.id,
            client_id: grant.client_id.clone(),
            redirect_uri: CALLBACK.to_owned(),
            redirect_uri_given: true,
            code_challenge: Some(CodeChallenge::from_stored(CHALLENGE.to_owned())),
            dpop_jkt: None,
            created_at: self.now(),
            expires_at: self.now() + Duration::seconds(60),
            redeemed_at: None,
        };
        change(&mut grant, &mut code);
        code.client_id.clone_from(&grant.client_id);
        store::grant::insert_given(
            self.store.pool(),
            &grant,
            Some(&code),
            Default::default(),
            store::grant::Commit::OnDisk,
        )
        .await
        .unwrap();
        value
    }

    /// The answer to a code, by the client `web`.
    pub async fn redeem(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        params.extend_from_slice(more);
        self.post("/token", Some(&basic("web", SECRET)), &params).await
    }

    /// Tokens of `scope`, as the client `web` gets them.
    pub async fn tokens(&self, scope: &str) -> Value {
        let code = self.code(scope, |_, _| {}).await;
        self.redeem(&code, &[]).await.ok()
    }

    pub async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        params.extend_from_slice(more);
        self.post("/token", Some(&basic("web", SECRET)), &params).await
    }

    pub async fn post(&self, path: &str, authorization: Option<&str>, params: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let headers: Vec<_> = form
            .into_iter()
            .chain(authorization.map(|value| ("authorization", value)))
            .collect();
        send(&self.core, Method::POST, path, &headers, body).await
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.core, Method::GET, path, headers, String::new()).await
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        self.get("/userinfo", &[("authorization", &format!("Bearer {token}"))])
            .await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        self.post("/introspect", Some(&basic("web", SECRET)), &[("token", token)])
            .await
            .ok()
    }

    /// Verifies a token of this server as a stranger does: by the JWKS.
    pub async fn verify(&self, token: &Value, typ: &str, audience: &str) -> VerifiedJwt {
        let jwks = JwkSet::parse(self.get("/jwks", &[]).await.body.as_bytes()).unwrap();
        let expect = Expect {
            algs: &JwsAlg::OURS,
            typ: Typ::Exactly(typ),
            iss: Some(ISSUER),
            aud: Audience::AnyOf(&[audience]),
            expiry: Expiry::Required,
            now: self.now(),
            skew: Duration::ZERO,
        };
        jwt::verify(token.as_str().unwrap(), Keys::Set(&jwks), &expect).unwrap()
    }

    /// Takes every connection away, so that whatever needs one waits for as long as the result is held.
    pub async fn take_every_connection(&self) -> Vec<impl Sized + use<>> {
        let mut taken = Vec::new();
        let patience = std::time::Duration::from_millis(200);
        while let Ok(connection) = tokio::time::timeout(patience, self.store.pool().acquire()).await {
            taken.push(connection.unwrap());
        }
        taken
    }

    /// Kinds of the audit events, the newest first.
    pub async fn audit_kinds(&self) -> Vec<String> {
        let page = store::audit_event::list(self.store.pool(), &Default::default(), &Default::default())
            .await
            .unwrap();
        page.items.into_iter().map(|event| event.kind).collect()
    }
}

/// Lets the listener of a process run; returns when it does.
pub async fn listen(core: &Arc<Core>) {
    let listening = Arc::clone(core);
    tokio::spawn(async move { job::listen::run(&listening).await });
    while !core.caches.is_listening() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// The work, unless it waits for something that it does not get.
pub async fn at_once<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(5), work)
        .await
        .expect("it waits for a connection")
}

/// One request to one process.
pub async fn send(core: &Arc<Core>, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let app = test::init_service(
        App::new()
            .app_data(Data::from(Arc::clone(core)))
            .configure(oidc::configure),
    )
    .await;
    let mut request = test::TestRequest::with_uri(path).method(method).set_payload(body);
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    let response = test::call_service(&app, request.to_request()).await;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = test::read_body(response).await;
    Answer {
        status,
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret)))
    )
}

/// The header of a JWT.
pub fn header_of(token: &Value) -> Value {
    let header = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

async fn process(database: &TestDatabase, clock: &Arc<FixedClock>, algs: &[SigningAlg]) -> Arc<Core> {
    let store = Store::new(database.pool().clone(), 4);
    let sealer = Sealer::new(&Secret::new(vec![7; 32])).unwrap();
    let policy = KeyPolicy {
        algs: algs.to_vec(),
        encryption: Vec::new(),
        ..KeyPolicy::default()
    };
    let keys = KeyRing::open(policy, &store, &sealer, clock.as_ref()).await.unwrap();
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let passwords = PasswordPool::new(PoolSettings::for_cores(1, Cost::default()), Arc::clone(&rng));
    // clients' servers run beside the tests
    let outbound = HttpSettings {
        reach: Reach::Private,
        ..HttpSettings::default()
    };
    Arc::new(Core::new(Parts {
        store,
        clock: clock.clone(),
        rng,
        sealer: Arc::new(sealer),
        keys,
        passwords,
        http: HttpClient::new(&outbound).unwrap(),
        policy: Policy::new(Issuer::new(ISSUER)),
    }))
}

fn user() -> User {
    let profile = json!({ "name": "Alice Example", "email": "alice@example.com", "email_verified": true });
    User {
        id: UserId::new(START, &SystemRng),
        username: Some("alice".to_owned()),
        status: UserStatus::Active,
        profile: profile.as_object().unwrap().clone(),
        custom_data: serde_json::Map::new(),
        locale: None,
        roles: Vec::new(),
        version: 1,
        origin: None,
        password_expired_at: None,
        created_at: START,
        updated_at: START,
        last_sign_in_at: None,
    }
}

fn session(user_id: UserId) -> Session {
    Session {
        id: SessionId::new(START, &SystemRng),
        user_id,
        auth_time: START - Duration::minutes(1),
        amr: vec!["pwd".to_owned()],
        acr: Some("1".to_owned()),
        user_agent: None,
        address: None,
        created_at: START,
        last_seen_at: START,
        expires_at: START + Duration::days(60),
        ended_at: None,
    }
}

fn client(client_id: &str) -> Client {
    Client {
        client_id: client_id.to_owned(),
        metadata: ClientMetadata {
            redirect_uris: vec![CALLBACK.to_owned()],
            grant_types: GrantType::ALL.to_vec(),
            id_token_signed_response_alg: Some("ES256".to_owned()),
            ..ClientMetadata::default()
        },
        secrets: vec![ClientSecret::lasting(
            ClientSecretId::new(START, &SystemRng),
            TokenHash::of(SECRET),
            START,
        )],
        roles: Vec::new(),
        status: ClientStatus::Active,
        version: 1,
        origin: None,
        registered_itself: false,
        created_at: START,
        updated_at: START,
    }
}

fn resources() -> Vec<Resource> {
    let resource = |identifier: &str, format| Resource {
        id: ResourceId::new(START, &SystemRng),
        identifier: identifier.to_owned(),
        name: None,
        scopes: ["orders:read", "orders:refund"]
            .map(|name| ResourceScope {
                name: name.to_owned(),
                description: None,
            })
            .to_vec(),
        own_clients: vec!["api".to_owned()],
        authorization_details_types: Vec::new(),
        access_token_format: format,
        access_token_signing_alg: Some("EdDSA".to_owned()),
        access_token_lifetime_seconds: None,
        origin: None,
        created_at: START,
        updated_at: START,
    };
    vec![
        resource(API, TokenFormat::Jwt),
        resource(OPAQUE_API, TokenFormat::Opaque),
    ]
}

fn support() -> Role {
    Role {
        id: RoleId::new(START, &SystemRng),
        name: "support".to_owned(),
        description: None,
        permissions: vec![format!("{API} orders:refund")],
        origin: None,
        created_at: START,
        updated_at: START,
    }
}
