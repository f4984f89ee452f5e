//! What administrators do, on a real database.

use serde_json::{Value, json};
use signet::{
    base::{
        Secret, TokenHash,
        id::{SessionId, UserId},
        page::PageRequest,
    },
    domain::{client_secret::Ending, profile::Patch},
    flow::{
        admin::{
            self, By, Error, Fault, client,
            client_secret::{self, Another, Crowd, Refused},
            user::{self, Edit, NewPassword},
        },
        password::Verdict,
    },
    model::{AuditEvent, Client, ClientMetadata, ClientStatus, MOST_SECRETS, Session, User, UserStatus},
    spec::oauth::{ClientAuthMethod, GrantType},
    store,
};

use time::Duration;

use crate::support::core::{START, TestCore};

fn by() -> By {
    By::command()
}

fn named(username: &str) -> Edit {
    Edit {
        username: Some(Some(username.into())),
        ..Edit::default()
    }
}

fn with_roles(mut edit: Edit, roles: &[&str]) -> Edit {
    edit.roles = Some(roles.iter().map(|&role| role.to_owned()).collect());
    edit
}

fn profile(value: Value) -> Edit {
    Edit {
        patch: Patch {
            profile: value.as_object().unwrap().clone(),
            ..Patch::default()
        },
        ..Edit::default()
    }
}

async fn add(test: &TestCore, edit: Edit) -> User {
    user::create(&test.core, &by(), &edit, None).await.unwrap().user
}

async fn sign_in(test: &TestCore, user: &User, number: u8) -> SessionId {
    let session = Session {
        id: SessionId(uuid::Uuid::from_bytes([number; 16])),
        user_id: user.id,
        auth_time: START,
        amr: vec!["pwd".into()],
        acr: None,
        user_agent: None,
        address: None,
        created_at: START,
        last_seen_at: START,
        expires_at: START + time::Duration::days(1),
        ended_at: None,
    };
    let hash = TokenHash::of(&format!("session {number}"));
    store::session::insert(test.core.store.pool(), &session, &hash)
        .await
        .unwrap();
    session.id
}

async fn is_live(test: &TestCore, id: SessionId) -> bool {
    let session = store::session::find_by_id(test.core.store.pool(), id)
        .await
        .unwrap()
        .unwrap();
    session.ended_at.is_none()
}

async fn last_event(test: &TestCore, id: UserId) -> AuditEvent {
    let page = admin::audit::list(&test.core, Some(id), None, &PageRequest::default())
        .await
        .unwrap();
    page.items.into_iter().next().unwrap().event
}

fn fault(error: Error) -> (String, Fault) {
    match error {
        Error::Invalid(mut fields) => {
            let first = fields.remove(0);
            (first.field, first.fault)
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn somebody_new_gets_a_one_time_password_that_is_shown_once() {
    let test = TestCore::new().await;
    let created = user::create(&test.core, &by(), &named("ada"), Some(&NewPassword::OneTime))
        .await
        .unwrap();
    let password = created.one_time_password.unwrap();
    assert_eq!(password.expose().len(), 23);
    assert!(created.user.password_expired_at.is_some());
    let password_kept = store::user::find_password(test.core.store.pool(), created.user.id)
        .await
        .unwrap()
        .unwrap();
    let verdict = test.core.passwords.verify(password_kept.hash.expose(), &password).await;
    assert_eq!(verdict, Ok(Verdict::Match { rehash: false }));
    let event = last_event(&test, created.user.id).await;
    assert_eq!((event.kind.as_str(), event.actor.as_str()), ("user.created", "command"));
    assert!(!format!("{:?}", event.data).contains(password.expose()));
}

#[tokio::test]
async fn an_edit_keeps_facts_resolves_them_and_tells_the_trail_what_changed() {
    let test = TestCore::new().await;
    let ada = add(&test, named("ada")).await;
    let edit = profile(json!({"email": "ada@example.com", "email_verified": true, "name": "Ada"}));
    let after = user::edit(&test.core, &by(), ada.id, ada.version, &edit).await.unwrap();
    assert_eq!(after.profile["email_verified"], true);
    assert_eq!(after.version, ada.version + 1);
    assert_eq!(user::find(&test.core, ada.id).await.unwrap(), after);
    let again = user::edit(&test.core, &by(), ada.id, after.version, &edit)
        .await
        .unwrap();
    assert_eq!(again.version, after.version, "nothing changed, nothing was written");

    test.clock.advance(time::Duration::seconds(1));
    let moved = profile(json!({"email": "ada@new.example", "name": null}));
    let moved = user::edit(&test.core, &by(), ada.id, after.version, &moved)
        .await
        .unwrap();
    assert_eq!(
        json!(moved.profile),
        json!({"email": "ada@new.example", "email_verified": false})
    );
    let event = last_event(&test, ada.id).await;
    assert_eq!(event.kind, "user.updated");
    assert_eq!(
        json!(event.data),
        json!({
            "before": {"profile.email": "ada@example.com", "profile.email_verified": true, "profile.name": "Ada"},
            "after": {"profile.email": "ada@new.example", "profile.email_verified": false},
        })
    );
    let detail = user::detail(&test.core, ada.id).await.unwrap();
    assert!(detail.facts.iter().any(|fact| fact.attribute == "profile.email"));
}

#[tokio::test]
async fn two_who_edit_the_same_page_do_not_overwrite_one_another() {
    let test = TestCore::new().await;
    let ada = add(&test, named("ada")).await;
    user::edit(&test.core, &by(), ada.id, ada.version, &profile(json!({"name": "A"})))
        .await
        .unwrap();
    let late = user::edit(&test.core, &by(), ada.id, ada.version, &profile(json!({"name": "B"}))).await;
    assert!(matches!(late, Err(Error::Stale)));
    assert!(matches!(
        user::delete(&test.core, &by(), ada.id, ada.version).await,
        Err(Error::Stale)
    ));
    assert_eq!(user::find(&test.core, ada.id).await.unwrap().profile["name"], "A");
}

#[tokio::test]
async fn what_is_wrong_or_taken_is_said_beside_its_field() {
    let test = TestCore::new().await;
    let verified = json!({"email": "ada@example.com", "email_verified": true});
    let mut ada = profile(verified.clone());
    ada.username = Some(Some("ada".into()));
    add(&test, ada).await;
    let refused = async |edit: Edit| fault(user::create(&test.core, &by(), &edit, None).await.unwrap_err());
    assert_eq!(refused(named("ADA")).await, ("username".into(), Fault::Taken));
    assert_eq!(
        refused(profile(json!({"email": "Ada@Example.com", "email_verified": true})))
            .await
            .0,
        "email"
    );
    assert_eq!(refused(named("a b")).await, ("username".into(), Fault::Username));
    assert_eq!(
        refused(profile(json!({"name": "Nobody"}))).await,
        ("username".into(), Fault::NoIdentifier)
    );
    assert_eq!(refused(profile(json!({"email": "x"}))).await.0, "email");
    assert_eq!(
        refused(with_roles(named("eve"), &["nobody"])).await,
        ("roles".into(), Fault::UnknownRole("nobody".into()))
    );
    let weak = NewPassword::Chosen(Secret::new("password".into()));
    let weak = user::create(&test.core, &by(), &named("eve"), Some(&weak))
        .await
        .unwrap_err();
    assert_eq!(fault(weak).0, "password");
}

#[tokio::test]
async fn suspending_ends_sessions_and_a_new_password_does_too() {
    let test = TestCore::new().await;
    let ada = add(&test, named("ada")).await;
    let first = sign_in(&test, &ada, 1).await;
    let suspend = Edit {
        status: Some(UserStatus::Suspended),
        ..Edit::default()
    };
    user::edit(&test.core, &by(), ada.id, ada.version, &suspend)
        .await
        .unwrap();
    assert!(!is_live(&test, first).await);

    let bob = add(&test, named("bob")).await;
    let (second, third) = (sign_in(&test, &bob, 2).await, sign_in(&test, &bob, 3).await);
    user::end_session(&test.core, &by(), bob.id, second).await.unwrap();
    assert!(!is_live(&test, second).await && is_live(&test, third).await);
    let of_somebody_else = user::end_session(&test.core, &by(), ada.id, third).await;
    assert!(matches!(of_somebody_else, Err(Error::NotFound("session"))));
    test.clock.advance(time::Duration::seconds(1));
    let shown = user::set_password(&test.core, &by(), bob.id, &NewPassword::OneTime)
        .await
        .unwrap();
    assert!(shown.is_some());
    assert!(!is_live(&test, third).await);
    assert_eq!(last_event(&test, bob.id).await.data["one_time"], true);
}

#[tokio::test]
async fn nobody_takes_the_last_administrator_away() {
    let test = TestCore::new().await;
    let root = add(&test, with_roles(named("root"), &["admin"])).await;
    let suspend = Edit {
        status: Some(UserStatus::Suspended),
        ..Edit::default()
    };
    let (core, version) = (&test.core, root.version);
    let demote = with_roles(Edit::default(), &[]);
    assert!(matches!(
        user::edit(core, &by(), root.id, version, &demote).await,
        Err(Error::LastAdministrator)
    ));
    assert!(matches!(
        user::edit(core, &by(), root.id, version, &suspend).await,
        Err(Error::LastAdministrator)
    ));
    assert!(matches!(
        user::delete(core, &by(), root.id, version).await,
        Err(Error::LastAdministrator)
    ));
    assert!(user::find(core, root.id).await.unwrap().is_admin());

    let other = add(&test, with_roles(named("other"), &["admin"])).await;
    let (one, two) = (by(), by());
    let both = tokio::join!(
        user::edit(core, &one, root.id, version, &demote),
        user::edit(core, &two, other.id, other.version, &demote),
    );
    assert_eq!(
        [both.0.is_ok(), both.1.is_ok()].into_iter().filter(|ok| *ok).count(),
        1,
        "one of them stays"
    );
}

fn web(name: &str) -> client::Edit {
    client::Edit {
        metadata: ClientMetadata {
            client_name: Some(name.into()),
            redirect_uris: vec!["https://app.example/cb".into()],
            ..ClientMetadata::default()
        },
        roles: vec![],
        status: ClientStatus::Active,
    }
}

async fn stored(test: &TestCore, client_id: &str) -> Client {
    client::find(&test.core, client_id).await.unwrap()
}

#[tokio::test]
async fn a_client_gets_an_identifier_and_a_secret_that_is_shown_once() {
    let test = TestCore::new().await;
    let saved = client::create(&test.core, &by(), None, &web("App")).await.unwrap();
    let secret = saved.secret.unwrap();
    let found = stored(&test, &saved.client.client_id).await;
    assert_eq!(found.client_id.len(), 20);
    assert_eq!(hashes(&found), [TokenHash::of(secret.expose())]);
    assert!(found.secrets[0].sealed.is_none());

    let saved = client_secret::add(&test.core, &by(), &found.client_id, &another(Ending::AtOnce))
        .await
        .unwrap();
    let new = saved.secret.unwrap();
    assert_ne!(new.expose(), secret.expose());
    let stored = stored(&test, &found.client_id).await;
    assert_eq!(hashes(&stored), [TokenHash::of(new.expose())]);
    assert_eq!((stored.version, saved.client.version), (2, 2));
}

fn hashes(client: &Client) -> Vec<TokenHash> {
    client.secrets.iter().map(|secret| secret.hash).collect()
}

fn another(others: Ending) -> Another {
    Another {
        label: Some(" Spring ".to_owned()),
        lifetime: Some(Duration::days(90)),
        others,
        crowd: Crowd::Refused,
    }
}

#[tokio::test]
async fn an_app_moves_from_one_secret_to_the_next_and_the_trail_tells() {
    let test = TestCore::new().await;
    client::create(&test.core, &by(), Some("app"), &web("App"))
        .await
        .unwrap();
    test.clock.advance(Duration::seconds(1));
    let add = async |others| {
        test.clock.advance(Duration::seconds(1));
        client_secret::add(&test.core, &by(), "app", &another(others)).await
    };
    let saved = add(Ending::After(Duration::days(7))).await.unwrap();
    let now = test.core.now();
    let [new, old] = saved.client.secrets.as_slice() else {
        panic!("{:?}", saved.client.secrets)
    };
    assert_eq!((new.label.as_deref(), old.label.as_deref()), (Some("Spring"), None));
    let hint: String = saved.secret.unwrap().expose().chars().take(4).collect();
    assert_eq!(new.hint, Some(hint));
    assert_eq!(new.expires_at, Some(now + Duration::days(90)));
    assert_eq!(old.expires_at, Some(now + Duration::days(7)));
    assert_eq!(stored(&test, "app").await.secrets, saved.client.secrets);

    test.clock.advance(Duration::seconds(1));
    let end = async |id, ending| client_secret::end(&test.core, &by(), "app", id, ending).await;
    let left = end(old.id, Ending::AtOnce).await.unwrap();
    assert_eq!(hashes(&left), [new.hash]);
    assert!(matches!(
        end(old.id, Ending::AtOnce).await,
        Err(Error::Secrets(Refused::Unknown))
    ));
    assert!(matches!(
        end(new.id, Ending::AtOnce).await,
        Err(Error::Secrets(Refused::Last))
    ));
    for _ in 1..MOST_SECRETS {
        add(Ending::AsBefore).await.unwrap();
    }
    assert!(matches!(
        add(Ending::AsBefore).await,
        Err(Error::Secrets(Refused::TooMany))
    ));
    let mut long = another(Ending::AtOnce);
    long.label = Some("x".repeat(61));
    let refused = client_secret::add(&test.core, &by(), "app", &long).await.unwrap_err();
    assert_eq!(fault(refused).0, "label");

    let trail = admin::audit::list(&test.core, None, None, &PageRequest::default())
        .await
        .unwrap();
    let lines: Vec<AuditEvent> = trail.items.into_iter().map(|line| line.event).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line.kind.as_str()).take(6).collect();
    let added = "client.secret_added";
    assert_eq!(kinds, [added, added, added, added, "client.secret_ended", added]);
    let told = serde_json::to_string(&lines[5].data).unwrap();
    assert!(told.contains("Spring until 2") && told.contains("… until "), "{told}");
}

#[tokio::test]
async fn a_secret_follows_the_authentication_method() {
    let test = TestCore::new().await;
    let mut edit = web("App");
    edit.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    let saved = client::create(&test.core, &by(), Some("app"), &edit).await.unwrap();
    assert!(saved.secret.is_none());
    assert!(matches!(
        client_secret::add(&test.core, &by(), "app", &another(Ending::AtOnce)).await,
        Err(Error::NoSecret)
    ));

    edit.metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
    let saved = client::edit(&test.core, &by(), "app", saved.client.version, &edit)
        .await
        .unwrap();
    let secret = saved.secret.unwrap();
    let found = stored(&test, "app").await;
    assert_eq!(found.version, saved.client.version);
    let opened = test
        .core
        .sealer
        .open("client_secret", "app", found.secrets[0].sealed.as_deref().unwrap())
        .unwrap();
    assert_eq!(opened.expose(), secret.expose().as_bytes());

    edit.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    client::edit(&test.core, &by(), "app", found.version, &edit)
        .await
        .unwrap();
    let found = stored(&test, "app").await;
    assert!(found.secrets.is_empty());
}

#[tokio::test]
async fn wrong_clients_are_refused_and_stale_pages_too() {
    let test = TestCore::new().await;
    let mut wrong = web("App");
    wrong.metadata.redirect_uris = vec!["http://app.example/cb".into()];
    let refused = client::create(&test.core, &by(), Some("app"), &wrong)
        .await
        .unwrap_err();
    assert_eq!(fault(refused).0, "redirect_uris");
    let saved = client::create(&test.core, &by(), Some("app"), &web("App"))
        .await
        .unwrap();
    let twice = client::create(&test.core, &by(), Some("app"), &web("App"))
        .await
        .unwrap_err();
    assert_eq!(fault(twice), ("client_id".into(), Fault::Taken));
    client::edit(&test.core, &by(), "app", saved.client.version, &web("Other"))
        .await
        .unwrap();
    let stale = client::edit(&test.core, &by(), "app", saved.client.version, &web("Third")).await;
    assert!(matches!(stale, Err(Error::Stale)));
    assert!(matches!(
        client::delete(&test.core, &by(), "app", 1).await,
        Err(Error::Stale)
    ));
    client::delete(&test.core, &by(), "app", 2).await.unwrap();
    assert!(matches!(
        client::find(&test.core, "app").await,
        Err(Error::NotFound("client"))
    ));
    let trail = admin::audit::list(&test.core, None, Some("client.deleted"), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(trail.items[0].event.client_id.as_deref(), Some("app"));
    assert_eq!(trail.items[0].event.data["before"]["client_name"], "Other");
}

#[tokio::test]
async fn a_machine_may_hold_roles_that_exist() {
    let test = TestCore::new().await;
    let mut machine = web("Machine");
    machine.metadata.redirect_uris.clear();
    machine.metadata.grant_types = vec![GrantType::ClientCredentials];
    machine.roles = vec!["nobody".into()];
    let refused = client::create(&test.core, &by(), Some("m"), &machine)
        .await
        .unwrap_err();
    assert_eq!(fault(refused), ("roles".into(), Fault::UnknownRole("nobody".into())));
    machine.roles = vec!["admin".into()];
    let saved = client::create(&test.core, &by(), Some("m"), &machine).await.unwrap();
    assert_eq!(saved.client.roles, ["admin"]);
}

#[tokio::test]
async fn keys_rotate_by_hand_and_the_trail_tells() {
    let test = TestCore::new().await;
    let done = admin::keys::rotate(&test.core, &by(), Some(signet::spec::jose::SigningAlg::ES256.into()))
        .await
        .unwrap();
    assert!(matches!(done.as_slice(), [admin::keys::Rotation::Begun(_)]), "{done:?}");
    let again = admin::keys::rotate(&test.core, &by(), Some(signet::spec::jose::SigningAlg::ES256.into()))
        .await
        .unwrap();
    assert!(
        matches!(again.as_slice(), [admin::keys::Rotation::AlreadyPending(_)]),
        "{again:?}"
    );
    let trail = admin::audit::list(&test.core, None, Some("key.rotated"), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(trail.items.len(), 1);
    assert_eq!(trail.items[0].event.data["alg"], "ES256");
}
