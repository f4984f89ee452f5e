//! Guessing is slowed down, for an account and for an address, and nobody is locked out by others.

use time::Duration;

use super::world::{PASSWORD, prepare, prepared};
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

#[tokio::test]
async fn a_wait_tells_nothing_about_the_other_names_of_a_person() {
    let server = prepared().await;
    for attempt in 0..8 {
        try_in(&server, &mut server.browser(), "ada", &format!("guess {attempt}")).await;
    }
    assert_eq!(try_in(&server, &mut server.browser(), "ada", PASSWORD).await, 429);
    let other = "ada@example.com";
    assert_eq!(try_in(&server, &mut server.browser(), other, "guess").await, 422);
    assert_eq!(try_in(&server, &mut server.browser(), other, PASSWORD).await, 303);
}

#[tokio::test]
async fn whoever_is_attacked_under_all_their_names_is_guarded_and_nobody_can_tell() {
    let server = prepared().await;
    server.apply(EVE).await;
    let names = ["eve", "eve@example.com", "+33612345678"];
    let guess = async |name: &str| try_in(&server, &mut server.browser(), name, "a guess of mine").await;
    for name in names {
        for _ in 0..5 {
            assert_eq!(guess(name).await, 422);
        }
    }
    server.clock.advance(Duration::seconds(2));
    for name in names {
        assert_eq!(guess(name).await, 422);
    }
    server.clock.advance(Duration::seconds(3));
    for name in &names[..2] {
        assert_eq!(guess(name).await, 422);
    }
    // These were twenty. The name may be tried, but now even the right password is wrong.
    assert_eq!(try_in(&server, &mut server.browser(), names[2], PASSWORD).await, 422);
    server.clock.advance(Duration::seconds(5));
    assert_eq!(try_in(&server, &mut server.browser(), names[2], PASSWORD).await, 303);
}

const EVE: &str = r#"
[[users]]
username = "eve"
password = "tide pool lantern 7"
[users.profile]
email = "eve@example.com"
email_verified = true
phone_number = "+33612345678"
phone_number_verified = true
"#;

#[tokio::test]
async fn the_trail_has_a_line_for_each_wait_and_none_for_those_who_wait() {
    let server = prepared().await;
    for attempt in 0..20 {
        try_in(&server, &mut server.browser(), "nobody", &format!("guess {attempt}")).await;
    }
    let throttled = "select count(*) from audit_events where kind = 'sign_in.throttled'";
    let failed = "select count(*) from audit_events where kind = 'sign_in.failed'";
    let (waits, failures) = (server.count(throttled).await, server.count(failed).await);
    // A second may pass meanwhile.
    assert!((1..=3).contains(&waits), "{waits}");
    assert_eq!(failures, waits + 4);
}

#[tokio::test]
async fn registering_takes_no_mail_from_a_recovery() {
    let server = prepared().await;
    let mut last = 0;
    for _ in 0..8 {
        let mut browser = server.browser();
        let page = browser.open(&server.at("/register")).await;
        let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
        last = browser.submit(&page, "register", &fields).await.status;
    }
    assert_eq!(last, 429);
    let mut browser = server.browser();
    let page = browser.open(&server.at("/recover")).await;
    let answer = browser
        .submit(&page, "recover", &[("identifier", "ada@example.com")])
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn whoever_asks_for_many_usernames_is_slowed_down() {
    let server = prepare(TestServer::with(&[("SIGNET_SIGN_UP__ASK_USERNAME", "true")]).await).await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/register")).await.at(200, "/register");
    let mut statuses = Vec::new();
    for number in 0..102 {
        let email = format!("new{number}@example.com");
        let form = page
            .form("register")
            .filled(&[("email", &email), ("username", "ada"), ("password", PASSWORD)]);
        statuses.push(browser.send_once(&page, &form).await.status);
    }
    assert_eq!((statuses[0], statuses[101]), (422, 429));
}
