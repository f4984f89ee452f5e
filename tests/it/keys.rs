//! The key ring in the real database: several processes, a whole life of keys, outages.

use std::sync::Arc;

use serde_json::json;
use signet::{
    base::{Clock, FixedClock, Sealer, Secret, Time},
    domain::keys::KeyPolicy,
    flow::keys::{self, Error, KeyRing},
    model::KeyState,
    spec::jose::{
        JwkSet, JwsAlg, SigningAlg,
        jwt::{self, Audience, Expect, Expiry, Keys, TokenError, Typ},
    },
    store::{self, Store},
};
use time::{Duration, macros::datetime};

use crate::support::database::TestDatabase;

const START: Time = datetime!(2026-11-21 12:00 UTC);
const ISSUER: &str = "https://op.example";
/// RSA is left out where many keys are made.
const FAST: [SigningAlg; 2] = [SigningAlg::ES256, SigningAlg::EdDSA];

fn policy() -> KeyPolicy {
    KeyPolicy {
        algs: FAST.to_vec(),
        encryption: Vec::new(),
        rotation_interval: Duration::seconds(60),
        jwks_max_age: Duration::seconds(20),
        propagation: Duration::seconds(6),
        longest_token_lifetime: Duration::seconds(30),
        clock_skew: Duration::seconds(1),
        remember_retired: Duration::seconds(300),
    }
}

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&Secret::new(vec![byte; 32])).unwrap()
}

/// One Signet on a database that it may share with others.
struct Process {
    ring: KeyRing,
    store: Store,
    sealer: Sealer,
    clock: Arc<FixedClock>,
}

impl Process {
    async fn start(database: &TestDatabase, policy: KeyPolicy, clock: &Arc<FixedClock>) -> Self {
        let (store, sealer) = (Store::new(database.pool().clone(), 4), sealer(1));
        let ring = KeyRing::open(policy, &store, &sealer, clock.as_ref()).await.unwrap();
        Self {
            ring,
            store,
            sealer,
            clock: Arc::clone(clock),
        }
    }

    async fn tick(&self) -> Result<(), Error> {
        self.ring.tick(&self.store, &self.sealer, self.clock.as_ref()).await
    }

    async fn rotate(&self, alg: SigningAlg) -> Result<signet::model::SigningKey, Error> {
        self.ring
            .rotate(alg, &self.store, &self.sealer, self.clock.as_ref())
            .await
    }

    fn token(&self, alg: SigningAlg) -> Result<String, Error> {
        let now = self.clock.now();
        let expires = now + self.ring.policy().longest_token_lifetime;
        let claims = json!({ "iss": ISSUER, "exp": expires.unix_timestamp() }).to_string();
        let signer = self.ring.signer(alg, now)?;
        Ok(signer.sign_jwt(Some("JWT"), claims.as_bytes()).unwrap())
    }

    fn kid(&self, alg: SigningAlg) -> String {
        self.ring.signer(alg, self.clock.now()).unwrap().kid().to_owned()
    }
}

fn verify(token: &str, keys: &JwkSet, expiry: Expiry, now: Time) -> Result<(), TokenError> {
    let expect = Expect {
        algs: &JwsAlg::OURS,
        typ: Typ::Exactly("JWT"),
        iss: Some(ISSUER),
        aud: Audience::Any,
        expiry,
        now,
        skew: Duration::ZERO,
    };
    jwt::verify(token, Keys::Set(keys), &expect).map(|_| ())
}

/// A verifier that keeps a JWKS for exactly its max-age, as far as it goes.
struct Verifier {
    keys: JwkSet,
    fresh_until: Time,
}

impl Verifier {
    fn new() -> Self {
        Self {
            keys: JwkSet::default(),
            fresh_until: START,
        }
    }

    fn verify(&mut self, token: &str, source: &Process, now: Time) -> Result<(), TokenError> {
        if now >= self.fresh_until {
            let jwks = source.ring.jwks(now).unwrap();
            self.keys = JwkSet::parse(jwks.body.as_bytes()).unwrap();
            self.fresh_until = now + jwks.max_age;
        }
        verify(token, &self.keys, Expiry::Required, now)
    }
}

#[tokio::test]
async fn a_key_is_parsed_once_however_often_it_signs_and_the_ring_is_read() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    let reload = || process.ring.reload(&process.store, &process.sealer, clock.as_ref());
    for alg in FAST {
        let signer = || process.ring.signer(alg, clock.now()).unwrap();
        let first = signer();
        assert!(Arc::ptr_eq(&first, &signer()), "{alg}: for every token anew");
        reload().await.unwrap();
        assert!(Arc::ptr_eq(&first, &signer()), "{alg}: for every look at the rows anew");
        process.rotate(alg).await.unwrap();
        process.tick().await.unwrap();
        assert!(Arc::ptr_eq(&first, &signer()), "{alg}: anew beside its successor");
    }
    let [before, after] = [process.ring.verify_keys(), {
        reload().await.unwrap();
        process.ring.verify_keys()
    }];
    for (one, other) in before.keys().iter().zip(after.keys()) {
        assert!(Arc::ptr_eq(one, other), "{:?}", one.kid());
    }
}

#[tokio::test]
async fn processes_that_start_together_make_one_key_per_algorithm() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let start = || Process::start(&database, KeyPolicy::default(), &clock);
    let (first, second, third) = tokio::join!(start(), start(), start());
    let rows = keys::list(&first.store).await.unwrap();
    assert_eq!(rows.len(), KeyPolicy::default().rings().count());
    for alg in SigningAlg::ALL {
        assert_eq!(first.kid(alg), second.kid(alg), "{alg}");
        assert_eq!(first.kid(alg), third.kid(alg), "{alg}");
        let token = first.token(alg).unwrap();
        assert_eq!(
            verify(&token, &second.ring.verify_keys(), Expiry::Required, START),
            Ok(())
        );
    }
    let (one, other) = (first.ring.jwks(START).unwrap(), second.ring.jwks(START).unwrap());
    assert_eq!((one.body, one.etag), (other.body, other.etag));
    assert_eq!(one.max_age, Duration::hours(1));
}

#[tokio::test]
async fn no_verification_fails_while_keys_roll_over_in_two_processes() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    // the second process looks at the database as seldom as it may
    let processes = [
        Process::start(&database, policy(), &clock).await,
        Process::start(&database, policy(), &clock).await,
    ];
    let mut verifiers: Vec<Verifier> = (0..4).map(|_| Verifier::new()).collect();
    let mut kids = std::collections::BTreeSet::new();
    let mut tokens: Vec<(String, Time)> = Vec::new();
    let mut verified = 0;
    for second in 0..400_usize {
        let now = clock.now();
        if second % 2 == 0 {
            processes[0].tick().await.unwrap();
        }
        if second % 6 == 3 {
            processes[1].tick().await.unwrap();
        }
        if second == 200 {
            for alg in FAST {
                processes[1].rotate(alg).await.ok();
            }
        }
        for (process, alg) in [(0, FAST[second % 2]), (1, FAST[(second + 1) % 2])] {
            kids.insert(processes[process].kid(alg));
            tokens.push((processes[process].token(alg).unwrap(), now));
        }
        tokens.retain(|(_, signed_at)| now < *signed_at + Duration::seconds(30));
        for (token, signed_at) in tokens.iter().step_by(11).chain(tokens.iter().rev().take(2)) {
            for (index, verifier) in verifiers.iter_mut().enumerate() {
                let outcome = verifier.verify(token, &processes[index % 2], now);
                assert_eq!(outcome, Ok(()), "signed {signed_at}, verified {now}");
                verified += 1;
            }
        }
        clock.advance(Duration::seconds(1));
    }
    assert!(kids.len() >= 14, "keys must have rolled over: {}", kids.len());
    assert!(verified > 5_000, "{verified}");
}

#[tokio::test]
async fn a_rotated_key_is_published_at_once_and_signs_when_every_verifier_knows_it() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    let old = process.kid(SigningAlg::EdDSA);
    let new = process.rotate(SigningAlg::EdDSA).await.unwrap();
    assert_eq!(new.active_at, START + Duration::seconds(27));
    assert!(process.ring.jwks(START).unwrap().body.contains(&new.kid));
    let again = process.rotate(SigningAlg::EdDSA).await.unwrap_err();
    assert!(matches!(again, Error::AlreadyPending(waiting) if waiting.kid == new.kid));
    // without any tick in between, to the second
    clock.advance(Duration::seconds(26));
    assert_eq!(process.kid(SigningAlg::EdDSA), old);
    clock.advance(Duration::seconds(1));
    assert_eq!(process.kid(SigningAlg::EdDSA), new.kid);
}

#[tokio::test]
async fn a_retired_key_loses_its_private_half_and_still_verifies_old_hints() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    let hint = process.token(SigningAlg::EdDSA).unwrap();
    let old = process.kid(SigningAlg::EdDSA);
    process.rotate(SigningAlg::EdDSA).await.unwrap();
    clock.advance(Duration::seconds(27 + 37));
    process.tick().await.unwrap();
    let rows = keys::list(&process.store).await.unwrap();
    let row = rows.iter().find(|key| key.kid == old).unwrap();
    assert_eq!(row.state(clock.now()), KeyState::Retired);
    assert_eq!(row.private_key_sealed, None);
    let now = clock.now();
    assert!(!process.ring.jwks(now).unwrap().body.contains(&old));
    let refused = verify(&hint, &process.ring.verify_keys(), Expiry::MayBeOver, now);
    assert_eq!(refused, Err(TokenError::UnknownKey));
    assert_eq!(verify(&hint, &process.ring.hint_keys(), Expiry::MayBeOver, now), Ok(()));
    // and in the end it is forgotten
    clock.advance(Duration::seconds(300));
    process.tick().await.unwrap();
    let rows = keys::list(&process.store).await.unwrap();
    assert!(rows.iter().all(|key| key.kid != old));
    let refused = verify(&hint, &process.ring.hint_keys(), Expiry::MayBeOver, clock.now());
    assert_eq!(refused, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn in_an_emergency_nothing_of_the_old_keys_counts_any_more() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    let other = Process::start(&database, policy(), &clock).await;
    let stolen = process.token(SigningAlg::EdDSA).unwrap();
    let kept = process.token(SigningAlg::ES256).unwrap();
    clock.advance(Duration::seconds(1));
    let new = process
        .ring
        .replace(SigningAlg::EdDSA, &process.store, &process.sealer, clock.as_ref())
        .await
        .unwrap();
    other.tick().await.unwrap();
    let now = clock.now();
    for process in [&process, &other] {
        assert_eq!(process.kid(SigningAlg::EdDSA), new.kid);
        for keys in [process.ring.verify_keys(), process.ring.hint_keys()] {
            assert_eq!(
                verify(&stolen, &keys, Expiry::MayBeOver, now),
                Err(TokenError::UnknownKey)
            );
            assert_eq!(verify(&kept, &keys, Expiry::MayBeOver, now), Ok(()));
        }
    }
    assert_eq!(process.ring.jwks(now).unwrap().etag, other.ring.jwks(now).unwrap().etag);
}

#[tokio::test]
async fn an_outage_shortens_the_jwks_and_in_the_end_stops_the_signing() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    database.pool().close().await;
    let ticked = process.tick().await.unwrap_err();
    assert!(matches!(ticked, Error::Store(store::Error::Unavailable(_))), "{ticked}");
    clock.advance(Duration::seconds(16));
    assert_eq!(process.ring.jwks(clock.now()).unwrap().max_age, Duration::seconds(10));
    assert!(process.token(SigningAlg::EdDSA).is_ok());
    clock.advance(Duration::seconds(10));
    assert!(matches!(process.ring.jwks(clock.now()), Err(Error::Stale)));
    assert!(process.token(SigningAlg::EdDSA).is_ok());
    clock.advance(Duration::seconds(7));
    assert!(matches!(process.token(SigningAlg::EdDSA), Err(Error::Stale)));
}

#[tokio::test]
async fn another_master_key_and_a_moved_private_half_are_refused() {
    let database = TestDatabase::new().await;
    let clock = Arc::new(FixedClock::new(START));
    let process = Process::start(&database, policy(), &clock).await;
    let opened = KeyRing::open(policy(), &process.store, &sealer(2), clock.as_ref()).await;
    assert!(matches!(opened.err(), Some(Error::Seal { .. })));
    let key = process.rotate(SigningAlg::EdDSA).await.unwrap();
    sqlx::query(
        "update signing_keys
        set private_key_sealed = (select private_key_sealed from signing_keys where kid = $1)
        where alg = 'EdDSA' and kid <> $1",
    )
    .bind(&key.kid)
    .execute(database.pool())
    .await
    .unwrap();
    let opened = KeyRing::open(policy(), &process.store, &process.sealer, clock.as_ref()).await;
    assert!(matches!(opened.err(), Some(Error::Seal { .. })));
}
