//! APIs: resource indicators (RFC 8707), what people are told, and who may look into a token (RFC 7662).

use tokio::sync::OnceCell;

use super::world::{API, API_SECRET, WEB_SECRET, code, prepared, refused, sign_in, text, tokens};
use crate::support::server::TestServer;

const STOCK: &str = "https://stock.example";
const ORDERS: &[(&str, &str)] = &[("scope", "openid profile orders:read orders:refund"), ("resource", API)];

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

#[tokio::test]
async fn a_person_reads_what_the_app_may_do_and_the_token_says_the_same() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(ORDERS);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    let said = page.text("form#consent");
    for words in ["Orders", "See your orders", "Refund orders of others"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let answer = browser.press(&page, "consent", "consent-allow", &[]).await;
    let code = app.code(&ask, &answer.location().unwrap()).unwrap();
    let given = app.exchange(&ask, &code).await.ok();
    let claims = app.verify_access_token(text(&given, "access_token"), API).await;
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["scope"], "orders:read orders:refund");
    // RFC 9068 §4: a token for an API is none for userinfo.
    assert_eq!(app.userinfo(text(&given, "access_token")).await.status, 401);
    let own = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&given, "refresh_token")),
        ("resource", server.issuer()),
    ];
    let for_userinfo = app.token(&own).await.ok();
    assert_eq!(
        app.userinfo(text(&for_userinfo, "access_token")).await.ok()["name"],
        "Ada Lovelace"
    );
}

#[tokio::test]
async fn a_scope_that_a_role_guards_is_for_its_holders_only() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let given = tokens(server, &app, ORDERS, "bob").await;
    let claims = app.verify_access_token(text(&given, "access_token"), API).await;
    assert_eq!(claims["scope"], "orders:read");
    assert!(!text(&given, "scope").contains("refund"), "{given}");
}

#[tokio::test]
async fn unknown_and_ungranted_resources_are_invalid_targets() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    for resource in [
        "https://nowhere.example",
        "orders",
        "https://api.example#x",
        "https://api.example/",
    ] {
        let ask = app.ask(&[("resource", resource)]);
        let location = server.browser().open(&ask.url).await.location().unwrap();
        assert_eq!(
            app.code(&ask, &location).unwrap_err().error,
            "invalid_target",
            "{resource}"
        );
    }
    let ask = app.ask(&[("resource", API), ("scope", "openid orders:read")]);
    let mut browser = server.browser();
    let code = code(&mut browser, &app, &ask, "ada").await;
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("code_verifier", ask.code_verifier.as_str()),
        ("resource", STOCK),
    ];
    assert_eq!(app.token(&parameters).await.error(), refused(400, "invalid_target"));
}

#[tokio::test]
async fn two_apis_share_a_token_or_get_one_each() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut ask = app.ask(&[("scope", "openid orders:read stock:read"), ("resource", API)]);
    ask.url.query_pairs_mut().append_pair("resource", STOCK);
    let code = code(&mut server.browser(), &app, &ask, "ada").await;
    let given = app.exchange(&ask, &code).await.ok();
    let both = app.verify_access_token(text(&given, "access_token"), STOCK).await;
    assert_eq!(both["aud"], serde_json::json!([API, STOCK]));
    let one = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&given, "refresh_token")),
        ("resource", STOCK),
    ];
    let narrow = app.token(&one).await.ok();
    let claims = app.verify_access_token(text(&narrow, "access_token"), STOCK).await;
    assert_eq!(
        (&claims["aud"], &claims["scope"]),
        (&STOCK.into(), &"stock:read".into())
    );
}

#[tokio::test]
async fn an_api_may_look_into_tokens_for_it_and_into_no_others() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let api = server.relying_party("https-api", API_SECRET).await;
    let for_api = tokens(server, &app, ORDERS, "ada").await;
    let for_issuer = tokens(server, &app, &[], "ada").await;
    let seen = api.introspect(text(&for_api, "access_token")).await;
    assert_eq!((&seen["active"], &seen["client_id"]), (&true.into(), &"web".into()));
    assert_eq!(seen["scope"], "orders:read orders:refund");
    for hidden in [
        text(&for_issuer, "access_token"),
        text(&for_api, "refresh_token"),
        text(&for_api, "id_token"),
    ] {
        assert_eq!(api.introspect(hidden).await, serde_json::json!({"active": false}));
    }
    // who is limited to the API and may call it is not the API
    let machine = server.relying_party("machine", WEB_SECRET).await;
    let found = machine.introspect(text(&for_api, "access_token")).await;
    assert_eq!(found, serde_json::json!({"active": false}));
    // RFC 7662 §2.1: not for whoever merely found a token.
    let public = server.relying_party("spa", "").await;
    let asked = public
        .post("introspection_endpoint", &[("token", text(&for_api, "access_token"))])
        .await;
    assert!([400, 401].contains(&asked.status), "{}", asked.status);
}

#[tokio::test]
async fn a_machine_gets_what_it_holds_and_no_person() {
    let server = server().await;
    let machine = server.relying_party("machine", WEB_SECRET).await;
    let token = async |more: &[(&str, &str)]| {
        let mut parameters = vec![("grant_type", "client_credentials")];
        parameters.extend(more);
        machine.token(&parameters).await
    };
    let given = token(&[("resource", API)]).await.ok();
    let claims = machine.verify_access_token(text(&given, "access_token"), API).await;
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&"machine".into(), &"orders:read".into())
    );
    assert!(
        given["id_token"].is_null() && given["refresh_token"].is_null(),
        "{given}"
    );
    assert_eq!(machine.userinfo(text(&given, "access_token")).await.status, 401);
    for (more, code) in [
        (vec![("scope", "openid")], "invalid_scope"),
        (vec![("scope", "orders:refund"), ("resource", API)], "invalid_scope"),
        (vec![("resource", STOCK)], "invalid_target"),
    ] {
        assert_eq!(token(&more).await.error(), refused(400, code), "{more:?}");
    }
}

const APART: &str = r#"
[[clients]]
client_id = "page"
client_secret = "the secret of the web app, well kept"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
grant_types = ["implicit"]
response_types = ["id_token token"]
require_consent = false

[[resources]]
identifier = "https://drawer.example"
name = "Drawer"
access_token_format = "opaque"
[[resources.scopes]]
name = "drawer:read"
description = "See the drawer"
"#;

#[tokio::test]
async fn what_cannot_be_written_into_one_token_is_refused_and_a_pushed_request_for_it_is_over() {
    let server = prepared().await.holding(APART).await;
    let app = server.relying_party("page", WEB_SECRET).await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/account")).await.at(200, "/login");
    sign_in(&mut browser, &page, "ada").await.at(200, "/account");
    let pushed = [
        ("response_type", "id_token token"),
        ("redirect_uri", &*app.redirect_uri),
        ("scope", "openid orders:read drawer:read"),
        ("resource", API),
        ("resource", "https://drawer.example"),
        ("nonce", "n-1"),
    ];
    let pushed = app.post("pushed_authorization_request_endpoint", &pushed).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let pushed = pushed.json();
    let mut url = app.endpoint("authorization_endpoint");
    url.query_pairs_mut()
        .append_pair("client_id", "page")
        .append_pair("request_uri", text(&pushed, "request_uri"));
    let answer = browser.get(&url).await;
    let location = answer.location().unwrap_or_else(|| panic!("{}", answer.body));
    assert!(
        location.fragment().unwrap().contains("error=invalid_target"),
        "{location}"
    );
    let again = browser.get(&url).await;
    assert_eq!((again.status, again.location()), (400, None));
}
