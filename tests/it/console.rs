//! Journeys through the console.

use signet::{
    base::{id::RoleId, page::PageRequest},
    model::{Role, user::ADMIN_ROLE},
    spec::oauth::GrantType,
    store::{self, audit_event::AuditFilter},
};
use time::Duration;

use crate::{
    front_channel::world::{PASSWORD, World},
    support::browser::{Browser, Page},
};

async fn make_role(world: &World, name: &str) {
    let now = signet::base::Clock::now(&*world.clock);
    let role = Role {
        id: RoleId::new(now, &signet::base::SystemRng),
        name: name.into(),
        description: None,
        permissions: vec![],
        origin: None,
        created_at: now,
        updated_at: now,
    };
    store::role::insert_missing(world.core.store.pool(), &role)
        .await
        .unwrap();
}

async fn administrator(world: &World) -> (Browser, Page) {
    let id = world.make_person("root", |_| {}).await;
    make_role(world, ADMIN_ROLE).await;
    let mut tx = world.core.store.begin().await.unwrap();
    store::role::set_for_user(&mut tx, id, &[ADMIN_ROLE.into()])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/console")).await.at(200, "/login");
    let page = world.sign_in(&mut browser, &page, "root").await.at(200, "/console");
    (browser, page)
}

#[tokio::test]
async fn the_console_is_for_administrators() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/console")).await.at(200, "/login");
    world.sign_in(&mut browser, &page, "ada").await.at(403, "/console");
    let page = browser.open(&world.at("/console/users")).await;
    assert_eq!(page.status, 403);
}

#[tokio::test]
async fn somebody_is_added_edited_and_a_stale_page_is_not_written() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    let page = browser.open(&world.at("/console/users/new")).await;
    let fields = [
        ("username", "grace"),
        ("name", "Grace Hopper"),
        ("email", "grace@navy.example"),
    ];
    let made = browser
        .submit(&page, "user-new", &fields)
        .await
        .at(200, "/console/users");
    assert!(made.body.contains("grace"));
    let pool = world.core.store.pool();
    let grace = store::user::find_by_username(pool, "grace").await.unwrap().unwrap();
    assert!(grace.password_expired_at.is_some());

    let path = format!("/console/users/{}", grace.id);
    let shown = browser.open(&world.at(&path)).await.at(200, &path);
    browser
        .submit(&shown, "user", &[("nickname", "Amazing")])
        .await
        .at(200, &path);
    let stale = browser.submit(&shown, "user", &[("nickname", "Late")]).await;
    assert_eq!(stale.status, 409);
    let after = store::user::find(pool, grace.id).await.unwrap().unwrap();
    assert_eq!(after.profile["nickname"], "Amazing");
    assert_eq!(after.profile["name"], "Grace Hopper");
    for path in [
        "/console",
        "/console/users?q=gr",
        "/console/apps",
        "/console/apis",
        "/console/keys",
        "/console/audit",
    ] {
        assert_eq!(browser.open(&world.at(path)).await.status, 200, "{path}");
    }
    for path in [
        "/console/users/x",
        "/console/users?after=x",
        "/console/audit?user=x",
        "/console/apps/none",
    ] {
        assert_eq!(browser.open(&world.at(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_the_database_cannot_hold_is_refused() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    for path in [
        "/console/users?q=%00",
        "/console/users?x=%00",
        "/console/users/%00",
        "/console/audit?kind=a%00",
        "/console/audit?user=%00",
        "/console/apps?after=%00",
        "/console/apps/%00",
        "/console/apps/a%00/delete",
    ] {
        let page = browser.open(&world.at(path)).await;
        assert_eq!(page.status, 400, "{path}");
        assert_eq!(page.texts("h1").len(), 1, "{path}");
    }
    // a cursor with a NUL in its text is none that a list has given
    let cursor = "WzAsIlx1MDAwMCIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd";
    let path = format!("/console/users?q=a&after={cursor}");
    assert_eq!(browser.open(&world.at(&path)).await.status, 404);

    let root = store::user::find_by_username(world.core.store.pool(), "root")
        .await
        .unwrap()
        .unwrap();
    let path = format!("/console/users/{}", root.id);
    let shown = browser.open(&world.at(&path)).await.at(200, &path);
    for data in [r#"{"a":"\u0000"}"#, r#"{"a":[{"b\u0000":1}]}"#, r#"{"a\u0000":1}"#] {
        let refused = browser.submit(&shown, "user", &[("custom_data", data)]).await;
        assert_eq!(refused.status, 422, "{data}");
        assert!(
            refused.has("#custom_data[aria-invalid=true], [name=custom_data][aria-invalid=true]"),
            "{data}"
        );
    }
}

#[tokio::test]
async fn an_app_is_registered_and_its_secret_shown_once() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    let page = browser.open(&world.at("/console/apps/new")).await;
    let wrong = [("client_name", "Ledger"), ("redirect_uris", "http://ledger.example/cb")];
    let refused = browser.submit(&page, "app-new", &wrong).await;
    assert_eq!(refused.status, 422);
    let right = [
        ("client_name", "Ledger"),
        ("redirect_uris", "https://ledger.example/cb"),
    ];
    let made = browser
        .submit(&refused, "app-new", &right)
        .await
        .at(200, "/console/apps");
    assert!(made.body.contains("client_secret"));
    let apps = browser.open(&world.at("/console/apps")).await;
    assert!(apps.body.contains("Ledger"));
}

/// What a page says at its top.
fn notice(page: &Page) -> String {
    page.text("main > .notice[role=status]")
}

#[tokio::test]
async fn after_a_while_the_console_wants_a_fresh_proof_before_anything_is_typed() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    world.clock.advance(Duration::minutes(16));
    for path in [
        "/console",
        "/console/users",
        "/console/apps",
        "/console/apis",
        "/console/audit",
    ] {
        browser.open(&world.at(path)).await.at(200, path);
    }
    for path in [
        "/console/users/new",
        "/console/apps/app",
        "/console/apps/app/delete",
        "/console/keys",
    ] {
        let asked = browser.open(&world.at(path)).await.at(200, "/account/confirm");
        assert_eq!(asked.form("confirm").field("next"), Some(path));
        assert!(!asked.has("main .notice"), "{}", asked.body);
    }
    let asked = browser.open(&world.at("/console/apps/app")).await;
    let wrong = browser.submit(&asked, "confirm", &[("password", "wrong")]).await;
    assert_eq!(wrong.status, 422);
    browser
        .submit(&wrong, "confirm", &[("password", PASSWORD)])
        .await
        .at(200, "/console/apps/app");
    browser
        .open(&world.at("/console/users/new"))
        .await
        .at(200, "/console/users/new");
}

#[tokio::test]
async fn a_form_of_a_stale_proof_changes_nothing_and_says_that_it_is_lost() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    let ada = world.make_person("ada", |_| {}).await;
    world.register_app("machine", |_| {}).await;
    let user = format!("/console/users/{ada}");
    let mut forms = Vec::new();
    for (path, form, lands) in [
        (user.as_str(), "user", user.as_str()),
        (&user, "user-password", &user),
        (&user, "user-status", &user),
        ("/console/users/new", "user-new", "/console/users/new"),
        ("/console/apps/machine", "app", "/console/apps/machine"),
        ("/console/apps/machine", "app-secret", "/console/apps/machine"),
        (
            "/console/apps/machine/delete",
            "app-delete",
            "/console/apps/machine/delete",
        ),
        ("/console/apps/new", "app-new", "/console/apps/new"),
        ("/console/keys", "rotate-ES256", "/console/keys"),
    ] {
        forms.push((browser.open(&world.at(path)).await.at(200, path), form, lands));
    }
    let before = state(&world).await;
    world.clock.advance(Duration::minutes(16));
    for (page, form, _) in &forms {
        let once = browser.send_once(page, &page.form(form)).await;
        assert_eq!(once.status, 303, "{form}");
        let asked = browser.follow(once).await.at(200, "/account/confirm");
        assert!(asked.text("main .notice").contains("Nothing was changed"), "{form}");
    }
    assert_eq!(state(&world).await, before);
    for (page, form, lands) in forms {
        world.clock.advance(Duration::minutes(16));
        let asked = browser.submit(&page, form, &[]).await.at(200, "/account/confirm");
        let back = browser.submit(&asked, "confirm", &[("password", PASSWORD)]).await;
        back.at(200, lands);
    }
    assert_eq!(state(&world).await, before);
}

/// What the forms could change.
async fn state(world: &World) -> (i64, Vec<(String, i64)>, usize) {
    let pool = world.core.store.pool();
    let clients = store::client::list(pool, &PageRequest::default()).await.unwrap().items;
    let keys = signet::flow::keys::list(&world.core.store).await.unwrap();
    let ada = store::user::find_by_username(pool, "ada").await.unwrap().unwrap();
    let clients = clients.into_iter().map(|client| (client.client_id, client.version));
    (ada.version, clients.collect(), keys.len())
}

#[tokio::test]
async fn a_proof_never_leads_out_of_the_console() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    for next in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2Fconsole%2F..%2Flogout",
        "%2Fconsole%2F%2Fx",
    ] {
        let address = format!("/account/confirm?next={next}");
        let asked = browser.open(&world.at(&address)).await.at(200, "/account/confirm");
        browser
            .submit(&asked, "confirm", &[("password", PASSWORD)])
            .await
            .at(200, "/account");
    }
}

#[tokio::test]
async fn a_change_is_acknowledged_once_and_never_in_words_of_the_address() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    let ada = world.make_person("ada", |_| {}).await;
    let path = format!("/console/users/{ada}");
    let page = browser.open(&world.at(&path)).await;
    assert!(!page.has("main > .notice"));
    let page = browser.submit(&page, "user", &[("nickname", "Countess")]).await;
    assert_eq!(notice(&page), "Saved.");
    let page = browser.press(&page, "user-status", "user-status-submit", &[]).await;
    assert!(notice(&page).contains("suspended"));
    let page = browser.press(&page, "user-status", "user-status-submit", &[]).await;
    assert!(notice(&page).contains("sign in again"));
    let german = page.attributes(".languages a", "href");
    assert!(german.iter().all(|href| !href.contains("done=")), "{german:?}");
    let page = browser.open(&world.at(&format!("{path}/delete"))).await;
    let page = browser
        .submit(&page, "user-delete", &[])
        .await
        .at(200, "/console/users");
    assert_eq!(notice(&page), "The user is deleted.");

    let page = browser.open(&world.at("/console/apps/app")).await;
    let page = browser.submit(&page, "app", &[("client_name", "Ledger")]).await;
    assert_eq!(notice(&page), "Saved.");
    let page = browser.open(&world.at("/console/keys")).await;
    let page = browser
        .submit(&page, "rotate-ES256", &[])
        .await
        .at(200, "/console/keys");
    assert!(notice(&page).contains("successor"));
    let page = browser.open(&world.at("/console/users?done=%3Cb%3Ehacked")).await;
    assert!(!page.has("main > .notice") && !page.body.contains("hacked"));
}

#[tokio::test]
async fn a_machine_gets_and_loses_roles_and_the_trail_says_so() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    make_role(&world, "clerk").await;
    world
        .register_app("robot", |metadata| {
            metadata.grant_types = vec![GrantType::ClientCredentials]
        })
        .await;
    let page = browser.open(&world.at("/console/apps/app")).await;
    assert!(!page.has("input[name=roles]"), "people's apps hold no roles");
    let page = browser.open(&world.at("/console/apps/robot")).await;
    assert_eq!(page.attributes("input[name=roles]", "value"), ["admin", "clerk"]);
    let forged = page.form("app").forged("roles", "emperor");
    let refused = browser.send_once(&page, &forged).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("#app-roles-error"), "{}", refused.body);
    let page = browser.submit(&page, "app", &[("roles", "clerk")]).await;
    assert_eq!(notice(&page), "Saved.");
    assert_eq!(page.attributes("input[name=roles][checked]", "value"), ["clerk"]);
    let pool = world.core.store.pool();
    let robot = store::client::find(pool, "robot").await.unwrap().unwrap();
    assert_eq!(robot.roles, ["clerk"]);
    let filter = AuditFilter {
        user_id: None,
        kind: Some("client.updated".to_owned()),
    };
    let trail = store::audit_event::list(pool, &filter, &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(trail.items[0].data["after"]["roles"], serde_json::json!(["clerk"]));

    let mut form = page.form("app");
    form.fields.retain(|(name, _)| name != "roles");
    assert_eq!(browser.send_once(&page, &form).await.status, 303);
    assert!(
        store::client::find(pool, "robot")
            .await
            .unwrap()
            .unwrap()
            .roles
            .is_empty()
    );
}

#[tokio::test]
async fn an_apps_names_in_other_languages_are_shown_to_their_readers_and_survive_the_form() {
    let world = World::new().await;
    world
        .register_app("tongues", |metadata| {
            metadata.tos_uri = Some("https://app.example/terms".to_owned());
            metadata
                .localized
                .insert("client_name#de".to_owned(), "Hafenbuch".to_owned());
            let terms = "https://app.example/agb".to_owned();
            metadata.localized.insert("tos_uri#de-AT".to_owned(), terms);
        })
        .await;
    let (mut browser, _) = administrator(&world).await;
    let page = browser.open(&world.at("/console/apps/tongues")).await;
    let page = browser.submit(&page, "app", &[("client_name", "Quay Ledger")]).await;
    assert_eq!(notice(&page), "Saved.");
    for (language, name, terms) in [("de", "Hafenbuch", "/agb"), ("en", "Quay Ledger", "/terms")] {
        let mut reader = Browser::new();
        reader.speak(language);
        let page = reader
            .open(&world.ask(&[("client_id", "tongues")]))
            .await
            .at(200, "/login");
        assert!(page.body.contains(name), "{}", page.body);
        assert!(
            page.has(&format!("footer a[href='https://app.example{terms}']")),
            "{}",
            page.body
        );
        world.make_person(&format!("ada-{language}"), |_| {}).await;
        let page = world
            .sign_in(&mut reader, &page, &format!("ada-{language}"))
            .await
            .at(200, "/consent");
        assert!(page.text("h1").contains(name), "{}", page.body);
    }
}

/// New apps get `code` alone; an administrator may allow more, and is told what goes with it.
#[tokio::test]
async fn an_administrator_allows_further_response_types_and_sets_a_profile() {
    let world = World::new().await;
    let (mut browser, _) = administrator(&world).await;
    world.register_app("hybrid", |_| {}).await;
    let path = "/console/apps/hybrid";
    let page = browser.open(&world.at(path)).await.at(200, path);
    let mut form = page.form("app").filled(&[]);
    form.fields
        .push(("response_types".to_owned(), "code id_token".to_owned()));
    let refused = browser.send(&page, &form).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("implicit"), "{}", refused.body);
    form.fields.push(("grant_types".to_owned(), "implicit".to_owned()));
    browser.send(&page, &form).await.at(200, path);
    let saved = store::client::find(world.core.store.pool(), "hybrid")
        .await
        .unwrap()
        .unwrap();
    let types: Vec<&str> = saved.metadata.response_types.iter().map(|one| one.as_str()).collect();
    assert_eq!(types, ["code", "code id_token"]);
    // a form that is sent as it was shown changes nothing
    let page = browser.open(&world.at(path)).await.at(200, path);
    browser.submit(&page, "app", &[]).await.at(200, path);
    let again = store::client::find(world.core.store.pool(), "hybrid")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.version, saved.version);
    // OAuth 2.1 knows no tokens from the authorization endpoint
    let page = browser.open(&world.at(path)).await.at(200, path);
    let mut form = page.form("app").filled(&[("security_profile", "oauth2.1")]);
    assert_eq!(browser.send(&page, &form).await.status, 422);
    form.fields
        .retain(|(_, value)| value != "code id_token" && value != "implicit");
    browser.send(&page, &form).await.at(200, path);
    let held = store::client::find(world.core.store.pool(), "hybrid")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        held.metadata.security_profile,
        Some(signet::model::SecurityProfile::OAuth21)
    );
}
