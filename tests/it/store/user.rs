//! Who signs in with what, what belongs to one person only, and edits that come too late.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use signet::base::id::RoleId;
use signet::base::{Locale, Secret, SystemRng};
use signet::domain::account::{
    identifier::Identifier,
    throttle::{Decision, Rules, Subject, ThrottleKey},
};
use signet::flow::throttle::{self, Reservation};
use signet::model::Role;
use signet::store::{self, Error, Store, role, user};
use time::Duration;

use super::fixture::{NOW, insert_user, object, open, user as person, user_with};

/// Whom the identifier means, asked in both ways.
async fn who(store: &Store, identifier: &str) -> Option<String> {
    let (found, _) = attempt(store, identifier).await;
    let read = user::find_for_sign_in(store.pool(), identifier).await.unwrap();
    let hash = |named: &Option<user::Named>| {
        let (user, password) = named.as_ref()?;
        Some((
            user.clone(),
            password.as_ref().map(|password| password.hash.expose().clone()),
        ))
    };
    assert_eq!(hash(&found), hash(&read));
    read.map(|(user, _)| user.username.unwrap())
}

async fn attempt(store: &Store, identifier: &str) -> (Option<user::Named>, Reservation) {
    let parsed = Identifier::parse(identifier).ok();
    let typed = parsed.as_ref().map_or(identifier, Identifier::as_str);
    throttle::reserve_by_name(
        store.pool(),
        &Rules::default(),
        (typed, parsed.as_ref()),
        Some(ADDRESS),
        NOW,
    )
    .await
    .unwrap()
}

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

#[tokio::test]
async fn whoever_is_looked_up_is_counted_under_their_name_their_person_and_the_address() {
    let (_database, store) = open().await;
    let alice = person("Alice");
    insert_user(&store, &alice).await;
    let id = alice.id.to_string();
    for (typed, person) in [
        ("alice", Subject::Person(&id)),
        ("nobody", Subject::Nobody("nobody")),
        ("no name at all", Subject::Nobody("no name at all")),
        (id.as_str(), Subject::Nobody(&id)),
    ] {
        let (found, reservation) = attempt(&store, typed).await;
        assert_eq!(found.is_some(), typed == "alice");
        assert_eq!(reservation.decision, Decision::Allow);
        let subjects = [Subject::Address(ADDRESS), Subject::Name(typed), person];
        let count = async |subject| {
            let counter = store::throttle::find(store.pool(), ThrottleKey::of(subject))
                .await
                .unwrap();
            counter.map(|counter| counter.failures)
        };
        for subject in subjects {
            assert_eq!(count(subject).await, Some(1), "{typed}");
        }
        reservation.withdraw(store.pool()).await.unwrap();
        for subject in subjects {
            assert_eq!(count(subject).await, Some(0), "{typed}");
        }
    }
}

#[tokio::test]
async fn a_user_reads_back_as_written() {
    let (_database, store) = open().await;
    let mut alice = user_with(
        "Alice",
        json!({"email": "a@example.com", "address": {"locality": "Lyon"}}),
    );
    alice.custom_data = object(json!({"plan": {"seats": 3}}));
    alice.locale = Some(Locale::De);
    alice.origin = Some("apply:demo".to_owned());
    alice.password_expired_at = Some(NOW);
    insert_user(&store, &alice).await;
    assert_eq!(user::find(store.pool(), alice.id).await.unwrap(), Some(alice.clone()));
    assert_eq!(
        user::find_by_username(store.pool(), "aLICE").await.unwrap(),
        Some(alice.clone())
    );
    assert_eq!(
        user::list_by_origin(store.pool(), "apply:demo").await.unwrap(),
        vec![alice.clone()]
    );
    assert!(user::delete(store.pool(), alice.id).await.unwrap());
    assert_eq!(user::find(store.pool(), alice.id).await.unwrap(), None);
}

#[tokio::test]
async fn whoever_has_to_wait_is_shown_nobody() {
    let (_database, store) = open().await;
    insert_user(&store, &person("Alice")).await;
    for _ in 0..5 {
        let (found, reservation) = attempt(&store, "alice").await;
        assert!(found.is_some());
        assert_eq!(reservation.decision, Decision::Allow);
    }
    let (found, reservation) = attempt(&store, "alice").await;
    assert!(found.is_none());
    assert!(matches!(reservation.decision, Decision::Wait { .. }));
}

#[tokio::test]
async fn usernames_sign_in_whatever_their_case_and_bring_the_hash() {
    let (_database, store) = open().await;
    let alice = person("Alice");
    insert_user(&store, &alice).await;
    let (found, password) = user::find_for_sign_in(store.pool(), "aLICE").await.unwrap().unwrap();
    assert_eq!(found, alice);
    assert_eq!(password.unwrap().hash.expose(), &format!("$test${}", alice.id));
    assert!(who(&store, "bob").await.is_none());
}

#[tokio::test]
async fn a_verified_address_beats_unverified_claims_to_it() {
    let (_database, store) = open().await;
    for (name, verified) in [("squatter", false), ("owner", true), ("other", false)] {
        let profile = json!({"email": "Alice@Example.com", "email_verified": verified});
        insert_user(&store, &user_with(name, profile)).await;
    }
    assert_eq!(who(&store, "alice@example.COM").await.as_deref(), Some("owner"));
    let owner = user::find_by_verified_email(store.pool(), "ALICE@example.com")
        .await
        .unwrap();
    assert_eq!(owner.unwrap().username.as_deref(), Some("owner"));
}

#[tokio::test]
async fn an_unverified_address_signs_in_only_while_one_person_claims_it() {
    let (_database, store) = open().await;
    insert_user(&store, &user_with("first", json!({"email": "x@example.com"}))).await;
    assert_eq!(who(&store, "x@example.com").await.as_deref(), Some("first"));
    insert_user(&store, &user_with("second", json!({"email": "X@example.com"}))).await;
    assert_eq!(who(&store, "x@example.com").await, None);
    assert!(
        user::find_by_verified_email(store.pool(), "x@example.com")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_phone_number_signs_in_only_when_it_is_verified() {
    let (_database, store) = open().await;
    let claimed = json!({"phone_number": "+33612345678", "phone_number_verified": false});
    insert_user(&store, &user_with("first", claimed)).await;
    assert_eq!(who(&store, "+33612345678").await, None, "one claim is not enough");
    let verified = json!({"phone_number": "+33612345678", "phone_number_verified": true});
    insert_user(&store, &user_with("owner", verified)).await;
    assert_eq!(who(&store, "+33612345678").await.as_deref(), Some("owner"));
}

#[tokio::test]
async fn usernames_and_verified_addresses_belong_to_one_person() {
    let (_database, store) = open().await;
    let verified = json!({
        "email": "a@example.com", "email_verified": true,
        "phone_number": "+1", "phone_number_verified": true,
    });
    insert_user(&store, &user_with("alice", verified)).await;
    let cases = [
        (person("ALICE"), user::USERNAME_KEY),
        (
            user_with("b", json!({"email": "A@EXAMPLE.com", "email_verified": true})),
            user::VERIFIED_EMAIL_KEY,
        ),
        (
            user_with("c", json!({"phone_number": "+1", "phone_number_verified": true})),
            user::VERIFIED_PHONE_KEY,
        ),
    ];
    for (newcomer, key) in cases {
        let refused = user::insert(store.pool(), &newcomer, None).await.unwrap_err();
        assert!(refused.is_conflict(key), "{refused}");
    }
    // Unverified, the same address is anybody's.
    insert_user(&store, &user_with("d", json!({"email": "a@example.com"}))).await;
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_stale() {
    let (_database, store) = open().await;
    let mut mine = person("alice");
    insert_user(&store, &mine).await;
    let mut theirs = mine.clone();
    theirs.profile = object(json!({"name": "Alice"}));
    theirs.updated_at = NOW + Duration::seconds(5);
    assert_eq!(user::update(store.pool(), &theirs).await.unwrap(), 2);
    mine.profile = object(json!({"name": "Eve"}));
    assert!(matches!(user::update(store.pool(), &mine).await, Err(Error::Stale)));
    let stored = user::find(store.pool(), mine.id).await.unwrap().unwrap();
    assert_eq!(stored.claim("name"), Some("Alice"));
    assert_eq!((stored.version, stored.updated_at), (2, theirs.updated_at));
}

#[tokio::test]
async fn a_rehash_gives_way_to_a_changed_password() {
    let (_database, store) = open().await;
    let alice = person("alice");
    insert_user(&store, &alice).await;
    let old = user::find_password(store.pool(), alice.id).await.unwrap().unwrap().hash;
    let changed = Secret::new("$changed".to_owned());
    let changed_at = user::update_password(store.pool(), alice.id, &changed, NOW, Some(NOW))
        .await
        .unwrap();
    assert!(changed_at > NOW, "later than the first one, whatever the clock says");
    let rehashed = Secret::new("$rehashed".to_owned());
    assert!(
        !user::rehash_password(store.pool(), alice.id, &old, &rehashed)
            .await
            .unwrap()
    );
    assert!(
        user::rehash_password(store.pool(), alice.id, &changed, &rehashed)
            .await
            .unwrap()
    );
    let stored = user::find_password(store.pool(), alice.id).await.unwrap().unwrap();
    assert_eq!(stored.hash.expose(), "$rehashed");
    assert_eq!(stored.changed_at, Some(changed_at), "it is the same password");
    let stored = user::find(store.pool(), alice.id).await.unwrap().unwrap();
    assert_eq!(stored.password_expired_at, Some(NOW));
}

#[tokio::test]
async fn a_user_has_exactly_the_roles_that_were_set() {
    let (_database, store) = open().await;
    let alice = person("alice");
    insert_user(&store, &alice).await;
    for name in ["support", "admin"] {
        let new = Role {
            id: RoleId::new(NOW, &SystemRng),
            name: name.to_owned(),
            description: None,
            permissions: vec!["https://api.example orders:read".to_owned()],
            origin: None,
            created_at: NOW,
            updated_at: NOW,
        };
        role::insert(store.pool(), &new).await.unwrap();
        assert_eq!(role::find(store.pool(), name).await.unwrap(), Some(new));
    }
    assert!(!role::is_held(store.pool(), "admin").await.unwrap());
    for names in [vec!["admin", "support"], vec!["admin"], vec![]] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut tx = store.begin().await.unwrap();
        role::set_for_user(&mut tx, alice.id, &names).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(user::find(store.pool(), alice.id).await.unwrap().unwrap().roles, names);
        assert_eq!(role::is_held(store.pool(), "admin").await.unwrap(), !names.is_empty());
    }
    let mut tx = store.begin().await.unwrap();
    let unknown = role::set_for_user(&mut tx, alice.id, &["admin".to_owned(), "nobody".to_owned()]).await;
    assert!(matches!(unknown, Err(Error::NotFound)));
}
