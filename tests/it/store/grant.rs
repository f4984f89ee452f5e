//! Codes, refresh tokens and opaque access tokens, and how they die with their grant.

use std::collections::HashSet;

use futures_util::future::join_all;
use signet::base::Time;
use signet::base::id::UserId;
use signet::model::{AccessToken, Session, UserStatus};
use signet::store::grant::{Answers, Commit, Offline};
use signet::store::{
    access_token, authorization_code, authorization_request, deferred_authorization, grant, refresh_token,
    revoked_token, session,
};
use time::Duration;

use super::fixture::{self, NOW, insert_family, insert_parties, new_hash, object, open, scope};
use crate::support::people::suspend;

#[tokio::test]
async fn a_code_reads_back_with_its_grant() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let browser = fixture::session(user.id);
    session::insert(store.pool(), &browser, &new_hash()).await.unwrap();
    let mut given = fixture::grant(user.id, &client.client_id);
    given.session_id = Some(browser.id);
    let code = fixture::code(&given);
    grant::insert_given(store.pool(), &given, Some(&code), Answers::default(), Commit::OnDisk)
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    let found = authorization_code::find(&mut *tx, &code.hash).await.unwrap().unwrap();
    assert_eq!(found.user_status, UserStatus::Active);
    assert_eq!((found.code, found.grant), (code.clone(), given.clone()));
    assert_eq!(found.session_ends, Some(browser.expires_at));
    let ended = NOW + time::Duration::minutes(1);
    assert!(session::end(&mut *tx, browser.id, ended).await.unwrap());
    let found = authorization_code::find(&mut *tx, &code.hash).await.unwrap().unwrap();
    assert_eq!(found.session_ends, Some(ended));
    assert!(authorization_code::find(&mut *tx, &new_hash()).await.unwrap().is_none());
    drop(tx);
    assert_eq!(grant::find(store.pool(), given.id).await.unwrap(), Some(given));
}

#[tokio::test]
async fn of_many_redemptions_of_one_code_one_wins_and_begins_its_family() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let given = fixture::grant(user.id, &client.client_id);
    let code = fixture::code(&given);
    assert!(
        grant::insert_given(store.pool(), &given, Some(&code), Answers::default(), Commit::OnDisk)
            .await
            .unwrap()
    );
    let later = given.expires_at + Duration::days(7);
    let families: Vec<_> = (0..8).map(|_| fixture::refresh_token(&given)).collect();
    let session = fixture::session_ends(&store, &code).await;
    let redeem = |family| authorization_code::redeem(store.pool(), &code.hash, NOW, session, later, Some(family));
    let won = join_all(families.iter().map(redeem)).await;
    let won: Vec<_> = won
        .into_iter()
        .zip(&families)
        .filter(|(won, _)| *won.as_ref().unwrap())
        .collect();
    assert_eq!(won.len(), 1);
    assert_eq!(
        refresh_token::list_for_grant(store.pool(), given.id).await.unwrap(),
        [won[0].1.family_id]
    );
    let found = authorization_code::find(store.pool(), &code.hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.code.redeemed_at, Some(NOW));
    assert_eq!(found.grant.expires_at, later);
    let family = refresh_token::find(store.pool(), won[0].1.family_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&family.token, won[0].1);
}

#[tokio::test]
async fn a_code_of_a_revoked_grant_is_not_redeemed() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let given = fixture::grant(user.id, &client.client_id);
    let code = fixture::code(&given);
    grant::insert_given(store.pool(), &given, Some(&code), Answers::default(), Commit::OnDisk)
        .await
        .unwrap();
    assert!(grant::revoke(store.pool(), given.id, "test", NOW).await.unwrap());
    let ends = given.expires_at;
    assert!(
        !authorization_code::redeem(
            store.pool(),
            &code.hash,
            NOW,
            fixture::session_ends(&store, &code).await,
            ends,
            None
        )
        .await
        .unwrap()
    );
}

#[tokio::test]
async fn a_code_is_not_redeemed_once_what_was_decided_upon_has_changed() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let browser = fixture::session(user.id);
    session::insert(store.pool(), &browser, &new_hash()).await.unwrap();
    let mut given = fixture::grant(user.id, &client.client_id);
    given.session_id = Some(browser.id);
    let code = fixture::code(&given);
    grant::insert_given(store.pool(), &given, Some(&code), Answers::default(), Commit::OnDisk)
        .await
        .unwrap();
    let redeem = |ends| authorization_code::redeem(store.pool(), &code.hash, NOW, ends, given.expires_at, None);
    let ends = Some(browser.expires_at);
    assert!(!redeem(None).await.unwrap(), "there is a session");
    assert!(!redeem(Some(NOW)).await.unwrap(), "it ends at another time");
    suspend(&store, user.id, NOW).await;
    assert!(!redeem(ends).await.unwrap(), "the person is suspended");
    sqlx::query("update users set status = 'active'")
        .execute(store.pool())
        .await
        .unwrap();
    session::end(store.pool(), browser.id, NOW).await.unwrap();
    assert!(!redeem(ends).await.unwrap(), "they have signed out");
    assert!(redeem(Some(NOW)).await.unwrap());
}

#[tokio::test]
async fn a_pending_request_is_answered_with_one_code() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let request = fixture::authorization_request(&client.client_id);
    authorization_request::insert(store.pool(), &request, &new_hash(), None)
        .await
        .unwrap();
    let answer = async || {
        let given = fixture::grant(user.id, &client.client_id);
        let code = fixture::code(&given);
        let done = grant::insert_given(
            store.pool(),
            &given,
            Some(&code),
            Answers {
                request: Some(request.id),
                pushed: None,
            },
            Commit::OnDisk,
        )
        .await;
        (
            done.unwrap(),
            authorization_code::find(store.pool(), &code.hash)
                .await
                .unwrap()
                .is_some(),
        )
    };
    let answers = join_all((0..6).map(|_| answer())).await;
    assert_eq!(answers.iter().filter(|answer| **answer == (true, true)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == (false, false)).count(), 5);
}

#[tokio::test]
async fn of_many_rotations_of_one_refresh_token_one_wins() {
    let (_database, store) = open().await;
    let (given, token) = insert_family(&store).await;
    let successors: Vec<_> = (0..8).map(|_| new_hash()).collect();
    let later = NOW + Duration::days(7);
    let rotations = successors.iter().map(|successor| {
        refresh_token::rotate(
            store.pool(),
            token.family_id,
            &token.current_hash,
            successor,
            NOW,
            later,
        )
    });
    let won: Vec<bool> = join_all(rotations).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = successors[won.iter().position(|won| *won).unwrap()];
    let found = refresh_token::find(store.pool(), token.family_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.grant, found.user_status), (given, UserStatus::Active));
    assert_eq!(found.token.generation, 1);
    assert_eq!(found.token.current_hash, winner);
    assert_eq!(found.token.previous_hash, Some(token.current_hash));
    assert_eq!((found.token.rotated_at, found.token.expires_at), (Some(NOW), later));
}

#[tokio::test]
async fn a_refresh_token_that_is_old_expired_or_revoked_does_not_rotate() {
    let (_database, store) = open().await;
    let (given, token) = insert_family(&store).await;
    let rotate = async |at: Time| {
        let later = at + Duration::days(7);
        let next = new_hash();
        refresh_token::rotate(store.pool(), token.family_id, &token.current_hash, &next, at, later)
            .await
            .unwrap()
    };
    assert!(!rotate(token.expires_at).await, "at its end");
    assert!(grant::revoke(store.pool(), given.id, "test", NOW).await.unwrap());
    assert!(!grant::revoke(store.pool(), given.id, "test", NOW).await.unwrap());
    assert!(!rotate(NOW).await, "its grant was revoked");
    let found = refresh_token::find(store.pool(), token.family_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.grant.revoked_at, Some(NOW));
    assert_eq!(found.token, token);

    let other = fixture::grant(given.user_id, &given.client_id);
    let family = fixture::begin_family(&store, &other).await;
    assert_eq!(
        refresh_token::list_for_grant(store.pool(), other.id).await.unwrap(),
        [family.family_id]
    );
    let old = new_hash();
    assert!(
        !refresh_token::rotate(store.pool(), family.family_id, &old, &new_hash(), NOW, NOW)
            .await
            .unwrap()
    );
    assert!(
        refresh_token::revoke(store.pool(), family.family_id, NOW)
            .await
            .unwrap()
    );
    let current = family.current_hash;
    assert!(
        !refresh_token::rotate(store.pool(), family.family_id, &current, &new_hash(), NOW, NOW)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_suspended_user_shows_in_the_refresh_context() {
    let (_database, store) = open().await;
    let (given, token) = insert_family(&store).await;
    suspend(&store, given.user_id, NOW).await;
    let found = refresh_token::find(store.pool(), token.family_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.user_status, UserStatus::Suspended);
}

#[tokio::test]
async fn rotations_are_heap_only_updates() {
    let (database, store) = open().await;
    let (_, token) = insert_family(&store).await;
    let mut connection = store.acquire().await.unwrap();
    let mut current = token.current_hash;
    let mut places = HashSet::new();
    for day in 1..=20 {
        let next = new_hash();
        let at = NOW + Duration::hours(day);
        let rotated = refresh_token::rotate(
            &mut *connection,
            token.family_id,
            &current,
            &next,
            at,
            at + Duration::days(7),
        );
        assert!(rotated.await.unwrap());
        current = next;
        let place: String = sqlx::query_scalar("select split_part(ctid::text, ',', 1) from refresh_tokens")
            .fetch_one(database.pool())
            .await
            .unwrap();
        places.insert(place);
    }
    // Each version stayed on the page of the first: only then no index was written.
    assert_eq!(places.len(), 1);
}

#[tokio::test]
async fn an_opaque_token_dies_by_time_revocation_or_with_its_grant() {
    let (_database, store) = open().await;
    let (given, _) = insert_family(&store).await;
    let token = AccessToken {
        jti: None,
        grant_id: Some(given.id),
        client_id: given.client_id.clone(),
        user_id: Some(given.user_id),
        confirmation: signet::model::Confirmation {
            jkt: Some("k".to_owned()),
            certificate: Some("c".to_owned()),
        },
        scope: scope("openid"),
        audience: vec!["https://api.example".to_owned()],
        claims: object(serde_json::json!({"plan": "gold"})),
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(5),
    };
    let (first, second, machine) = (new_hash(), new_hash(), new_hash());
    access_token::insert(store.pool(), &first, &token).await.unwrap();
    access_token::insert(store.pool(), &second, &token).await.unwrap();
    let own = AccessToken {
        grant_id: None,
        user_id: None,
        confirmation: signet::model::Confirmation::default(),
        ..token.clone()
    };
    access_token::insert(store.pool(), &machine, &own).await.unwrap();
    let live = async |hash| access_token::find_live(store.pool(), hash, NOW).await.unwrap();
    assert_eq!(live(&first).await, Some(token.clone()));
    assert_eq!(live(&machine).await, Some(own));
    let end = token.expires_at;
    assert!(
        access_token::find_live(store.pool(), &first, end)
            .await
            .unwrap()
            .is_none()
    );
    assert!(access_token::revoke(store.pool(), &first, NOW).await.unwrap());
    assert!(!access_token::revoke(store.pool(), &first, NOW).await.unwrap());
    assert_eq!(live(&first).await, None);
    assert_eq!(live(&second).await, Some(token));
    grant::revoke(store.pool(), given.id, "test", NOW).await.unwrap();
    assert_eq!(live(&second).await, None);
    assert!(live(&machine).await.is_some());
}

#[tokio::test]
async fn a_revoked_jti_is_known_and_listed_until_its_end() {
    let (_database, store) = open().await;
    let jti = new_hash();
    let end = NOW + Duration::minutes(5);
    assert!(!revoked_token::contains(store.pool(), &jti).await.unwrap());
    for _ in 0..2 {
        revoked_token::insert(store.pool(), &jti, NOW, end).await.unwrap();
    }
    assert!(revoked_token::contains(store.pool(), &jti).await.unwrap());
    assert_eq!(revoked_token::list_live(store.pool(), NOW).await.unwrap(), [(jti, end)]);
    assert!(revoked_token::list_live(store.pool(), end).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_takes_its_grants_along_but_not_the_offline_ones() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let browser = fixture::session(user.id);
    session::insert(store.pool(), &browser, &new_hash()).await.unwrap();
    let mut online = fixture::grant(user.id, &client.client_id);
    online.scope = scope("openid");
    online.session_id = Some(browser.id);
    let mut offline = fixture::grant(user.id, &client.client_id);
    offline.session_id = Some(browser.id);
    let elsewhere = fixture::grant(user.id, &client.client_id);
    for given in [&online, &offline, &elsewhere] {
        grant::insert(store.pool(), given).await.unwrap();
    }
    let revoke = async |offline| {
        grant::revoke_for_session(store.pool(), browser.id, offline, "signed out", NOW)
            .await
            .unwrap()
    };
    assert_eq!(revoke(Offline::Keep).await, 1);
    assert_eq!(live_grants(&store, user.id).await, 2);
    assert_eq!(revoke(Offline::Revoke).await, 1);
    assert_eq!(live_grants(&store, user.id).await, 1);
    let app = client.client_id;
    assert_eq!(
        grant::revoke_for_client(store.pool(), user.id, &app, "withdrawn", NOW)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        grant::revoke_for_user(store.pool(), user.id, "suspended", NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(live_grants(&store, user.id).await, 0);
}

async fn live_grants(store: &signet::store::Store, user_id: UserId) -> usize {
    grant::list_live(store.pool(), user_id, NOW).await.unwrap().len()
}

#[tokio::test]
async fn a_session_is_touched_once_a_minute_and_ends_once() {
    let (_database, store) = open().await;
    let (user, _) = insert_parties(&store).await;
    let cookie = new_hash();
    let mut mine = fixture::session(user.id);
    session::insert(store.pool(), &mine, &cookie).await.unwrap();
    let soon = NOW + Duration::seconds(60);
    assert!(!session::touch(store.pool(), mine.id, soon).await.unwrap());
    let later = soon + Duration::seconds(1);
    assert!(session::touch(store.pool(), mine.id, later).await.unwrap());
    mine.last_seen_at = later;
    assert_eq!(session::find(store.pool(), &cookie).await.unwrap(), Some(mine.clone()));

    let renewed = new_hash();
    mine.auth_time = later;
    assert!(session::reauthenticate(store.pool(), &mine, &renewed).await.unwrap());
    assert_eq!(
        session::find(store.pool(), &cookie).await.unwrap(),
        None,
        "the old cookie is dead"
    );
    assert_eq!(session::find(store.pool(), &renewed).await.unwrap(), Some(mine.clone()));

    assert!(session::end(store.pool(), mine.id, later).await.unwrap());
    assert!(!session::end(store.pool(), mine.id, later).await.unwrap());
    assert!(!session::reauthenticate(store.pool(), &mine, &cookie).await.unwrap());
    let ended: Session = session::find_by_id(store.pool(), mine.id).await.unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(later));
}

#[tokio::test]
async fn all_other_sessions_of_a_user_end_at_once() {
    let (_database, store) = open().await;
    let (user, _) = insert_parties(&store).await;
    let sessions: Vec<Session> = (0..3).map(|_| fixture::session(user.id)).collect();
    for one in &sessions {
        session::insert(store.pool(), one, &new_hash()).await.unwrap();
    }
    let mine = sessions[1].id;
    let idle = Duration::hours(8);
    assert_eq!(
        session::list_live(store.pool(), user.id, NOW, idle)
            .await
            .unwrap()
            .len(),
        3
    );
    let ended = session::end_all_for_user(store.pool(), user.id, Some(mine), NOW)
        .await
        .unwrap();
    assert_eq!(ended.len(), 2);
    assert!(!ended.contains(&mine));
    let left = session::list_live(store.pool(), user.id, NOW, idle).await.unwrap();
    assert_eq!(left, [sessions[1].clone()]);
    assert!(
        session::list_live(store.pool(), user.id, NOW + idle, idle)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn what_was_decided_elsewhere_begins_a_family_that_keeps_its_key() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let waiting = fixture::deferred(&client.client_id);
    deferred_authorization::insert(store.pool(), &waiting, None)
        .await
        .unwrap();
    let given = fixture::grant(user.id, &client.client_id);
    grant::insert(store.pool(), &given).await.unwrap();
    let approved = deferred_authorization::approve(store.pool(), waiting.id, &given, NOW).await;
    assert!(approved.unwrap());
    let family = fixture::refresh_token(&given);
    assert!(!family.confirmation.is_empty());
    let redeem = |ends| {
        deferred_authorization::redeem(
            store.pool(),
            &waiting.secret_hash,
            NOW,
            ends,
            given.expires_at,
            Some(&family),
        )
    };
    assert!(!redeem(Some(NOW)).await.unwrap(), "there is no session that could end");
    assert!(redeem(None).await.unwrap());
    assert!(!redeem(None).await.unwrap(), "once");
    let found = refresh_token::find(store.pool(), family.family_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.token, family);
}
