//! What waits for the disk before it counts, and what does not.

use signet::store::grant::{Answers, Commit};
use signet::store::{authorization_code, grant};
use sqlx::PgConnection;

use super::fixture::{self, NOW, insert_parties, open};

#[tokio::test]
async fn a_code_alone_waits_for_no_disk_and_its_redemption_does() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let disk = async |tx: &mut PgConnection| -> String {
        sqlx::query_scalar("show synchronous_commit")
            .fetch_one(tx)
            .await
            .unwrap()
    };
    // the cluster of the tests waits for no disk by itself
    let begin = async || {
        let mut tx = store.begin().await.unwrap();
        sqlx::query("set local synchronous_commit = on")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx
    };
    for (commit, waits) in [(Commit::OnDisk, "on"), (Commit::InPassing, "off")] {
        let given = fixture::grant(user.id, &client.client_id);
        let code = fixture::code(&given);
        let mut tx = begin().await;
        let done = grant::insert_given(&mut *tx, &given, Some(&code), Answers::default(), commit).await;
        assert!(done.unwrap());
        assert_eq!(disk(&mut tx).await, waits);
        tx.commit().await.unwrap();
        let mut tx = begin().await;
        let (family, session) = (
            fixture::refresh_token(&given),
            fixture::session_ends(&store, &code).await,
        );
        let done =
            authorization_code::redeem(&mut *tx, &code.hash, NOW, session, given.expires_at, Some(&family)).await;
        assert!(done.unwrap());
        assert_eq!(disk(&mut tx).await, "on");
    }
}
