//! Programs that register themselves, and strangers who try what that lets them do.

use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::sync::OnceCell;

use super::world::{prepare, refused, text, tokens};
use crate::support::registrar::{app, initial_token, manage, manage_with, register, register_from, registered};
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};
use crate::support::site::Site;

static OPEN: OnceCell<TestServer> = OnceCell::const_new();

/// A server where everybody may register, as often as the tests want.
async fn open() -> &'static TestServer {
    OPEN.get_or_init(|| async {
        let settings = [
            ("SIGNET_REGISTRATION__POLICY", "open"),
            ("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "0"),
        ];
        prepare(TestServer::with(&settings).await).await
    })
    .await
}

fn web() -> Value {
    json!({
        "client_name": "Self-made",
        "client_name#de": "Selbstgemacht",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "initiate_login_uri": "https://suite.test:8443/start",
        "unheard_of": { "by": "this server" },
    })
}

#[tokio::test]
async fn a_registered_client_works_and_people_are_always_asked() {
    let server = open().await;
    let answer = register(server, None, &web()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(answer.header("cache-control").unwrap().contains("no-store"));
    let client = answer.json();
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["client_name#de"], "Selbstgemacht");
    assert_eq!(client["response_types"], json!(["code"]));
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["require_consent"], true);
    assert_eq!(client["unheard_of"], Value::Null);
    let app = app(server, &client).await;
    assert_eq!(app.metadata["registration_endpoint"], server.at("/clients").as_str());
    let ask = app.ask(&[]);
    let mut browser = server.browser();
    let page = browser.open(&ask.url).await.at(200, "/login");
    let page = super::world::sign_in(&mut browser, &page, "ada")
        .await
        .at(200, "/consent");
    assert!(page.text("form#consent").contains("Self-made") || page.body.contains("Self-made"));
    let given = tokens(server, &app, &[("scope", "openid profile offline_access")], "ada").await;
    assert_eq!(
        app.userinfo(text(&given, "access_token")).await.ok()["name"],
        "Ada Lovelace"
    );
    assert!(given["refresh_token"].is_string());
}

#[tokio::test]
async fn a_registration_is_read_replaced_and_deleted_by_its_token_alone() {
    let server = open().await;
    let client = registered(server, &web()).await;
    let other = registered(server, &web()).await;
    let read = manage(Method::GET, &client, None).await.ok();
    assert_eq!(read["initiate_login_uri"], "https://suite.test:8443/start");
    assert_eq!(read["registration_access_token"], client["registration_access_token"]);
    assert_eq!(read["client_secret"], Value::Null, "kept as a hash only");
    for token in [text(&other, "registration_access_token"), "made-up"] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = manage_with(method, &client, token, Some(&json!({}))).await;
            assert_eq!(answer.error(), refused(401, "invalid_token"));
            assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "));
        }
    }
    // RFC 7592 §2.2: what is left out is gone
    let mut wanted = json!({ "client_id": client["client_id"], "redirect_uris": [CALLBACK], "client_name": "Renamed" });
    let replaced = manage(Method::PUT, &client, Some(&wanted)).await.ok();
    assert_eq!(replaced["client_name"], "Renamed");
    assert_eq!(replaced["initiate_login_uri"], Value::Null);
    assert_eq!(replaced["grant_types"], json!(["authorization_code"]));
    wanted["client_secret"] = client["client_secret"].clone();
    manage(Method::PUT, &client, Some(&wanted)).await.ok();
    for (name, value) in [
        ("client_secret", json!("a secret that I would like better")),
        ("client_id", other["client_id"].clone()),
        ("registration_access_token", json!("mine")),
        ("client_id_issued_at", json!(1)),
    ] {
        let mut wrong = wanted.clone();
        wrong[name] = value;
        let answer = manage(Method::PUT, &client, Some(&wrong)).await;
        assert_eq!(answer.error(), refused(400, "invalid_request"), "{name}");
    }
    let app = app(server, &client).await;
    tokens(server, &app, &[], "ada").await;
    assert_eq!(manage(Method::DELETE, &client, None).await.status, 204);
    assert_eq!(
        manage(Method::GET, &client, None).await.error(),
        refused(401, "invalid_token")
    );
    let gone = app
        .token(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await;
    assert_eq!(gone.error(), refused(401, "invalid_client"));
}

#[tokio::test]
async fn another_method_of_authentication_brings_its_own_secret() {
    let server = open().await;
    let mut wanted = web();
    wanted["token_endpoint_auth_method"] = json!("none");
    let public = registered(server, &wanted).await;
    assert_eq!(public["client_secret"], Value::Null);
    wanted["token_endpoint_auth_method"] = json!("client_secret_post");
    wanted["client_id"] = public["client_id"].clone();
    let replaced = manage(Method::PUT, &public, Some(&wanted)).await.ok();
    assert!(text(&replaced, "client_secret").len() > 40);
}

#[tokio::test]
async fn bad_metadata_are_refused_in_the_words_of_the_standard() {
    let server = open().await;
    for (changes, error) in [
        (
            json!({ "redirect_uris": ["https://app.example/cb#x"] }),
            "invalid_redirect_uri",
        ),
        (
            json!({ "redirect_uris": ["http://app.example/cb"] }),
            "invalid_redirect_uri",
        ),
        (
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            "invalid_redirect_uri",
        ),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (
            json!({ "initiate_login_uri": "http://app.example/start" }),
            "invalid_client_metadata",
        ),
        // nobody else's machine has them
        (
            json!({ "initiate_login_uri": "http://localhost/start" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "jwks_uri": "http://localhost/jwks" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "request_uris": ["http://127.0.0.1/request"] }),
            "invalid_client_metadata",
        ),
        (
            json!({ "backchannel_logout_uri": "http://localhost/out" }),
            "invalid_client_metadata",
        ),
        (json!({ "response_modes": ["web_message"] }), "invalid_client_metadata"),
        (json!({ "response_modes": "jwt" }), "invalid_client_metadata"),
        // there are no aliases on a server without certificates
        (json!({ "use_mtls_endpoint_aliases": true }), "invalid_client_metadata"),
        (json!({ "logo_uri": "javascript:alert(1)" }), "invalid_client_metadata"),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }),
            "invalid_client_metadata",
        ),
        (json!({ "client_name": "a\u{0}b" }), "invalid_client_metadata"),
        (
            json!({ "software_statement": "e30.e30." }),
            "unapproved_software_statement",
        ),
        (
            json!({ "grant_types": ["client_credentials"] }),
            "invalid_client_metadata",
        ),
        (
            json!({ "response_types": ["id_token token"] }),
            "invalid_client_metadata",
        ),
        // what would let a stranger introspect the tokens of that API
        (
            json!({ "resources": ["https://api.example"] }),
            "invalid_client_metadata",
        ),
        (json!({ "token_exchange": [] }), "invalid_client_metadata"),
        (json!({ "require_consent": false }), "invalid_client_metadata"),
    ] {
        let mut wanted = web();
        for (name, value) in changes.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let answer = register(server, None, &wanted).await;
        assert_eq!(answer.error(), refused(400, error), "{changes}: {}", answer.body);
        crate::conformance::check_description(text(&answer.json(), "error_description"));
    }
    let as_json = [("content-type", "application/json")];
    for (headers, body) in [
        (as_json, "[]"),
        (
            as_json,
            r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#,
        ),
        (
            [("content-type", "text/plain")],
            r#"{"redirect_uris":["https://a.example/"]}"#,
        ),
    ] {
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers = headers.collect();
        let answer = RelyingParty::send(
            Method::POST,
            server.at("/clients"),
            Some(body.to_owned()),
            headers,
            "10.1.1.2",
        )
        .await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{body}");
    }
}

#[tokio::test]
async fn a_sector_is_fetched_and_must_list_every_redirect_uri() {
    let site = Site::start().await;
    let settings = [
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
    ];
    let server = TestServer::with(&settings).await;
    // https is asked for: this one cannot be fetched, and nothing more is said than that
    let mut wanted = web();
    wanted["sector_identifier_uri"] = json!(site.at("/uris.json"));
    let answer = register(&server, None, &wanted).await;
    assert_eq!(answer.error(), refused(400, "invalid_client_metadata"));
    assert_eq!(site.asked("/uris.json"), 0);
    wanted["sector_identifier_uri"] = json!("https://127.0.0.1:9/uris.json");
    let answer = register(&server, None, &wanted).await;
    assert_eq!(answer.error(), refused(400, "invalid_client_metadata"));
    assert!(
        answer.body.contains("the document cannot be fetched"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn where_tokens_are_asked_for_each_is_good_for_so_many_clients() {
    let server = TestServer::with(&[("SIGNET_REGISTRATION__POLICY", "token")]).await;
    for token in [None, Some("made-up")] {
        let answer = register(&server, token, &web()).await;
        assert_eq!(answer.error(), refused(401, "invalid_token"));
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "));
    }
    let token = initial_token(&server, Some(2)).await;
    // one that fails costs nothing
    let bad = register(&server, Some(&token), &json!({ "redirect_uris": ["x"] })).await;
    assert_eq!(bad.error(), refused(400, "invalid_redirect_uri"));
    let wanted = web();
    let at_once = (0..6).map(|_| register(&server, Some(&token), &wanted));
    let answers = futures_util::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 4);
    assert_eq!(server.count("select count(*) from clients").await, 2);
    let token = initial_token(&server, None).await;
    server.clock.advance(Duration::days(8));
    assert_eq!(register(&server, Some(&token), &web()).await.status, 401);
    // a token of a client's own registration admits nobody
    let token = initial_token(&server, None).await;
    let client = register(&server, Some(&token), &web()).await.json();
    let own = text(&client, "registration_access_token");
    assert_eq!(register(&server, Some(own), &web()).await.status, 401);
}

#[tokio::test]
async fn nobody_registers_where_registration_is_off() {
    let server = TestServer::start().await;
    let token = initial_token(&server, None).await;
    assert_eq!(register(&server, Some(&token), &web()).await.status, 404);
    let app = server.relying_party("nobody", "").await;
    assert_eq!(app.metadata["registration_endpoint"], Value::Null);
}

#[tokio::test]
async fn one_address_and_all_together_are_held_to_so_many() {
    let settings = [
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "2"),
        ("SIGNET_REGISTRATION__MOST_CLIENTS", "4"),
    ];
    let server = TestServer::with(&settings).await;
    let wanted = web();
    let at_once = (0..5).map(|_| register_from(&server, None, &wanted, "10.9.9.9"));
    let answers = futures_util::future::join_all(at_once).await;
    let statuses = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((statuses(201), statuses(429)), (2, 3));
    server.clock.advance(Duration::minutes(61));
    for (address, status) in [("10.9.9.9", 201), ("10.9.9.8", 201), ("10.9.9.7", 503)] {
        assert_eq!(
            register_from(&server, None, &wanted, address).await.status,
            status,
            "{address}"
        );
    }
}

#[tokio::test]
async fn clients_that_nobody_came_to_use_are_swept() {
    let settings = [("SIGNET_REGISTRATION__POLICY", "open")];
    let server = prepare(TestServer::with(&settings).await).await;
    let unused = registered(&server, &web()).await;
    let used = registered(&server, &web()).await;
    tokens(&server, &app(&server, &used).await, &[], "ada").await;
    server.clock.advance(Duration::days(29));
    let sweep = || server.run(|core| async move { signet::flow::job::sweep::run(&core).await.unwrap() });
    sweep().await;
    assert_eq!(manage(Method::GET, &unused, None).await.status, 200);
    server.clock.advance(Duration::days(2));
    sweep().await;
    assert_eq!(manage(Method::GET, &unused, None).await.status, 401);
    assert_eq!(manage(Method::GET, &used, None).await.status, 200);
    // the operator's own clients are nobody's to sweep
    let web = "select count(*) from clients where client_id = 'web'";
    assert_eq!(server.count(web).await, 1);
    let told = "select count(*) from audit_events where kind = 'client.deleted' and actor = 'system'";
    assert_eq!(server.count(told).await, 1);
}

#[tokio::test]
async fn what_an_administrator_set_is_not_reset_and_who_was_switched_off_stays_so() {
    let server = open().await;
    let client = registered(server, &web()).await;
    let id = text(&client, "client_id").to_owned();
    let change = |disabled: bool| {
        let id = id.clone();
        server.run(move |core| async move {
            use signet::flow::admin::{By, client};
            let before = client::find(&core, &id).await.unwrap();
            let mut edit = client::Edit {
                metadata: before.metadata.clone(),
                roles: Vec::new(),
                status: before.status,
            };
            edit.metadata.access_token_lifetime_seconds = Some(60);
            if disabled {
                edit.status = signet::model::ClientStatus::Disabled;
            }
            client::edit(&core, &By::command(), &id, before.version, &edit)
                .await
                .unwrap();
        })
    };
    change(false).await;
    let wanted = json!({ "client_id": id, "redirect_uris": [CALLBACK] });
    let replaced = manage(Method::PUT, &client, Some(&wanted)).await.ok();
    assert_eq!(replaced["access_token_lifetime_seconds"], 60);
    let mut same = manage(Method::GET, &client, None).await.ok();
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
    ] {
        same.as_object_mut().unwrap().remove(name);
    }
    manage(Method::PUT, &client, Some(&same)).await.ok();
    same["access_token_lifetime_seconds"] = json!(3600);
    let more = manage(Method::PUT, &client, Some(&same)).await;
    assert_eq!(more.error(), refused(400, "invalid_client_metadata"));
    change(true).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = manage(method, &client, Some(&wanted)).await;
        assert_eq!(answer.error(), refused(403, "access_denied"));
    }
}
