//! A forgotten password: nothing for those who collect addresses, and nothing by looking at links.

use reqwest::Method;
use time::Duration;
use tokio::sync::OnceCell;

use super::register::said;
use super::world::{WEB_SECRET, go, prepared, text, tokens};
use crate::support::browser::{Browser, Page};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

async fn recover(server: &TestServer, browser: &mut Browser, name: &str) -> Page {
    let page = browser.open(&server.at("/recover")).await.at(200, "/recover");
    browser.submit(&page, "recover", &[("identifier", name)]).await
}

#[tokio::test]
async fn an_answer_never_tells_who_has_an_account() {
    let server = server().await;
    let mut answers = Vec::new();
    for name in ["bob", "bob@example.com", "nobody", "nobody@example.com"] {
        let mut browser = server.browser();
        let page = recover(server, &mut browser, name).await;
        answers.push(said(&browser, &page, name));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

#[tokio::test]
async fn a_request_that_nobody_made_is_answered_alike_for_all() {
    let server = server().await;
    for name in ["bob@example.com", "nobody@example.com"] {
        let mut browser = server.browser();
        let page = browser.open(&server.at("/recover")).await.at(200, "/recover");
        let form = page
            .form("recover")
            .forged("identifier", name)
            .forged("request", "0199b8d2-4c1e-7000-8000-000000000001");
        assert_eq!(browser.send_once(&page, &form).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing_and_it_works_once() {
    let server = prepared().await;
    let mut browser = server.browser();
    recover(&server, &mut browser, "ada").await;
    let link = server.mailbox().mail("ada@example.com", 1).await.link("/recover/reset");
    let scanner = reqwest::Client::new();
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let answer = scanner.request(method, link.clone()).send().await.unwrap();
        assert!(answer.status().as_u16() < 500);
    }
    let unused = "select count(*) from email_links where used_at is null";
    assert_eq!(server.count(unused).await, 1);
    // The mail may be read on another device.
    let mut phone = server.browser();
    let page = phone.open(&link).await.at(200, "/recover/reset");
    let form = page.form("reset").filled(&[("password", "seven grey herons")]);
    assert_eq!(phone.send_once(&page, &form).await.status, 303);
    assert!(phone.cookie("signet-session").is_some());
    assert_eq!(browser.open(&link).await.status, 400);
    let other = page.form("reset").filled(&[("password", "eight grey herons")]);
    assert_eq!(phone.send_once(&page, &other).await.status, 400);
    // Its owner learns of it.
    server.mailbox().mail("ada@example.com", 2).await;
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_everything_given_in_them() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let given = tokens(&server, &app, &[("scope", "openid offline_access")], "ada").await;
    let mut elsewhere = server.browser();
    go(&mut elsewhere, &app.ask(&[]), "ada").await;
    let mut browser = server.browser();
    recover(&server, &mut browser, "ada").await;
    let link = server.mailbox().mail("ada@example.com", 1).await.link("/recover/reset");
    let page = browser.open(&link).await;
    let form = page.form("reset").filled(&[("password", "seven grey herons")]);
    browser.send_once(&page, &form).await;
    let silent = app.ask(&[("prompt", "none")]);
    let location = elsewhere.open(&silent.url).await.location().unwrap();
    assert_eq!(app.code(&silent, &location).unwrap_err().error, "login_required");
    assert_eq!(app.refresh(text(&given, "refresh_token")).await.status, 400);
    for _ in 0..100 {
        if app.userinfo(text(&given, "access_token")).await.status == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the access token is still good");
}

#[tokio::test]
async fn links_die_with_time_and_with_a_newer_password() {
    let server = prepared().await;
    let mut browser = server.browser();
    recover(&server, &mut browser, "ada").await;
    recover(&server, &mut browser, "ada").await;
    let first = server.mailbox().mail("ada@example.com", 1).await.link("/recover/reset");
    let second = server.mailbox().mail("ada@example.com", 2).await.link("/recover/reset");
    let page = browser.open(&second).await.at(200, "/recover/reset");
    let form = page.form("reset").filled(&[("password", "seven grey herons")]);
    assert_eq!(browser.send_once(&page, &form).await.status, 303);
    assert_eq!(
        browser.open(&first).await.status,
        400,
        "an older link outlived a new password"
    );
    recover(&server, &mut browser, "bob").await;
    let late = server.mailbox().mail("bob@example.com", 1).await.link("/recover/reset");
    server.clock.advance(Duration::minutes(31));
    assert_eq!(browser.open(&late).await.status, 400);
}

#[tokio::test]
async fn the_link_goes_to_this_server_whatever_host_the_request_names() {
    let server = server().await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/recover")).await;
    let csrf = page.form("recover").field("csrf").unwrap().to_owned();
    let cookie = browser.cookie("signet-browser").unwrap().value.clone();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("csrf", &csrf)
        .append_pair("identifier", "ada")
        .finish();
    // Password reset poisoning.
    let answer = reqwest::Client::new()
        .post(server.at("/recover"))
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .header("Forwarded", "host=evil.example")
        .header("Cookie", format!("signet-browser={cookie}"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().as_u16() < 500);
    if answer.status() == 200 {
        let mail = server.mailbox().mail("ada@example.com", 1).await;
        assert!(mail.link("/recover/reset").as_str().starts_with(server.issuer()));
        assert!(!mail.text.contains("evil.example") && !mail.html.contains("evil.example"));
    }
}

#[tokio::test]
async fn the_request_leaves_a_message_whoever_is_asked_for_and_only_the_worker_looks() {
    let server = prepared().await;
    for (name, links) in [("nobody@example.com", 0), ("ada", 1)] {
        let before = server
            .count("select count(*) from outbox where kind = 'recovery'")
            .await;
        recover(&server, &mut server.browser(), name).await.at(200, "/recover");
        let asked = server
            .count("select count(*) from outbox where kind = 'recovery'")
            .await;
        assert_eq!(asked, before + 1, "{name}");
        let waiting = "select count(*) from outbox where delivered_at is null";
        for _ in 0..500 {
            if server.count(waiting).await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(server.count("select count(*) from email_links").await, links, "{name}");
        let told = "select count(*) from audit_events where kind = 'user.recovery_requested' and address is not null";
        assert_eq!(server.count(told).await, links + 1, "{name}");
    }
    assert_eq!(
        server
            .count("select count(*) from outbox where failed_at is not null")
            .await,
        0
    );
}
