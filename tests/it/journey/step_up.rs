//! A resource wants a person to have signed in more recently, and the app has them do so (RFC 9470).

use serde_json::{Value, json};
use time::Duration;

use super::world::{API, API_SECRET, WEB_SECRET, prepare, prepared, sign_in, text, tokens};
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

const MINUTES: Duration = Duration::minutes(10);

/// A new access token of the same grant.
async fn refreshed(app: &RelyingParty, given: &Value) -> Value {
    app.refresh(text(given, "refresh_token")).await.ok()
}

#[tokio::test]
async fn userinfo_says_how_recent_a_sign_in_it_wants_and_is_content_with_that() {
    let server = TestServer::with(&[("SIGNET_SECURITY__USERINFO_MAX_AGE_SECONDS", "600")]).await;
    let server = prepare(server).await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let scope = ("scope", "openid profile offline_access");
    let ask = app.ask(&[scope]);
    let code = super::world::code(&mut browser, &app, &ask, "ada").await;
    let given = app.exchange(&ask, &code).await.ok();
    assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 200);

    server.clock.advance(Duration::minutes(9));
    let last = refreshed(&app, &given).await;
    assert_eq!(app.userinfo(text(&last, "access_token")).await.status, 200, "in time");
    server.clock.advance(Duration::minutes(2));
    let late = refreshed(&app, &last).await;
    let refused = app.userinfo(text(&late, "access_token")).await;
    assert_eq!(refused.error(), (401, "insufficient_user_authentication".to_owned()));
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    for words in ["error=\"insufficient_user_authentication\"", "max_age=\"600\""] {
        assert!(challenge.contains(words), "{words}: {challenge}");
    }

    // §4: the app asks for what the challenge says; the session alone is not enough
    let ask = app.ask(&[scope, ("max_age", "600")]);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await;
    let code = app.code(&ask, &page.location().unwrap()).unwrap();
    let given = app.exchange(&ask, &code).await.ok();
    assert_eq!(
        app.userinfo(text(&given, "access_token")).await.ok()["name"],
        "Ada Lovelace"
    );
}

#[tokio::test]
async fn an_api_learns_when_and_how_a_person_signed_in() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let asked = [("scope", "openid orders:read offline_access"), ("resource", API)];
    let given = tokens(&server, &app, &asked, "ada").await;
    let signed_in = app.verify_access_token(text(&given, "access_token"), API).await["auth_time"].clone();
    server.clock.advance(MINUTES);
    let last = refreshed(&app, &given).await;
    // §6.1 in the token, §6.2 for those who ask: of the sign-in, not of the token
    let claims = app.verify_access_token(text(&last, "access_token"), API).await;
    let api = server.relying_party("https-api", API_SECRET).await;
    let told = api.introspect(text(&last, "access_token")).await;
    for said in [&claims, &told] {
        assert_eq!((&said["auth_time"], &said["acr"]), (&signed_in, &json!("1")), "{said}");
    }
    assert!(told["iat"].as_i64() >= signed_in.as_i64().map(|then| then + 600));
    // a program has not signed in
    let machine = server.relying_party("machine", WEB_SECRET).await;
    let own = [("grant_type", "client_credentials"), ("resource", API)];
    let own = machine.token(&own).await.ok();
    let told = api.introspect(text(&own, "access_token")).await;
    assert!(
        told["active"] == true && told["auth_time"].is_null() && told["acr"].is_null(),
        "{told}"
    );
}

#[tokio::test]
async fn what_only_one_class_of_sign_in_reaches_is_said() {
    let server = prepared().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    assert_eq!(app.metadata["acr_values_supported"], json!(["1"]));
    // §5: a wish is answered with what there is, and a demand that nothing here fulfils is refused
    let given = tokens(&server, &app, &[("acr_values", "2 1")], "ada").await;
    let claims = app
        .verify_access_token(text(&given, "access_token"), server.issuer())
        .await;
    assert_eq!(claims["acr"], "1");
    let demand = json!({ "id_token": { "acr": { "essential": true, "value": "2" } } }).to_string();
    let ask = app.ask(&[("claims", &demand)]);
    let page = server.browser().get(&ask.url).await;
    let refusal = app.code(&ask, &page.location().unwrap()).unwrap_err();
    assert_eq!(refusal.error, "unmet_authentication_requirements");
}
