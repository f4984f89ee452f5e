//! Changes are heard by every process, and a lost connection says so.

use std::time::Duration;

use signet::base::{Locale, Time};
use signet::store::user::Proof;
use signet::store::{Change, Listener, access_token, client, grant, revoked_token, session, user};

use super::fixture::{self, NOW, insert_family, new_hash, open};
use crate::support::people::suspend;

async fn next(listener: &mut Listener) -> Change {
    tokio::time::timeout(Duration::from_secs(10), listener.next())
        .await
        .expect("no change was heard")
}

#[tokio::test]
async fn what_caches_hold_is_announced_and_a_sign_in_is_not() {
    let (_database, store) = open().await;
    let (given, _) = insert_family(&store).await;
    let mut listener = store.listen().await.unwrap();
    let pool = store.pool();

    let app = client::find(pool, "app").await.unwrap().unwrap();
    client::update(pool, &app).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::Client("app".to_owned()));

    // If the sign-in were announced, it would be heard first.
    assert!(
        user::set_signed_in(pool, given.user_id, Proof::Other, NOW)
            .await
            .unwrap()
    );
    let browser = fixture::session(given.user_id);
    session::insert(pool, &browser, &new_hash()).await.unwrap();
    session::touch(pool, browser.id, NOW + time::Duration::hours(1))
        .await
        .unwrap();
    session::end(pool, browser.id, NOW).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::Session(browser.id));

    user::set_locale(pool, given.user_id, Locale::De).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::User(given.user_id));
    suspend(&store, given.user_id, NOW).await;
    assert_eq!(next(&mut listener).await, Change::User(given.user_id));

    grant::revoke(pool, given.id, "test", NOW).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::Grant(given.id));

    let jti = new_hash();
    revoked_token::insert(pool, &jti, NOW, NOW).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::RevokedToken(jti));

    let opaque = new_hash();
    access_token::insert(pool, &opaque, &token(&given, NOW)).await.unwrap();
    access_token::revoke(pool, &opaque, NOW).await.unwrap();
    assert_eq!(next(&mut listener).await, Change::AccessToken(opaque));
}

fn token(given: &signet::model::Grant, at: Time) -> signet::model::AccessToken {
    signet::model::AccessToken {
        jti: None,
        grant_id: Some(given.id),
        client_id: given.client_id.clone(),
        user_id: Some(given.user_id),
        confirmation: signet::model::Confirmation::default(),
        scope: given.scope.clone(),
        audience: Vec::new(),
        claims: serde_json::Map::new(),
        issued_at: at,
        expires_at: at + time::Duration::hours(1),
    }
}

#[tokio::test]
async fn after_a_lost_connection_everything_may_have_changed_and_listening_goes_on() {
    let (database, store) = open().await;
    insert_family(&store).await;
    let mut listener = store.listen().await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
    )
    .execute(database.pool())
    .await
    .unwrap();
    assert_eq!(next(&mut listener).await, Change::Everything);
    // Once more when the connection is back: what was cached in between is not to be trusted either.
    assert_eq!(next(&mut listener).await, Change::Everything);
    client::delete(store.pool(), "app").await.unwrap();
    loop {
        match next(&mut listener).await {
            Change::Client(client_id) => {
                assert_eq!(client_id, "app");
                break;
            }
            other => assert!(matches!(other, Change::Grant(_)), "{other:?}"),
        }
    }
}
