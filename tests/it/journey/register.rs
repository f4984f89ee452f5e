//! Making an account: by code or link, with nothing for those who collect addresses, and nothing by looking at links.

use reqwest::Method;
use time::Duration;
use tokio::sync::OnceCell;

use super::world::{PASSWORD, WEB_SECRET, prepared};
use crate::support::browser::{Browser, Page};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

async fn register(server: &TestServer, browser: &mut Browser, email: &str) -> Page {
    let page = browser.open(&server.at("/register")).await.at(200, "/register");
    let form = page
        .form("register")
        .filled(&[("email", email), ("password", PASSWORD)]);
    browser.send(&page, &form).await
}

/// All that an answer says, with what is random or was typed taken out of it.
pub fn said(browser: &Browser, page: &Page, typed: &str) -> String {
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !["date", "set-cookie", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let mut cookies: Vec<String> = browser
        .cookies()
        .iter()
        .map(|cookie| format!("{}; {}", cookie.name, cookie.attributes))
        .collect();
    cookies.sort();
    let mut body = page.body.replace(typed, "TYPED");
    for name in ["csrf", "registration", "request"] {
        let selector = format!("input[name={name}]");
        if page.has(&selector) {
            let value = page.attribute(&selector, "value");
            if !value.is_empty() {
                body = body.replace(&value, name);
            }
        }
    }
    if let Some((_, query)) = page.url.as_str().split_once("registration=") {
        body = body.replace(query, "registration");
    }
    format!("{} {}\n{headers:?}\n{cookies:?}\n{body}", page.status, page.url.path())
}

#[tokio::test]
async fn an_answer_never_tells_whether_an_address_has_an_account() {
    let server = server().await;
    let mut answers: Vec<Vec<String>> = Vec::new();
    for email in ["ada@example.com", "new1@example.com"] {
        let mut browser = server.browser();
        let mut steps = Vec::new();
        let page = register(server, &mut browser, email).await.at(200, "/register/verify");
        steps.push(said(&browser, &page, email));
        let wrong = browser.submit(&page, "verify", &[("code", "000000")]).await;
        steps.push(said(&browser, &wrong, email));
        let again = browser.submit(&wrong, "resend", &[]).await;
        steps.push(said(&browser, &again, email));
        let reload = browser.get(&page.url).await;
        steps.push(said(&browser, &reload, email));
        answers.push(steps);
    }
    for (known, unknown) in answers[0].iter().zip(&answers[1]) {
        assert_eq!(known, unknown);
    }
    // Only the mail tells, and only its owner reads it.
    let told = server.mailbox().mail("ada@example.com", 1).await;
    assert!(!told.text.contains("/register/verify"), "{}", told.text);
    server.mailbox().mail("new1@example.com", 1).await.code(6);
}

#[tokio::test]
async fn a_known_address_in_other_letters_is_the_same_address() {
    let server = server().await;
    let mut browser = server.browser();
    register(server, &mut browser, " ADA@Example.COM ")
        .await
        .at(200, "/register/verify");
    let told = server.mailbox().mail("ada@example.com", 1).await;
    assert!(!told.text.contains("/register/verify"), "{}", told.text);
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let server = prepared().await;
    let mut browser = server.browser();
    register(&server, &mut browser, "new@example.com").await;
    let link = server
        .mailbox()
        .mail("new@example.com", 1)
        .await
        .link("/register/verify");
    let people = "select count(*) from users";
    let before = server.count(people).await;
    // A scanner looks, by HEAD and GET, more than once, also with the person's own cookies.
    let scanner = reqwest::Client::new();
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let answer = scanner.request(method, link.clone()).send().await.unwrap();
        assert!(answer.status().as_u16() < 500);
    }
    for _ in 0..2 {
        browser.open(&link).await.at(200, "/register/verify");
    }
    assert_eq!(server.count(people).await, before);
    let open = "select count(*) from registrations where completed_at is null";
    assert_eq!(server.count(open).await, 1);
    let page = browser.open(&link).await;
    let done = browser.submit(&page, "verify-link", &[]).await;
    assert!(done.status < 400, "{}", done.body);
    assert_eq!(server.count(people).await, before + 1);
}

#[tokio::test]
async fn nobody_owns_an_address_by_having_asked_first() {
    let server = server().await;
    // Mallory registers Eve's address with a password of his own; Eve gets the mail and opens the link.
    let mut mallory = server.browser();
    let his = register(server, &mut mallory, "eve@example.com").await;
    let link = server
        .mailbox()
        .mail("eve@example.com", 1)
        .await
        .link("/register/verify");
    let mut eve = server.browser();
    let opened = eve.open(&link).await;
    assert_eq!(opened.status, 400, "{}", opened.body);
    // Mallory, who has no mail, may guess five times.
    for code in 0..6 {
        let guess = mallory.submit(&his, "verify", &[("code", &format!("{code:06}"))]).await;
        assert_eq!(guess.status, 422);
    }
    // Eve registers herself; hers counts.
    let page = register(server, &mut eve, "eve@example.com").await;
    let code = server.mailbox().mail("eve@example.com", 2).await.code(6);
    eve.send_once(&page, &page.form("verify").filled(&[("code", &code)]))
        .await;
    assert!(eve.cookie("signet-session").is_some());
    // Even with the right code his is over now: the address has an owner.
    assert_eq!(mallory.open(&link).await.status, 200);
    let late = mallory.open(&link).await;
    mallory.submit(&late, "verify-link", &[]).await;
    assert!(mallory.cookie("signet-session").is_none());
}

#[tokio::test]
async fn codes_and_links_die_with_time_and_with_use() {
    let server = prepared().await;
    let mut browser = server.browser();
    let page = register(&server, &mut browser, "slow@example.com").await;
    let mail = server.mailbox().mail("slow@example.com", 1).await;
    server.clock.advance(Duration::minutes(61));
    let late = browser.submit(&page, "verify", &[("code", &mail.code(6))]).await;
    assert_eq!(late.status, 400);
    assert_eq!(browser.open(&mail.link("/register/verify")).await.status, 400);
    let page = register(&server, &mut browser, "slow@example.com").await;
    let code = server.mailbox().mail("slow@example.com", 2).await.code(6);
    let form = page.form("verify").filled(&[("code", &code)]);
    assert_eq!(browser.send_once(&page, &form).await.status, 303);
    assert_eq!(browser.send_once(&page, &form).await.status, 400);
}

#[tokio::test]
async fn somebody_registers_for_an_app_and_the_app_learns_a_verified_address() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[("scope", "openid email"), ("prompt", "create")]);
    let page = browser.open(&ask.url).await.at(200, "/register");
    let fields = [("email", "fresh@example.com"), ("password", PASSWORD)];
    let page = browser
        .submit(&page, "register", &fields)
        .await
        .at(200, "/register/verify");
    let code = server.mailbox().mail("fresh@example.com", 1).await.code(6);
    let page = browser
        .submit(&page, "verify", &[("code", &code)])
        .await
        .at(200, "/consent");
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    let code = app.code(&ask, &answer.location().unwrap()).unwrap();
    let given = app.exchange(&ask, &code).await.ok();
    let id_token = given["id_token"].as_str().unwrap();
    let access_token = given["access_token"].as_str().unwrap();
    let claims = app
        .verify_id_token(id_token, Some(&ask.nonce), Some(access_token))
        .await;
    let said = app.userinfo(access_token).await.ok();
    assert_eq!(said["sub"], claims["sub"]);
    assert_eq!(
        (&said["email"], &said["email_verified"]),
        (&"fresh@example.com".into(), &true.into())
    );
}

#[tokio::test]
async fn mails_are_in_the_language_of_the_page() {
    let server = server().await;
    let mut browser = server.browser();
    browser.speak("de");
    let page = register(server, &mut browser, "neu@example.com").await;
    assert_eq!(page.attribute("html", "lang"), "de");
    let mail = server.mailbox().mail("neu@example.com", 1).await;
    assert!(mail.html.contains("lang=\"de\""), "{}", mail.html);
    mail.code(6);
}
