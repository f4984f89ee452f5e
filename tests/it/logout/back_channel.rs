//! OpenID Connect Back-Channel Logout 1.0.

use std::sync::Arc;

use serde_json::Value;
use signet::base::Secret;
use signet::base::id::{SessionId, UserId};
use signet::flow::admin::By;
use signet::flow::admin::user::{self, Edit, NewPassword};
use signet::flow::outbox::{Logout, Message};
use signet::flow::{Core, job};
use signet::model::UserStatus;
use signet::spec::jose::JweAlg;
use time::Duration;

use super::{PASSWORD, PEOPLE, SECRET, app, sign_in, sign_out};
use crate::support::app_server::{AppServer, Received};
use crate::support::recipient::Recipient;
use crate::support::server::TestServer;

const OPEN: &[(&str, &str)] = &[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")];

fn told(own: &AppServer, path: &str) -> String {
    format!("backchannel_logout_uri = \"{}{path}\"", own.origin)
}

fn token(call: &Received) -> String {
    let form = call.form();
    assert_eq!(form.len(), 1);
    assert_eq!(form[0].0, "logout_token");
    form[0].1.clone()
}

/// The claims, unverified: for what the conformance test has not looked at already.
fn claims(call: &Received) -> Value {
    use base64::Engine;
    let token = token(call);
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// No more calls come within a while in which they would have.
async fn no_more_than(own: &AppServer, count: usize) {
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(own.received().len(), count, "{:?}", own.received());
}

#[tokio::test]
async fn every_app_of_the_session_hears_and_no_other() {
    let own = AppServer::start();
    let apps = ["one", "two", "three"].map(|id| app(id, &told(&own, &format!("/{id}?x=1"))));
    let quiet = app("quiet", "");
    let server = TestServer::with(OPEN)
        .await
        .holding(&(apps.concat() + &quiet + PEOPLE))
        .await;
    let (mut browser, mut elsewhere) = (server.browser(), server.browser());
    let mut sid = Value::Null;
    for id in ["one", "two", "quiet"] {
        sid = sign_in(&mut browser, &server.relying_party(id, SECRET).await).await.0["sid"].clone();
    }
    // twice in one session is still one app
    sign_in(&mut browser, &server.relying_party("one", SECRET).await).await;
    sign_in(&mut elsewhere, &server.relying_party("three", SECRET).await).await;
    sign_out(&server, &mut browser).await.at(200, "/logout/done");
    let calls = own.wait_for(2).await;
    no_more_than(&own, 2).await;
    let mut targets: Vec<_> = calls.iter().map(|call| call.target.as_str()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["/one?x=1", "/two?x=1"]);
    for call in &calls {
        let claims = claims(call);
        assert_eq!(claims["sid"], sid);
        let aud = claims["aud"].as_str().unwrap();
        assert!(call.target.starts_with(&format!("/{aud}?")), "{aud} at {}", call.target);
    }
    assert_ne!(claims(&calls[0])["jti"], claims(&calls[1])["jti"]);
}

/// However a session ends, its apps hear of it.
#[tokio::test]
async fn every_end_of_a_session_is_told() {
    let own = AppServer::start();
    let server = TestServer::with(OPEN)
        .await
        .holding(&(app("app", &told(&own, "/out")) + PEOPLE))
        .await;
    let app = server.relying_party("app", SECRET).await;
    let mut heard = 0;
    for way in [
        Way::EndedByAnAdministrator,
        Way::AllEndedByAnAdministrator,
        Way::PasswordSetByAnAdministrator,
        Way::EndedFromAnotherBrowser,
        Way::PasswordChangedElsewhere,
        Way::Suspended,
        Way::RanOut,
        Way::Deleted,
    ] {
        let mut browser = server.browser();
        let (claims_before, _) = sign_in(&mut browser, &app).await;
        let user_id: UserId = claims_before["sub"].as_str().unwrap().parse().unwrap();
        let session_id: SessionId = claims_before["sid"].as_str().unwrap().parse().unwrap();
        way.go(&server, user_id, session_id).await;
        heard += 1;
        let calls = own.wait_for(heard).await;
        let claims = claims(&calls[heard - 1]);
        assert_eq!(claims["sid"], claims_before["sid"], "{way:?}");
        assert_eq!(claims["sub"], claims_before["sub"], "{way:?}");
        no_more_than(&own, heard).await;
        if way == Way::Suspended {
            edit(&server, user_id, UserStatus::Active).await;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    EndedByAnAdministrator,
    AllEndedByAnAdministrator,
    PasswordSetByAnAdministrator,
    EndedFromAnotherBrowser,
    PasswordChangedElsewhere,
    Suspended,
    RanOut,
    Deleted,
}

impl Way {
    async fn go(self, server: &TestServer, user_id: UserId, session_id: SessionId) {
        let by = By::command();
        let run = |core: Arc<Core>| async move {
            match self {
                Self::EndedByAnAdministrator => user::end_session(&core, &by, user_id, session_id).await.unwrap(),
                Self::AllEndedByAnAdministrator => {
                    assert_eq!(user::end_sessions(&core, &by, user_id).await.unwrap(), 1);
                }
                Self::PasswordSetByAnAdministrator => {
                    let same = NewPassword::Chosen(Secret::new(PASSWORD.to_owned()));
                    user::set_password(&core, &by, user_id, &same).await.unwrap();
                }
                Self::Deleted => {
                    let person = user::find(&core, user_id).await.unwrap();
                    user::delete(&core, &by, user_id, person.version).await.unwrap();
                }
                Self::RanOut => job::sweep::run(&core).await.unwrap(),
                Self::Suspended | Self::EndedFromAnotherBrowser | Self::PasswordChangedElsewhere => {}
            }
        };
        match self {
            Self::Suspended => return edit(server, user_id, UserStatus::Suspended).await,
            Self::RanOut => server.clock.advance(Duration::days(400)),
            Self::EndedFromAnotherBrowser | Self::PasswordChangedElsewhere => return self.elsewhere(server).await,
            _ => {}
        }
        server.run(run).await;
    }

    /// Ada in another browser, without any app.
    async fn elsewhere(self, server: &TestServer) {
        let mut other = server.browser();
        let page = other.open(&server.at("/login")).await.at(200, "/login");
        let fields = [("identifier", "ada"), ("password", PASSWORD)];
        other.submit(&page, "sign-in", &fields).await;
        if self == Self::EndedFromAnotherBrowser {
            let page = other.open(&server.at("/account")).await.at(200, "/account");
            other.submit(&page, "end-others", &[]).await.at(200, "/account");
        } else {
            let page = other.open(&server.at("/account/password")).await;
            let fields = [("current_password", PASSWORD), ("password", "seven grey herons")];
            other.submit(&page, "password", &fields).await.at(200, "/account");
            let page = other.open(&server.at("/account/password")).await;
            let fields = [("current_password", "seven grey herons"), ("password", PASSWORD)];
            other.submit(&page, "password", &fields).await.at(200, "/account");
        }
    }
}

async fn edit(server: &TestServer, user_id: UserId, status: UserStatus) {
    server
        .run(move |core| async move {
            let person = user::find(&core, user_id).await.unwrap();
            let edit = Edit {
                status: Some(status),
                ..Edit::default()
            };
            user::edit(&core, &By::command(), user_id, person.version, &edit)
                .await
                .unwrap();
        })
        .await;
}

#[tokio::test]
async fn an_app_that_fails_is_told_again_and_one_that_refuses_is_not() {
    let (failing, refusing) = (AppServer::start(), AppServer::start());
    failing.answer(503, "", "");
    refusing.answer(400, "", r#"{"error":"invalid_request"}"#);
    let apps = app("failing", &told(&failing, "/out")) + &app("refusing", &told(&refusing, "/out"));
    let server = TestServer::with(OPEN).await.holding(&(apps + PEOPLE)).await;
    let mut browser = server.browser();
    for id in ["failing", "refusing"] {
        sign_in(&mut browser, &server.relying_party(id, SECRET).await).await;
    }
    sign_out(&server, &mut browser).await.at(200, "/logout/done");
    let first = failing.wait_for(1).await;
    refusing.wait_for(1).await;
    failing.answer(204, "", "");
    server.clock.advance(Duration::minutes(1));
    let calls = failing.wait_for(2).await;
    // each attempt is a token of its own: an app may refuse one that it has seen
    assert_eq!(claims(&first[0])["sid"], claims(&calls[1])["sid"]);
    assert_ne!(claims(&first[0])["jti"], claims(&calls[1])["jti"]);
    let iat = |call: &Received| claims(call)["iat"].as_i64().unwrap();
    assert!(iat(&calls[1]) > iat(&first[0]));
    no_more_than(&failing, 2).await;
    no_more_than(&refusing, 1).await;
    let given_up = "select count(*) from outbox where kind = 'logout' and failed_at is not null";
    assert_eq!(server.count(given_up).await, 1);
    let gone = "select count(*) from outbox where kind = 'logout' and delivered_at is not null";
    assert_eq!(server.count(gone).await, 1);
}

/// Many messages for an app that takes them and never answers, then one for another app: that one need not wait.
#[tokio::test]
async fn an_app_that_never_answers_holds_up_no_other() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_uri = format!(
        "backchannel_logout_uri = \"http://{}/out\"",
        silent.local_addr().unwrap()
    );
    let own = AppServer::start();
    let apps = app("silent", &silent_uri) + &app("app", &told(&own, "/out"));
    let server = TestServer::with(OPEN).await.holding(&(apps + PEOPLE)).await;
    let dead = server.relying_party("silent", SECRET).await;
    let mut browser = server.browser();
    let mut user_id = None;
    let mut session_id = None;
    for id in ["silent", "app"] {
        let claims = sign_in(&mut browser, &server.relying_party(id, SECRET).await).await.0;
        user_id = claims["sub"].as_str().unwrap().parse::<UserId>().ok();
        session_id = claims["sid"].as_str().unwrap().parse::<SessionId>().ok();
    }
    let (user_id, session_id, client_id) = (user_id.unwrap(), session_id.unwrap(), dead.client_id.clone());
    server
        .run(move |core| async move {
            let logout = Message::Logout(Logout {
                client_id,
                user_id,
                session_id,
            });
            let mut tx = core.store.begin().await.unwrap();
            for _ in 0..300 {
                core.outbox.insert(&mut tx, &logout, core.now()).await.unwrap();
            }
            tx.commit().await.unwrap();
            core.outbox.wake();
        })
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let before = std::time::Instant::now();
    sign_out(&server, &mut browser).await;
    own.wait_for(1).await;
    // one call may wait for five seconds
    assert!(
        before.elapsed() < std::time::Duration::from_secs(4),
        "{:?}",
        before.elapsed()
    );
    drop(silent);
}

/// A registered address is somebody else's word: this server does not look around in its own network for it, and does not
/// go where an answer sends it.
#[tokio::test]
async fn private_addresses_and_redirects_are_not_followed() {
    let own = AppServer::start();
    let server = TestServer::start()
        .await
        .holding(&(app("app", &told(&own, "/out")) + PEOPLE))
        .await;
    let mut browser = server.browser();
    sign_in(&mut browser, &server.relying_party("app", SECRET).await).await;
    sign_out(&server, &mut browser).await;
    no_more_than(&own, 0).await;

    let (own, other) = (AppServer::start(), AppServer::start());
    own.answer(307, &format!("location: {}/stolen\r\n", other.origin), "");
    let server = TestServer::with(OPEN)
        .await
        .holding(&(app("app", &told(&own, "/out")) + PEOPLE))
        .await;
    let mut browser = server.browser();
    sign_in(&mut browser, &server.relying_party("app", SECRET).await).await;
    sign_out(&server, &mut browser).await;
    own.wait_for(1).await;
    no_more_than(&other, 0).await;
}

/// It says who, for which app, and is signed with the keys of ID tokens. It must not do the work of another token (§4.1).
#[tokio::test]
async fn a_logout_token_is_no_other_token() {
    let own = AppServer::start();
    let server = TestServer::with(OPEN)
        .await
        .holding(&(app("app", &told(&own, "/out")) + PEOPLE))
        .await;
    let app = server.relying_party("app", SECRET).await;
    let mut browser = server.browser();
    sign_in(&mut browser, &app).await;
    sign_out(&server, &mut browser).await;
    let token = token(&own.wait_for(1).await[0]);
    sign_in(&mut browser, &app).await;
    let mut logout = app.endpoint("end_session_endpoint");
    logout.query_pairs_mut().append_pair("id_token_hint", &token);
    assert_eq!(browser.open(&logout).await.status, 400);
    assert_eq!(app.userinfo(&token).await.status, 401);
    assert_eq!(app.introspect(&token).await["active"], false);
}

#[tokio::test]
async fn it_is_encrypted_as_the_id_tokens_are() {
    let (own, recipient) = (AppServer::start(), Recipient::new(JweAlg::EcdhEs, "k"));
    let more = format!(
        "id_token_encrypted_response_alg = \"ECDH-ES\"\n{}\n{}",
        recipient.jwks(),
        told(&own, "/out")
    );
    let server = TestServer::with(OPEN)
        .await
        .holding(&(app("app", &more) + PEOPLE))
        .await;
    let app = server.relying_party("app", SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[]);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    browser.submit(&page, "sign-in", &fields).await;
    sign_out(&server, &mut browser).await;
    let (header, inner) = recipient.open(&token(&own.wait_for(1).await[0]));
    assert_eq!(header["cty"], "JWT");
    app.verify_id_token(&inner, None, None).await;
}
