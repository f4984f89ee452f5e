//! Rich authorization requests (RFC 9396): declared by an API, shown to the person, carried by the token.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::world::{prepare, refused, sign_in, text};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Answer, Ask, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

const BANK: &str = "https://bank.example";
const SECRET: &str = "the secret of the paying app, well kept";

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CIBA: &str = "urn:openid:params:grant-type:ciba";

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    let made = || async {
        let file = format!(
            r#"
[[resources]]
identifier = "{BANK}"
name = "Harbour Bank"
[[resources.authorization_details_types]]
type = "payment"
description = "Pay once"
schema = {{ type = "object", required = ["amount", "to"], additionalProperties = false, properties = {{ type = true, locations = true, amount = {{ type = "integer", minimum = 1 }}, to = {{ type = "string" }} }} }}

[[clients]]
client_id = "paying"
client_secret = "{SECRET}"
client_name = "Paying"
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "refresh_token"]
authorization_details_types = ["payment"]

[[clients]]
client_id = "till"
client_secret = "{SECRET}"
client_name = "Till"
grant_types = ["{DEVICE}", "{CIBA}", "refresh_token"]
response_types = []
backchannel_token_delivery_mode = "poll"
authorization_details_types = ["payment"]

[[clients]]
client_id = "reading"
client_secret = "{SECRET}"
client_name = "Reading"
redirect_uris = ["{CALLBACK}"]
"#
        );
        prepare(TestServer::start().await).await.holding(&file).await
    };
    SERVER.get_or_init(made).await
}

fn payment(amount: u32) -> Value {
    json!({ "type": "payment", "amount": amount, "to": "Ada's Bakery" })
}

async fn to_consent(browser: &mut Browser, ask: &Ask) -> Page {
    let page = browser.open(&ask.url).await;
    let page = if page.url.path() == "/login" {
        sign_in(&mut *browser, &page, "ada").await
    } else {
        page
    };
    page.at(200, "/consent")
}

async fn paid(app: &RelyingParty, browser: &mut Browser, details: &Value) -> (Ask, String) {
    let ask = app.ask(&[("authorization_details", &details.to_string())]);
    let page = to_consent(browser, &ask).await;
    let page = browser.press(&page, "consent", "consent-allow", &[]).await;
    let code = app.code(&ask, &page.location().unwrap()).unwrap();
    (ask, code)
}

#[tokio::test]
async fn what_was_allowed_is_in_the_answer_the_token_and_introspection() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    let details = json!([payment(5), payment(6)]);
    let (ask, code) = paid(&app, &mut server.browser(), &details).await;
    let tokens = app.exchange(&ask, &code).await.ok();
    assert_eq!(tokens["authorization_details"], details);
    let claims = app.verify_access_token(text(&tokens, "access_token"), BANK).await;
    assert_eq!(claims["authorization_details"], details);
    let known = app.introspect(text(&tokens, "access_token")).await;
    assert_eq!(known["authorization_details"], details);
    // A refresh may ask for less, never for more.
    let refresh = |sent: Value, token: String| {
        let app = &app;
        async move {
            app.token(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", &token),
                ("authorization_details", &sent.to_string()),
            ])
            .await
        }
    };
    let token = text(&tokens, "refresh_token").to_owned();
    for more in [json!([payment(7)]), json!([payment(6), payment(6)])] {
        let more = refresh(more, token.clone()).await;
        assert_eq!(more.error(), refused(400, "invalid_authorization_details"));
    }
    let less = refresh(json!([payment(6)]), token).await.ok();
    assert_eq!(less["authorization_details"], json!([payment(6)]));
}

/// What an app wrote cannot read as a member that it did not write, nor in another direction than it stands.
#[tokio::test]
async fn a_text_cannot_pose_as_another_member() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    let to = "Shop\u{202e}001";
    let details = json!([{ "type": "payment", "amount": 5, "to": to }]);
    let ask = app.ask(&[("authorization_details", &details.to_string())]);
    let page = to_consent(&mut server.browser(), &ask).await;
    assert_eq!(
        page.texts("dl.details dd bdi"),
        [r"Shop\u{202e}001".to_owned(), "5".to_owned()]
    );
}

/// One payment that was allowed is one payment, however often the token request names it.
#[tokio::test]
async fn a_code_does_not_multiply_what_was_allowed() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    let mut browser = server.browser();
    for (allowed, sent, is_given) in [
        (json!([payment(5)]), json!([payment(5), payment(5)]), false),
        (json!([payment(5)]), json!([payment(5)]), true),
        (json!([payment(5), payment(5)]), json!([payment(5), payment(5)]), true),
    ] {
        let (ask, code) = paid(&app, &mut browser, &allowed).await;
        let answer = app
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", &ask.code_verifier),
                ("authorization_details", &sent.to_string()),
            ])
            .await;
        if is_given {
            assert_eq!(answer.ok()["authorization_details"], sent);
        } else {
            assert_eq!(answer.error(), refused(400, "invalid_authorization_details"));
        }
    }
}

#[tokio::test]
async fn the_person_sees_every_word_and_is_asked_each_time() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    let mut browser = server.browser();
    for amount in [5, 5] {
        let ask = app.ask(&[("authorization_details", &json!([payment(amount)]).to_string())]);
        let page = to_consent(&mut browser, &ask).await;
        assert!(page.texts("section.asks h2").contains(&"Pay once".to_owned()));
        let asked = format!("{} {}", page.text("section.asks h2 + p"), page.text("dl.details"));
        for words in ["at Harbour Bank", "amount 5", "to Ada's Bakery"] {
            assert!(asked.contains(words), "{words} in {asked}");
        }
        browser.press(&page, "consent", "consent-allow", &[]).await;
    }
    let silent = app.ask(&[
        ("authorization_details", &json!([payment(5)]).to_string()),
        ("prompt", "none"),
    ]);
    let page = browser.get(&silent.url).await;
    let refusal = app.code(&silent, &page.location().unwrap()).unwrap_err();
    assert_eq!(refusal.error, "consent_required");
}

#[tokio::test]
async fn what_no_api_declares_or_no_client_registered_is_refused() {
    let server = server().await;
    let mut browser = server.browser();
    for (client_id, details) in [
        ("reading", json!([payment(5)])),
        ("paying", json!([{ "type": "transfer" }])),
        ("paying", json!([{ "type": "payment", "amount": 0, "to": "x" }])),
        (
            "paying",
            json!([{ "type": "payment", "amount": 5, "to": "x", "more": true }]),
        ),
        (
            "paying",
            json!([{ "type": "payment", "amount": 5, "to": "x", "locations": ["https://api.example"] }]),
        ),
        ("paying", json!({ "type": "payment" })),
        ("paying", json!("payment")),
    ] {
        let app = server.relying_party(client_id, SECRET).await;
        let ask = app.ask(&[("authorization_details", &details.to_string())]);
        let page = browser.get(&ask.url).await;
        let refusal = app.code(&ask, &page.location().unwrap()).unwrap_err();
        assert_eq!(refusal.error, "invalid_authorization_details", "{details}");
        let pushed = app
            .post(
                "pushed_authorization_request_endpoint",
                &[
                    ("response_type", "code"),
                    ("redirect_uri", CALLBACK),
                    ("authorization_details", &details.to_string()),
                ],
            )
            .await;
        assert_eq!(pushed.error(), refused(400, "invalid_authorization_details"));
    }
}

#[tokio::test]
async fn a_token_for_another_place_carries_nothing_of_it() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    let (ask, code) = paid(&app, &mut server.browser(), &json!([payment(5)])).await;
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &ask.code_verifier),
        ("resource", server.issuer()),
    ];
    let tokens = app.token(&parameters).await.ok();
    assert!(tokens["authorization_details"].is_null(), "{tokens}");
}

#[tokio::test]
async fn the_types_are_advertised_and_a_schema_that_cannot_be_checked_is_refused() {
    let server = server().await;
    let app = server.relying_party("paying", SECRET).await;
    assert_eq!(
        app.metadata["authorization_details_types_supported"],
        json!(["payment"])
    );
    use signet::flow::resource_file::{Options, Source, apply};
    let source = Source {
        name: "bad.toml".to_owned(),
        text: r#"
[[resources]]
identifier = "https://bad.example"
authorization_details_types = [{ type = "x", schema = { pattern = "^(a+)+$" } }]
"#
        .to_owned(),
        folder: std::path::PathBuf::new(),
    };
    let refused = server
        .run(move |core| async move {
            apply(&core, &[source], &Options::default())
                .await
                .map(|_| ())
                .unwrap_err()
                .to_string()
        })
        .await;
    assert!(refused.contains("pattern"), "{refused}");
}

/// Asks by an endpoint of the back channel.
async fn ask_behind(app: &RelyingParty, endpoint: &str, details: &Value) -> Answer {
    let details = details.to_string();
    let mut parameters = vec![("scope", "openid"), ("authorization_details", &*details)];
    if endpoint == "backchannel_authentication_endpoint" {
        parameters.push(("login_hint", "ada"));
    }
    app.post(endpoint, &parameters).await
}

#[tokio::test]
async fn a_device_and_an_app_behind_the_scenes_ask_for_them_too() {
    let server = server().await;
    let till = server.relying_party("till", SECRET).await;
    let (details, less) = (json!([payment(41), payment(42)]), json!([payment(42)]));
    let device = ask_behind(&till, "device_authorization_endpoint", &details).await.ok();
    let behind = ask_behind(&till, "backchannel_authentication_endpoint", &details)
        .await
        .ok();

    let mut browser = server.browser();
    let link = text(&device, "verification_uri_complete").parse().unwrap();
    let page = browser.open(&link).await.at(200, "/device");
    let page = browser.submit(&page, "device", &[]).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/device");
    seen(&page.text("form#device-decision"));
    browser.press(&page, "device-decision", "decide-allow", &[]).await;
    let page = browser.open(&server.at("/account")).await.at(200, "/account");
    let link = page.attributes("a[href^='/approve']", "href").remove(0);
    let page = browser.open(&server.at(&link)).await.at(200, "/approve");
    seen(&page.text("form#approval"));
    browser.press(&page, "approval", "decide-allow", &[]).await;

    for (grant, name, value) in [
        (DEVICE, "device_code", text(&device, "device_code")),
        (CIBA, "auth_req_id", text(&behind, "auth_req_id")),
    ] {
        let tokens = till.token(&[("grant_type", grant), (name, value)]).await.ok();
        assert_eq!(tokens["authorization_details"], details, "{grant}");
        let claims = till.verify_access_token(text(&tokens, "access_token"), BANK).await;
        assert_eq!(claims["authorization_details"], details, "{grant}");
        let refresh = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&tokens, "refresh_token")),
            ("authorization_details", &less.to_string()),
        ];
        assert_eq!(
            till.token(&refresh).await.ok()["authorization_details"],
            less,
            "{grant}"
        );
    }
}

fn seen(page: &str) {
    for words in ["Pay once", "amount 41", "amount 42", "Bakery"] {
        assert!(page.contains(words), "{words} in {page}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_before_anybody_is_asked() {
    let server = server().await;
    let till = server.relying_party("till", SECRET).await;
    for details in [
        json!([{ "type": "transfer" }]),
        json!([{ "type": "payment", "amount": 0, "to": "x" }]),
        json!([{ "type": "payment", "amount": 5, "to": "x", "locations": ["https://api.example"] }]),
        json!("payment"),
    ] {
        for endpoint in ["device_authorization_endpoint", "backchannel_authentication_endpoint"] {
            let answer = ask_behind(&till, endpoint, &details).await;
            assert_eq!(
                answer.error(),
                refused(400, "invalid_authorization_details"),
                "{endpoint} {details}"
            );
        }
    }
}
