//! Clients, resources, claim rules, facts and the audit trail: they read back as written, in order and by page.

use serde_json::{Map, json};
use signet::base::SystemRng;
use signet::base::id::{AuditEventId, ClaimRuleId, ClientSecretId, FactId, ResourceId, UserId};
use signet::base::page::PageRequest;
use signet::model::{
    Actor, AuditEvent, AuditKind, ClaimRule, ClientSecret, ClientStatus, Fact, FactSource, Origin, Placement, Resource,
    ResourceScope, TokenFormat,
};
use signet::store::audit_event::AuditFilter;
use signet::store::{Error, audit_event, claim_rule, client, client_secret, fact, resource, setting, sweep};
use time::Duration;

use super::fixture::{self, NOW, insert_user, new_hash, open, user};

#[tokio::test]
async fn a_client_reads_back_and_a_late_edit_is_stale() {
    let (_database, store) = open().await;
    let mut app = fixture::client("app");
    app.origin = Some("apply:demo".to_owned());
    client::insert(store.pool(), &app).await.unwrap();
    let again = client::insert(store.pool(), &app).await.unwrap_err();
    assert!(again.is_conflict(client::CLIENT_ID_KEY));
    let stored = client::find(store.pool(), "app").await.unwrap().unwrap();
    assert_eq!(stored.metadata, app.metadata);
    assert_eq!(
        (&stored.secrets, &stored.roles, &stored.origin),
        (&app.secrets, &app.roles, &app.origin)
    );
    assert_eq!(
        client::list_by_origin(store.pool(), "apply:demo").await.unwrap().len(),
        1
    );

    app.status = ClientStatus::Disabled;
    assert_eq!(client::update(store.pool(), &app).await.unwrap(), 2);
    assert!(matches!(client::update(store.pool(), &app).await, Err(Error::Stale)));
    assert_eq!(client::touch(store.pool(), "app", NOW).await.unwrap(), 3);
    let stored = client::find(store.pool(), "app").await.unwrap().unwrap();
    assert_eq!((stored.status, stored.version), (ClientStatus::Disabled, 3));
    assert!(client::delete(store.pool(), "app").await.unwrap());
    assert!(!client::delete(store.pool(), "app").await.unwrap());
}

#[tokio::test]
async fn secrets_come_with_their_client_the_newest_first() {
    let (_database, store) = open().await;
    let app = fixture::client("app");
    client::insert(store.pool(), &app).await.unwrap();
    let first = app.secrets[0].clone();
    let mut second = ClientSecret {
        sealed: Some(vec![1, 2, 3]),
        label: Some("Spring".to_owned()),
        hint: Some("N2Jx".to_owned()),
        expires_at: Some(NOW + Duration::days(90)),
        ..ClientSecret::lasting(
            ClientSecretId::new(NOW, &SystemRng),
            new_hash(),
            NOW + Duration::seconds(1),
        )
    };
    client_secret::insert(store.pool(), "app", &second).await.unwrap();
    let read = async || client::find(store.pool(), "app").await.unwrap().unwrap().secrets;
    assert_eq!(read().await, [second.clone(), first.clone()]);

    (second.label, second.sealed) = (None, None);
    second.expires_at = Some(NOW + Duration::days(1));
    client_secret::update(store.pool(), &second).await.unwrap();
    assert_eq!(read().await[0], second);
    let hour = Duration::hours(1);
    for (minutes, written) in [(0, 0), (59, 0), (61, 61)] {
        let now = NOW + Duration::minutes(minutes);
        client_secret::note_use(store.pool(), second.id, now, now - hour)
            .await
            .unwrap();
        assert_eq!(read().await[0].last_used_at, Some(NOW + Duration::minutes(written)));
    }
    let ends = |days| sweep::Ends {
        now: NOW + Duration::days(days),
        trail: NOW,
    };
    let mut connection = store.acquire().await.unwrap();
    for (days, left) in [(30, 2), (31, 1)] {
        sweep::sweep(&mut connection, ends(days), 10).await.unwrap();
        assert_eq!(read().await.len(), left, "after {days} days");
    }
    client_secret::delete(store.pool(), first.id).await.unwrap();
    assert!(read().await.is_empty());
}

#[tokio::test]
async fn clients_come_by_page_each_once() {
    let (_database, store) = open().await;
    for name in ["a", "b", "c", "d", "e"] {
        client::insert(store.pool(), &fixture::client(name)).await.unwrap();
    }
    assert_eq!(client::count(store.pool()).await.unwrap(), 5);
    let mut seen = Vec::new();
    let mut request = PageRequest { limit: 2, after: None };
    loop {
        let page = client::list(store.pool(), &request).await.unwrap();
        seen.extend(page.items.into_iter().map(|app| app.client_id));
        if page.next.is_none() {
            break;
        }
        request.after = page.next;
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
}

#[tokio::test]
async fn a_resource_reads_back_as_written() {
    let (_database, store) = open().await;
    let mut api = Resource {
        id: ResourceId::new(NOW, &SystemRng),
        identifier: "https://api.example".to_owned(),
        name: Some("Orders".to_owned()),
        scopes: vec![ResourceScope {
            name: "orders:read".to_owned(),
            description: Some("See your orders".to_owned()),
        }],
        own_clients: vec!["orders".to_owned()],
        authorization_details_types: Vec::new(),
        access_token_format: TokenFormat::Opaque,
        access_token_signing_alg: None,
        access_token_lifetime_seconds: Some(60),
        origin: None,
        created_at: NOW,
        updated_at: NOW,
    };
    resource::insert(store.pool(), &api).await.unwrap();
    assert_eq!(
        resource::find(store.pool(), &api.identifier).await.unwrap(),
        Some(api.clone())
    );
    let twin = Resource {
        id: ResourceId::new(NOW, &SystemRng),
        ..api.clone()
    };
    let again = resource::insert(store.pool(), &twin).await.unwrap_err();
    assert!(again.is_conflict(resource::IDENTIFIER_KEY));
    api.access_token_format = TokenFormat::Jwt;
    api.own_clients = vec!["orders".to_owned(), "refunds".to_owned()];
    api.access_token_signing_alg = Some("EdDSA".to_owned());
    resource::update(store.pool(), &api).await.unwrap();
    assert_eq!(resource::list(store.pool()).await.unwrap(), [api.clone()]);
    assert!(resource::delete(store.pool(), api.id).await.unwrap());
    assert!(matches!(
        resource::update(store.pool(), &api).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn a_claim_rule_reads_back_as_written() {
    let (_database, store) = open().await;
    let mut rule = ClaimRule {
        id: ClaimRuleId::new(NOW, &SystemRng),
        name: "https://example.com/plan".to_owned(),
        expression: "user.custom_data.plan".to_owned(),
        titles: serde_json::from_value(json!({"title": "Plan", "title#de": "Tarif"})).unwrap(),
        placement: vec![Placement::IdToken, Placement::Userinfo],
        scopes: vec!["profile".to_owned()],
        clients: Vec::new(),
        resources: Vec::new(),
        origin: None,
        created_at: NOW,
        updated_at: NOW,
    };
    claim_rule::insert(store.pool(), &rule).await.unwrap();
    assert_eq!(claim_rule::list(store.pool()).await.unwrap(), [rule.clone()]);
    rule.placement = vec![Placement::AccessToken];
    rule.titles = signet::model::Localized::default();
    claim_rule::update(store.pool(), &rule).await.unwrap();
    assert_eq!(claim_rule::list(store.pool()).await.unwrap(), [rule.clone()]);
    assert!(claim_rule::delete(store.pool(), rule.id).await.unwrap());
    assert!(claim_rule::list(store.pool()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_last_word_of_each_source_counts_and_history_stays() {
    let (_database, store) = open().await;
    let alice = user("alice");
    insert_user(&store, &alice).await;
    let say = |source: &FactSource, value: Option<&str>, minute: i64| Fact {
        id: FactId::new(NOW + Duration::minutes(minute), &SystemRng),
        user_id: alice.id,
        attribute: "profile.name".to_owned(),
        value: value.map(|text| json!(text)),
        source: source.clone(),
        verified: minute == 1,
        actor: Some("command".to_owned()),
        asserted_at: NOW + Duration::minutes(minute),
    };
    let connector = FactSource::Connector("google".to_owned());
    let facts = [
        say(&FactSource::User, Some("Al"), 0),
        say(&connector, Some("Alice G."), 1),
        say(&FactSource::Connector("github".to_owned()), Some("al"), 2),
        say(&FactSource::User, Some("Alice"), 3),
        say(&connector, None, 4),
    ];
    fact::insert(store.pool(), &facts).await.unwrap();
    fact::insert(store.pool(), &[]).await.unwrap();
    let mut current = fact::list_current(store.pool(), alice.id).await.unwrap();
    current.sort_by_key(|one| one.asserted_at);
    assert_eq!(current, facts[2..]);
    let mut request = PageRequest { limit: 2, after: None };
    let first = fact::list(store.pool(), alice.id, &request).await.unwrap();
    assert_eq!(first.items, [facts[4].clone(), facts[3].clone()]);
    request.after = first.next;
    let second = fact::list(store.pool(), alice.id, &request).await.unwrap();
    assert_eq!(second.items, [facts[2].clone(), facts[1].clone()]);
}

#[tokio::test]
async fn the_trail_is_filtered_by_user_and_kind_the_newest_first() {
    let (_database, store) = open().await;
    let (alice, bob) = (UserId::new(NOW, &SystemRng), UserId::new(NOW, &SystemRng));
    let mut events = Vec::new();
    for (minute, user_id, kind) in [
        (0, alice, AuditKind::SignedIn),
        (1, bob, AuditKind::SignedIn),
        (2, alice, AuditKind::SignedOut),
        (2, alice, AuditKind::SignedIn),
    ] {
        let at = NOW + Duration::minutes(minute);
        let event = AuditEvent {
            id: AuditEventId::new(at, &SystemRng),
            at,
            kind: kind.as_str().to_owned(),
            actor: Actor::User(user_id).to_string(),
            user_id: Some(user_id),
            client_id: None,
            session_id: None,
            origin: Origin {
                address: Some("192.0.2.1".to_owned()),
                user_agent: None,
            },
            data: Map::new(),
        };
        audit_event::insert(store.pool(), &event).await.unwrap();
        events.push(event);
    }
    let signed_in = Some(AuditKind::SignedIn.as_str().to_owned());
    let cases = [
        (None, None, vec![0, 1, 2, 3]),
        (Some(alice), None, vec![0, 2, 3]),
        (None, signed_in.clone(), vec![0, 1, 3]),
        (Some(alice), signed_in, vec![0, 3]),
    ];
    for (user_id, kind, expected) in cases {
        let mut expected: Vec<AuditEvent> = expected.into_iter().map(|index: usize| events[index].clone()).collect();
        expected.sort_by_key(|event| std::cmp::Reverse((event.at, event.id)));
        let filter = AuditFilter { user_id, kind };
        for limit in [1, 2, 50] {
            let mut request = PageRequest { limit, after: None };
            let mut seen = Vec::new();
            loop {
                let page = audit_event::list(store.pool(), &filter, &request).await.unwrap();
                seen.extend(page.items);
                if page.next.is_none() {
                    break;
                }
                request.after = page.next;
            }
            assert_eq!(seen, expected, "{filter:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
async fn a_setting_is_what_was_written_last() {
    let (_database, store) = open().await;
    assert_eq!(setting::find(store.pool(), "a").await.unwrap(), None);
    for value in [json!({"b": 1}), json!(2)] {
        setting::update(store.pool(), "a", &value, NOW).await.unwrap();
        assert_eq!(setting::find(store.pool(), "a").await.unwrap(), Some(value));
    }
}
