//! The use cases on a database of their own, without HTTP.

use std::{sync::Arc, time::Duration};

use signet::{
    base::{FixedClock, Sealer, Secret, SeededRng, Time},
    domain::{
        account::password_hash::Cost,
        keys::KeyPolicy,
        policy::{Issuer, Policy},
    },
    flow::{
        Core, Parts,
        keys::KeyRing,
        password::{PasswordPool, PoolSettings},
    },
    spec::jose::SigningAlg,
    store::Store,
    upstream::http::{HttpClient, HttpSettings},
};
use time::macros::datetime;

use super::database::TestDatabase;

/// When the clock of [`TestCore`] starts.
pub const START: Time = datetime!(2026-11-21 12:00 UTC);

/// A core, its clock and its database.
pub struct TestCore {
    pub core: Core,
    pub clock: Arc<FixedClock>,
    _database: TestDatabase,
}

impl TestCore {
    /// A core with cheap hashes and elliptic keys.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let store = Store::new(database.pool().clone(), 4);
        let clock = Arc::new(FixedClock::new(START));
        let rng = Arc::new(SeededRng::new(database.url().len() as u64));
        let sealer = Arc::new(Sealer::new(&Secret::new(vec![7; 32])).unwrap());
        let keys = KeyPolicy {
            algs: vec![SigningAlg::ES256, SigningAlg::EdDSA],
            encryption: Vec::new(),
            ..KeyPolicy::default()
        };
        let keys = KeyRing::open(keys, &store, &sealer, clock.as_ref()).await.unwrap();
        let pool = PoolSettings {
            max_wait: Duration::from_secs(60),
            ..PoolSettings::for_cores(2, Cost::new(64, 1, 1).unwrap())
        };
        let core = Core::new(Parts {
            passwords: PasswordPool::new(pool, rng.clone()),
            http: HttpClient::new(&HttpSettings::default()).unwrap(),
            policy: Policy::new(Issuer::new("https://op.example")),
            clock: clock.clone(),
            store,
            rng,
            sealer,
            keys,
        });
        Self {
            core,
            clock,
            _database: database,
        }
    }
}
