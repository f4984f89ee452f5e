//! Resource files on a real database.

use std::path::PathBuf;

use serde_json::json;
use signet::{
    base::{Secret, TokenHash, page::PageRequest},
    flow::{
        admin,
        password::Verdict,
        resource_file::{self, Error, Options, Plan, Source, apply},
    },
    model::{Client, User, UserStatus},
    store,
};

use crate::support::core::TestCore;

fn source(text: &str) -> Source {
    Source {
        name: "test.toml".into(),
        text: text.into(),
        folder: PathBuf::new(),
    }
}

fn demo() -> Source {
    source(include_str!("../../config/demo.toml"))
}

async fn apply_text(test: &TestCore, text: &str) -> Result<Plan, Error> {
    apply(&test.core, &[source(text)], &Options::default()).await
}

async fn user(test: &TestCore, username: &str) -> User {
    let found = store::user::find_by_username(test.core.store.pool(), username)
        .await
        .unwrap();
    found.unwrap()
}

async fn client(test: &TestCore, client_id: &str) -> Client {
    admin::client::find(&test.core, client_id).await.unwrap()
}

async fn has_password(test: &TestCore, username: &str, password: &str) -> bool {
    let id = user(test, username).await.id;
    let kept = store::user::find_password(test.core.store.pool(), id)
        .await
        .unwrap()
        .unwrap();
    let verdict = test
        .core
        .passwords
        .verify(kept.hash.expose(), &Secret::new(password.into()))
        .await;
    matches!(verdict, Ok(Verdict::Match { .. }))
}

async fn events(test: &TestCore) -> usize {
    let page = PageRequest {
        limit: 200,
        after: None,
    };
    admin::audit::list(&test.core, None, None, &page)
        .await
        .unwrap()
        .items
        .len()
}

#[tokio::test]
async fn the_demo_is_made_once_and_a_second_apply_changes_nothing() {
    let test = TestCore::new().await;
    let first = apply(&test.core, &[demo()], &Options::default()).await.unwrap();
    assert_eq!(first.unchanged, 0);
    insta::assert_snapshot!(first, @r"
    + create role support
    + create resource http://localhost:3000/api
    + create claim http://localhost:3000/claims/plan
    + create client demo-web
    + create client demo-machine
    + create user alice
    + create user bob
    = 0 unchanged
    ");
    let alice = user(&test, "alice").await;
    assert_eq!(alice.profile["email_verified"], true);
    assert_eq!(alice.profile["address"]["locality"], "Lyon");
    assert_eq!(alice.custom_data["plan"], "gold");
    assert_eq!(user(&test, "bob").await.roles, ["support"]);
    assert!(has_password(&test, "alice", "correct horse battery staple").await);

    let written = events(&test).await;
    test.clock.advance(time::Duration::hours(1));
    let second = apply(&test.core, &[demo()], &Options::default()).await.unwrap();
    assert!(second.is_empty(), "{second}");
    assert_eq!(second.unchanged, 7);
    assert_eq!(user(&test, "alice").await, alice);
    assert_eq!(events(&test).await, written);
}

#[tokio::test]
async fn a_change_names_its_fields_and_leaves_the_rest_alone() {
    let test = TestCore::new().await;
    apply(&test.core, &[demo()], &Options::default()).await.unwrap();
    let text = r#"
        [[clients]]
        client_id = "demo-web"
        client_secret = "another secret for the demo"
        client_name = "Demo"
        redirect_uris = ["http://localhost:3000/callback", "http://localhost:4000/callback"]

        [[users]]
        username = "ALICE"
        password = "a new pass phrase"
        [users.profile]
        nickname = "Al"
        email = "alice@new.example.com"

        [[resources]]
        identifier = "http://localhost:3000/api"
        scopes = ["orders:read"]
    "#;
    let plan = apply_text(&test, text).await.unwrap().to_string();
    insta::assert_snapshot!(plan, @r"
    ~ change resource http://localhost:3000/api: name, scopes
    ~ change client demo-web: client_name, client_secret, client_uri, grant_types, post_logout_redirect_uris, redirect_uris
    ~ change user ALICE: profile.email, profile.email_verified, profile.nickname, username, password
    = 0 unchanged
    ");
    let alice = user(&test, "alice").await;
    assert_eq!(alice.profile["email_verified"], false, "a new address is not verified");
    assert_eq!(alice.profile["given_name"], "Alice", "what no file names stays");
    assert!(has_password(&test, "alice", "a new pass phrase").await);
    let hash = TokenHash::of("another secret for the demo");
    assert_eq!(client(&test, "demo-web").await.secrets[0].hash, hash);
    assert!(apply_text(&test, text).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dry_run_shows_the_same_plan_and_writes_nothing() {
    let test = TestCore::new().await;
    let dry = Options {
        dry_run: true,
        ..Options::default()
    };
    let planned = apply(&test.core, &[demo()], &dry).await.unwrap();
    assert_eq!(store::client::count(test.core.store.pool()).await.unwrap(), 0);
    assert_eq!(events(&test).await, 0);
    assert_eq!(
        planned,
        apply(&test.core, &[demo()], &Options::default()).await.unwrap()
    );
}

#[tokio::test]
async fn pruning_removes_what_apply_made_and_nothing_else() {
    let test = TestCore::new().await;
    apply(&test.core, &[demo()], &Options::default()).await.unwrap();
    let by_hand = admin::user::Edit {
        username: Some(Some("by-hand".into())),
        ..admin::user::Edit::default()
    };
    admin::user::create(&test.core, &admin::By::command(), &by_hand, None)
        .await
        .unwrap();
    let prune = Options {
        prune: true,
        ..Options::default()
    };
    let kept = "[[users]]\nusername = \"bob\"\nroles = []\n";
    let plan = apply(&test.core, &[source(kept)], &prune).await.unwrap();
    insta::assert_snapshot!(plan, @r"
    ~ change user bob: roles
    - remove user alice
    - remove client demo-machine
    - remove client demo-web
    - remove claim http://localhost:3000/claims/plan
    - remove resource http://localhost:3000/api
    - remove role support
    = 0 unchanged
    ");
    user(&test, "by-hand").await;
    assert!(apply(&test.core, &[source(kept)], &prune).await.unwrap().is_empty());
}

#[tokio::test]
async fn another_origin_is_not_pruned() {
    let test = TestCore::new().await;
    let first_start = Options {
        origin: "apply:demo".into(),
        ..Options::default()
    };
    apply(&test.core, &[demo()], &first_start).await.unwrap();
    let prune = Options {
        prune: true,
        ..Options::default()
    };
    assert!(apply(&test.core, &[source("")], &prune).await.unwrap().is_empty());
    client(&test, "demo-web").await;
}

#[tokio::test]
async fn the_last_administrator_is_neither_pruned_nor_demoted() {
    let test = TestCore::new().await;
    apply_text(&test, "[[users]]\nusername = \"root\"\nroles = [\"admin\"]\n")
        .await
        .unwrap();
    let prune = Options {
        prune: true,
        ..Options::default()
    };
    let plan = apply(&test.core, &[source("")], &prune).await.unwrap();
    assert!(plan.is_empty());
    assert!(
        plan.to_string()
            .contains("! keep user root: it is the last administrator")
    );
    for text in [
        "[[users]]\nusername = \"root\"\nroles = []\n",
        "[[users]]\nusername = \"root\"\nstatus = \"suspended\"\n",
    ] {
        let refused = apply_text(&test, text).await.unwrap_err();
        assert!(
            matches!(refused, Error::Flow(admin::Error::LastAdministrator)),
            "{refused}"
        );
    }
    assert!(user(&test, "root").await.is_admin());
}

#[tokio::test]
async fn one_wrong_entry_undoes_the_whole_file_and_names_its_line() {
    let test = TestCore::new().await;
    for (text, message) in [
        (
            "[[users]]\nusername = \"a\"\n[[users]]\nusername = \"b\"\n[users.profile]\nemail = \"nonsense\"\n",
            "test.toml:6: email: is not well formed",
        ),
        (
            "[[users]]\nusername = \"a\"\n[[users]]\nusername = \"b\"\nroles = [\"nobody\"]\n",
            "test.toml:5: roles: there is no role nobody",
        ),
        (
            "[[clients]]\nclient_id = \"a\"\nclient_secret = \"long enough\"\nredirect_uris = [\"http://a.example/\"]\n",
            "test.toml:4: redirect_uris: http://a.example/ must use https; http is allowed only for localhost, 127.0.0.1 \
             and [::1]",
        ),
        (
            "[[clients]]\nclient_id = \"a\"\nredirect_uris = [\"https://a.example/\"]\n",
            "test.toml:2: client_secret is missing: give one, or token_endpoint_auth_method = \"none\" for an app that \
             cannot keep a secret",
        ),
        (
            "[[resources]]\nidentifier = \"https://a.example\"\nscopes = [\"openid\"]\n",
            "test.toml:3: scopes: openid belongs to OpenID Connect",
        ),
        (
            "[[users]]\nusername = \"a\"\npassword_hash = \"$2b$12$abc\"\n",
            "test.toml:3: password_hash: not a password hash in PHC form",
        ),
    ] {
        assert_eq!(apply_text(&test, text).await.unwrap_err().to_string(), message);
    }
    let everyone = admin::user::list(&test.core, None, &PageRequest::default())
        .await
        .unwrap();
    assert!(everyone.items.is_empty());
}

#[tokio::test]
async fn a_hash_is_taken_as_it_is_and_not_again_after_it_was_renewed() {
    let test = TestCore::new().await;
    let hash = "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let text = format!("[[users]]\nusername = \"a\"\npassword_hash = \"{hash}\"\n");
    apply_text(&test, &text).await.unwrap();
    let pool = test.core.store.pool();
    let id = user(&test, "a").await.id;
    let stored = store::user::find_password(pool, id).await.unwrap().unwrap();
    assert_eq!(stored.hash.expose(), hash);
    let renewed = Secret::new(test.core.passwords.hash(&Secret::new("x".into())).await.unwrap());
    assert!(
        store::user::rehash_password(pool, id, &stored.hash, &renewed)
            .await
            .unwrap()
    );
    assert!(apply_text(&test, &text).await.unwrap().is_empty());
    let other = text.replace("m=4096,t=3", "m=4096,t=2");
    assert_eq!(
        apply_text(&test, &other).await.unwrap().to_string(),
        "~ change user a: password\n= 0 unchanged"
    );
}

#[tokio::test]
async fn people_without_a_username_are_known_by_their_address() {
    let test = TestCore::new().await;
    let text = "[[users]]\nstatus = \"suspended\"\n[users.profile]\nemail = \"Carol@example.com\"\n";
    assert_eq!(
        apply_text(&test, text).await.unwrap().to_string(),
        "+ create user Carol@example.com\n= 0 unchanged"
    );
    assert!(apply_text(&test, text).await.unwrap().is_empty());
    let everyone = admin::user::list(&test.core, None, &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(everyone.items.len(), 1);
    assert_eq!(everyone.items[0].status, UserStatus::Suspended);
}

#[tokio::test]
async fn several_rules_of_one_name_stay_apart() {
    let test = TestCore::new().await;
    let rule = |value: &str, client: &str| {
        format!("[[claims]]\nname = \"tier\"\nvalue = \"{value}\"\nin = [\"userinfo\"]\nclients = [\"{client}\"]\n")
    };
    let both = rule("1", "a") + &rule("2", "b");
    apply_text(&test, &both).await.unwrap();
    assert!(apply_text(&test, &both).await.unwrap().is_empty());
    let changed = rule("1", "a") + &rule("3", "b");
    let plan = apply_text(&test, &changed).await.unwrap();
    assert_eq!(plan.to_string(), "~ change claim tier: value\n= 1 unchanged");
    let rules = store::claim_rule::list(test.core.store.pool()).await.unwrap();
    let expressions: Vec<_> = rules
        .iter()
        .map(|rule| (&*rule.expression, &*rule.clients[0]))
        .collect();
    assert_eq!(json!(expressions), json!([["1", "a"], ["3", "b"]]));
    assert_eq!(resource_file::ORIGIN, "apply");
}

#[tokio::test]
async fn names_in_other_languages_are_kept_and_apply_again_without_a_change() {
    let test = TestCore::new().await;
    let text = |german: &str| {
        format!(
            r#"
            [[clients]]
            client_id = "ledger"
            client_secret = "a secret for the ledger"
            redirect_uris = ["https://ledger.example/cb"]
            subject_type = "public"
            client_name = "Ledger"
            "client_name#de" = "{german}"
            "#
        )
    };
    apply_text(&test, &text("Hafenbuch")).await.unwrap();
    let ledger = client(&test, "ledger").await;
    assert_eq!(ledger.display_name(), "Ledger");
    assert_eq!(ledger.display_name_in("de"), "Hafenbuch");
    assert!(apply_text(&test, &text("Hafenbuch")).await.unwrap().is_empty());
    let changed = apply_text(&test, &text("Kaibuch")).await.unwrap();
    insta::assert_snapshot!(changed, @r"
    ~ change client ledger: client_name#de
    = 0 unchanged
    ");
}

#[tokio::test]
async fn trusted_issuers_are_made_kept_changed_and_pruned() {
    let test = TestCore::new().await;
    let text = |clients: &str| {
        format!(
            "[[trusted_issuers]]\nissuer = \"https://partner.example\"\njwks_uri = \"https://partner.example/jwks\"\n\
             clients = [{clients}]\nscopes = [\"orders:read\"]"
        )
    };
    let made = apply_text(&test, &text("\"bridge\"")).await.unwrap();
    assert_eq!(
        made.to_string(),
        "+ create trusted issuer https://partner.example\n= 0 unchanged"
    );
    assert!(apply_text(&test, &text("\"bridge\"")).await.unwrap().is_empty());
    let changed = apply_text(&test, &text("\"bridge\", \"other\"")).await.unwrap();
    assert_eq!(
        changed.to_string(),
        "~ change trusted issuer https://partner.example: clients\n= 0 unchanged"
    );
    for (wrong, why) in [
        (text(""), "clients: must say who may bring its assertions"),
        (
            text("\"bridge\"").replace("https://partner.example/jwks", "nowhere"),
            "jwks_uri: must be an https address",
        ),
        (
            text("\"bridge\"").replace("https://partner.example/jwks", "http://partner.example/jwks"),
            "jwks_uri: must be an https address",
        ),
        (text("\"bridge\"").replace("scopes", "scope"), "scope"),
    ] {
        let error = apply_text(&test, &wrong).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let prune = Options {
        prune: true,
        ..Options::default()
    };
    let plan = apply(&test.core, &[source("")], &prune).await.unwrap();
    assert_eq!(
        plan.to_string(),
        "- remove trusted issuer https://partner.example\n= 0 unchanged"
    );
}
