//! Counters of failed attempts in the real database.

use std::net::IpAddr;
use std::time::Duration;

use signet::base::{Rng, SeededRng, Time};
use signet::domain::account::device::KnownDevice;
use signet::domain::account::throttle::{Decision, Rules, Subject, ThrottleKey};
use signet::flow::throttle::{self, Attempt};
use signet::store::{self, Store};
use time::macros::datetime;

use crate::support::database::TestDatabase;

const START: Time = datetime!(2026-11-21 12:00 UTC);

fn store(database: &TestDatabase) -> Store {
    Store::new(database.pool().clone())
}

fn attempt(account: &str) -> Attempt<'_> {
    Attempt {
        account,
        address: None,
        device: None,
    }
}

async fn fail(store: &Store, account: &str, now: Time) -> Decision {
    throttle::reserve(store, &Rules::default(), attempt(account), now)
        .await
        .unwrap()
}

#[tokio::test]
async fn waits_double_and_a_refused_attempt_does_not_lengthen_them() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let mut now = START;
    for _ in 0..4 {
        assert_eq!(fail(&store, "alice", now).await, Decision::Allow);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        assert_eq!(fail(&store, "alice", now).await, Decision::Allow);
        let until = now + Duration::from_secs(seconds);
        for _ in 0..3 {
            assert_eq!(
                fail(&store, "alice", until - Duration::from_millis(1)).await,
                Decision::Wait { until }
            );
        }
        now = until;
    }
    assert_eq!(
        fail(&store, "bob", now).await,
        Decision::Allow,
        "others are not held up"
    );
}

#[tokio::test]
async fn a_hundred_guesses_at_once_are_a_hundred_counts() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let guesses = (0..100).map(|_| fail(&store, "alice", START));
    let decisions = futures_util::future::join_all(guesses).await;
    let allowed = decisions
        .iter()
        .filter(|decision| **decision == Decision::Allow)
        .count();
    assert_eq!(allowed, 5);
}

#[tokio::test]
async fn free_attempts_may_arrive_in_another_order_than_that_of_their_clocks() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    for earlier in 0..5 {
        let now = START - Duration::from_millis(earlier);
        assert_eq!(fail(&store, "alice", now).await, Decision::Allow, "{earlier}");
    }
    let until = START - Duration::from_millis(4) + Duration::from_secs(1);
    assert_eq!(fail(&store, "alice", START).await, Decision::Wait { until });
}

#[tokio::test]
async fn failures_fade() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    for _ in 0..5 {
        fail(&store, "alice", START).await;
    }
    // One is forgotten every ten minutes: after twenty, two more are free before the next wait.
    let later = START + Duration::from_secs(20 * 60);
    assert_eq!(fail(&store, "alice", later).await, Decision::Allow);
    assert_eq!(fail(&store, "alice", later).await, Decision::Allow);
    let until = later + Duration::from_secs(1);
    assert_eq!(fail(&store, "alice", later).await, Decision::Wait { until });
}

#[tokio::test]
async fn the_right_password_clears_the_account_and_gives_the_address_one_attempt_back() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let rules = Rules::default();
    let address = IpAddr::from([192, 0, 2, 7]);
    let key = ThrottleKey::of(Subject::Address(address));
    let attempt = Attempt {
        address: Some(address),
        ..attempt("alice")
    };
    for _ in 0..3 {
        throttle::reserve(&store, &rules, attempt, START).await.unwrap();
    }
    throttle::succeed(&store, &rules, attempt).await.unwrap();
    let account = ThrottleKey::of(Subject::Account("alice"));
    assert_eq!(store::throttle::find(database.pool(), account).await.unwrap(), None);
    assert_eq!(
        store::throttle::find(database.pool(), key)
            .await
            .unwrap()
            .unwrap()
            .failures,
        2
    );
}

#[tokio::test]
async fn an_attempt_that_was_never_made_leaves_no_wait_behind() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    for _ in 0..5 {
        fail(&store, "alice", START).await;
    }
    throttle::withdraw(&store, &Rules::default(), attempt("alice"))
        .await
        .unwrap();
    assert_eq!(fail(&store, "alice", START).await, Decision::Allow);
    assert!(matches!(fail(&store, "alice", START).await, Decision::Wait { .. }));
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let address = Some(IpAddr::from([192, 0, 2, 7]));
    let mut allowed = 0;
    for number in 0..150 {
        let account = format!("user{number}");
        let attempt = Attempt {
            address,
            ..attempt(&account)
        };
        if throttle::reserve(&store, &Rules::default(), attempt, START)
            .await
            .unwrap()
            == Decision::Allow
        {
            allowed += 1;
        }
    }
    assert_eq!(allowed, 100);
}

#[tokio::test]
async fn a_known_browser_is_not_held_up_by_strangers() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let rng = SeededRng::new(4);
    let mut secret = [0; 32];
    rng.fill(&mut secret);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
    let alice = signet::base::id::UserId::new(START, &rng);
    let cookie = KnownDevice::issue(&key, alice, &rng);
    let device = KnownDevice::verify(&key, alice, cookie.expose()).unwrap();
    let account = alice.to_string();
    for _ in 0..20 {
        fail(&store, &account, START).await;
    }
    assert!(matches!(fail(&store, &account, START).await, Decision::Wait { .. }));
    let own = Attempt {
        device: Some(&device),
        ..attempt(&account)
    };
    for _ in 0..10 {
        let decision = throttle::reserve(&store, &Rules::default(), own, START).await.unwrap();
        assert_eq!(decision, Decision::Allow);
    }
    let decision = throttle::reserve(&store, &Rules::default(), own, START).await.unwrap();
    assert!(
        matches!(decision, Decision::Wait { .. }),
        "it is slowed down by itself too"
    );
}

#[tokio::test]
async fn faded_counters_are_removed_and_others_stay() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    fail(&store, "alice", START).await;
    let later = START + Duration::from_secs(60 * 60);
    fail(&store, "bob", later).await;
    assert_eq!(
        store::throttle::delete_expired(database.pool(), later, 100)
            .await
            .unwrap(),
        1
    );
    let bob = ThrottleKey::of(Subject::Account("bob"));
    assert!(store::throttle::find(database.pool(), bob).await.unwrap().is_some());
}
