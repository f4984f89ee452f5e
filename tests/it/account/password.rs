//! Changing the password, and proving again who one is.

use super::*;

#[tokio::test]
async fn a_password_is_changed_by_somebody_who_knows_the_present_one() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut elsewhere, _) = signed_in(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let before = browser.cookie("signet-session").unwrap().value.clone();
    let page = browser.open(&world.at("/account/password")).await;
    let change = |current, new| [("current_password", current), ("password", new)];
    let wrong = browser
        .submit(&page, "password", &change("not my password", NEW_PASSWORD))
        .await
        .at(422, "/account/password");
    assert!(wrong.has("#password-current_password-error"));
    let weak = browser
        .submit(&page, "password", &change(PASSWORD, "password"))
        .await
        .at(422, "/account/password");
    assert!(weak.has("#password-password-error"));
    let same = browser
        .submit(&page, "password", &change(PASSWORD, PASSWORD))
        .await
        .at(422, "/account/password");
    assert!(same.has("#password-password-error"));
    let page = browser
        .submit(&page, "password", &change(PASSWORD, NEW_PASSWORD))
        .await
        .at(200, "/account");
    assert_eq!(page.texts("[aria-labelledby=sessions] li").len(), 1);
    assert_ne!(browser.cookie("signet-session").unwrap().value, before);
    assert_eq!(elsewhere.open(&world.at("/account")).await.url.path(), "/login");
    let mail = world.mailbox.mail("ada@example.com", 1).await;
    assert!(mail.subject.contains("password was changed"), "{}", mail.subject);
    let kinds: Vec<_> = trail(&world, id).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds[..2], ["user.password_changed", "sign_in.failed"]);
    let mut fresh = Browser::new();
    let page = fresh.open(&world.at("/login")).await;
    let page = world.sign_in(&mut fresh, &page, "ada").await.at(422, "/login");
    let fields = [("identifier", "ada"), ("password", NEW_PASSWORD)];
    fresh.submit(&page, "sign-in", &fields).await.at(200, "/account");
}

#[tokio::test]
async fn whoever_sits_at_an_unlocked_browser_guesses_no_faster_than_on_the_sign_in_page() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    // Without the proof that this browser knows the account it counts as a stranger's.
    browser.forget("signet-device");
    let page = browser.open(&world.at("/account/confirm")).await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(browser.submit(&page, "confirm", &[("password", "guess")]).await.status);
    }
    assert_eq!(statuses[..5], [422; 5]);
    assert_eq!(*statuses.last().unwrap(), 429);
    let page = browser.open(&world.at("/account/password")).await;
    let fields = [("current_password", PASSWORD), ("password", NEW_PASSWORD)];
    // Even the right one must wait now, on the other page too.
    assert_eq!(browser.submit(&page, "password", &fields).await.status, 429);
}

#[tokio::test]
async fn a_dangerous_change_asks_for_a_proof_that_is_not_older_than_fifteen_minutes() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let open = browser
        .open(&world.at("/account/email"))
        .await
        .at(200, "/account/email");
    world.clock.advance(Duration::minutes(16));
    let asked = browser
        .submit(&open, "email", &[("email", "new@example.com")])
        .await
        .at(200, "/account/confirm");
    let before = browser.cookie("signet-session").unwrap().value.clone();
    let wrong = browser
        .submit(&asked, "confirm", &[("password", "guess")])
        .await
        .at(422, "/account/confirm");
    assert!(wrong.has("#confirm-password-error"));
    browser
        .submit(&wrong, "confirm", &[("password", PASSWORD)])
        .await
        .at(200, "/account/email");
    assert_ne!(browser.cookie("signet-session").unwrap().value, before);
    let live = store::session::list_live(world.core.store.pool(), id, world.clock.now(), Duration::days(1))
        .await
        .unwrap();
    assert_eq!(live.len(), 1, "the session goes on");
    assert_eq!(
        live[0].auth_time.unix_timestamp() / 60,
        world.clock.now().unix_timestamp() / 60
    );
    let elsewhere = asked.form("confirm").forged("next", "https://evil.example/");
    let answer = browser
        .send_once(&asked, &elsewhere.filled(&[("password", PASSWORD)]))
        .await;
    assert_eq!(answer.header("location"), Some("/account"));
}

#[tokio::test]
async fn a_browser_that_knew_the_old_password_is_a_stranger_after_it_changed() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (mut thief, _) = signed_in(&world, "ada").await;
    let (mut own, _) = signed_in(&world, "ada").await;
    let page = own.open(&world.at("/account/password")).await;
    let fields = [("current_password", PASSWORD), ("password", NEW_PASSWORD)];
    own.submit(&page, "password", &fields).await.at(200, "/account");
    let guess = async |browser: &mut Browser, password: &str| {
        browser.forget("signet-session");
        let page = browser.open(&world.at("/login")).await.at(200, "/login");
        let form = page.form("sign-in");
        let form = form.filled(&[("identifier", "ada"), ("password", password)]);
        browser.send_once(&page, &form).await.status
    };
    for _ in 0..5 {
        assert_eq!(guess(&mut Browser::new(), "a guess of mine").await, 422);
    }
    assert_eq!(guess(&mut thief, "a guess of mine").await, 429);
    assert_eq!(
        guess(&mut own, NEW_PASSWORD).await,
        303,
        "the one that changed it is known"
    );
}
