//! The database harness itself.

use crate::support::database::TestDatabase;

#[tokio::test]
async fn each_test_has_a_migrated_database_of_its_own() {
    let first = TestDatabase::new().await;
    let second = TestDatabase::new().await;
    assert_ne!(first.url(), second.url());
    sqlx::query("insert into settings (key, value, updated_at) values ('mine', '1', now())")
        .execute(first.pool())
        .await
        .unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from settings")
        .fetch_one(second.pool())
        .await
        .unwrap();
    assert_eq!(seen, 0);
}
