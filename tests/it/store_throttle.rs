//! Counters of failed attempts in the real database.

use std::net::IpAddr;
use std::time::Duration;

use signet::base::id::UserId;
use signet::base::{Rng, SeededRng, Time};
use signet::domain::account::device::KnownDevice;
use signet::domain::account::throttle::{Decision, MailPurpose, Rules, Subject, ThrottleKey};
use signet::flow::throttle::{self, Attempt, Reservation, Target};
use signet::store::sweep::{Ends, sweep};
use signet::store::throttle::Counter;
use signet::store::{self, Store};
use time::macros::datetime;

use crate::support::database::TestDatabase;

const START: Time = datetime!(2026-11-21 12:00 UTC);
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn store(database: &TestDatabase) -> Store {
    Store::new(database.pool().clone(), 4)
}

/// A guess at a name that nobody has.
fn attempt(typed: &str) -> Attempt<'_> {
    Attempt {
        at: Target::Name { typed, owner: None },
        address: None,
    }
}

/// A guess at one name of somebody.
fn attempt_at(owner: UserId, typed: &str) -> Attempt<'_> {
    Attempt {
        at: Target::Name {
            typed,
            owner: Some(owner),
        },
        address: None,
    }
}

async fn reserve(store: &Store, attempt: Attempt<'_>, now: Time) -> Reservation {
    throttle::reserve(store.pool(), &Rules::default(), attempt, now)
        .await
        .unwrap()
}

async fn fail(store: &Store, name: &str, now: Time) -> Decision {
    reserve(store, attempt(name), now).await.decision
}

async fn find(database: &TestDatabase, subject: Subject<'_>) -> Option<Counter> {
    store::throttle::find(database.pool(), ThrottleKey::of(subject))
        .await
        .unwrap()
}

fn person(number: u64) -> UserId {
    UserId::new(START, &SeededRng::new(number))
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
async fn the_right_password_clears_name_and_person_and_gives_the_address_one_attempt_back() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let ada = person(1);
    let id = ada.to_string();
    let attempt = Attempt {
        address: Some(ADDRESS),
        ..attempt_at(ada, "ada")
    };
    for _ in 0..2 {
        let _ = reserve(&store, attempt, START).await;
    }
    for subject in [Subject::Name("ada"), Subject::Person(&id), Subject::Address(ADDRESS)] {
        assert_eq!(find(&database, subject).await.unwrap().failures, 2);
    }
    let last = reserve(&store, attempt, START).await;
    last.succeed(store.pool()).await.unwrap();
    assert_eq!(find(&database, Subject::Name("ada")).await, None);
    assert_eq!(find(&database, Subject::Person(&id)).await, None);
    assert_eq!(find(&database, Subject::Address(ADDRESS)).await.unwrap().failures, 2);
}

#[tokio::test]
async fn an_attempt_that_was_never_made_leaves_no_wait_behind() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    for _ in 0..4 {
        fail(&store, "alice", START).await;
    }
    let last = reserve(&store, attempt("alice"), START).await;
    last.withdraw(store.pool()).await.unwrap();
    assert_eq!(find(&database, Subject::Nobody("alice")).await.unwrap().failures, 4);
    assert_eq!(fail(&store, "alice", START).await, Decision::Allow);
    assert!(matches!(fail(&store, "alice", START).await, Decision::Wait { .. }));
}

#[tokio::test]
async fn only_an_attempt_that_begins_a_wait_says_so() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    for _ in 0..4 {
        assert_eq!(reserve(&store, attempt("alice"), START).await.wait, None);
    }
    let until = START + Duration::from_secs(1);
    assert_eq!(reserve(&store, attempt("alice"), START).await.wait, Some(until));
    let held = reserve(&store, attempt("alice"), START).await;
    assert_eq!((held.decision, held.wait), (Decision::Wait { until }, None));
}

#[tokio::test]
async fn one_address_cannot_try_many_names_nor_hold_them_up() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let mut allowed = 0;
    for number in 0..150 {
        let name = format!("user{number}");
        let attempt = Attempt {
            address: Some(ADDRESS),
            ..attempt(&name)
        };
        let decision = reserve(&store, attempt, START).await.decision;
        allowed += usize::from(decision == Decision::Allow);
        assert_eq!(
            find(&database, Subject::Name(&name)).await.is_some(),
            decision == Decision::Allow
        );
    }
    assert_eq!(allowed, 100);
}

#[tokio::test]
async fn two_names_of_one_person_wait_each_for_itself() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let ada = person(1);
    for _ in 0..6 {
        let _ = reserve(&store, attempt_at(ada, "ada"), START).await;
    }
    let decision = reserve(&store, attempt_at(ada, "ada"), START).await.decision;
    assert!(matches!(decision, Decision::Wait { .. }));
    let decision = reserve(&store, attempt_at(ada, "ada@example.com"), START)
        .await
        .decision;
    assert_eq!(decision, Decision::Allow);
}

#[tokio::test]
async fn a_person_who_is_attacked_under_many_names_is_guarded_in_silence() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let (ada, bob) = (person(1), person(2));
    let names = ["ada", "ada@example.com", "+33612345678", "ada@old.example"];
    for name in names {
        for _ in 0..5 {
            assert_eq!(
                reserve(&store, attempt_at(ada, name), START).await.decision,
                Decision::Allow
            );
        }
    }
    let held = reserve(&store, attempt_at(ada, "fresh"), START).await;
    assert_eq!((held.decision, held.wait), (Decision::Fail, None));
    // Such an attempt counts for its name like any other, but not once more for the person.
    assert_eq!(find(&database, Subject::Name("fresh")).await.unwrap().failures, 1);
    let id = ada.to_string();
    assert_eq!(find(&database, Subject::Person(&id)).await.unwrap().failures, 20);
    assert_eq!(
        reserve(&store, attempt_at(bob, "fresh"), START).await.decision,
        Decision::Allow
    );
    let own = Attempt {
        at: Target::Device {
            owner: ada,
            device: &device(ada),
        },
        address: None,
    };
    assert_eq!(reserve(&store, own, START).await.decision, Decision::Allow);
    let later = START + Duration::from_secs(1);
    assert_eq!(
        reserve(&store, attempt_at(ada, "fresh"), later).await.decision,
        Decision::Allow
    );
}

#[tokio::test]
async fn an_attack_under_one_name_never_makes_the_right_password_of_another_wrong() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let ada = person(1);
    let mut now = START;
    for attempt in 0..60 {
        let reservation = reserve(&store, attempt_at(ada, "ada"), now).await;
        assert_eq!(reservation.decision, Decision::Allow, "{attempt}");
        let other = format!("other{attempt}");
        let own = reserve(&store, attempt_at(ada, &other), now).await;
        assert_eq!(own.decision, Decision::Allow, "{attempt}");
        own.withdraw(store.pool()).await.unwrap();
        now = reservation.wait.unwrap_or(now);
    }
}

#[tokio::test]
async fn mails_for_one_purpose_take_nothing_from_another() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let mail = |purpose| Attempt {
        at: Target::Mail {
            purpose,
            to: "ada@example.com",
        },
        address: None,
    };
    for _ in 0..6 {
        let _ = reserve(&store, mail(MailPurpose::Register), START).await;
    }
    let decision = reserve(&store, mail(MailPurpose::Register), START).await.decision;
    assert!(matches!(decision, Decision::Wait { .. }));
    for purpose in [MailPurpose::Recover, MailPurpose::ChangeAddress] {
        assert_eq!(reserve(&store, mail(purpose), START).await.decision, Decision::Allow);
    }
}

fn device(owner: UserId) -> KnownDevice {
    let rng = SeededRng::new(4);
    let mut secret = [0; 32];
    rng.fill(&mut secret);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
    let cookie = KnownDevice::issue(&key, owner, Some(START), &rng);
    KnownDevice::verify(&key, owner, Some(START), cookie.expose()).unwrap()
}

#[tokio::test]
async fn a_known_browser_is_not_held_up_by_strangers() {
    let database = TestDatabase::new().await;
    let store = store(&database);
    let ada = person(1);
    for _ in 0..20 {
        let _ = reserve(&store, attempt_at(ada, "ada"), START).await;
    }
    let decision = reserve(&store, attempt_at(ada, "ada"), START).await.decision;
    assert!(matches!(decision, Decision::Wait { .. }));
    let device = device(ada);
    let own = Attempt {
        at: Target::Device {
            owner: ada,
            device: &device,
        },
        address: None,
    };
    for _ in 0..10 {
        assert_eq!(reserve(&store, own, START).await.decision, Decision::Allow);
    }
    let decision = reserve(&store, own, START).await.decision;
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
    let mut db = store.acquire().await.unwrap();
    let ends = Ends {
        now: later,
        trail: later,
    };
    assert_eq!(sweep(&mut db, ends, 100).await.unwrap().rows, 2, "name and person");
    assert_eq!(find(&database, Subject::Name("alice")).await, None);
    assert!(find(&database, Subject::Name("bob")).await.is_some());
}
