//! Whatever is good once: exactly one of many simultaneous users gets it.

use futures_util::future::join_all;
use serde_json::Map;
use signet::base::id::RegistrationId;
use signet::base::{SystemRng, TokenHash};
use signet::model::{EmailLink, EmailLinkPurpose, Registration};
use signet::store::{email_link, registration, used_jti};
use time::Duration;

use super::fixture::{NOW, insert_parties, new_hash, open};

fn pending() -> Registration {
    Registration {
        id: RegistrationId::new(NOW, &SystemRng),
        email: "new@example.com".to_owned(),
        username: None,
        password_hash: "$argon2id$test".to_owned(),
        profile: Map::new(),
        locale: None,
        authorization_request_id: None,
        link_hash: new_hash(),
        code_hash: new_hash(),
        attempts: 0,
        created_at: NOW,
        expires_at: NOW + Duration::minutes(30),
        completed_at: None,
    }
}

fn wins(results: Vec<Result<bool, signet::store::Error>>) -> usize {
    results.into_iter().filter(|won| *won.as_ref().unwrap()).count()
}

#[tokio::test]
async fn an_assertion_is_fresh_once_until_its_end() {
    let (_database, store) = open().await;
    let jti = TokenHash::of("client\njti-1");
    let end = NOW + Duration::minutes(5);
    let tries = join_all((0..8).map(|_| used_jti::insert(store.pool(), &jti, NOW, end))).await;
    assert_eq!(wins(tries), 1);
    assert!(
        !used_jti::insert(store.pool(), &jti, end - Duration::SECOND, end)
            .await
            .unwrap()
    );
    // Not swept yet, but forgotten.
    assert!(
        used_jti::insert(store.pool(), &jti, end, end + Duration::minutes(5))
            .await
            .unwrap()
    );
    assert!(
        !used_jti::insert(store.pool(), &jti, end, end + Duration::minutes(5))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_registration_is_found_by_its_browser_or_its_link_and_completed_once() {
    let (_database, store) = open().await;
    let mine = pending();
    let browser = new_hash();
    registration::insert(store.pool(), &mine, &browser).await.unwrap();
    let found = registration::find(store.pool(), mine.id, &browser).await.unwrap();
    assert!(found.is_some_and(|found| found == mine));
    assert!(
        registration::find(store.pool(), mine.id, &new_hash())
            .await
            .unwrap()
            .is_none()
    );
    let found = registration::find_by_link(store.pool(), &mine.link_hash).await.unwrap();
    assert!(found.is_some_and(|found| found == mine));
    assert!(
        !registration::complete(store.pool(), mine.id, mine.expires_at)
            .await
            .unwrap()
    );
    let tries = join_all((0..8).map(|_| registration::complete(store.pool(), mine.id, NOW))).await;
    assert_eq!(wins(tries), 1);
    let (link, code) = (new_hash(), new_hash());
    let replaced = registration::replace_secrets(store.pool(), mine.id, &link, &code, mine.expires_at).await;
    assert!(!replaced.unwrap(), "a completed registration gets no new mail");
}

#[tokio::test]
async fn a_code_is_guessed_at_most_so_often_also_by_many_at_once() {
    let (_database, store) = open().await;
    let mine = pending();
    registration::insert(store.pool(), &mine, &new_hash()).await.unwrap();
    let tries = join_all((0..9).map(|_| registration::count_attempt(store.pool(), mine.id, 5, NOW))).await;
    assert_eq!(wins(tries), 5);
    let (link, code) = (new_hash(), new_hash());
    let replaced = registration::replace_secrets(store.pool(), mine.id, &link, &code, mine.expires_at).await;
    assert!(replaced.unwrap());
    assert!(
        registration::find_by_link(store.pool(), &mine.link_hash)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        !registration::count_attempt(store.pool(), mine.id, 5, NOW)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn only_the_newest_mailed_link_works_and_only_once() {
    let (_database, store) = open().await;
    let (user, _) = insert_parties(&store).await;
    let link = |purpose| EmailLink {
        link_hash: new_hash(),
        purpose,
        user_id: user.id,
        email: "alice@example.com".to_owned(),
        authorization_request_id: None,
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
        used_at: None,
    };
    let first = link(EmailLinkPurpose::ResetPassword);
    let other = link(EmailLinkPurpose::VerifyEmail);
    let second = link(EmailLinkPurpose::ResetPassword);
    for one in [&first, &other, &second] {
        email_link::insert(store.pool(), one).await.unwrap();
    }
    assert_eq!(email_link::find(store.pool(), &first.link_hash).await.unwrap(), None);
    assert_eq!(
        email_link::find(store.pool(), &second.link_hash).await.unwrap(),
        Some(second.clone())
    );
    assert!(
        !email_link::redeem(store.pool(), &second.link_hash, second.expires_at)
            .await
            .unwrap()
    );
    let tries = join_all((0..8).map(|_| email_link::redeem(store.pool(), &second.link_hash, NOW))).await;
    assert_eq!(wins(tries), 1);
    let purpose = EmailLinkPurpose::VerifyEmail;
    email_link::delete_unused(store.pool(), user.id, purpose).await.unwrap();
    assert_eq!(email_link::find(store.pool(), &other.link_hash).await.unwrap(), None);
}
