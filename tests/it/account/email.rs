//! Changing the e-mail address.

use super::*;

/// Asks for another address and gives the mailed link.
async fn ask_for(world: &World, browser: &mut Browser, email: &str) -> url::Url {
    let page = browser
        .open(&world.at("/account/email"))
        .await
        .at(200, "/account/email");
    let sent = browser
        .submit(&page, "email", &[("email", email)])
        .await
        .at(200, "/account/email");
    assert!(sent.text("main").contains(&email.to_lowercase()));
    let number = world.mailbox.mails(&email.to_lowercase()).len();
    let mail = world.mailbox.mail(&email.to_lowercase(), number.max(1)).await;
    mail.link("/account/email/verify")
}

#[tokio::test]
async fn a_new_address_counts_once_its_link_was_opened_and_the_old_one_is_told() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let link = ask_for(&world, &mut browser, "New@Example.com").await;
    assert_eq!(find(&world, id).await.claim("email"), Some("ada@example.com"));
    let page = browser.open(&link).await.at(200, "/account/email/verify");
    // Looking at the page uses nothing up.
    let page = browser.open(&page.url.clone()).await.at(200, "/account/email/verify");
    let done = browser.submit(&page, "verify-email", &[]).await.at(200, "/account");
    let profile = done.texts("dl.values > div").join(" | ");
    assert!(profile.contains("new@example.com confirmed from you"), "{profile}");
    let user = find(&world, id).await;
    assert_eq!(user.claim("email"), Some("new@example.com"));
    assert!(user.is_true("email_verified"));
    let told = world.mailbox.mail("ada@example.com", 1).await;
    assert!(told.subject.contains("was changed"), "{}", told.subject);
    assert!(!told.text.contains("new@example.com"));
    assert_eq!(trail(&world, id).await[0].0, "user.email_verified");
    let again = browser.submit(&page, "verify-email", &[]).await;
    assert_eq!(again.status, 400, "{}", again.body);
    assert_eq!(browser.open(&link).await.status, 400);
}

#[tokio::test]
async fn a_link_for_an_address_helps_nobody_but_the_person_who_asked() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let victim = make_person(&world, "bob").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let link = ask_for(&world, &mut browser, "target@example.com").await;
    // Neither somebody who is not signed in …
    let mut curious = Browser::new();
    assert_eq!(curious.open(&link).await.url.path(), "/login");
    // … nor somebody else's account …
    let (mut other, _) = signed_in(&world, "bob").await;
    assert_eq!(other.open(&link).await.status, 400);
    let page = browser.open(&link).await;
    let token = page.form("verify-email").field("token").unwrap().to_owned();
    let own = other.open(&world.at("/account/profile")).await;
    let csrf = own.attribute("input[name=csrf]", "value");
    let forged = page.form("verify-email").forged("csrf", &csrf).forged("token", &token);
    assert_eq!(other.send(&own, &forged).await.status, 400);
    assert_eq!(find(&world, victim).await.claim("email"), Some("bob@example.com"));
    // … and the attempts have not used it up.
    browser.submit(&page, "verify-email", &[]).await.at(200, "/account");
}

#[tokio::test]
async fn links_for_an_address_die_with_time_and_with_the_next_one() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let first = ask_for(&world, &mut browser, "one@example.com").await;
    let second = ask_for(&world, &mut browser, "two@example.com").await;
    assert_eq!(browser.open(&first).await.status, 400);
    assert_eq!(browser.open(&second).await.status, 200);
    world.clock.advance(Duration::minutes(61));
    assert_eq!(browser.open(&second).await.status, 400);
}

#[tokio::test]
async fn nobody_learns_whether_an_address_has_an_account() {
    let world = World::new().await;
    let id = make_person(&world, "ada").await;
    make_person(&world, "bob").await;
    let (mut browser, _) = signed_in(&world, "ada").await;
    let page = browser.open(&world.at("/account/email")).await;
    let unknown = browser.submit(&page, "email", &[("email", "new@example.com")]).await;
    let known = browser.submit(&page, "email", &[("email", "bob@example.com")]).await;
    assert_eq!(
        (known.status, known.body.replace("bob@example.com", "ADDRESS")),
        (unknown.status, unknown.body.replace("new@example.com", "ADDRESS"))
    );
    let mail = world.mailbox.mail("bob@example.com", 1).await;
    assert!(!mail.text.contains("/account/email/verify"), "{}", mail.text);
    assert_eq!(find(&world, id).await.claim("email"), Some("ada@example.com"));
    let own = browser.submit(&page, "email", &[("email", "ADA@example.com")]).await;
    assert_eq!(own.status, 422);
    assert_eq!(browser.submit(&page, "email", &[("email", "ada")]).await.status, 422);
}

#[tokio::test]
async fn an_address_that_somebody_else_confirmed_meanwhile_stays_theirs() {
    let world = World::new().await;
    let ada = make_person(&world, "ada").await;
    make_person(&world, "bob").await;
    let (mut first, _) = signed_in(&world, "ada").await;
    let (mut second, _) = signed_in(&world, "bob").await;
    let of_ada = ask_for(&world, &mut first, "shared@example.com").await;
    let page = second.open(&world.at("/account/email")).await;
    second.submit(&page, "email", &[("email", "shared@example.com")]).await;
    let of_bob = world
        .mailbox
        .mail("shared@example.com", 2)
        .await
        .link("/account/email/verify");
    let page = second.open(&of_bob).await;
    second.submit(&page, "verify-email", &[]).await.at(200, "/account");
    let page = first.open(&of_ada).await.at(200, "/account/email/verify");
    assert_eq!(first.submit(&page, "verify-email", &[]).await.status, 400);
    assert_eq!(find(&world, ada).await.claim("email"), Some("ada@example.com"));
}

#[tokio::test]
async fn a_link_for_a_new_password_dies_when_the_address_changes() {
    let world = World::new().await;
    make_person(&world, "ada").await;
    let mut stranger = Browser::new();
    let page = stranger.open(&world.at("/recover")).await;
    stranger.submit(&page, "recover", &[("identifier", "ada")]).await;
    let reset = world.mailbox.mail("ada@example.com", 1).await.link("/recover/reset");
    assert_eq!(stranger.open(&reset).await.status, 200);
    let (mut browser, _) = signed_in(&world, "ada").await;
    let link = ask_for(&world, &mut browser, "new@example.com").await;
    let page = browser.open(&link).await;
    browser.submit(&page, "verify-email", &[]).await.at(200, "/account");
    assert_eq!(stranger.open(&reset).await.status, 400);
}
