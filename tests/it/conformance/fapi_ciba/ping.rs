//! The modules of ping; and how the person hears of it.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use time::Duration;

use super::plan::{BOB, MESSAGE, Plan, TOKEN, error, sign_in};
use crate::conformance::suite::IDENTIFIER;
use crate::support::app_server::AppServer;
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

const PKJWT: &str = "ciba-ping-pkjwt";

/// Begins by ping, decides, and returns what came in.
async fn pinged(clients: &'static str, answer: (u16, &str, &str), button: &str) -> (Plan, Value, usize) {
    let plan = Plan::new(clients).await;
    plan.suite.answer(answer.0, answer.1, answer.2);
    let begun = {
        let party = plan.party(1).await;
        let begun = party.begin(json!({})).await;
        party.decide(button, MESSAGE).await;
        let calls = plan.suite.wait_for(1).await;
        let call = &calls[0];
        assert_eq!((call.method.as_str(), call.target.as_str()), ("POST", "/ping"));
        assert_eq!(call.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(call.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body, json!({ "auth_req_id": begun["auth_req_id"] }));
        begun
    };
    // time for another attempt, if there were one
    plan.server.clock.advance(Duration::minutes(2));
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let calls = plan.suite.received().len();
    (plan, begun, calls)
}

#[tokio::test]
async fn ping_backchannel_notification_endpoint_response_has_body() {
    let (plan, begun, calls) = pinged(PKJWT, (200, "", "{\"hello\":1}"), "decide-allow").await;
    assert_eq!(calls, 1);
    plan.party(1).await.poll(&begun).await.ok();
}

/// Told that it may not call there, it does not call again; the tokens are there all the same.
async fn is_not_asked_again(clients: &'static str, status: u16) {
    let (plan, begun, calls) = pinged(clients, (status, "", ""), "decide-allow").await;
    assert_eq!(calls, 1);
    plan.party(1).await.poll(&begun).await.ok();
}

#[tokio::test]
async fn ping_backchannel_notification_endpoint_response_401() {
    is_not_asked_again(PKJWT, 401).await;
}

#[tokio::test]
async fn ping_backchannel_notification_endpoint_response_403() {
    is_not_asked_again(PKJWT, 403).await;
}

#[tokio::test]
async fn ping_with_mtls_ciba_notification_endpoint_response_401_and_require_server_does_not_retry() {
    is_not_asked_again("ciba-ping-mtls", 401).await;
}

#[tokio::test]
async fn ping_backchannel_notification_endpoint_return_redirect_request() {
    let elsewhere = AppServer::start_tls();
    let location = format!("Location: {}/stolen\r\n", elsewhere.origin);
    let (_, _, calls) = pinged(PKJWT, (302, &location, ""), "decide-allow").await;
    assert_eq!(calls, 1);
    assert!(elsewhere.received().is_empty(), "it is not followed");
}

#[tokio::test]
async fn ping_tells_of_a_refusal_too() {
    let (plan, begun, _) = pinged(PKJWT, (204, "", ""), "decide-deny").await;
    let answer = plan.party(1).await.poll(&begun).await;
    assert_eq!(answer.error(), error(400, "access_denied"));
    // and it brings the token for that
    let party = plan.party(1).await;
    let refused = party.ask(json!({ "client_notification_token": null })).await;
    assert_eq!(refused.error(), error(400, "invalid_request"));
}

#[tokio::test]
async fn a_mail_leads_to_the_question_and_nobody_else_may_answer_it() {
    let plan = Plan::new("ciba-poll-pkjwt").await;
    plan.server.apply(BOB).await;
    let party = plan.party(1).await;
    let begun = party.begin(json!({ "binding_message": "Order 4711" })).await;
    let mail = plan.server.mailbox().mail("buffy@example.com", 1).await;
    let link = mail.link("/approve").to_string();
    assert!(!mail.text.contains("4711"), "what the app wrote stays out of mails");
    // somebody else who has the link
    let mut other = plan.server.browser();
    let page = other.open(&link.parse().unwrap()).await.at(200, "/login");
    let page = sign_in(&mut other, &page, "bob").await;
    assert_eq!((page.status, page.has("form#approval")), (400, false));
    // whom it is for
    let mut browser = plan.server.browser();
    let page = browser.open(&link.parse().unwrap()).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, IDENTIFIER).await.at(200, "/approve");
    assert_eq!(page.text(".user-code"), "Order 4711");
    let form = page.form("approval").forged("decision", "allow");
    let from = "https://evil.example/".parse().unwrap();
    assert_eq!(browser.send_from(&from, &form).await.status, 400);
    browser
        .press(&page, "approval", "decide-allow", &[])
        .await
        .at(200, "/approve/done");
    // decided is decided
    assert_eq!(browser.open(&link.parse().unwrap()).await.status, 400);
    party.poll(&begun).await.ok();
}

#[tokio::test]
async fn nobody_is_worn_down() {
    let plan = Plan::new("ciba-poll-pkjwt").await;
    plan.server.apply(BOB).await;
    // twelve of one app, twenty in all
    for (number, most) in [(1, 12), (2, 8)] {
        let party = plan.party(number).await;
        for _ in 0..most {
            party.begin(json!({ "login_hint": "bob" })).await;
        }
        let refused = party.ask(json!({ "login_hint": "bob" })).await;
        assert_eq!(refused.error(), error(429, "temporarily_unavailable"));
        party.begin(json!({ "login_hint": IDENTIFIER })).await;
    }
}

/// FAPI-CIBA §5.2.2-2; who is held to no profile may leave it out.
#[tokio::test]
async fn a_request_under_a_fapi_profile_needs_a_binding_message() {
    let plan = Plan::new("ciba-poll-pkjwt").await;
    let party = plan.party(1).await;
    let refused = party.ask(json!({ "binding_message": null })).await;
    assert_eq!(refused.error(), error(400, "invalid_binding_message"));
    party.begin(json!({})).await;
}

/// `automated_ciba_approval_url`.
#[tokio::test]
async fn a_program_decides_where_the_setting_says_so_and_nowhere_else() {
    let plan = Plan::new("ciba-poll-pkjwt").await;
    let party = plan.party(1).await;
    let told = crate::conformance::files::plan("ciba-poll-pkjwt");
    let template = told["automated_ciba_approval_url"].as_str().unwrap();
    let decide = async |server: &TestServer, id: &str, action: &str| {
        let path = template.replace("https://localhost:8443", "");
        let path = path.replace("{auth_req_id}", id).replace("{action}", action);
        let answer = RelyingParty::send(Method::POST, server.at(&path), None, HeaderMap::new(), "10.1.1.1").await;
        answer.status
    };
    let id = |begun: &Value| begun["auth_req_id"].as_str().unwrap().to_owned();
    let (allowed, denied) = (party.begin(json!({})).await, party.begin(json!({})).await);
    for (id, action) in [("unknown", "allow"), (&id(&allowed), "wait"), ("", "")] {
        assert_eq!(decide(&plan.server, id, action).await, 404);
    }
    assert_eq!(decide(&plan.server, &id(&allowed), "allow").await, 204);
    assert_eq!(decide(&plan.server, &id(&denied), "deny").await, 204);
    // once
    assert_eq!(decide(&plan.server, &id(&allowed), "deny").await, 404);
    party.poll(&allowed).await.ok();
    assert_eq!(party.poll(&denied).await.error(), error(400, "access_denied"));

    let strict = TestServer::start().await;
    assert_eq!(decide(&strict, &id(&allowed), "allow").await, 404);
    // nor does it look there
    let off = Plan::with("ciba-poll-pkjwt", &[("SIGNET_TESTING__CIBA_APPROVAL", "false")]).await;
    let party = off.party(1).await;
    let begun = party.begin(json!({})).await;
    assert_eq!(decide(&off.server, &id(&begun), "allow").await, 404);
    assert_eq!(party.poll(&begun).await.error(), error(400, "authorization_pending"));
}
