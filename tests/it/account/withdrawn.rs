//! A proof that is on its way while what it rests on is withdrawn: it comes too late, however little.

use signet::{base::Secret, store::Tx};

use super::*;

/// Sends a form while `withdraw` is written and not yet committed; commits as soon as the form's request waits for it.
async fn too_late(
    world: &World,
    browser: &mut Browser,
    page: &Page,
    form: &str,
    fields: &[(&str, &str)],
    tx: Tx,
) -> Page {
    let pool = world.core.store.pool();
    let commit = async {
        let waits = "select exists (select from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query not like '%pg_stat_activity%')";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(pool).await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        tx.commit().await.unwrap();
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), async {
        tokio::join!(browser.submit(page, form, fields), commit).0
    })
    .await
    .expect("the request rests on something that nobody can withdraw")
}

/// Somebody resets the password: another one, and every session ends.
async fn reset(world: &World, id: UserId) -> Tx {
    let mut tx = world.core.store.begin().await.unwrap();
    let other = Secret::new("$another".to_owned());
    let now = world.clock.now();
    store::user::update_password(&mut *tx, id, &other, now, None)
        .await
        .unwrap();
    store::session::end_all_for_user(&mut *tx, id, None, now).await.unwrap();
    tx
}

async fn live_sessions(world: &World, id: UserId) -> usize {
    let (now, idle) = (world.clock.now(), Duration::days(1));
    let live = store::session::list_live(world.core.store.pool(), id, now, idle).await;
    live.unwrap().len()
}

async fn hash(world: &World, id: UserId) -> String {
    let stored = store::user::find_password(world.core.store.pool(), id).await.unwrap();
    stored.unwrap().hash.expose().clone()
}

#[tokio::test]
async fn a_sign_in_with_a_password_that_is_replaced_while_it_is_compared_fails() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let tx = reset(&world, id).await;
    let answer = too_late(&world, &mut browser, &page, "sign-in", &fields, tx).await;
    assert_eq!(answer.status, 422);
    assert_eq!(live_sessions(&world, id).await, 0);
}

#[tokio::test]
async fn a_sign_in_in_a_browser_that_is_signed_in_fails_then_too() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/login?switch=1")).await;
    let tx = reset(&world, id).await;
    let answer = too_late(&world, &mut browser, &page, "sign-in", &fields, tx).await;
    assert_eq!(answer.status, 422);
    assert_eq!(live_sessions(&world, id).await, 0);
}

#[tokio::test]
async fn somebody_who_is_suspended_while_the_password_is_compared_is_not_let_in() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/login")).await;
    let mut tx = world.core.store.begin().await.unwrap();
    sqlx::query("update users set status = 'suspended' where id = $1")
        .bind(id.0)
        .execute(&mut *tx)
        .await
        .unwrap();
    let answer = too_late(&world, &mut browser, &page, "sign-in", &fields, tx).await;
    assert_eq!(answer.status, 422);
    assert_eq!(live_sessions(&world, id).await, 0);
}

#[tokio::test]
async fn a_change_of_the_password_does_not_overwrite_a_reset() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/account/password")).await;
    let fields = [("current_password", PASSWORD), ("password", NEW_PASSWORD)];
    let tx = reset(&world, id).await;
    let answer = too_late(&world, &mut browser, &page, "password", &fields, tx).await;
    assert_eq!(answer.status, 422);
    assert_eq!(hash(&world, id).await, "$another");
    assert_eq!(live_sessions(&world, id).await, 0);
}

#[tokio::test]
async fn a_session_that_was_ended_changes_no_password_and_proves_nothing() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    for (path, form, fields) in [
        (
            "/account/password",
            "password",
            vec![("current_password", PASSWORD), ("password", NEW_PASSWORD)],
        ),
        ("/account/confirm", "confirm", vec![("password", PASSWORD)]),
    ] {
        let (mut browser, _) = signed_in(&world, "ada").await;
        let before = hash(&world, id).await;
        let page = browser.open(&world.at(path)).await;
        let mut tx = world.core.store.begin().await.unwrap();
        let now = world.clock.now();
        store::session::end_all_for_user(&mut *tx, id, None, now).await.unwrap();
        let answer = too_late(&world, &mut browser, &page, form, &fields, tx).await;
        answer.at(200, "/login");
        assert_eq!(hash(&world, id).await, before, "{path}");
        assert_eq!(live_sessions(&world, id).await, 0, "{path}");
    }
}

#[tokio::test]
async fn a_one_time_password_that_is_replaced_by_another_one_cannot_be_exchanged() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    sqlx::query("update users set password_expired_at = $2 where id = $1")
        .bind(id.0)
        .bind(world.clock.now())
        .execute(world.core.store.pool())
        .await
        .unwrap();
    let page = browser.open(&world.at("/account")).await.at(200, "/login/new-password");
    let tx = reset(&world, id).await;
    let fields = [("password", NEW_PASSWORD)];
    let answer = too_late(&world, &mut browser, &page, "new-password", &fields, tx).await;
    answer.at(200, "/login");
    assert_eq!(hash(&world, id).await, "$another");
    assert_eq!(live_sessions(&world, id).await, 0);
}

#[tokio::test]
async fn a_mailed_link_that_a_reset_has_just_killed_sets_no_password() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let mut browser = Browser::new();
    let page = browser.open(&world.at("/recover")).await;
    browser.submit(&page, "recover", &[("identifier", "ada")]).await;
    let link = world.mailbox.mail("ada@example.com", 1).await.link("/recover/reset");
    let page = browser.open(&link).await.at(200, "/recover/reset");
    let mut tx = reset(&world, id).await;
    let purpose = signet::model::EmailLinkPurpose::ResetPassword;
    store::email_link::delete_unused(&mut *tx, id, purpose).await.unwrap();
    let fields = [("password", NEW_PASSWORD)];
    let answer = too_late(&world, &mut browser, &page, "reset", &fields, tx).await;
    assert_eq!(answer.status, 400);
    assert_eq!(hash(&world, id).await, "$another");
    assert_eq!(live_sessions(&world, id).await, 0);
}
