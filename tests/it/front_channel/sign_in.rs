//! Signing in: sessions, throttling, one-time passwords, and where one goes without an app.

use signet::base::{Secret, TokenHash};
use signet::model::UserStatus;
use signet::store;
use time::Duration;

use super::world::{PASSWORD, World, parameter};
use crate::support::browser::Browser;

#[tokio::test]
async fn each_way_to_name_an_account_works() {
    let world = World::new().await;
    world
        .make_person("ada", |user| {
            user.profile.insert("phone_number".to_owned(), "+33612345678".into());
            user.profile.insert("phone_number_verified".to_owned(), true.into());
        })
        .await;
    for name in ["ada", "ADA", " Ada@Example.com ", "+33 6 12 34 56 78"] {
        let mut browser = Browser::new();
        let page = browser.open(&world.at("/login")).await.at(200, "/login");
        let form = page
            .form("sign-in")
            .filled(&[("identifier", name), ("password", PASSWORD)]);
        let answer = browser.send_once(&page, &form).await;
        assert_eq!(answer.location(), Some(world.at("/account")), "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_get_the_same_answer() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut bodies = Vec::new();
    for name in ["ada", "nobody", "nobody@example.com", "not an identifier"] {
        let mut browser = Browser::new();
        let page = browser.open(&world.at("/login")).await;
        let fields = [("identifier", name), ("password", "wrong password 1")];
        let answer = browser.submit(&page, "sign-in", &fields).await;
        assert_eq!(answer.status, 422);
        assert!(browser.cookie("signet-session").is_none());
        let token = answer.form("sign-in").field("csrf").unwrap().to_owned();
        // Both forms of a refused sign-in show what was typed and nothing of the password.
        assert!(!answer.body.contains("wrong password 1"));
        bodies.push(answer.body.replace(name, "NAME").replace(&token, "TOKEN"));
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn suspension_is_told_only_to_who_knows_the_password() {
    let world = World::new().await;
    world
        .make_person("ada", |user| user.status = UserStatus::Suspended)
        .await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let wrong = [("identifier", "ada"), ("password", "wrong password 1")];
    assert!(
        !browser
            .submit(&page, "sign-in", &wrong)
            .await
            .body
            .contains("suspended")
    );
    let right = world.sign_in(&mut browser, &page, "ada").await;
    assert_eq!(right.status, 422);
    assert!(right.body.contains("suspended"));
    assert!(browser.cookie("signet-session").is_none());
}

#[tokio::test]
async fn guessing_slows_down_even_with_the_right_password_and_passes_by_itself() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let mut statuses = Vec::new();
    for attempt in 0..8 {
        let password = format!("wrong password {attempt}");
        let fields = [("identifier", "ada"), ("password", password.as_str())];
        statuses.push(browser.submit(&page, "sign-in", &fields).await.status);
    }
    assert_eq!((statuses[0], statuses[7]), (422, 429), "{statuses:?}");
    let right = world.sign_in(&mut browser, &page, "ada").await;
    assert_eq!(right.status, 429);
    assert!(right.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    world.clock.advance(Duration::minutes(20));
    let form = page
        .form("sign-in")
        .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
    assert_eq!(browser.send_once(&page, &form).await.status, 303);
}

#[tokio::test]
async fn more_passwords_than_the_server_hashes_are_told_to_come_back() {
    let world = World::impatient().await;
    world.make_person("ada", |_| {}).await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        let mut browser = Browser::new();
        let page = browser.open(&world.at("/login")).await;
        let form = page
            .form("sign-in")
            .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
        browsers.push((browser, page, form));
    }
    let answers = futures_util::future::join_all(
        browsers
            .iter_mut()
            .map(|(browser, page, form)| browser.send_once(page, form)),
    )
    .await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!busy.is_empty() && answers.iter().any(|answer| answer.status == 303));
    for answer in busy {
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    }
    // What was not tried does not count.
    let (browser, page, form) = &mut browsers[0];
    assert_eq!(browser.send_once(page, form).await.status, 303);
}

#[tokio::test]
async fn the_session_cookie_changes_at_every_sign_in_and_the_session_stays() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("ada", &[]).await;
    let pool = world.core.store.pool();
    let first = browser.cookie("signet-session").unwrap().clone();
    assert!(first.attributes.contains("HttpOnly") && first.attributes.contains("SameSite=Lax"));
    let before = store::session::find(pool, &TokenHash::of(&first.value))
        .await
        .unwrap()
        .unwrap();
    world.clock.advance(Duration::seconds(5));
    let page = browser.open(&world.ask(&[("prompt", "login")])).await;
    world.sign_in(&mut browser, &page, "ada").await;
    let second = browser.cookie("signet-session").unwrap().clone();
    assert_ne!(first.value, second.value);
    assert_eq!(
        store::session::find(pool, &TokenHash::of(&first.value)).await.unwrap(),
        None
    );
    let after = store::session::find(pool, &TokenHash::of(&second.value))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(before.id, after.id);
    assert!(after.auth_time > before.auth_time);
}

#[tokio::test]
async fn a_session_that_somebody_planted_is_not_taken_over() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    world.make_person("mallory", |_| {}).await;
    let (mut browser, _) = world.sign_in_to_app("mallory", &[]).await;
    let planted = browser.cookie("signet-session").unwrap().value.clone();
    let page = browser.open(&world.ask(&[("prompt", "login")])).await;
    world.sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let found = store::session::find(world.core.store.pool(), &TokenHash::of(&planted))
        .await
        .unwrap();
    assert!(found.unwrap().ended_at.is_some());
}

#[tokio::test]
async fn a_one_time_password_is_replaced_before_anything_else() {
    let world = World::new().await;
    let at = world.core.now();
    world
        .make_person("ada", |user| user.password_expired_at = Some(at))
        .await;
    let mut browser = Browser::new();
    let page = browser.open(&world.ask(&[])).await;
    let page = world
        .sign_in(&mut browser, &page, "ada")
        .await
        .at(200, "/login/new-password");
    assert!(
        browser
            .get(&world.ask(&[("prompt", "none")]))
            .await
            .location()
            .is_some_and(|location| { parameter(&location, "error").as_deref() == Some("interaction_required") })
    );
    let weak = browser.submit(&page, "new-password", &[("password", "password")]).await;
    assert_eq!(weak.status, 422);
    let page = browser
        .submit(&weak, "new-password", &[("password", "seven grey herons")])
        .await;
    page.at(200, "/consent");
    let mut other = Browser::new();
    let page = other.open(&world.at("/login")).await;
    assert_eq!(world.sign_in(&mut other, &page, "ada").await.status, 422);
}

#[tokio::test]
async fn an_old_hash_is_renewed_at_the_next_sign_in() {
    let world = World::new().await;
    let ada = world.make_person("ada", |_| {}).await;
    let pool = world.core.store.pool();
    let old = "$argon2id$v=19$m=32,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
    let hash = cheap_hash(old);
    store::user::update_password(pool, ada, &Secret::new(hash), world.core.now(), None)
        .await
        .unwrap();
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let form = page
        .form("sign-in")
        .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
    assert_eq!(browser.send_once(&page, &form).await.status, 303);
    let kept = store::user::find_password(pool, ada).await.unwrap().unwrap();
    assert!(kept.hash.expose().contains("m=64,"), "another cost");
}

/// [`PASSWORD`] hashed at half the cost of today.
fn cheap_hash(prefix: &str) -> String {
    use argon2::{Algorithm, Argon2, Params, Version};
    use base64::Engine;
    let argon = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(32, 1, 1, None).unwrap(),
    );
    let mut output = [0_u8; 32];
    argon
        .hash_password_into(PASSWORD.as_bytes(), b"somesaltsomesalt", &mut output)
        .unwrap();
    format!(
        "{prefix}{}",
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(output)
    )
}

#[tokio::test]
async fn without_an_app_one_goes_to_known_pages_only() {
    let world = World::new().await;
    world.make_person("ada", |_| {}).await;
    for (asked, target) in [
        ("/login", "/account"),
        ("/login?return_to=%2Fconsole", "/console"),
        ("/login?return_to=%2F%2Fevil.example", "/account"),
        ("/login?return_to=https%3A%2F%2Fevil.example%2F", "/account"),
        ("/login?request=https%3A%2F%2Fevil.example%2F", "/account"),
    ] {
        let mut browser = Browser::new();
        let page = browser.open(&world.at(asked)).await.at(200, "/login");
        let form = page
            .form("sign-in")
            .filled(&[("identifier", "ada"), ("password", PASSWORD)]);
        assert_eq!(
            browser.send_once(&page, &form).await.location(),
            Some(world.at(target)),
            "{asked}"
        );
        // Whoever is signed in is not asked again.
        assert_eq!(
            browser.get(&world.at(asked)).await.location(),
            Some(world.at(target)),
            "{asked}"
        );
    }
}
