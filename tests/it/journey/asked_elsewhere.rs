//! What a device or an app behind the scenes asks for: the pages that ask say it as consent does, and a signed request brings
//! its details as JSON.

use serde_json::{Value, json};
use signet::base::Clock;
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, prepared, refused, sign_in, text};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::SigningKey;

const BANK: &str = "https://bank.example";
const CIBA: &str = "urn:openid:params:grant-type:ciba";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const BEHIND: &str = "backchannel_authentication_endpoint";

static SERVER: OnceCell<(TestServer, SigningKey)> = OnceCell::const_new();

/// A server with an app that asks from elsewhere, and the key that it signs with.
async fn server() -> &'static (TestServer, SigningKey) {
    let made = || async {
        let key = SigningKey::new();
        let file = format!(
            r#"
[[resources]]
identifier = "{BANK}"
name = "Harbour Bank"
[[resources.authorization_details_types]]
type = "payment"
description = "Pay once"
schema = {{ type = "object", required = ["to"], additionalProperties = false, properties = {{ type = true, to = {{ type = "string" }}, for = {{ type = "array" }} }} }}

[[claims]]
name = "https://example.com/team"
value = "user.custom_data.team"
in = ["userinfo"]
title = "Team"

[[users]]
username = "eve"
password = "tide pool lantern 7"

[[clients]]
client_id = "till"
client_secret = "{WEB_SECRET}"
client_name = "Till"
grant_types = ["{DEVICE}", "{CIBA}", "refresh_token"]
response_types = []
backchannel_token_delivery_mode = "poll"
authorization_details_types = ["payment"]
[clients.jwks]
keys = [{{ kty = "EC", crv = "P-256", kid = "till", x = {}, y = {} }}]
"#,
            key.jwk["x"], key.jwk["y"]
        );
        (prepared().await.holding(&file).await, key)
    };
    SERVER.get_or_init(made).await
}

/// The page on which bob decides about what a device asks.
async fn connects(browser: &mut Browser, till: &RelyingParty, parameters: &[(&str, &str)]) -> Page {
    let begun = till.post("device_authorization_endpoint", parameters).await.ok();
    let link = text(&begun, "verification_uri_complete").parse().unwrap();
    let page = browser.open(&link).await.at(200, "/device");
    let page = browser.submit(&page, "device", &[]).await.at(200, "/login");
    sign_in(browser, &page, "bob").await.at(200, "/device")
}

/// The page on which somebody decides about what an app asks them behind the scenes.
async fn approves(browser: &mut Browser, name: &str) -> Page {
    let (server, _) = server().await;
    let page = browser.open(&server.at("/account")).await;
    if page.url.path() == "/login" {
        sign_in(browser, &page, name).await.at(200, "/account");
    }
    let account = browser.open(&server.at("/account")).await.at(200, "/account");
    let links = account.attributes("a[href^='/approve']", "href");
    assert_eq!(links.len(), 1, "what waits: {links:?}");
    browser.open(&server.at(&links[0])).await.at(200, "/approve")
}

/// Who allows a scope from elsewhere allows also what it brings another day; and what an app wrote reads as it stands.
#[tokio::test]
async fn the_pages_that_ask_say_what_consent_says() {
    let (server, _) = server().await;
    let till = server.relying_party("till", WEB_SECRET).await;
    let details = json!([{ "type": "payment", "to": "Shop\u{202e}001", "for": ["bread, to: DE42"] }]).to_string();
    let parameters = [
        ("scope", "openid email phone address offline_access"),
        ("authorization_details", &*details),
    ];
    let hinted = [&parameters[..], &[("login_hint", "bob")]].concat();
    for (language, words, phone) in [
        ("en", "it will also see", "Phone number"),
        ("de", "sieht sie auch", "Telefon"),
    ] {
        let mut browser = server.browser();
        browser.speak(language);
        let on_device = connects(&mut browser, &till, &parameters).await;
        browser.press(&on_device, "device-decision", "decide-deny", &[]).await;
        till.post(BEHIND, &hinted).await.ok();
        let in_account = approves(&mut browser, "bob").await;
        browser.press(&in_account, "approval", "decide-deny", &[]).await;
        for page in [on_device, in_account] {
            let path = page.url.path();
            let later = page.text("#consent-later");
            for word in [words, phone, "Team"] {
                assert!(later.contains(word), "{path}: {word}: {later}");
            }
            assert!(
                !later.contains("E-Mail") && !later.contains("E-mail"),
                "{path}: {later}"
            );
            let sees = page.text("[aria-labelledby=consent-sees] dl");
            assert!(sees.contains("bob@example.com"), "{path}: {sees}");
            assert!(page.has("[aria-labelledby=consent-offline]"), "{path}");
            let members = page.texts("dl.details dd bdi");
            assert!(members.contains(&r"Shop\u{202e}001".to_owned()), "{path}: {members:?}");
            assert!(
                members.contains(&"\"bread, to: DE42\"".to_owned()),
                "{path}: {members:?}"
            );
        }
    }
}

/// A signed request about ada.
async fn ask_signed(till: &RelyingParty, change: impl FnOnce(&mut Value)) -> Answer {
    let (server, key) = server().await;
    let mut claims = super::client_auth::claims(server, "till");
    claims["nbf"] = claims["iat"].clone();
    claims["scope"] = json!("openid");
    claims["login_hint"] = json!("ada");
    change(&mut claims);
    let request = key.sign(&json!({ "alg": "ES256", "kid": "till" }), &claims);
    till.post(BEHIND, &[("request", &request)]).await
}

/// RFC 9396 §3: in a signed request the details are JSON, not a text.
#[tokio::test]
async fn a_signed_request_brings_its_details_as_json() {
    let (server, _) = server().await;
    let till = server.relying_party("till", WEB_SECRET).await;
    for (details, code) in [
        (json!({ "type": "payment", "to": "bakery" }), "invalid_request"),
        (json!([{ "type": "transfer" }]), "invalid_authorization_details"),
        (json!([{ "type": "payment", "to": 5 }]), "invalid_authorization_details"),
        (json!(["payment"]), "invalid_authorization_details"),
    ] {
        let answer = ask_signed(&till, |claims| claims["authorization_details"] = details.clone()).await;
        assert_eq!(answer.error(), refused(400, code), "{details}");
    }
    let details = json!([{ "type": "payment", "to": "bakery", "for": [{ "kind": "cake", "pieces": 2 }] }]);
    let begun = ask_signed(&till, |claims| claims["authorization_details"] = details.clone())
        .await
        .ok();
    let mut browser = server.browser();
    let page = approves(&mut browser, "ada").await;
    assert!(page.text("dl.details").contains("bakery"), "{}", page.body);
    browser.press(&page, "approval", "decide-allow", &[]).await;
    let polls = [("grant_type", CIBA), ("auth_req_id", text(&begun, "auth_req_id"))];
    let tokens = till.token(&polls).await.ok();
    assert_eq!(tokens["authorization_details"], details);
    let claims = till.verify_access_token(text(&tokens, "access_token"), BANK).await;
    assert_eq!(claims["authorization_details"], details);
}

/// FAPI-CIBA §5.2.2 bounds the whole time in which a request is good, and a clock that runs ahead has none of our time yet.
#[tokio::test]
async fn a_signed_request_is_of_now_and_good_for_an_hour_in_all() {
    let (server, _) = server().await;
    let till = server.relying_party("till", WEB_SECRET).await;
    let now = server.clock.now().unix_timestamp();
    for (name, times) in [
        ("made in the future", json!({ "iat": now + 90 })),
        (
            "good for eighty minutes",
            json!({ "nbf": now - 1800, "exp": now + 3000 }),
        ),
    ] {
        let answer = ask_signed(&till, |claims| {
            claims
                .as_object_mut()
                .unwrap()
                .extend(times.as_object().unwrap().clone());
        })
        .await;
        assert_eq!(answer.error(), refused(400, "invalid_request"), "{name}");
    }
    let times = json!({ "login_hint": "eve", "iat": now + 8, "nbf": now - 1200, "exp": now + 2400 });
    ask_signed(&till, |claims| {
        claims
            .as_object_mut()
            .unwrap()
            .extend(times.as_object().unwrap().clone())
    })
    .await
    .ok();
}

/// What a device waits with is nothing to the other grant, nor the other way round.
#[tokio::test]
async fn what_waits_for_one_grant_is_unknown_to_the_other() {
    let (server, _) = server().await;
    let till = server.relying_party("till", WEB_SECRET).await;
    let scope = ("scope", "openid");
    let device = till.post("device_authorization_endpoint", &[scope]).await.ok();
    let behind = till.post(BEHIND, &[scope, ("login_hint", "eve")]).await.ok();
    let (device_code, auth_req_id) = (text(&device, "device_code"), text(&behind, "auth_req_id"));
    for (grant, name, of_other, own) in [
        (DEVICE, "device_code", auth_req_id, device_code),
        (CIBA, "auth_req_id", device_code, auth_req_id),
    ] {
        let poll = async |value: &str| till.token(&[("grant_type", grant), (name, value)]).await.error();
        assert_eq!(poll(of_other).await, refused(400, "invalid_grant"), "{grant}");
        assert_eq!(poll(own).await, refused(400, "authorization_pending"), "{grant}");
    }
}
