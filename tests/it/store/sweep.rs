//! Sweeping: what has expired goes, in batches; what has not stays.

use signet::base::Time;
use signet::base::TokenHash;
use signet::base::page::PageRequest;
use signet::store::audit_event::AuditFilter;
use signet::store::sweep::{Ends, Swept, sweep};
use signet::store::{audit_event, authorization_code, grant, refresh_token, session, used_jti};
use time::Duration;

use super::fixture::{self, NOW, insert_family, new_hash, open};

fn at(now: Time) -> Ends {
    Ends { now, trail: now }
}

#[tokio::test]
async fn expired_rows_go_in_batches_and_live_ones_stay() {
    let (_database, store) = open().await;
    for number in 0..5 {
        let jti = TokenHash::of(&format!("old {number}"));
        used_jti::insert(store.pool(), &jti, NOW, NOW).await.unwrap();
    }
    let fresh = new_hash();
    used_jti::insert(store.pool(), &fresh, NOW, NOW + Duration::SECOND)
        .await
        .unwrap();
    let mut db = store.acquire().await.unwrap();
    let mut rounds = Vec::new();
    for _ in 0..4 {
        rounds.push(sweep(&mut db, at(NOW), 2).await.unwrap());
    }
    let swept = |rows, more| Swept { rows, more };
    assert_eq!(
        rounds,
        [swept(2, true), swept(2, true), swept(1, false), swept(0, false)]
    );
    assert!(
        !used_jti::insert(store.pool(), &fresh, NOW, NOW).await.unwrap(),
        "the live one is still known"
    );
}

#[tokio::test]
async fn a_grant_goes_with_what_hangs_on_it_and_a_redeemed_code_is_known_for_a_day() {
    let (_database, store) = open().await;
    let (given, token) = insert_family(&store).await;
    let browser = fixture::session(given.user_id);
    session::insert(store.pool(), &browser, &new_hash()).await.unwrap();
    let other = fixture::grant(given.user_id, &given.client_id);
    let code = fixture::code(&other);
    grant::insert_given(
        store.pool(),
        &other,
        Some(&code),
        Default::default(),
        grant::Commit::OnDisk,
    )
    .await
    .unwrap();
    let mut db = store.acquire().await.unwrap();
    assert_eq!(sweep(&mut db, at(code.expires_at), 100).await.unwrap().rows, 0);
    assert!(
        authorization_code::find(store.pool(), &code.hash)
            .await
            .unwrap()
            .is_some()
    );
    let rows = sweep(&mut db, at(code.expires_at + Duration::days(1)), 100)
        .await
        .unwrap()
        .rows;
    assert_eq!(rows, 3, "both codes and the session");
    assert!(
        authorization_code::find(store.pool(), &code.hash)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        refresh_token::find(store.pool(), token.family_id)
            .await
            .unwrap()
            .is_some()
    );
    sweep(&mut db, at(given.expires_at), 100).await.unwrap();
    assert!(
        refresh_token::find(store.pool(), token.family_id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(grant::find(store.pool(), given.id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_trail_loses_its_oldest_lines_in_batches() {
    let (_database, store) = open().await;
    for days in 0..5 {
        let line = fixture::audit_event(NOW - Duration::days(days));
        audit_event::insert(store.pool(), &line).await.unwrap();
    }
    let ends = Ends {
        now: NOW,
        trail: NOW - Duration::days(2),
    };
    let mut db = store.acquire().await.unwrap();
    let mut rounds = Vec::new();
    for _ in 0..2 {
        rounds.push(sweep(&mut db, ends, 2).await.unwrap());
    }
    let swept = |rows, more| Swept { rows, more };
    assert_eq!(rounds, [swept(2, true), swept(1, false)]);
    let left = audit_event::list(store.pool(), &AuditFilter::default(), &PageRequest::default())
        .await
        .unwrap();
    let left: Vec<Time> = left.items.iter().map(|line| line.at).collect();
    assert_eq!(left, [NOW, NOW - Duration::days(1)]);
}
