//! What callers are told when the database fails them.

use std::str::FromStr;
use std::time::Duration;

use signet::base::SystemRng;
use signet::base::id::UserId;
use signet::store::{Error, Store, user};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::fixture::{NOW, insert_user, open, user as person};

#[tokio::test]
async fn a_connection_that_the_server_closed_is_an_outage_and_the_next_one_works() {
    let (database, _) = open().await;
    let options = PgConnectOptions::from_str(database.url()).unwrap();
    let store = Store::connect(options, 1, Duration::from_secs(5));
    store.ping().await.unwrap();
    // The pool looks at a connection that comes back, and must not do so at the moment of its death.
    while store.pool().num_idle() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // With a time limit it answers when they are gone, however busy the machine is.
    let killed: Vec<bool> = sqlx::query_scalar(
        "select pg_terminate_backend(pid, 20000) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert!(!killed.is_empty());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_pool_that_gives_nothing_in_time_and_a_server_that_is_not_there_are_outages() {
    let (database, _) = open().await;
    let options = PgConnectOptions::from_str(database.url()).unwrap();
    let store = Store::connect(options.clone(), 1, Duration::from_millis(50));
    let held = store.begin().await.unwrap();
    let refused = user::find(store.pool(), UserId::new(NOW, &SystemRng)).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))));
    held.rollback().await.unwrap();
    let nowhere = Store::connect(options.socket("/nonexistent"), 1, Duration::from_millis(50));
    assert!(matches!(nowhere.begin().await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_server_that_takes_a_connection_and_says_nothing_is_an_outage_in_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options = PgConnectOptions::new()
        .host("127.0.0.1")
        .port(silent.local_addr().unwrap().port())
        .ssl_mode(PgSslMode::Disable);
    let store = Store::connect(options, 8, Duration::from_millis(100));
    let began = std::time::Instant::now();
    // more than its own connections, so that the pool is asked, too
    for _ in 0..5 {
        assert!(matches!(store.acquire().await, Err(Error::Unavailable(_))));
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_row_that_this_version_cannot_read_names_its_column_and_not_its_value() {
    let (database, store) = open().await;
    let alice = person("alice");
    insert_user(&store, &alice).await;
    for statement in [
        "alter table users drop constraint users_status_known",
        "update users set status = 'hunter2'",
    ] {
        sqlx::query(statement).execute(database.pool()).await.unwrap();
    }
    let error = user::find(store.pool(), alice.id).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)));
    assert!(error.to_string().contains("users.status") && !error.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let (_database, store) = open().await;
    let alice = person("alice");
    let mut tx = store.begin().await.unwrap();
    user::insert(&mut *tx, &alice, None).await.unwrap();
    drop(tx);
    assert_eq!(user::find(store.pool(), alice.id).await.unwrap(), None);
}
