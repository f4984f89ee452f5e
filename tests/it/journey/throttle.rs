//! Guessing is slowed down, for an account and for an address, and nobody is locked out by others.

use time::Duration;

use super::world::{PASSWORD, prepared};
use crate::support::browser::Browser;
use crate::support::server::TestServer;

async fn try_in(server: &TestServer, browser: &mut Browser, name: &str, password: &str) -> u16 {
    let page = browser.open(&server.at("/login")).await.at(200, "/login");
    let form = page
        .form("sign-in")
        .filled(&[("identifier", name), ("password", password)]);
    browser.send_once(&page, &form).await.status
}

#[tokio::test]
async fn an_account_is_guarded_from_everywhere_but_open_to_a_browser_that_knows_it() {
    let server = prepared().await;
    let mut own = server.browser();
    assert_eq!(try_in(&server, &mut own, "ada", PASSWORD).await, 303);
    let page = own.open(&server.at("/logout")).await;
    own.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    let mut last = 0;
    for attempt in 0..8 {
        // From another address each time.
        last = try_in(&server, &mut server.browser(), "ada", &format!("guess {attempt}")).await;
    }
    assert_eq!(last, 429);
    let answer = {
        let mut browser = server.browser();
        let page = browser.open(&server.at("/login")).await;
        browser
            .submit(&page, "sign-in", &[("identifier", "ada"), ("password", PASSWORD)])
            .await
    };
    assert_eq!(answer.status, 429);
    assert_eq!(try_in(&server, &mut own, "ada", PASSWORD).await, 303);
    // Others are none the worse, and it passes.
    assert_eq!(try_in(&server, &mut server.browser(), "bob", PASSWORD).await, 303);
    server.clock.advance(Duration::minutes(20));
    assert_eq!(try_in(&server, &mut server.browser(), "ada", PASSWORD).await, 303);
}

#[tokio::test]
async fn an_unknown_account_is_slowed_down_like_a_known_one() {
    let server = prepared().await;
    let mut answers = Vec::new();
    for name in ["ada", "nobody"] {
        let mut statuses = Vec::new();
        for attempt in 0..8 {
            let password = format!("guess {attempt}");
            statuses.push(try_in(&server, &mut server.browser(), name, &password).await);
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].last(), Some(&429));
}

#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_is_slowed_down() {
    let server = prepared().await;
    let mut browser = server.browser();
    let mut statuses = Vec::new();
    for number in 0..103 {
        statuses.push(try_in(&server, &mut browser, &format!("person{number}"), "guess one").await);
    }
    assert_eq!((statuses[0], statuses[102]), (422, 429));
    assert_eq!(try_in(&server, &mut browser, "ada", PASSWORD).await, 429);
    assert_eq!(try_in(&server, &mut server.browser(), "ada", PASSWORD).await, 303);
}

#[tokio::test]
async fn mails_to_one_address_are_slowed_down_and_the_app_gets_no_flood() {
    let server = prepared().await;
    let mut last = 0;
    for _ in 0..8 {
        let mut browser = server.browser();
        let page = browser.open(&server.at("/recover")).await;
        last = browser.submit(&page, "recover", &[("identifier", "ada")]).await.status;
    }
    assert_eq!(last, 429);
    server.mailbox().mail("ada@example.com", 5).await;
    assert!(server.mailbox().mails("ada@example.com").len() <= 6);
}
