//! Journeys through the console.

use signet::{
    base::id::RoleId,
    model::{Role, user::ADMIN_ROLE},
    store,
};

use crate::{
    front_channel::world::World,
    support::browser::{Browser, Page},
};

async fn administrator(world: &World) -> (Browser, Page) {
    let id = world.make_person("root", |_| {}).await;
    let now = signet::base::Clock::now(&*world.clock);
    let role = Role {
        id: RoleId::new(now, &signet::base::SystemRng),
        name: ADMIN_ROLE.into(),
        description: None,
        permissions: vec![],
        origin: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = world.core.store.begin().await.unwrap();
    store::role::insert_missing(&mut *tx, &role).await.unwrap();
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
