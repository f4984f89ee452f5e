//! Connections that are kept at hand between requests.

use std::time::Duration;

use signet::store::{Connection, Error, Store};

use crate::support::database::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(10);

/// A store with five connections in the pool and three of its own.
async fn eight(database: &TestDatabase) -> Store {
    assert_eq!(Store::shares(8), (5, 3));
    Store::connect(database.url().parse().unwrap(), 8, Duration::from_secs(1))
}

async fn process_of(connection: &mut Connection) -> i32 {
    sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut **connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_kept_connection_is_the_next_one() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let (mut first, mut second) = (store.acquire().await.unwrap(), store.acquire().await.unwrap());
    let (one, two) = (process_of(&mut first).await, process_of(&mut second).await);
    store.keep(first);
    store.keep(second);
    assert_eq!(process_of(&mut store.acquire().await.unwrap()).await, two);
    let mut again = store.acquire().await.unwrap();
    assert_eq!(process_of(&mut again).await, one);
}

#[tokio::test]
async fn together_they_are_never_more_than_was_said_and_the_pool_keeps_its_share() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let mut taken = Vec::new();
    for _ in 0..8 {
        taken.push(store.acquire().await.unwrap());
    }
    assert!(
        matches!(store.acquire().await, Err(Error::Unavailable(_))),
        "eight is all"
    );
    for connection in taken {
        store.keep(connection);
    }
    let of_pool = futures_util::future::join_all((0..5).map(|_| store.pool().acquire())).await;
    assert!(
        of_pool.iter().all(Result::is_ok),
        "those that are kept are not the pool's"
    );
}

#[tokio::test]
async fn one_that_is_dropped_makes_room_for_another() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    for _ in 0..20 {
        let own = store.acquire().await.unwrap();
        let rest = futures_util::future::join_all((0..7).map(|_| store.acquire())).await;
        assert!(rest.iter().all(Result::is_ok));
        drop(own);
    }
}

/// Connections are watched by the runtime that opened them; on another they would answer through it, or never if it ended.
#[tokio::test]
async fn a_connection_stays_on_the_runtime_that_opened_it() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let there = |store: Store| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let use_one = async move {
            let mut connection = store.acquire().await.unwrap();
            let process = process_of(&mut connection).await;
            store.keep(connection);
            process
        };
        std::thread::spawn(move || (runtime.block_on(use_one), runtime))
    };
    let (theirs, runtime) = there(store.clone()).join().unwrap();
    let mut here = store.acquire().await.unwrap();
    assert_ne!(process_of(&mut here).await, theirs);
    tokio::task::spawn_blocking(move || drop(runtime)).await.unwrap();
    let rest = futures_util::future::join_all((0..6).map(|_| store.acquire())).await;
    for mut connection in rest.into_iter().map(Result::unwrap) {
        assert_ne!(process_of(&mut connection).await, theirs, "its runtime is gone");
    }
}

#[tokio::test]
async fn one_that_died_while_it_lay_idle_is_replaced() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let mut first = store.acquire().await.unwrap();
    let process = process_of(&mut first).await;
    store.keep(first);
    sqlx::query("select pg_terminate_backend($1)")
        .bind(process)
        .execute(store.pool())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let mut next = store.acquire().await.unwrap();
    assert_ne!(process_of(&mut next).await, process);
}

#[tokio::test]
async fn what_is_kept_does_not_hold_up_the_end() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let (first, late) = (store.acquire().await.unwrap(), store.acquire().await.unwrap());
    store.keep(first);
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close(PATIENCE).await }
    });
    while !store.pool().is_closed() {
        tokio::task::yield_now().await;
    }
    store.keep(late);
    assert!(closing.await.unwrap(), "all were given back");
    assert!(matches!(store.acquire().await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn what_nobody_gives_back_does_not_hold_up_the_end() {
    let database = TestDatabase::new().await;
    let store = eight(&database).await;
    let lost = store.pool().acquire().await.unwrap();
    assert!(!store.close(Duration::from_millis(50)).await);
    drop(lost);
    assert!(store.close(PATIENCE).await);
}
