//! A server with a front channel, an app, and a person.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use serde_json::json;
use signet::base::id::{ClientSecretId, UserId};
use signet::base::{Clock, Rng, Sealer, Secret, SystemRng, TokenHash};
use signet::domain::account::password_hash::Cost;
use signet::domain::keys::KeyPolicy;
use signet::domain::policy::{Issuer, Policy};
use signet::flow::job::mail::MailCarrier;
use signet::flow::job::outbox::Delivery;
use signet::flow::keys::KeyRing;
use signet::flow::password::{PasswordPool, PoolSettings};
use signet::flow::{Core, Parts};
use signet::model::{Client, ClientMetadata, ClientSecret, ClientStatus, User, UserStatus};
use signet::notify::mail::Mailer;
use signet::spec::jose::SigningAlg;
use signet::spec::oauth::GrantType;
use signet::store::{self, Store};
use signet::upstream::http::{HttpClient, HttpSettings};
use signet::web::{headers, routes};
use url::Url;

use crate::support::browser::{Browser, Page};
use crate::support::clock::OffsetClock;
use crate::support::database::TestDatabase;
use crate::support::mailbox::Mailbox;
use crate::support::relying_party::RelyingParty;

/// The password of every person whom a test makes.
pub const PASSWORD: &str = "tide pool lantern 7";
/// The client_secret of every app.
pub const SECRET: &str = "a secret of forty-three characters, at least";
/// Where the app's answers go.
pub const CALLBACK: &str = "https://app.example/callback";

/// A running server.
pub struct World {
    pub core: Arc<Core>,
    pub clock: Arc<OffsetClock>,
    pub mailbox: Mailbox,
    issuer: Url,
    server: ServerHandle,
    delivery: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl World {
    /// A server as the operator gets it.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A server under another policy.
    pub async fn with(change: impl FnOnce(&mut Policy)) -> Self {
        // The cheapest cost that there is: these tests are not about hashing.
        Self::start(change, PoolSettings::for_cores(2, Cost::new(64, 1, 1).unwrap())).await
    }

    /// A server that hashes one password at a time and lets nobody wait.
    pub async fn impatient() -> Self {
        let settings = PoolSettings::for_cores(1, Cost::new(19_456, 2, 1).unwrap());
        Self::start(|_| {}, PoolSettings { waiting: 0, ..settings }).await
    }

    async fn start(change: impl FnOnce(&mut Policy), pool: PoolSettings) -> Self {
        let database = TestDatabase::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(OffsetClock::default());
        let mut policy = Policy::new(Issuer::new(&issuer));
        change(&mut policy);
        let core = Arc::new(core(Store::new(database.pool().clone(), 4), clock.clone(), policy, pool).await);
        let folder = tempfile::tempdir().unwrap();
        let delivery = Delivery {
            store: core.store.clone(),
            outbox: core.outbox.clone(),
            carrier: MailCarrier {
                store: core.store.clone(),
                outbox: core.outbox.clone(),
                mailer: Arc::new(Mailer::files(folder.path().join("mail"), "signet@example.com").unwrap()),
                policy: Arc::new(core.policy.clone()),
                clock: clock.clone(),
                rng: Arc::new(SystemRng),
            },
            clock: clock.clone(),
            rng: Arc::new(SystemRng),
            poll: std::time::Duration::from_millis(50),
        };
        let delivery = tokio::spawn(async move { delivery.run(std::future::pending()).await });
        let data: web::Data<Core> = web::Data::from(Arc::clone(&core));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .configure(routes::configure)
                .wrap(from_fn(headers::complete))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        let world = Self {
            mailbox: Mailbox::of(folder.path()),
            core,
            clock,
            issuer: issuer.parse().unwrap(),
            server: handle,
            delivery,
            _folder: folder,
            _database: database,
        };
        world.register_app("app", |_| {}).await;
        world
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> Url {
        self.issuer.join(path).unwrap()
    }

    /// Registers an app.
    pub async fn register_app(&self, client_id: &str, change: impl FnOnce(&mut ClientMetadata)) {
        let now = self.clock.now();
        let mut metadata = ClientMetadata {
            client_name: Some("Harbour Ledger".to_owned()),
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            id_token_signed_response_alg: Some("ES256".to_owned()),
            ..ClientMetadata::default()
        };
        change(&mut metadata);
        let client = Client {
            client_id: client_id.to_owned(),
            metadata,
            secrets: vec![ClientSecret::lasting(
                ClientSecretId::new(now, &SystemRng),
                TokenHash::of(SECRET),
                now,
            )],
            roles: vec![],
            status: ClientStatus::Active,
            version: 1,
            origin: None,
            registered_itself: false,
            created_at: now,
            updated_at: now,
        };
        store::client::insert(self.core.store.pool(), &client).await.unwrap();
    }

    /// Makes a person with a verified address and the [`PASSWORD`].
    pub async fn make_person(&self, name: &str, change: impl FnOnce(&mut User)) -> UserId {
        let now = self.clock.now();
        let mut user = User {
            id: UserId::new(now, &SystemRng),
            username: Some(name.to_owned()),
            status: UserStatus::Active,
            profile: json!({"name": "Ada Lovelace", "email": format!("{name}@example.com"), "email_verified": true})
                .as_object()
                .cloned()
                .unwrap(),
            custom_data: serde_json::Map::new(),
            locale: None,
            roles: vec![],
            version: 1,
            origin: None,
            password_expired_at: None,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
        };
        change(&mut user);
        let hash = self
            .core
            .passwords
            .hash(&Secret::new(PASSWORD.to_owned()))
            .await
            .unwrap();
        let pool = self.core.store.pool();
        store::user::insert(pool, &user, Some(&Secret::new(hash.clone())))
            .await
            .unwrap();
        if let Some(at) = user.password_expired_at {
            store::user::update_password(pool, user.id, &Secret::new(hash), at, Some(at))
                .await
                .unwrap();
        }
        user.id
    }

    /// The app as a relying party that believes only what it has verified.
    pub async fn relying_party(&self, client_id: &str) -> RelyingParty {
        let issuer = self.core.policy.issuer.as_str();
        RelyingParty::discover(issuer, self.clock.clone(), (client_id, SECRET), CALLBACK).await
    }

    /// An authorization request of the app; an empty value takes a parameter away.
    pub fn ask(&self, changes: &[(&str, &str)]) -> Url {
        let mut parameters: BTreeMap<&str, &str> = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid email"),
            ("state", "st-1"),
        ]);
        parameters.extend(changes.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let mut url = self.at("/authorize");
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// Signs in on the page where the browser is.
    pub async fn sign_in(&self, browser: &mut Browser, page: &Page, name: &str) -> Page {
        let fields = [("identifier", name), ("password", PASSWORD)];
        browser.submit(page, "sign-in", &fields).await
    }

    /// Goes the whole way as a person who allows everything: a browser that is signed in, and the answer's address.
    pub async fn sign_in_to_app(&self, name: &str, changes: &[(&str, &str)]) -> (Browser, Url) {
        let mut browser = Browser::new();
        let page = browser.open(&self.ask(changes)).await.at(200, "/login");
        let page = self.sign_in(&mut browser, &page, name).await.at(200, "/consent");
        let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
        let location = answer.location().unwrap();
        (browser, location)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.delivery.abort();
        let stop = self.server.stop(false);
        tokio::spawn(stop);
    }
}

async fn core(store: Store, clock: Arc<dyn Clock>, policy: Policy, pool: PoolSettings) -> Core {
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])).unwrap());
    let keys = KeyPolicy {
        algs: vec![SigningAlg::ES256],
        encryption: Vec::new(),
        ..KeyPolicy::default()
    };
    let keys = KeyRing::open(keys, &store, &sealer, &*clock).await.unwrap();
    Core::new(Parts {
        passwords: PasswordPool::new(pool, Arc::clone(&rng)),
        http: HttpClient::new(&HttpSettings::default()).unwrap(),
        store,
        clock,
        rng,
        sealer,
        keys,
        policy,
    })
}

/// A parameter of an authorization response, in the query or the fragment.
pub fn parameter(location: &Url, name: &str) -> Option<String> {
    let sent = location.query().or(location.fragment());
    let pairs = url::form_urlencoded::parse(sent.unwrap_or_default().as_bytes());
    pairs
        .into_owned()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
}

/// The refusal that a page redirects to the app with.
pub fn refusal(page: &Page) -> String {
    let location = page
        .location()
        .unwrap_or_else(|| panic!("no redirect: {} {}", page.status, page.body));
    assert!(location.as_str().starts_with(CALLBACK), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("st-1"));
    assert!(parameter(&location, "iss").is_some());
    assert_eq!(parameter(&location, "code"), None);
    parameter(&location, "error").unwrap()
}
