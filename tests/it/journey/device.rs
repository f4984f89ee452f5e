//! A device without a browser gets tokens that its owner allows elsewhere (RFC 8628), and what attackers try with it.

use futures_util::future::join_all;
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};
use reqwest::header::HeaderMap;
use serde_json::Value;
use signet::base::Clock;
use time::Duration;
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, prepared, refused, sign_in, text};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::SigningKey;

const DEVICES: &str = r#"
[[clients]]
client_id = "tv"
client_name = "Living Room"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
response_types = []

[[clients]]
client_id = "printer"
client_secret = "the secret of the web app, well kept"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
response_types = []
"#;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER
        .get_or_init(|| async { prepared().await.holding(DEVICES).await })
        .await
}

/// What a device is told when it asks for `scope`.
async fn begin(device: &RelyingParty, more: &[(&str, &str)]) -> Value {
    let mut parameters = vec![
        ("scope", "openid profile offline_access orders:read"),
        ("resource", "https://api.example"),
    ];
    parameters.extend_from_slice(more);
    device.post("device_authorization_endpoint", &parameters).await.ok()
}

async fn poll(device: &RelyingParty, begun: &Value) -> Answer {
    poll_with(device, text(begun, "device_code")).await
}

async fn poll_with(device: &RelyingParty, device_code: &str) -> Answer {
    device
        .token(&[("grant_type", GRANT), ("device_code", device_code)])
        .await
}

/// The page that asks about the device, for `name` in a new browser that came by the address with the code in it.
async fn asked(server: &TestServer, begun: &Value, name: &str) -> (Browser, Page) {
    let mut browser = server.browser();
    let link = text(begun, "verification_uri_complete").parse().unwrap();
    let page = browser.open(&link).await.at(200, "/device");
    let page = browser.submit(&page, "device", &[]).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, name).await;
    assert_eq!(page.url.path(), "/device");
    (browser, page)
}

async fn decide(server: &TestServer, begun: &Value, name: &str, button: &str) -> Page {
    let (mut browser, page) = asked(server, begun, name).await;
    browser.press(&page, "device-decision", button, &[]).await
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_owner_has_typed_in_its_code() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    assert_eq!(text(&begun, "verification_uri"), server.at("/device").as_str());
    assert!(begun["expires_in"].as_i64().unwrap() >= 300 && begun["interval"] == 5);
    assert_eq!(poll(&tv, &begun).await.error(), refused(400, "authorization_pending"));

    // by hand, in small letters
    let mut browser = server.browser();
    let page = browser.open(&server.at("/device")).await.at(200, "/device");
    let typed = text(&begun, "user_code").to_lowercase().replace('-', " ");
    let page = browser
        .submit(&page, "device", &[("user_code", &typed)])
        .await
        .at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/device");
    assert_eq!(page.text(".user-code"), text(&begun, "user_code"));
    assert!(page.text("h1").contains("Living Room"), "{}", page.text("h1"));
    let shown = page.text("#device-decision");
    for words in [
        "Ada Lovelace",
        "See your orders",
        "Only allow this if the device is in front of you",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
    let page = browser
        .press(&page, "device-decision", "decide-allow", &[])
        .await
        .at(200, "/device/done");
    assert!(page.text("h1").contains("connected"));

    server.clock.advance(Duration::seconds(5));
    let tokens = poll(&tv, &begun).await.ok();
    let id_token = tv
        .verify_id_token(text(&tokens, "id_token"), None, Some(text(&tokens, "access_token")))
        .await;
    assert!(id_token["auth_time"].is_number());
    assert_eq!(tokens["scope"], "orders:read");
    tv.verify_access_token(text(&tokens, "access_token"), "https://api.example")
        .await;
    let refreshed = tv.refresh(text(&tokens, "refresh_token")).await.ok();
    assert_eq!(refreshed["token_type"], "Bearer");
    // the account page knows of it, and takes it back
    let account = browser.open(&server.at("/account")).await.at(200, "/account");
    assert!(account.text("main").contains("Living Room"));
}

/// RFC 9449 §5: a device is a public client, so its refresh token is tied to its key too.
#[tokio::test]
async fn a_device_with_a_key_gets_tokens_that_only_it_can_use_and_renew() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    decide(server, &begun, "ada", "decide-allow")
        .await
        .at(200, "/device/done");
    let (key, thief) = (SigningKey::new(), SigningKey::new());
    let with = async |key: Option<&SigningKey>, parameters: &[(&str, &str)]| {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let now = server.clock.now().unix_timestamp();
            let proof = key.proof("POST", tv.endpoint("token_endpoint").as_str(), now, None);
            headers.insert("dpop", proof.parse().unwrap());
        }
        tv.post_with("token_endpoint", headers, parameters).await
    };
    let poll = [("grant_type", GRANT), ("device_code", text(&begun, "device_code"))];
    let given = with(Some(&key), &poll).await.ok();
    assert_eq!(given["token_type"], "DPoP");
    let claims = tv
        .verify_access_token(text(&given, "access_token"), "https://api.example")
        .await;
    assert_eq!(claims["cnf"]["jkt"], key.thumbprint());
    let mut refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&given, "refresh_token")),
    ];
    for other in [None, Some(&thief)] {
        let answer = with(other, &refresh).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    let renewed = with(Some(&key), &refresh).await.ok();
    assert_eq!(renewed["token_type"], "DPoP");
    refresh[1].1 = text(&renewed, "refresh_token");
    assert_eq!(with(Some(&key), &refresh).await.ok()["token_type"], "DPoP");
}

#[tokio::test]
async fn whoever_refuses_gives_nothing_and_the_device_hears_of_it() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    let page = decide(server, &begun, "bob", "decide-deny")
        .await
        .at(200, "/device/done");
    assert!(page.text("h1").contains("not connected"));
    assert_eq!(poll(&tv, &begun).await.error(), refused(400, "access_denied"));
    // decided is decided
    let (_, page) = asked(server, &begun, "bob").await;
    assert_eq!(page.status, 422);
    assert!(page.has("#device-user_code-error"));
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_slowed_down_for_good() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    let pending = refused(400, "authorization_pending");
    let slow_down = refused(400, "slow_down");
    assert_eq!(poll(&tv, &begun).await.error(), pending);
    assert_eq!(poll(&tv, &begun).await.error(), slow_down);
    // five seconds are not enough any more
    server.clock.advance(Duration::seconds(6));
    assert_eq!(poll(&tv, &begun).await.error(), slow_down);
    server.clock.advance(Duration::seconds(16));
    assert_eq!(poll(&tv, &begun).await.error(), pending);
    let many = join_all((0..6).map(|_| poll(&tv, &begun))).await;
    assert!(many.iter().all(|answer| answer.error() == slow_down));
}

#[tokio::test]
async fn a_device_code_is_good_for_its_client_alone_and_once() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let printer = server.relying_party("printer", WEB_SECRET).await;
    let begun = begin(&tv, &[]).await;
    decide(server, &begun, "ada", "decide-allow")
        .await
        .at(200, "/device/done");
    assert_eq!(poll(&printer, &begun).await.error(), refused(400, "invalid_grant"));
    // what a person types in is nothing to the token endpoint
    assert_eq!(
        poll_with(&tv, text(&begun, "user_code")).await.error(),
        refused(400, "invalid_grant")
    );
    let answers = join_all((0..4).map(|_| poll(&tv, &begun))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let given = answers.iter().find(|answer| answer.status == 200).unwrap().ok();
    // somebody else has it too: what it gave is taken back
    assert_eq!(poll(&tv, &begun).await.error(), refused(400, "invalid_grant"));
    let gone = tv.refresh(text(&given, "refresh_token")).await;
    assert_eq!(gone.error(), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn codes_end() {
    let server = prepared().await.holding(DEVICES).await;
    let tv = server.relying_party("tv", "").await;
    let (left, late) = (begin(&tv, &[]).await, begin(&tv, &[]).await);
    let (mut browser, page) = asked(&server, &late, "ada").await;
    server.clock.advance(Duration::minutes(10));
    assert_eq!(poll(&tv, &left).await.error(), refused(400, "expired_token"));
    // the page was left open
    let page = browser.press(&page, "device-decision", "decide-allow", &[]).await;
    assert_eq!(page.status, 422, "{}", page.body);
    assert_eq!(poll(&tv, &late).await.error(), refused(400, "expired_token"));
    assert_eq!(server.count("select count(*) from grants").await, 0);
}

#[tokio::test]
async fn a_code_cannot_be_guessed_not_even_with_a_code_of_ones_own() {
    let server = prepared().await.holding(DEVICES).await;
    let tv = server.relying_party("tv", "").await;
    let own = begin(&tv, &[]).await;
    let (mut browser, _) = asked(&server, &own, "bob").await;
    let mut guesses = Vec::new();
    for guess in [
        "BBBB-BBBB",
        "BBBB-BBBC",
        "BBBB-BBBD",
        "BBBB-BBBF",
        "BBBB-BBBG",
        "BBBB-BBBH",
    ] {
        let page = browser.open(&server.at(&format!("/device?user_code={guess}"))).await;
        guesses.push(page.status);
        // a right one in between does not clear the count
        let right = text(&own, "verification_uri_complete").parse().unwrap();
        browser.open(&right).await;
    }
    assert_eq!(guesses, [422, 422, 422, 422, 422, 429]);
    let page = browser.open(&server.at("/device?user_code=BBBB-BBBH")).await;
    assert!(page.header("retry-after").is_some());
    // from another address too: it is the person who guesses
    let mut elsewhere = server.browser();
    let page = elsewhere.open(&server.at("/device?user_code=BBBB-BBBJ")).await;
    let page = elsewhere.submit(&page, "device", &[]).await.at(200, "/login");
    let page = sign_in(&mut elsewhere, &page, "bob").await;
    assert_eq!(page.status, 429);
    // and nobody else has to wait
    assert_eq!(asked(&server, &own, "ada").await.1.status, 200);
}

/// The QR code of that text, as the server draws it.
fn picture_of(text: &str) -> String {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
    let mut picture = code.render::<Color<'_>>();
    picture.min_dimensions(240, 240);
    picture.dark_color(Color("#000")).light_color(Color("#fff")).build()
}

#[tokio::test]
async fn without_signing_in_nobody_learns_whether_a_code_is_good() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    let mut pages = Vec::new();
    for code in [text(&begun, "user_code"), "BBBB-BBBB"] {
        let mut browser = server.browser();
        let page = browser
            .open(&server.at(&format!("/device?user_code={code}")))
            .await
            .at(200, "/device");
        assert!(page.has("img.qr"));
        let picture = browser.get(&server.at(&format!("/device/qr?user_code={code}"))).await;
        assert_eq!(
            (picture.status, picture.header("content-type")),
            (200, Some("image/svg+xml"))
        );
        // a phone that looks at it comes to the address with the code
        let complete = text(&begun, "verification_uri_complete").replace(text(&begun, "user_code"), code);
        assert_eq!(picture.body, picture_of(&complete));
        pages.push(
            browser
                .submit(&page, "device", &[])
                .await
                .at(200, "/login")
                .text("main"),
        );
    }
    assert_eq!(pages[0], pages[1]);
    let none = server
        .browser()
        .get(&server.at("/device/qr?user_code=%3Cscript%3E"))
        .await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn a_decision_needs_the_page_and_the_person() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let begun = begin(&tv, &[]).await;
    let (mut browser, page) = asked(server, &begun, "ada").await;
    // a form of another site, and one with the token of another browser
    let form = page.form("device-decision").forged("decision", "allow");
    let from = "https://evil.example/".parse().unwrap();
    assert_eq!(browser.send_from(&from, &form).await.status, 400);
    assert_eq!(server.browser().send_once(&page, &form).await.status, 400);
    // signed out meanwhile: back to signing in
    browser.forget("signet-session");
    let stopped = browser.send_once(&page, &form).await;
    assert_eq!(stopped.location().unwrap().path(), "/login");
    server.clock.advance(Duration::seconds(5));
    assert_eq!(poll(&tv, &begun).await.error(), refused(400, "authorization_pending"));
}

#[tokio::test]
async fn only_registered_clients_ask_and_only_for_what_there_is() {
    let server = server().await;
    let tv = server.relying_party("tv", "").await;
    let endpoint = "device_authorization_endpoint";
    let web = server.relying_party("web", WEB_SECRET).await;
    assert_eq!(
        web.post(endpoint, &[]).await.error(),
        refused(400, "unauthorized_client")
    );
    let nobody = server.relying_party("nobody", "").await;
    assert_eq!(nobody.post(endpoint, &[]).await.error(), refused(401, "invalid_client"));
    let wrong = server.relying_party("printer", "wrong").await;
    assert_eq!(wrong.post(endpoint, &[]).await.error(), refused(401, "invalid_client"));
    for (parameters, code) in [
        (&[("scope", "nonsense")][..], "invalid_scope"),
        (&[("resource", "https://elsewhere.example")], "invalid_target"),
        (&[("scope", "openid"), ("scope", "email")], "invalid_request"),
    ] {
        assert_eq!(tv.post(endpoint, parameters).await.error(), refused(400, code));
    }
    for (parameters, code) in [
        (&[("grant_type", GRANT)][..], "invalid_request"),
        (&[("grant_type", GRANT), ("device_code", "unknown")], "invalid_grant"),
    ] {
        assert_eq!(tv.token(parameters).await.error(), refused(400, code));
    }
}

#[tokio::test]
async fn one_address_can_make_only_so_many_wait() {
    let limit = [("SIGNET_LIMITS__AUTHORIZATION_REQUESTS_PER_ADDRESS", "3")];
    let server = super::world::prepare(TestServer::with(&limit).await)
        .await
        .holding(DEVICES)
        .await;
    let tv = server.relying_party("tv", "").await;
    for _ in 0..3 {
        begin(&tv, &[]).await;
    }
    let refusal = tv.post("device_authorization_endpoint", &[]).await;
    assert_eq!(refusal.error(), refused(429, "temporarily_unavailable"));
    assert!(refusal.header("retry-after").is_some());
    server.clock.advance(Duration::minutes(10));
    begin(&tv, &[]).await;
}
