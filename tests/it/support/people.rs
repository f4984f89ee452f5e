//! What becomes of people while a test looks on.

use signet::{
    base::{Time, id::UserId},
    model::UserStatus,
    store::{self, Store},
};

/// Somebody is suspended, and their sessions and grants are left as they were.
pub async fn suspend(store: &Store, id: UserId, now: Time) {
    let mut user = store::user::find(store.pool(), id).await.unwrap().unwrap();
    user.status = UserStatus::Suspended;
    user.updated_at = now;
    store::user::update(store.pool(), &user).await.unwrap();
}
