//! The life of what an app was given: rotation, replay, revocation, and what ends with what.

use time::Duration;
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, code, prepared, refused, text, tokens};
use crate::support::server::{CALLBACK, TestServer};

const OFFLINE: &[(&str, &str)] = &[("scope", "openid profile offline_access")];

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_lost_answer_is_given_again() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let first = tokens(server, &app, OFFLINE, "ada").await;
    let second = app.refresh(text(&first, "refresh_token")).await.ok();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    // The answer was lost on its way: the same successor, not another one.
    let again = app.refresh(text(&first, "refresh_token")).await.ok();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = app.refresh(text(&second, "refresh_token")).await.ok();
    assert_eq!(
        app.userinfo(text(&third, "access_token")).await.ok()["name"],
        "Ada Lovelace"
    );
}

#[tokio::test]
async fn an_old_refresh_token_ends_the_family_and_all_its_access_tokens() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let first = tokens(&server, &app, OFFLINE, "ada").await;
    let second = app.refresh(text(&first, "refresh_token")).await.ok();
    // Past the grace: somebody holds a copy.
    server.clock.advance(Duration::seconds(11));
    let reused = app.refresh(text(&first, "refresh_token")).await;
    assert_eq!(reused.error(), refused(400, "invalid_grant"));
    let current = app.refresh(text(&second, "refresh_token")).await;
    assert_eq!(current.error(), refused(400, "invalid_grant"));
    for given in [&first, &second] {
        let access_token = text(given, "access_token");
        assert_eq!(app.userinfo(access_token).await.status, 401);
        assert_eq!(app.introspect(access_token).await["active"], false);
    }
    let told = "select count(*) from audit_events where kind = 'grant.refresh_token_reused'";
    assert_eq!(server.count(told).await, 1);
}

#[tokio::test]
async fn a_grandfather_within_the_grace_time_is_reuse_too() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let first = tokens(server, &app, OFFLINE, "bob").await;
    let second = app.refresh(text(&first, "refresh_token")).await.ok();
    let third = app.refresh(text(&second, "refresh_token")).await.ok();
    let reused = app.refresh(text(&first, "refresh_token")).await;
    assert_eq!(reused.error(), refused(400, "invalid_grant"));
    let newest = app.refresh(text(&third, "refresh_token")).await;
    assert_eq!(newest.error(), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_that_is_replayed_takes_back_what_it_gave() {
    let server = server().await;
    for client_id in ["web", "opaque"] {
        let app = server.relying_party(client_id, WEB_SECRET).await;
        let ask = app.ask(&[]);
        let code = code(&mut server.browser(), &app, &ask, "ada").await;
        let given = app.exchange(&ask, &code).await.ok();
        assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 200);
        assert_eq!(app.exchange(&ask, &code).await.error(), refused(400, "invalid_grant"));
        assert_eq!(
            app.userinfo(text(&given, "access_token")).await.status,
            401,
            "{client_id}"
        );
    }
}

#[tokio::test]
async fn of_many_refreshes_and_exchanges_at_once_one_wins() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let ask = app.ask(OFFLINE);
    let code = code(&mut server.browser(), &app, &ask, "bob").await;
    let answers = futures_util::future::join_all((0..4).map(|_| app.exchange(&ask, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let first = tokens(server, &app, OFFLINE, "bob").await;
    let old = text(&first, "refresh_token");
    let answers = futures_util::future::join_all((0..6).map(|_| app.refresh(old))).await;
    let successors: Vec<_> = answers
        .iter()
        .map(|answer| answer.ok()["refresh_token"].clone())
        .collect();
    assert!(successors.windows(2).all(|pair| pair[0] == pair[1]), "{successors:?}");
}

#[tokio::test]
async fn an_app_revokes_its_tokens_and_nobody_elses() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let other = server.relying_party("other", WEB_SECRET).await;
    let given = tokens(server, &app, OFFLINE, "ada").await;
    let (access_token, refresh_token) = (text(&given, "access_token"), text(&given, "refresh_token"));
    for token in [access_token, refresh_token] {
        // RFC 7009 §2.1
        assert_eq!(other.revoke(token).await.status, 400);
        assert_eq!(other.introspect(token).await["active"], false);
        assert_eq!(app.introspect(token).await["active"], true);
    }
    assert_eq!(app.revoke(access_token).await.status, 200);
    assert_eq!(app.userinfo(access_token).await.status, 401);
    let second = app.refresh(refresh_token).await.ok();
    // With the refresh token everything goes.
    assert_eq!(app.revoke(text(&second, "refresh_token")).await.status, 200);
    assert_eq!(app.userinfo(text(&second, "access_token")).await.status, 401);
    let gone = app.refresh(text(&second, "refresh_token")).await;
    assert_eq!(gone.error(), refused(400, "invalid_grant"));
    // RFC 7009 §2.2: no error for what is not there any more, or never was.
    for token in [access_token, refresh_token, "nonsense", "a.b.c"] {
        assert_eq!(app.revoke(token).await.status, 200, "{token}");
    }
}

#[tokio::test]
async fn signing_out_ends_what_was_given_in_the_session_except_offline_access() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let mut given = Vec::new();
    for changes in [&[("scope", "openid")][..], OFFLINE] {
        let ask = app.ask(changes);
        let code = code(&mut browser, &app, &ask, "ada").await;
        given.push(app.exchange(&ask, &code).await.ok());
    }
    let mut url = app.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", text(&given[0], "id_token"));
    browser.open(&url).await.at(200, "/logout/done");
    assert_eq!(app.userinfo(text(&given[0], "access_token")).await.status, 401);
    let online = app.refresh(text(&given[0], "refresh_token")).await;
    assert_eq!(online.error(), refused(400, "invalid_grant"));
    app.refresh(text(&given[1], "refresh_token")).await.ok();
}

#[tokio::test]
async fn suspending_a_person_ends_their_sessions_and_tokens() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(OFFLINE);
    let code = code(&mut browser, &app, &ask, "bob").await;
    let given = app.exchange(&ask, &code).await.ok();
    assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 200);
    server
        .apply("[[users]]\nusername = \"bob\"\nstatus = \"suspended\"\n")
        .await;
    // Within a moment: the change is announced.
    for _ in 0..100 {
        if app.userinfo(text(&given, "access_token")).await.status == 401 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 401);
    let refreshed = app.refresh(text(&given, "refresh_token")).await;
    assert_eq!(refreshed.error(), refused(400, "invalid_grant"));
    let silent = app.ask(&[("prompt", "none")]);
    let location = browser.open(&silent.url).await.location().unwrap();
    assert_eq!(app.code(&silent, &location).unwrap_err().error, "login_required");
}

#[tokio::test]
async fn tokens_die_with_time() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let given = tokens(&server, &app, OFFLINE, "ada").await;
    let lifetime = given["expires_in"].as_i64().unwrap();
    server.clock.advance(Duration::seconds(lifetime + 60));
    assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 401);
    assert_eq!(app.introspect(text(&given, "access_token")).await["active"], false);
    let second = app.refresh(text(&given, "refresh_token")).await.ok();
    server.clock.advance(Duration::days(31));
    let idle = app.refresh(text(&second, "refresh_token")).await;
    assert_eq!(idle.error(), refused(400, "invalid_grant"));
}

/// What comes through the browser could be tied to no key.
#[tokio::test]
async fn an_app_whose_tokens_are_tied_gets_none_through_the_browser() {
    let server = server().await;
    for (id, tied, expected) in [("free", false, None), ("tied", true, Some("unauthorized_client"))] {
        let file = format!(
            r#"
[[clients]]
client_id = "{id}"
client_secret = "{WEB_SECRET}"
client_name = "Harbour"
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "implicit"]
response_types = ["code", "code token"]
dpop_bound_access_tokens = {tied}
"#
        );
        server.apply(&file).await;
        let app = server.relying_party(id, WEB_SECRET).await;
        for (response_type, expected) in [("code", None), ("code token", expected)] {
            let page = server
                .browser()
                .get(&app.ask(&[("response_type", response_type)]).url)
                .await;
            let location = page.location().unwrap();
            let refused = location.fragment().and_then(|carried| carried.split('&').next());
            assert_eq!(
                refused,
                expected.map(|code| format!("error={code}")).as_deref(),
                "{id}: {location}"
            );
        }
    }
}
