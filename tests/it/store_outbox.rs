//! The outbox in the real database, and its delivery into files.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use signet::base::{
    Clock, FixedClock, Sealer, Secret, SeededRng, SystemClock, Time,
    id::{OutboxId, SessionId, UserId},
};
use signet::domain::policy::{Issuer, Policy};
use signet::flow::job::mail::MailCarrier;
use signet::flow::job::outbox::Delivery;
use signet::flow::outbox::{Lane, Logout, Message, Outbox};
use signet::notify::mail::{Mail, Mailer};
use signet::store::{self, Store};
use time::macros::datetime;

use crate::support::database::TestDatabase;

const START: Time = datetime!(2026-11-21 12:00 UTC);
const LEASE: Duration = Duration::from_secs(150);

fn outbox(key: u8) -> Outbox {
    let sealer = Sealer::new(&Secret::new(vec![key; 32])).unwrap();
    // Ids of different processes differ.
    Outbox::new(Arc::new(sealer), Arc::new(SeededRng::new(u64::from(key))))
}

fn mail(number: usize) -> Message {
    Message::Mail(Mail {
        to: format!("user{number}@example.com"),
        subject: "Hello".to_owned(),
        text: "https://signet.example/?t=TOPSECRET".to_owned(),
        html: "<p>TOPSECRET</p>".to_owned(),
    })
}

async fn insert(store: &Store, outbox: &Outbox, number: usize, now: Time) -> OutboxId {
    let mut tx = store.begin().await.unwrap();
    let id = outbox.insert(&mut tx, &mail(number), now).await.unwrap();
    tx.commit().await.unwrap();
    id
}

struct World {
    database: TestDatabase,
    store: Store,
    outbox: Outbox,
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        Self {
            store: Store::new(database.pool().clone(), 4),
            database,
            outbox: outbox(1),
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::new(START)),
        }
    }

    fn delivery(&self, folder: &Path) -> Delivery<MailCarrier> {
        Delivery {
            store: self.store.clone(),
            outbox: self.outbox.clone(),
            carrier: MailCarrier {
                store: self.store.clone(),
                outbox: self.outbox.clone(),
                mailer: Arc::new(Mailer::files(folder.to_owned(), "signet@example.com").unwrap()),
                policy: Arc::new(Policy::new(Issuer::new("https://op.example"))),
                clock: self.clock.clone(),
                rng: Arc::new(SeededRng::new(2)),
            },
            clock: self.clock.clone(),
            rng: Arc::new(SeededRng::new(2)),
            poll: Duration::from_secs(3600),
        }
    }

    fn mails(&self) -> usize {
        fs::read_dir(self.folder.path()).unwrap().count()
    }

    async fn row(&self) -> (i32, Vec<u8>, Option<Time>, Option<Time>, Time, Option<String>) {
        sqlx::query_as(
            "select attempts, payload_sealed, delivered_at, failed_at, next_attempt_at, last_error from outbox",
        )
        .fetch_one(self.database.pool())
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn a_message_leaves_once_and_its_payload_goes() {
    let world = World::new().await;
    insert(&world.store, &world.outbox, 1, START).await;
    let (.., before, _, _, _, _) = world.row().await;
    assert!(!before.windows(9).any(|part| part == b"TOPSECRET"), "it is sealed");
    let delivery = world.delivery(world.folder.path());
    assert_eq!(delivery.deliver_due().await.unwrap(), 1);
    assert_eq!(delivery.deliver_due().await.unwrap(), 0);
    assert_eq!(world.mails(), 1);
    let (attempts, payload, delivered_at, failed_at, _, error) = world.row().await;
    assert_eq!((attempts, delivered_at, failed_at, error), (1, Some(START), None, None));
    assert!(payload.is_empty());
}

#[tokio::test]
async fn a_transaction_that_does_not_commit_sends_nothing() {
    let world = World::new().await;
    let mut tx = world.store.begin().await.unwrap();
    world.outbox.insert(&mut tx, &mail(1), START).await.unwrap();
    drop(tx);
    assert_eq!(world.delivery(world.folder.path()).deliver_due().await.unwrap(), 0);
}

#[tokio::test]
async fn processes_that_claim_at_the_same_time_get_different_messages() {
    let world = World::new().await;
    for number in 0..6 {
        insert(&world.store, &world.outbox, number, START).await;
    }
    let (mut one, mut other) = (world.store.begin().await.unwrap(), world.store.begin().await.unwrap());
    let first = store::outbox::claim(&mut *one, Lane::Mail.kinds(), START, LEASE, 4)
        .await
        .unwrap();
    let second = store::outbox::claim(&mut *other, Lane::Mail.kinds(), START, LEASE, 4)
        .await
        .unwrap();
    assert_eq!((first.len(), second.len()), (4, 2));
    assert!(
        first
            .iter()
            .all(|claimed| second.iter().all(|theirs| theirs.id != claimed.id))
    );
}

#[tokio::test]
async fn what_a_dead_process_had_claimed_is_due_again_after_the_lease() {
    let world = World::new().await;
    let id = insert(&world.store, &world.outbox, 1, START).await;
    let pool = world.database.pool();
    let lost = store::outbox::claim(pool, Lane::Mail.kinds(), START, LEASE, 8)
        .await
        .unwrap();
    let before = START + LEASE - Duration::from_millis(1);
    assert!(
        store::outbox::claim(pool, Lane::Mail.kinds(), before, LEASE, 8)
            .await
            .unwrap()
            .is_empty()
    );
    let taken = store::outbox::claim(pool, Lane::Mail.kinds(), START + LEASE, LEASE, 8)
        .await
        .unwrap();
    assert_eq!((taken[0].id, taken[0].attempt), (id, 2));
    // The first holder was only slow: what it says now does not disturb the second attempt.
    store::outbox::update_failed(pool, &lost[0], START + LEASE, "late")
        .await
        .unwrap();
    store::outbox::update_deferred(pool, &lost[0], START, "late")
        .await
        .unwrap();
    let (_, payload, _, failed_at, next, error) = world.row().await;
    assert_eq!((failed_at, next, error), (None, START + LEASE + LEASE, None));
    assert!(!payload.is_empty());
}

#[tokio::test]
async fn failures_are_retried_with_growing_waits_and_given_up_after_a_day() {
    let world = World::new().await;
    insert(&world.store, &world.outbox, 1, START).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let delivery = world.delivery(&file.path().join("not-a-folder"));
    delivery.deliver_due().await.unwrap();
    let (attempts, _, _, failed_at, next, error) = world.row().await;
    assert_eq!((attempts, failed_at), (1, None));
    assert!((5.0..6.25).contains(&(next - START).as_seconds_f64()), "{next}");
    assert!(!error.unwrap().contains("SECRET"));
    assert_eq!(delivery.deliver_due().await.unwrap(), 0, "not before its time");
    let mut tries = 1;
    while world.row().await.3.is_none() {
        world
            .clock
            .advance(time::Duration::hours(1) + time::Duration::minutes(15));
        tries += delivery.deliver_due().await.unwrap();
        assert!(tries < 30);
    }
    let (_, payload, _, failed_at, _, error) = world.row().await;
    assert!(payload.is_empty() && error.is_some());
    let age = failed_at.unwrap() - START;
    assert!(
        age > time::Duration::hours(22) && age < time::Duration::hours(25),
        "{age}"
    );
    assert_eq!(world.mails(), 0);
}

#[tokio::test]
async fn a_message_that_recovers_is_delivered() {
    let world = World::new().await;
    insert(&world.store, &world.outbox, 1, START).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    world
        .delivery(&file.path().join("not-a-folder"))
        .deliver_due()
        .await
        .unwrap();
    world.clock.advance(time::Duration::minutes(1));
    assert_eq!(world.delivery(world.folder.path()).deliver_due().await.unwrap(), 1);
    assert_eq!(world.mails(), 1);
    assert!(world.row().await.2.is_some());
}

#[tokio::test]
async fn a_malformed_recipient_is_given_up_at_once() {
    let world = World::new().await;
    let mut tx = world.store.begin().await.unwrap();
    let message = Message::Mail(Mail {
        to: "nobody\r\nBcc: eve@example.com".to_owned(),
        subject: String::new(),
        text: String::new(),
        html: String::new(),
    });
    world.outbox.insert(&mut tx, &message, START).await.unwrap();
    tx.commit().await.unwrap();
    world.delivery(world.folder.path()).deliver_due().await.unwrap();
    assert!(world.row().await.3.is_some());
}

#[tokio::test]
async fn a_payload_sealed_under_another_master_key_waits_for_its_own() {
    let world = World::new().await;
    insert(&world.store, &outbox(9), 1, START).await;
    world.delivery(world.folder.path()).deliver_due().await.unwrap();
    let (_, payload, delivered_at, failed_at, _, error) = world.row().await;
    assert_eq!((delivered_at, failed_at), (None, None));
    assert!(!payload.is_empty() && error.is_some());
}

/// What goes to apps waits for its own worker: an app that does not answer holds up no mail.
#[tokio::test]
async fn each_lane_takes_its_own_messages_only() {
    let world = World::new().await;
    let logout = Message::Logout(Logout {
        client_id: "app".to_owned(),
        user_id: UserId::new(START, &SeededRng::new(3)),
        session_id: SessionId::new(START, &SeededRng::new(4)),
    });
    let mut tx = world.store.begin().await.unwrap();
    let call = world.outbox.insert(&mut tx, &logout, START).await.unwrap();
    tx.commit().await.unwrap();
    let letter = insert(&world.store, &world.outbox, 1, START).await;
    let pool = world.database.pool();
    let calls = store::outbox::claim(pool, Lane::Calls.kinds(), START, LEASE, 8)
        .await
        .unwrap();
    assert_eq!(calls.iter().map(|one| one.id).collect::<Vec<_>>(), [call]);
    assert_eq!(world.outbox.open(&calls[0]).unwrap(), logout);
    let mails = store::outbox::claim(pool, Lane::Mail.kinds(), START, LEASE, 8)
        .await
        .unwrap();
    assert_eq!(mails.iter().map(|one| one.id).collect::<Vec<_>>(), [letter]);
}

/// However much waits for one app, the others get theirs; and whose turn it is not is left alone.
#[tokio::test]
async fn recipients_take_turns() {
    let world = World::new().await;
    let insert = |app: &'static str, at: Time| {
        let world = &world;
        async move {
            let logout = Message::Logout(Logout {
                client_id: app.to_owned(),
                user_id: UserId::new(START, &SeededRng::new(3)),
                session_id: SessionId::new(START, &SeededRng::new(4)),
            });
            let mut tx = world.store.begin().await.unwrap();
            world.outbox.insert(&mut tx, &logout, at).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    for _ in 0..20 {
        insert("many", START).await;
    }
    let second = START + Duration::from_secs(1);
    insert("one", second).await;
    insert("two", second).await;
    insert_mail(&world).await;
    let pool = world.database.pool();
    let claim = |limit: i64, not_now: &'static [&'static str]| async move {
        let not_now: Vec<String> = not_now.iter().map(|app| (*app).to_owned()).collect();
        let turns = store::outbox::Turns {
            share: 4,
            not_now: &not_now,
        };
        let kinds = Lane::Calls.kinds();
        let claimed = store::outbox::claim_in_turn(pool, kinds, (second, LEASE), limit, turns).await;
        let mut apps: Vec<_> = claimed.unwrap().into_iter().map(|one| one.recipient).collect();
        apps.sort_unstable();
        apps
    };
    assert_eq!(claim(3, &["one"]).await, ["many", "many", "many"]);
    assert_eq!(claim(64, &["two"]).await, ["many", "many", "many", "many", "one"]);
    assert_eq!(claim(64, &["many"]).await, ["two"]);
    for _ in 0..3 {
        assert_eq!(claim(64, &[]).await, ["many", "many", "many", "many"]);
    }
    assert_eq!(claim(64, &[]).await, ["many"]);
    assert!(claim(64, &[]).await.is_empty());
}

async fn insert_mail(world: &World) {
    insert(&world.store, &world.outbox, 1, START).await;
}

#[tokio::test]
async fn the_job_wakes_at_once_and_stops_when_told() {
    let world = World::new().await;
    let delivery = Delivery {
        clock: Arc::new(SystemClock),
        ..world.delivery(world.folder.path())
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let job = tokio::spawn(async move {
        delivery
            .run(async {
                let _ = stopped.await;
            })
            .await;
    });
    // More than a batch; the job looks by itself only every hour.
    for number in 0..20 {
        insert(&world.store, &world.outbox, number, SystemClock.now()).await;
    }
    world.outbox.wake();
    let all = async {
        while world.mails() < 20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), job)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn finished_messages_are_removed_and_waiting_ones_stay() {
    let world = World::new().await;
    insert(&world.store, &world.outbox, 1, START).await;
    world.delivery(world.folder.path()).deliver_due().await.unwrap();
    insert(&world.store, &world.outbox, 2, START).await;
    let later = START + Duration::from_secs(1);
    assert_eq!(
        store::outbox::delete_finished(world.database.pool(), later, 100)
            .await
            .unwrap(),
        1
    );
    assert_eq!(world.delivery(world.folder.path()).deliver_due().await.unwrap(), 1);
}
