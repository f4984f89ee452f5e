//! Connections that are kept at hand between requests.

use std::time::Duration;

use signet::store::{Connection, Error, Store};

use crate::support::database::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(10);

/// A store with a pool of four.
async fn four(database: &TestDatabase) -> Store {
    Store::connect(database.url().parse().unwrap(), 4, Duration::from_secs(1))
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
    let store = four(&database).await;
    let (mut first, mut second) = (store.acquire().await.unwrap(), store.acquire().await.unwrap());
    let (one, two) = (process_of(&mut first).await, process_of(&mut second).await);
    store.keep(first);
    store.keep(second);
    assert_eq!(process_of(&mut store.acquire().await.unwrap()).await, two);
    let mut again = store.acquire().await.unwrap();
    assert_eq!(process_of(&mut again).await, one);
}

#[tokio::test]
async fn kept_connections_never_starve_the_pool() {
    let database = TestDatabase::new().await;
    let store = four(&database).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(store.acquire().await.unwrap());
    }
    assert!(
        matches!(store.acquire().await, Err(Error::Unavailable(_))),
        "four is all"
    );
    for connection in taken {
        store.keep(connection);
    }
    let (one, two) = tokio::join!(store.pool().acquire(), store.pool().acquire());
    assert!(one.is_ok() && two.is_ok(), "half of them went back to the pool");
}

#[tokio::test]
async fn what_is_kept_does_not_hold_up_the_end() {
    let database = TestDatabase::new().await;
    let store = four(&database).await;
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
    let store = four(&database).await;
    let lost = store.acquire().await.unwrap();
    assert!(!store.close(Duration::from_millis(50)).await);
    drop(lost);
    assert!(store.close(PATIENCE).await);
}
