//! Pending authorization requests and remembered consents.

use futures_util::future::join_all;
use signet::base::page::PageRequest;
use signet::domain::account::throttle::{Subject, ThrottleKey};
use signet::model::{AuditEvent, AuthorizationCode, AuthorizationRequest, Consent, Grant, Origin};
use signet::store::audit_event::AuditFilter;
use signet::store::grant::Answers;
use signet::store::session::Beginning;
use signet::store::sweep::{Ends, sweep};
use signet::store::user::Proof;
use signet::store::{
    audit_event, authorization_code, authorization_request, consent, grant, pushed_request, session, user,
};
use time::Duration;

use super::fixture::{self, NOW, insert_parties, new_hash, open};

#[tokio::test]
async fn a_request_is_found_only_by_the_browser_that_brought_it() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let request = fixture::authorization_request(&client.client_id);
    let browser = new_hash();
    authorization_request::insert(store.pool(), &request, &browser, None)
        .await
        .unwrap();
    let found = authorization_request::find(store.pool(), request.id, &browser)
        .await
        .unwrap();
    assert_eq!(found, Some(request.clone()));
    let stranger = new_hash();
    assert_eq!(
        authorization_request::find(store.pool(), request.id, &stranger)
            .await
            .unwrap(),
        None
    );
    let begun = fixture::session(user.id);
    session::insert(store.pool(), &begun, &new_hash()).await.unwrap();
    assert_eq!(
        authorization_request::set_authenticated(store.pool(), request.id, &stranger, begun.id, NOW)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn progress_is_written_until_the_request_is_answered_once() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let browser = new_hash();
    let mine = fixture::session(user.id);
    session::insert(store.pool(), &mine, &new_hash()).await.unwrap();
    let mut request = fixture::authorization_request(&client.client_id);
    authorization_request::insert(store.pool(), &request, &browser, None)
        .await
        .unwrap();
    let at = NOW + Duration::seconds(10);
    assert!(
        authorization_request::set_selected(store.pool(), request.id, mine.id, NOW)
            .await
            .unwrap()
    );
    let tied = authorization_request::set_authenticated(store.pool(), request.id, &browser, mine.id, at)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((tied.session_id, tied.authenticated_at), (Some(mine.id), Some(at)));
    assert!(
        authorization_request::set_consented(store.pool(), request.id, mine.id, at)
            .await
            .unwrap()
    );
    request.session_id = Some(mine.id);
    request.selected_at = Some(at);
    request.authenticated_at = Some(at);
    request.consented_at = Some(at);
    let found = authorization_request::find(store.pool(), request.id, &browser)
        .await
        .unwrap();
    assert_eq!(found, Some(request.clone()));

    let end = request.expires_at;
    assert!(
        !authorization_request::finish(store.pool(), request.id, end)
            .await
            .unwrap()
    );
    let tries = join_all((0..8).map(|_| authorization_request::finish(store.pool(), request.id, at))).await;
    assert_eq!(tries.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
    assert!(
        !authorization_request::set_consented(store.pool(), request.id, mine.id, at)
            .await
            .unwrap()
    );
    let late = authorization_request::set_authenticated(store.pool(), request.id, &browser, mine.id, at);
    assert_eq!(late.await.unwrap(), None);
}

#[tokio::test]
async fn what_happened_in_another_session_counts_no_more() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let browser = new_hash();
    let (mine, other) = (fixture::session(user.id), fixture::session(user.id));
    for session in [&mine, &other] {
        session::insert(store.pool(), session, &new_hash()).await.unwrap();
    }
    let request = fixture::authorization_request(&client.client_id);
    authorization_request::insert(store.pool(), &request, &browser, None)
        .await
        .unwrap();
    let (pool, id) = (store.pool(), request.id);
    authorization_request::set_authenticated(pool, id, &browser, mine.id, NOW)
        .await
        .unwrap();
    authorization_request::set_consented(pool, id, mine.id, NOW)
        .await
        .unwrap();
    authorization_request::set_selected(pool, id, other.id, NOW)
        .await
        .unwrap();
    let found = authorization_request::find(pool, id, &browser).await.unwrap().unwrap();
    assert_eq!(found.session_id, Some(other.id));
    assert_eq!((found.authenticated_at, found.consented_at), (None, None));
    authorization_request::set_consented(pool, id, mine.id, NOW)
        .await
        .unwrap();
    let found = authorization_request::find(pool, id, &browser).await.unwrap().unwrap();
    assert_eq!((found.selected_at, found.consented_at), (None, Some(NOW)));
    authorization_request::set_authenticated(pool, id, &browser, other.id, NOW)
        .await
        .unwrap();
    let found = authorization_request::find(pool, id, &browser).await.unwrap().unwrap();
    assert_eq!((found.authenticated_at, found.consented_at), (Some(NOW), None));
}

#[tokio::test]
async fn consents_given_at_once_add_up() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let allow = |scope: &str| Consent {
        user_id: user.id,
        client_id: client.client_id.clone(),
        scopes: vec!["openid".to_owned(), scope.to_owned()],
        resource_scopes: vec![format!("https://api.example {scope}")],
        claims: vec!["email".to_owned()],
        granted_at: NOW,
        updated_at: NOW,
    };
    let consents = [allow("email"), allow("profile"), allow("phone")];
    join_all(consents.iter().map(|one| consent::widen(store.pool(), one))).await;
    let mut found = consent::find(store.pool(), user.id, &client.client_id)
        .await
        .unwrap()
        .unwrap();
    found.scopes.sort();
    found.resource_scopes.sort();
    assert_eq!(found.scopes, ["email", "openid", "phone", "profile"]);
    assert_eq!(found.resource_scopes.len(), 3);
    assert_eq!(found.claims, ["email"]);
    assert_eq!(consent::list(store.pool(), user.id).await.unwrap().len(), 1);
    assert!(consent::delete(store.pool(), user.id, &client.client_id).await.unwrap());
    assert!(
        consent::find(store.pool(), user.id, &client.client_id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn one_address_brings_so_many_requests_and_no_more() {
    let (_database, store) = open().await;
    let (_, client) = insert_parties(&store).await;
    let quota = |address: [u8; 4]| authorization_request::Quota {
        address: ThrottleKey::of(Subject::Address(address.into())),
        most: 3,
        since: NOW - Duration::minutes(10),
    };
    let bring = async |quota, after: Duration| {
        let request = AuthorizationRequest {
            created_at: NOW + after,
            ..fixture::authorization_request(&client.client_id)
        };
        let browser = new_hash();
        let full = authorization_request::insert(store.pool(), &request, &browser, quota).await;
        let kept = authorization_request::find(store.pool(), request.id, &browser)
            .await
            .unwrap();
        let full = full.unwrap();
        assert_eq!(kept.is_some(), full.is_none());
        full
    };
    let own = Some(quota([192, 0, 2, 7]));
    for seconds in 0..3 {
        assert_eq!(bring(own, Duration::seconds(seconds)).await, None);
    }
    assert_eq!(
        bring(own, Duration::seconds(3)).await,
        Some(NOW),
        "the oldest that counts"
    );
    assert_eq!(bring(Some(quota([192, 0, 2, 8])), Duration::ZERO).await, None);
    assert_eq!(bring(None, Duration::ZERO).await, None, "no limit");
    let later = quota([192, 0, 2, 7]);
    let later = authorization_request::Quota { since: NOW, ..later };
    assert_eq!(
        bring(Some(later), Duration::minutes(10)).await,
        None,
        "the first counts no more"
    );
}

#[tokio::test]
async fn a_session_begins_with_its_line_and_takes_up_what_waits_in_that_browser() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let pool = store.pool();
    let (browser, stranger) = (new_hash(), new_hash());
    let request = fixture::authorization_request(&client.client_id);
    authorization_request::insert(pool, &request, &browser, None)
        .await
        .unwrap();
    let begin = async |browser| {
        let (begun, cookie) = (fixture::session(user.id), new_hash());
        let line = AuditEvent {
            user_id: Some(user.id),
            session_id: Some(begun.id),
            origin: Origin {
                address: begun.address.clone(),
                user_agent: begun.user_agent.clone(),
            },
            ..fixture::audit_event(begun.auth_time)
        };
        let tied = session::begin(
            pool,
            Beginning {
                session: &begun,
                token_hash: &cookie,
                proof: Proof::Other,
                line: &line,
                waiting: Some((request.id, browser)),
                counters: &[],
                given: None,
            },
        )
        .await;
        let found = session::find(pool, &cookie).await.unwrap();
        assert_eq!(found.as_ref(), Some(&begun));
        (begun, line, tied.unwrap())
    };
    let (_, _, tied) = begin(&stranger).await;
    assert_eq!(tied, None, "another browser's");
    let (begun, line, tied) = begin(&browser).await;
    let expected = AuthorizationRequest {
        session_id: Some(begun.id),
        authenticated_at: Some(begun.auth_time),
        selected_at: Some(begun.auth_time),
        ..request.clone()
    };
    assert_eq!(tied, Some(expected));
    let found = user::find(pool, user.id).await.unwrap().unwrap();
    assert_eq!(found.last_sign_in_at, Some(begun.auth_time));
    let filter = AuditFilter {
        user_id: Some(user.id),
        kind: None,
    };
    let page = PageRequest { after: None, limit: 10 };
    let trail = audit_event::list(pool, &filter, &page).await.unwrap();
    assert_eq!(trail.items.len(), 2);
    assert!(trail.items.contains(&line));
    assert!(authorization_request::finish(pool, request.id, NOW).await.unwrap());
    assert_eq!(begin(&browser).await.2, None, "it is over");
}

#[tokio::test]
async fn a_pushed_request_is_answered_once_whoever_is_first() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let pushed = fixture::pushed_request(&client.client_id);
    pushed_request::insert(store.pool(), &pushed, None, None).await.unwrap();
    let found = pushed_request::find(store.pool(), &pushed.hash).await.unwrap();
    assert_eq!(found, Some(pushed.clone()));
    let session = fixture::session(user.id);
    session::insert(store.pool(), &session, &new_hash()).await.unwrap();
    let answers = Answers {
        request: None,
        pushed: Some(&pushed.hash),
    };
    let tries = join_all((0..6).map(|_| async {
        let mut given = fixture::grant(user.id, &client.client_id);
        given.session_id = None;
        let code = fixture::code(&given);
        grant::insert_given(store.pool(), &given, Some(&code), answers, grant::Commit::OnDisk)
            .await
            .unwrap()
    }));
    assert_eq!(tries.await.into_iter().filter(|won| *won).count(), 1);
    let count = |table: &str| format!("select count(*) from {table}");
    for table in ["grants", "authorization_codes"] {
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count(table)))
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(rows, 1, "{table}");
    }
    assert!(!pushed_request::consume(store.pool(), &pushed.hash, NOW).await.unwrap());
    // Known until the pages of the last visit are over, and no longer.
    let mut db = store.acquire().await.unwrap();
    let ends = |now| Ends { now, trail: NOW };
    let early = sweep(&mut db, ends(pushed.kept_until - Duration::SECOND), 100)
        .await
        .unwrap();
    assert!(
        pushed_request::find(store.pool(), &pushed.hash)
            .await
            .unwrap()
            .is_some(),
        "{early:?}"
    );
    sweep(&mut db, ends(pushed.kept_until), 100).await.unwrap();
    assert_eq!(pushed_request::find(store.pool(), &pushed.hash).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_given_with_the_session_is_given_once_and_in_time() {
    let (_database, store) = open().await;
    let (user, client) = insert_parties(&store).await;
    let pool = store.pool();
    let browser = new_hash();
    let request = fixture::authorization_request(&client.client_id);
    authorization_request::insert(pool, &request, &browser, None)
        .await
        .unwrap();
    let begin = async |moment| {
        let begun = fixture::session(user.id);
        let given = Grant {
            session_id: Some(begun.id),
            auth_time: begun.auth_time,
            amr: begun.amr.clone(),
            acr: begun.acr.clone(),
            created_at: moment,
            ..fixture::grant(user.id, &client.client_id)
        };
        let code = AuthorizationCode {
            created_at: moment,
            ..fixture::code(&given)
        };
        let beginning = Beginning {
            session: &begun,
            token_hash: &new_hash(),
            proof: Proof::Other,
            line: &fixture::audit_event(begun.auth_time),
            waiting: Some((request.id, &browser)),
            counters: &[],
            given: Some((&given, &code)),
        };
        let tied = session::begin(pool, beginning).await.unwrap();
        let found = authorization_code::find(pool, &code.hash).await.unwrap();
        assert_eq!(found.is_some(), tied.is_some());
        if let Some(found) = found {
            assert_eq!((found.grant, found.code), (given, code));
        }
        tied
    };
    assert_eq!(begin(request.expires_at).await, None, "a hair too late");
    let answered: Vec<_> = join_all((0..6).map(|_| begin(NOW)))
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(answered.len(), 1);
    assert_eq!(answered[0].finished_at, Some(NOW));
    let kept = authorization_request::find(pool, request.id, &browser).await.unwrap();
    assert_eq!(kept.as_ref(), answered.first());
    assert_eq!(begin(NOW).await, None, "it is over");
}
