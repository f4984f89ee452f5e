//! The browser of the tests and its mailbox: what they do not notice, no journey would.

use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use signet::base::id::OutboxId;
use signet::base::{Clock, SystemRng};
use signet::notify::mail::{Mail, Mailer};
use time::Duration;
use url::Url;

use crate::support::browser::Browser;
use crate::support::clock::OffsetClock;
use crate::support::mailbox::Mailbox;

const PAGE: &str = r#"<title>A page</title><h1>Two
    words</h1><a id="on" href="away">on</a>
    <form id="f" method="post" action="/send"><input type="hidden" name="csrf" value="c&amp;1">
    <input name="text" value="old"><input type="checkbox" name="box" value="yes"><input type="checkbox" name="set" checked>
    <select name="pick"><option value="1">One</option><option value="2" selected>Two</option></select>
    <textarea name="area">long</textarea><input name="off" disabled value="x">
    <button id="f-go" name="decision" value="go">Go</button></form>"#;

/// A page, an echo of forms behind a redirect, and a way out.
async fn serve() -> Url {
    let server = HttpServer::new(|| {
        let page = || async {
            HttpResponse::Ok()
                .append_header(("set-cookie", "a=1; Path=/; HttpOnly"))
                .body(PAGE)
        };
        let send = |request: HttpRequest, body: String| async move {
            let header = |name: &str| {
                request
                    .headers()
                    .get(name)
                    .map_or("", |value| value.to_str().unwrap())
                    .to_owned()
            };
            let seen = format!(
                "{}|{}|{}|{body}",
                header("cookie"),
                header("origin"),
                header("sec-fetch-site")
            );
            HttpResponse::SeeOther()
                .append_header(("set-cookie", "a=; Path=/; Max-Age=0"))
                .append_header(("location", format!("/seen?{}", urlencode(&seen))))
                .finish()
        };
        let away = || async {
            HttpResponse::Found()
                .append_header(("location", "https://app.example/x?code=1"))
                .finish()
        };
        let seen = |request: HttpRequest| async move { HttpResponse::Ok().body(request.query_string().to_owned()) };
        App::new()
            .route("/", web::get().to(page))
            .route("/send", web::post().to(send))
            .route("/away", web::get().to(away))
            .route("/seen", web::get().to(seen))
    })
    .workers(1)
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    let running = server.run();
    tokio::spawn(running);
    format!("http://{address}/").parse().unwrap()
}

fn urlencode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn the_browser_sends_what_a_person_would() {
    let home = serve().await;
    let mut browser = Browser::new();
    let page = browser.open(&home).await.at(200, "/");
    assert_eq!(page.text("h1"), "Two words");
    assert_eq!(browser.cookie("a").unwrap().attributes, "Path=/; HttpOnly");
    let seen = browser
        .press(&page, "f", "f-go", &[("text", "new"), ("box", "yes")])
        .await;
    let origin = home.origin().ascii_serialization();
    let expected = "csrf=c%261&text=new&set=on&pick=2&area=long&box=yes&decision=go";
    assert_eq!(
        seen.at(200, "/seen").body,
        urlencode(&format!("a=1|{origin}|same-origin|{expected}"))
    );
    assert!(browser.cookies().is_empty(), "Max-Age=0 removes a cookie");
}

#[tokio::test]
async fn the_browser_stops_at_the_way_to_another_site() {
    let home = serve().await;
    let mut browser = Browser::new();
    let page = browser.open(&home).await;
    let way_out = browser.click(&page, "#on").await.at(302, "/away");
    assert_eq!(way_out.location().unwrap().as_str(), "https://app.example/x?code=1");
}

#[tokio::test]
#[should_panic(expected = "the form has no field absent")]
async fn the_browser_cannot_fill_a_field_that_is_not_there() {
    let home = serve().await;
    let mut browser = Browser::new();
    let page = browser.open(&home).await;
    browser.submit(&page, "f", &[("absent", "x")]).await;
}

#[tokio::test]
async fn the_mailbox_reads_what_the_mailer_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::files(folder.path().join("mail"), "Signet <no-reply@signet.example>").unwrap();
    let clock: Arc<OffsetClock> = Arc::default();
    let link = format!("http://localhost/register/verify?t={}", "s".repeat(80));
    for subject in [
        "Your code",
        "Bestätigen Sie Ihre Adresse, bevor es weitergeht – bitte sehr, die Zeit läuft",
    ] {
        let mail = Mail {
            to: "alice@example.com".to_owned(),
            subject: subject.to_owned(),
            text: format!("Code: 123456 – or open\n{link}\nwithin 30 minutes = soon."),
            html: "<p>ä</p>".to_owned(),
        };
        clock.advance(Duration::seconds(1));
        mailer
            .send(&mail, OutboxId::new(clock.now(), &SystemRng), clock.now())
            .await
            .unwrap();
        let mailbox = Mailbox::of(folder.path());
        let number = mailbox.mails("alice@example.com").len();
        let read = mailbox.mail("alice@example.com", number).await;
        assert_eq!(read.subject, subject);
        assert_eq!(read.code(6), "123456");
        assert_eq!(read.link("/register/").as_str(), link);
        assert!(read.html.contains("<p>ä</p>"), "{}", read.html);
    }
    assert!(Mailbox::of(folder.path()).mails("bob@example.com").is_empty());
}
