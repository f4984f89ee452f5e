//! Pages of people: each person once, in order, also across equal sort values and the columns of a search.

use serde_json::json;
use signet::base::page::PageRequest;
use signet::model::User;
use signet::store::{Error, Store, user};
use time::Duration;

use super::fixture::{NOW, insert_user, open, user as person, user_with};

fn page(limit: u16, after: Option<String>) -> PageRequest {
    PageRequest { limit, after }
}

fn name(user: &User) -> String {
    user.username.clone().unwrap()
}

async fn search_all(store: &Store, prefix: &str, limit: u16) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let mut connection = store.acquire().await.unwrap();
        let page = user::search(&mut connection, prefix, &page(limit, after))
            .await
            .unwrap();
        assert!(page.items.len() <= usize::from(limit));
        found.extend(page.items.iter().map(name));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn the_list_shows_each_person_once_the_newest_first() {
    let (_database, store) = open().await;
    let mut expected = Vec::new();
    for number in 0..7_i64 {
        let mut one = person(&format!("user{number}"));
        // Pairs share an instant.
        one.created_at = NOW + Duration::microseconds(number / 2);
        insert_user(&store, &one).await;
        expected.push(one);
    }
    expected.sort_by_key(|one| std::cmp::Reverse((one.created_at, one.id)));
    for limit in [1, 2, 3, 7, 50] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = user::list(store.pool(), &page(limit, after)).await.unwrap();
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    assert_eq!(user::count(store.pool()).await.unwrap(), 7);
}

#[tokio::test]
async fn a_search_finds_username_then_address_then_name_each_person_once() {
    let (_database, store) = open().await;
    insert_user(
        &store,
        &user_with("ann-b", json!({"email": "ann@x.example", "name": "Ann B"})),
    )
    .await;
    insert_user(&store, &person("ANN-A")).await;
    insert_user(
        &store,
        &user_with("z1", json!({"email": "Anna@x.example", "name": "Anna"})),
    )
    .await;
    insert_user(&store, &user_with("z2", json!({"name": "Annabel"}))).await;
    insert_user(&store, &user_with("z3", json!({"name": "annabel"}))).await;
    insert_user(
        &store,
        &user_with("other", json!({"email": "hann@x.example", "name": "Joann"})),
    )
    .await;
    let mut expected = vec!["ANN-A", "ann-b", "z1", "z2", "z3"];
    for limit in [1, 2, 3, 4, 5, 50] {
        let mut found = search_all(&store, "aNN", limit).await;
        found[3..].sort();
        assert_eq!(found, expected, "pages of {limit}");
    }
    expected.truncate(2);
    assert_eq!(search_all(&store, "ann-", 50).await, expected);
    assert!(search_all(&store, "nobody", 50).await.is_empty());
}

#[tokio::test]
async fn percent_and_underscore_are_letters_in_a_search() {
    let (_database, store) = open().await;
    insert_user(&store, &person("a_b")).await;
    insert_user(&store, &person("axb")).await;
    assert_eq!(search_all(&store, "a_", 50).await, ["a_b"]);
    assert!(search_all(&store, "%", 50).await.is_empty());
    assert!(search_all(&store, "\\", 50).await.is_empty());
}

#[tokio::test]
async fn a_foreign_or_mangled_cursor_is_refused() {
    let (_database, store) = open().await;
    for cursor in ["x", "", "bnVsbA", "WzEsMl0"] {
        let request = page(10, Some(cursor.to_owned()));
        assert!(matches!(
            user::list(store.pool(), &request).await,
            Err(Error::BadCursor)
        ));
        let mut connection = store.acquire().await.unwrap();
        assert!(matches!(
            user::search(&mut connection, "a", &request).await,
            Err(Error::BadCursor)
        ));
    }
}
