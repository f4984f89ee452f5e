//! Sessions: planted, stolen, ended, grown old.

use std::sync::Arc;

use signet::{
    base::page::PageRequest,
    flow::{Core, admin},
    store,
};
use time::Duration;
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, go, prepared, sign_in};
use crate::support::browser::Browser;
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

const SESSION: &str = "signet-session";

/// What a request without pages is answered with.
async fn silent(app: &RelyingParty, browser: &mut Browser) -> Result<String, String> {
    let ask = app.ask(&[("prompt", "none")]);
    let location = browser.open(&ask.url).await.location().unwrap();
    app.code(&ask, &location).map_err(|refusal| refusal.error)
}

#[tokio::test]
async fn a_session_that_was_made_up_or_planted_is_not_adopted() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let mut browser = server.browser();
    let planted = "A".repeat(43);
    browser.plant(&server.at("/"), SESSION, &planted);
    assert_eq!(silent(&app, &mut browser).await, Err("login_required".to_owned()));
    go(&mut browser, &app.ask(&[]), "ada").await;
    assert_ne!(browser.cookie(SESSION).unwrap().value, planted);
    // Whoever planted it has nothing.
    let mut thief = server.browser();
    thief.plant(&server.at("/"), SESSION, &planted);
    assert_eq!(silent(&app, &mut thief).await, Err("login_required".to_owned()));
}

#[tokio::test]
async fn the_cookie_before_a_sign_in_is_worth_nothing_after_it() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[]), "ada").await;
    let before = browser.cookie(SESSION).unwrap().value.clone();
    let page = browser.open(&app.ask(&[("prompt", "login")]).url).await;
    sign_in(&mut browser, &page, "ada").await;
    assert_ne!(browser.cookie(SESSION).unwrap().value, before);
    let mut other = server.browser();
    other.plant(&server.at("/"), SESSION, &before);
    assert_eq!(silent(&app, &mut other).await, Err("login_required".to_owned()));
    assert!(silent(&app, &mut browser).await.is_ok());
}

#[tokio::test]
async fn a_copied_cookie_ends_with_the_session() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[]), "ada").await;
    let copied = browser.cookie(SESSION).unwrap().value.clone();
    let page = browser.open(&server.at("/logout")).await.at(200, "/logout");
    browser
        .press(&page, "sign-out", "sign-out-confirm", &[])
        .await
        .at(200, "/logout/done");
    assert!(browser.cookie(SESSION).is_none());
    let mut thief = server.browser();
    thief.plant(&server.at("/"), SESSION, &copied);
    assert_eq!(silent(&app, &mut thief).await, Err("login_required".to_owned()));
}

#[tokio::test]
async fn what_a_cookie_holds_is_nowhere_in_the_database() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let page = go(&mut browser, &app.ask(&[]), "ada").await;
    let location = page.location().unwrap();
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let secrets: Vec<String> = browser
        .cookies()
        .iter()
        .map(|cookie| cookie.value.clone())
        .chain([code, WEB_SECRET.to_owned(), super::world::PASSWORD.to_owned()])
        .collect();
    let dump = server
        .run(|core| async move {
            let tables: Vec<String> = sqlx::query_scalar(
                "select table_name::text from information_schema.tables where table_schema = 'public'",
            )
            .fetch_all(core.store.pool())
            .await
            .unwrap();
            let mut dump = String::new();
            for table in tables {
                let sql = sqlx::AssertSqlSafe(format!("select row_to_json(t)::text from {table} t"));
                let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(core.store.pool()).await.unwrap();
                dump.push_str(&rows.concat());
            }
            dump
        })
        .await;
    assert!(dump.contains("ada@example.com"));
    for secret in secrets {
        assert!(!dump.contains(&secret), "{secret} is stored as it is");
    }
}

#[tokio::test]
async fn signing_in_and_out_is_in_the_audit_trail() {
    let server = prepared().await;
    let app = server.relying_party("spa", "").await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[]), "ada").await;
    let page = browser.open(&server.at("/logout")).await.at(200, "/logout");
    let left = browser.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    left.at(200, "/logout/done");
    let trail = server
        .run(|core| async move {
            let ada = store::user::find_by_username(core.store.pool(), "ada")
                .await
                .unwrap()
                .unwrap();
            let page = PageRequest { limit: 50, after: None };
            admin::audit::list(&core, Some(ada.id), None, &page)
                .await
                .unwrap()
                .items
        })
        .await;
    let session = |kind: &str| {
        let mut found = trail.iter().filter(|line| line.event.kind == kind);
        let line = found.next().unwrap_or_else(|| panic!("no {kind} in {trail:#?}"));
        assert!(found.next().is_none(), "{kind} twice");
        line.event.session_id
    };
    let signed_in = session("sign_in.succeeded");
    assert!(signed_in.is_some());
    assert_eq!(session("session.signed_out"), signed_in);
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let settings = [
        ("SIGNET_SESSIONS__IDLE_LIFETIME_SECONDS", "3600"),
        ("SIGNET_SESSIONS__ABSOLUTE_LIFETIME_SECONDS", "7200"),
    ];
    let server = super::world::prepare(TestServer::with(&settings).await).await;
    let app = server.relying_party("spa", "").await;
    let mut browser = server.browser();
    go(&mut browser, &app.ask(&[]), "ada").await;
    // In use it lasts…
    for _ in 0..3 {
        server.clock.advance(Duration::minutes(35));
        assert!(silent(&app, &mut browser).await.is_ok());
    }
    // …to its end.
    server.clock.advance(Duration::minutes(20));
    assert_eq!(silent(&app, &mut browser).await, Err("login_required".to_owned()));
    go(&mut browser, &app.ask(&[]), "ada").await;
    server.clock.advance(Duration::minutes(61));
    assert_eq!(silent(&app, &mut browser).await, Err("login_required".to_owned()));
}

#[tokio::test]
async fn two_people_in_two_browsers_stay_apart() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let (mut ada, mut bob) = (server.browser(), server.browser());
    let mut subjects = Vec::new();
    for (browser, name) in [(&mut ada, "ada"), (&mut bob, "bob")] {
        let ask = app.ask(&[("scope", "openid email")]);
        let location = go(browser, &ask, name).await.location().unwrap();
        let code = app.code(&ask, &location).unwrap();
        let given = app.exchange(&ask, &code).await.ok();
        let said = app.userinfo(given["access_token"].as_str().unwrap()).await.ok();
        assert_eq!(said["email"], format!("{name}@example.com"));
        subjects.push(said["sub"].clone());
    }
    assert_ne!(subjects[0], subjects[1]);
}

/// What the token endpoint says to a code when `meanwhile` has happened since it was given.
async fn exchange_after(meanwhile: impl AsyncFnOnce(&TestServer, Browser)) -> (u16, String) {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let (mut browser, ask) = (server.browser(), app.ask(&[]));
    let location = go(&mut browser, &ask, "ada").await.location().unwrap();
    let code = app.code(&ask, &location).unwrap();
    meanwhile(&server, browser).await;
    app.exchange(&ask, &code).await.error()
}

/// The same when a statement has run since.
async fn exchange_after_statement(sql: &'static str) -> (u16, String) {
    let run = async |server: &TestServer, _: Browser| {
        let work = async move |core: Arc<Core>| sqlx::query(sql).execute(core.store.pool()).await.unwrap();
        server.run(work).await;
    };
    exchange_after(run).await
}

#[tokio::test]
async fn what_happens_between_code_and_exchange_counts() {
    let refused = (400, "invalid_grant".to_owned());
    let signed_out = exchange_after(async |server, mut browser| {
        let page = browser.open(&server.at("/logout")).await;
        browser.press(&page, "sign-out", "sign-out-confirm", &[]).await;
    });
    assert_eq!(signed_out.await, refused);
    let suspended = "update users set status = 'suspended' where username = 'ada'";
    assert_eq!(exchange_after_statement(suspended).await, refused);
    let withdrawn = "update grants set revoked_at = now(), revoked_reason = 'test'";
    assert_eq!(exchange_after_statement(withdrawn).await, refused);
}
