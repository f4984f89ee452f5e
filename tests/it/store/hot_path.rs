//! Every statement that a request runs finds its rows by an index, under custom and under generic plans.
//!
//! The statements themselves are run, on tables of 20,000 rows, and PostgreSQL's own counters of the transaction say what
//! they and their foreign key triggers did: no sequential scan of a table that grows, and few rows read.

use std::collections::HashMap;
use std::net::IpAddr;

use signet::base::id::{DeferredAuthorizationId, UserId};
use signet::base::page::PageRequest;
use signet::base::{Secret, TokenHash};
use signet::domain::account::throttle::{Rules, Subject, ThrottleKey};
use signet::model::{AccessToken, Grant};
use signet::store::audit_event::AuditFilter;
use signet::store::grant::Offline;
use signet::store::session::Beginning;
use signet::store::user::Proof;
use signet::store::{
    Store, Tx, access_token, audit_event, authorization_code, authorization_request, client, client_registration,
    consent, deferred_authorization, email_link, fact, grant, pushed_request, refresh_token, registration,
    revoked_token, session, sweep, throttle, used_jti, user,
};
use time::Duration;

use super::fixture::{self, NOW, new_hash, open, scope};

/// The largest number of rows that a statement may read in one growing table: a page and its neighbours.
const MOST_ROWS: i64 = 120;

/// Fills every table that grows with 20,000 rows: number N has the uuid that ends in N and the hash of `N` as text.
const FILL: &str = include_str!("hot_path.sql");

/// Runs the statement in a transaction of its own, undoes it, and holds the counters against the limits.
macro_rules! check {
    ($store:expr, $plans:expr, $name:literal, |$db:ident| $statement:expr) => {{
        let (mut tx, before) = begin($store, $plans).await;
        {
            let $db = &mut *tx;
            let result = $statement.await;
            assert!(result.is_ok(), "{} failed: {:?}", $name, result.err());
        }
        hold(concat!($name, " ", stringify!($statement)), $plans, tx, &before).await;
    }};
}

/// Sequential scans and rows read, by table.
type Counters = HashMap<String, (i64, i64)>;

async fn begin(store: &Store, plans: &str) -> (Tx, Counters) {
    let mut tx = store.begin().await.unwrap();
    sqlx::query("select set_config('plan_cache_mode', $1, true)")
        .bind(plans)
        .execute(&mut *tx)
        .await
        .unwrap();
    // They may still count the transaction before.
    let before = counters(&mut tx).await;
    (tx, before)
}

async fn counters(tx: &mut Tx) -> Counters {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select relname::text, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables
         where relname not in ('roles', 'user_roles')",
    )
    .fetch_all(&mut **tx)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, scans, rows)| (table, (scans, rows)))
        .collect()
}

async fn hold(name: &str, plans: &str, mut tx: Tx, before: &Counters) {
    sqlx::query("set constraints all immediate")
        .execute(&mut *tx)
        .await
        .unwrap();
    let after = counters(&mut tx).await;
    assert!(!after.is_empty());
    for (table, (scans, rows)) in after {
        let (scans_before, rows_before) = before.get(&table).copied().unwrap_or_default();
        assert_eq!(scans, scans_before, "{name} scans {table} ({plans})");
        let rows = rows - rows_before;
        assert!(rows <= MOST_ROWS, "{name} reads {rows} rows of {table} ({plans})");
    }
    tx.rollback().await.unwrap();
}

fn id(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn page() -> PageRequest {
    PageRequest { limit: 50, after: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_of_a_request_uses_an_index() {
    let (database, store) = open().await;
    sqlx::raw_sql(FILL).execute(database.pool()).await.unwrap();
    let address = ThrottleKey::of(Subject::Address(IpAddr::from([192, 0, 2, 7])));
    let parameters = fixture::authorization_request("app1").parameters;
    sqlx::query("update authorization_requests set address_hash = $1, parameters = $2")
        .bind(address.as_bytes())
        .bind(serde_json::to_value(parameters).unwrap())
        .execute(database.pool())
        .await
        .unwrap();
    sqlx::raw_sql("vacuum analyze authorization_requests")
        .execute(database.pool())
        .await
        .unwrap();
    for plans in ["force_custom_plan", "force_generic_plan"] {
        people(&store, plans).await;
        people_lists(&store, plans).await;
        pages(&store, plans).await;
        deferred(&store, plans).await;
        tokens(&store, plans).await;
        revocations(&store, plans).await;
        trail(&store, plans).await;
    }
}

async fn people(store: &Store, plans: &str) {
    let user_id = UserId(id(4711));
    let hash = Secret::new("$".to_owned());
    let alice = user::find(store.pool(), user_id).await.unwrap().unwrap();
    let newcomer = fixture::user("newcomer");
    check!(store, plans, "user::find", |db| user::find(db, user_id));
    check!(store, plans, "user::lock", |db| user::lock(db, user_id));
    check!(store, plans, "user::find_by_username", |db| user::find_by_username(
        db, "User4711"
    ));
    for identifier in [
        "user4711",
        "mail4711@example.com",
        "MAIL4712@example.com",
        "+4711",
        "+4712",
        "nobody",
    ] {
        check!(store, plans, "user::find_for_sign_in", |db| user::find_for_sign_in(
            db, identifier
        ));
        check!(store, plans, "user::find_and_count", |db| user::find_and_count(
            db,
            Some(identifier),
            &[(ThrottleKey::of(Subject::Name("ada")), Rules::default().name)],
            (ThrottleKey::of(Subject::Person("ada")), Rules::default().person),
            NOW
        ));
    }
    check!(store, plans, "user::find_by_verified_email", |db| {
        user::find_by_verified_email(db, "mail4712@example.com")
    });
    check!(store, plans, "user::find_password", |db| user::find_password(
        db, user_id
    ));
    check!(store, plans, "user::insert", |db| user::insert(
        db,
        &newcomer,
        Some(&hash)
    ));
    check!(store, plans, "user::update", |db| user::update(db, &alice));
    check!(store, plans, "user::update_password", |db| user::update_password(
        db, user_id, &hash, NOW, None
    ));
    check!(store, plans, "user::rehash_password", |db| user::rehash_password(
        db, user_id, &hash, &hash
    ));
    check!(store, plans, "user::set_signed_in", |db| {
        user::set_signed_in(db, user_id, Proof::Other, NOW)
    });
    check!(store, plans, "user::delete", |db| user::delete(db, user_id));
    check!(store, plans, "fact::list_current", |db| fact::list_current(db, user_id));
    check!(store, plans, "fact::list", |db| fact::list(db, user_id, &page()));
}

async fn people_lists(store: &Store, plans: &str) {
    let second = PageRequest {
        after: user::list(store.pool(), &page()).await.unwrap().next,
        ..page()
    };
    check!(store, plans, "user::list", |db| user::list(db, &page()));
    check!(store, plans, "user::list, second page", |db| user::list(db, &second));
    let mut connection = store.acquire().await.unwrap();
    // Everybody, a few, one, one by address, one by name, nobody.
    for prefix in ["u", "user4", "user4711", "mail4711@", "name 4711", "zzz", ""] {
        check!(store, plans, "user::search", |db| user::search(db, prefix, &page()));
        let after = user::search(&mut connection, prefix, &page()).await.unwrap().next;
        let second = PageRequest { after, ..page() };
        check!(store, plans, "user::search, second page", |db| user::search(
            db, prefix, &second
        ));
    }
    check!(store, plans, "client::find", |db| client::find(db, "app1000"));
    check!(store, plans, "client::list", |db| client::list(db, &page()));
}

async fn pages(store: &Store, plans: &str) {
    let (request_id, hash) = (
        signet::base::id::AuthorizationRequestId(id(4711)),
        TokenHash::of("4711"),
    );
    let (session_id, user_id) = (signet::base::id::SessionId(id(4711)), UserId(id(4711)));
    let request = fixture::authorization_request("app1");
    let other = new_hash();
    let browser = fixture::session(user_id);
    check!(store, plans, "session::find", |db| session::find(db, &hash));
    check!(store, plans, "session::insert", |db| session::insert(
        db,
        &browser,
        &new_hash()
    ));
    let line = fixture::audit_event(NOW);
    let begun = fixture::session(user_id);
    let grant = Grant {
        session_id: Some(begun.id),
        ..fixture::grant(user_id, "app1")
    };
    let code = fixture::code(&grant);
    check!(store, plans, "session::hold", |db| session::hold(db, session_id));
    check!(store, plans, "user::hold", |db| user::hold(db, user_id, Proof::Other));
    check!(store, plans, "session::begin", |db| {
        session::begin(
            db,
            Beginning {
                session: &begun,
                token_hash: &other,
                proof: Proof::Password(None),
                line: &line,
                waiting: Some((request_id, &hash)),
                counters: &[],
                given: Some((&grant, &code)),
            },
        )
    });
    check!(store, plans, "session::touch", |db| session::touch(db, session_id, NOW));
    check!(store, plans, "session::end", |db| session::end(db, session_id, NOW));
    check!(store, plans, "session::list_live", |db| session::list_live(
        db,
        user_id,
        NOW,
        Duration::days(1)
    ));
    check!(store, plans, "session::end_all_for_user", |db| {
        session::end_all_for_user(db, user_id, None, NOW)
    });
    check!(store, plans, "authorization_request::insert", |db| {
        authorization_request::insert(db, &request, &hash, None)
    });
    // Everything came from this one address.
    let quota = authorization_request::Quota {
        address: ThrottleKey::of(Subject::Address(IpAddr::from([192, 0, 2, 7]))),
        most: 100,
        since: NOW - Duration::days(1),
    };
    check!(store, plans, "authorization_request::insert, full", |db| {
        authorization_request::insert(db, &request, &hash, Some(quota))
    });
    let mut pushed = fixture::pushed_request("app1");
    check!(store, plans, "pushed_request::insert", |db| {
        let of_client = pushed_request::ClientQuota {
            most: 100,
            since: quota.since,
        };
        pushed_request::insert(db, &pushed, Some(quota), Some(of_client))
    });
    pushed.hash = hash;
    check!(store, plans, "pushed_request::find", |db| {
        pushed_request::find(db, &pushed.hash)
    });
    check!(store, plans, "pushed_request::consume", |db| {
        pushed_request::consume(db, &pushed.hash, NOW)
    });
    let rules = Rules::default();
    let counters = [
        (quota.address, rules.address),
        (ThrottleKey::of(Subject::Name("ada")), rules.name),
    ];
    check!(store, plans, "throttle::count", |db| throttle::count(
        db, &counters, NOW
    ));
    let ends = counters.map(|(key, rule)| (key, throttle::End::TakeBack(rule)));
    check!(store, plans, "throttle::settle", |db| throttle::settle(db, &ends));
    let address = quota.address;
    check!(store, plans, "client_registration::count_acts", |db| {
        client_registration::count_acts(db, address, NOW - Duration::HOUR)
    });
    check!(store, plans, "client_registration::insert_act", |db| {
        client_registration::insert_act(db, address, NOW)
    });
    check!(store, plans, "authorization_request::set_authenticated", |db| {
        authorization_request::set_authenticated(db, request_id, &hash, session_id, NOW)
    });
    check!(store, plans, "authorization_request::finish", |db| {
        authorization_request::finish(db, request_id, NOW)
    });
    check!(store, plans, "authorization_request::find", |db| {
        authorization_request::find(db, request_id, &other)
    });
    check!(store, plans, "consent::find", |db| consent::find(db, user_id, "app1"));
    check!(store, plans, "consent::list", |db| consent::list(db, user_id));
    check!(store, plans, "registration::find_by_link", |db| {
        registration::find_by_link(db, &hash)
    });
    check!(store, plans, "email_link::find", |db| email_link::find(db, &hash));
    check!(store, plans, "email_link::redeem", |db| email_link::redeem(
        db, &hash, NOW
    ));
    let purpose = signet::model::EmailLinkPurpose::ResetPassword;
    check!(store, plans, "email_link::delete_unused", |db| {
        email_link::delete_unused(db, user_id, purpose)
    });
}

async fn deferred(store: &Store, plans: &str) {
    let (odd, even) = (TokenHash::of("4711"), TokenHash::of("4712"));
    let waiting = fixture::deferred("app1");
    let (one_id, user_id) = (DeferredAuthorizationId(id(4711)), UserId(id(4711)));
    let given = fixture::grant(user_id, "app1");
    grant::insert(store.pool(), &given).await.unwrap();
    check!(store, plans, "deferred::insert", |db| {
        let address = ThrottleKey::of(Subject::Name("4711"));
        let quota = authorization_request::Quota {
            address,
            most: 3,
            since: NOW,
        };
        deferred_authorization::insert(db, &waiting, Some(quota))
    });
    check!(store, plans, "deferred::find", |db| deferred_authorization::find(
        db, &odd
    ));
    check!(store, plans, "deferred::find_by_user_code", |db| {
        deferred_authorization::find_by_user_code(db, &odd)
    });
    check!(store, plans, "deferred::find_for", |db| {
        deferred_authorization::find_for(db, one_id, user_id)
    });
    check!(store, plans, "deferred::list_open", |db| {
        deferred_authorization::list_open(db, user_id, NOW)
    });
    check!(store, plans, "deferred::update_pace", |db| {
        deferred_authorization::update_pace(db, &odd, waiting.pace, waiting.pace)
    });
    check!(store, plans, "deferred::approve", |db| deferred_authorization::approve(
        db, one_id, &given, NOW
    ));
    check!(store, plans, "deferred::deny", |db| deferred_authorization::deny(
        db, one_id, user_id, NOW
    ));
    check!(store, plans, "deferred::find_grant", |db| {
        deferred_authorization::find_grant(db, given.id)
    });
    check!(store, plans, "deferred::redeem", |db| {
        deferred_authorization::redeem(db, &even, NOW, None, NOW + Duration::days(1), None)
    });
}

async fn tokens(store: &Store, plans: &str) {
    let (hash, user_id) = (TokenHash::of("4711"), UserId(id(4711)));
    let family_id = signet::base::id::RefreshFamilyId(id(4711));
    let successor = new_hash();
    let given = fixture::grant(user_id, "app1");
    let code = fixture::code(&given);
    let mut hanging = fixture::refresh_token(&given);
    hanging.grant_id = signet::base::id::GrantId(id(4711));
    let opaque = AccessToken {
        jti: None,
        grant_id: Some(hanging.grant_id),
        client_id: "app1".to_owned(),
        user_id: Some(user_id),
        confirmation: signet::model::Confirmation::default(),
        scope: scope("openid"),
        audience: Vec::new(),
        claims: serde_json::Map::new(),
        issued_at: NOW,
        expires_at: NOW,
    };
    check!(store, plans, "grant::insert_given", |db| grant::insert_given(
        db,
        &given,
        Some(&code),
        grant::Answers {
            request: Some(signet::base::id::AuthorizationRequestId(id(4711))),
            pushed: Some(&hash),
        },
        grant::Commit::OnDisk
    ));
    check!(store, plans, "grant::find", |db| grant::find(db, hanging.grant_id));
    check!(store, plans, "grant::list_live", |db| grant::list_live(
        db, user_id, NOW
    ));
    check!(store, plans, "authorization_code::find", |db| authorization_code::find(
        db, &hash
    ));
    check!(store, plans, "authorization_code::redeem", |db| {
        authorization_code::redeem(db, &hash, NOW, Some(NOW), NOW, Some(&hanging))
    });
    check!(store, plans, "refresh_token::find", |db| refresh_token::find(
        db, family_id
    ));
    check!(store, plans, "refresh_token::rotate", |db| {
        refresh_token::rotate(db, family_id, &hash, &successor, NOW, NOW)
    });
    check!(store, plans, "access_token::insert", |db| access_token::insert(
        db,
        &new_hash(),
        &opaque
    ));
    check!(store, plans, "access_token::find_live", |db| access_token::find_live(
        db, &hash, NOW
    ));
    check!(store, plans, "used_jti::insert", |db| used_jti::insert(
        db, &hash, NOW, NOW
    ));
    check!(store, plans, "revoked_token::contains", |db| revoked_token::contains(
        db, &hash
    ));
}

async fn revocations(store: &Store, plans: &str) {
    let (hash, user_id) = (TokenHash::of("4711"), UserId(id(4711)));
    let session_id = signet::base::id::SessionId(id(4711));
    let grant_id = signet::base::id::GrantId(id(4711));
    let family_id = signet::base::id::RefreshFamilyId(id(4711));
    check!(store, plans, "access_token::revoke", |db| access_token::revoke(
        db, &hash, NOW
    ));
    check!(store, plans, "revoked_token::insert", |db| revoked_token::insert(
        db,
        &new_hash(),
        NOW,
        NOW
    ));
    check!(store, plans, "refresh_token::revoke", |db| refresh_token::revoke(
        db, family_id, NOW
    ));
    check!(store, plans, "grant::revoke", |db| grant::revoke(
        db, grant_id, "test", NOW
    ));
    check!(store, plans, "grant::revoke_for_session", |db| {
        grant::revoke_for_session(db, session_id, Offline::Revoke, "test", NOW)
    });
    check!(store, plans, "grant::revoke_for_client", |db| {
        grant::revoke_for_client(db, user_id, "app1", "test", NOW)
    });
    check!(store, plans, "grant::revoke_for_user", |db| grant::revoke_for_user(
        db, user_id, "test", NOW
    ));
    // Nothing has expired: finding that out must not read the tables.
    let ends = sweep::Ends {
        now: NOW,
        trail: NOW - Duration::days(400),
    };
    check!(store, plans, "sweep", |db| sweep::sweep(db, ends, 100));
}

async fn trail(store: &Store, plans: &str) {
    let users = [None, Some(UserId(id(11)))];
    for (user_id, kind) in users
        .into_iter()
        .flat_map(|user| [(user, None), (user, Some("kind7".to_owned()))])
    {
        let filter = AuditFilter { user_id, kind };
        check!(store, plans, "audit_event::list", |db| audit_event::list(
            db,
            &filter,
            &page()
        ));
        let after = audit_event::list(store.pool(), &filter, &page()).await.unwrap().next;
        let second = PageRequest { after, ..page() };
        check!(store, plans, "audit_event::list, second page", |db| audit_event::list(
            db, &filter, &second
        ));
    }
}
