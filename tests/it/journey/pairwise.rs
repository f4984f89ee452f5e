//! Pairwise subjects: one person is somebody else to every sector, everywhere a `sub` leaves the server and comes back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::world::{API, API_SECRET, WEB_SECRET, code, go, prepare, prepared, sign_in, text, tokens};
use crate::support::app_server::AppServer;
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};

const CLIENTS: &str = r#"
[[clients]]
client_id = "pair-a"
client_secret = "the secret of the web app, well kept"
client_name = "Pair A"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
grant_types = ["authorization_code", "refresh_token"]
subject_type = "pairwise"
require_consent = false

[[clients]]
client_id = "pair-a2"
client_secret = "the secret of the web app, well kept"
client_name = "Pair A, the other app"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
subject_type = "pairwise"
require_consent = false

[[clients]]
client_id = "pair-b"
client_secret = "the secret of the web app, well kept"
client_name = "Pair B"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback", "https://other.test/callback"]
sector_identifier_uri = "https://sector.example/uris.json"
subject_type = "pairwise"
require_consent = false
"#;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER
        .get_or_init(|| async { prepared().await.holding(CLIENTS).await })
        .await
}

async fn sub(server: &TestServer, app: &RelyingParty, name: &str) -> String {
    let given = tokens(server, app, &[], name).await;
    let claims = app.verify_id_token_of(&given).await;
    text(&claims, "sub").to_owned()
}

#[tokio::test]
async fn a_person_is_the_same_in_a_sector_and_another_one_outside() {
    let server = server().await;
    let app = |id| server.relying_party(id, WEB_SECRET);
    let (a, a2, b, public) = (
        app("pair-a").await,
        app("pair-a2").await,
        app("pair-b").await,
        app("web").await,
    );
    assert!(
        public.metadata["subject_types_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("pairwise"))
    );
    let ada = sub(server, &a, "ada").await;
    assert_eq!(ada.len(), 22);
    assert_eq!(sub(server, &a, "ada").await, ada);
    assert_eq!(sub(server, &a2, "ada").await, ada);
    for other in [
        sub(server, &b, "ada").await,
        sub(server, &public, "ada").await,
        sub(server, &a, "bob").await,
    ] {
        assert_ne!(other, ada);
    }
}

#[tokio::test]
async fn every_sub_that_leaves_is_the_same_one() {
    let server = server().await;
    let a = server.relying_party("pair-a", WEB_SECRET).await;
    let given = tokens(server, &a, &[("scope", "openid offline_access")], "ada").await;
    let claims = a.verify_id_token_of(&given).await;
    let access_token = text(&given, "access_token");
    assert_eq!(a.userinfo(access_token).await.ok()["sub"], claims["sub"]);
    assert_eq!(a.introspect(access_token).await["sub"], claims["sub"]);
    assert_eq!(a.introspect(text(&given, "refresh_token")).await["sub"], claims["sub"]);
    let again = a.refresh(text(&given, "refresh_token")).await.ok();
    assert_eq!(a.verify_id_token_of(&again).await["sub"], claims["sub"]);
    // the same for an API, which sees what the app sees
    let for_api = [("scope", "orders:read"), ("resource", API)];
    let given = tokens(server, &a, &for_api, "ada").await;
    let access_token = text(&given, "access_token");
    assert_eq!(a.verify_access_token(access_token, API).await["sub"], claims["sub"]);
    let api = server.relying_party(API_CLIENT, API_SECRET).await;
    assert_eq!(api.introspect(access_token).await["sub"], claims["sub"]);
}

const API_CLIENT: &str = "https-api";

#[tokio::test]
async fn a_hint_leads_back_to_the_person_and_what_was_learned_elsewhere_does_not() {
    let server = server().await;
    let a = server.relying_party("pair-a", WEB_SECRET).await;
    let b = server.relying_party("pair-b", WEB_SECRET).await;
    let public = server.relying_party("web", WEB_SECRET).await;
    let known = sub(server, &public, "ada").await;
    let foreign = sub(server, &b, "ada").await;
    let mut browser = server.browser();
    let ask = a.ask(&[]);
    let code = code(&mut browser, &a, &ask, "ada").await;
    let given = a.exchange(&ask, &code).await.ok();
    let own = a.verify_id_token_of(&given).await;
    let silent = [("prompt", "none"), ("id_token_hint", text(&given, "id_token"))];
    let ask = a.ask(&silent);
    let answer = go(&mut browser, &ask, "ada").await.location().unwrap();
    assert!(a.code(&ask, &answer).is_ok());
    let demand = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    for (wanted, fits) in [(text(&own, "sub"), true), (&known, false), (&foreign, false)] {
        let claims = demand(wanted);
        let ask = a.ask(&[("prompt", "none"), ("claims", &claims)]);
        let answer = go(&mut browser, &ask, "ada").await.location().unwrap();
        match a.code(&ask, &answer) {
            Ok(_) => assert!(fits, "{wanted}"),
            Err(refusal) => assert_eq!((fits, refusal.error.as_str()), (false, "login_required"), "{wanted}"),
        }
    }
    // and signing out by it needs no question
    let mut url = a.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", text(&given, "id_token"));
    let page = browser.open(&url).await;
    assert!(!page.has("form#end-session"), "{}", page.body);
    let gone = a.ask(&[("prompt", "none")]);
    let answer = browser.open(&gone.url).await.location().unwrap();
    assert_eq!(a.code(&gone, &answer).unwrap_err().error, "login_required");
    assert!(answer.as_str().starts_with(CALLBACK));
}

/// Nor may the session tell: two apps in one browser that compare what they were told find nothing alike.
#[tokio::test]
async fn a_session_is_another_one_in_every_sector_wherever_it_is_named() {
    let own = AppServer::start();
    let settings = [("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")];
    let logout = format!(
        "backchannel_logout_uri = \"{}/logout\"\nfrontchannel_logout_uri = \"https://suite.test:8443/out\"\n",
        own.origin
    );
    let clients = CLIENTS.replace("subject_type", &format!("{logout}subject_type"));
    let server = prepare(TestServer::with(&settings).await).await.holding(&clients).await;
    let mut browser = server.browser();
    let mut told = Vec::new();
    for id in ["pair-a", "pair-a2", "pair-b", "web"] {
        let app = server.relying_party(id, WEB_SECRET).await;
        let ask = app.ask(&[]);
        let code = code(&mut browser, &app, &ask, "ada").await;
        let given = app.exchange(&ask, &code).await.ok();
        let claims = app.verify_id_token_of(&given).await;
        told.push((app, given, claims));
    }
    let sid = |index: usize| text(&told[index].2, "sid");
    assert_eq!(sid(0), sid(1));
    for (one, other) in [(0, 2), (0, 3), (2, 3)] {
        assert_ne!(sid(one), sid(other));
    }
    // also where the ID token comes back and the session is known by it alone
    let mut url = told[0].0.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", text(&told[0].1, "id_token"));
    let page = browser.open(&url).await.at(200, "/logout/apps");
    for frame in page.attributes("iframe", "src") {
        assert!(!frame.contains(sid(3)), "{frame}");
    }
    let frames = page.attributes("iframe", "src");
    let ends = |index: usize| frames.iter().filter(|frame| frame.ends_with(sid(index))).count();
    assert_eq!((frames.len(), ends(0), ends(2)), (3, 2, 1));
    for call in own.wait_for(3).await {
        let header_and_claims = &call.form()[0].1;
        let (app, _, claims) = told
            .iter()
            .find(|(app, ..)| text(&unverified(header_and_claims), "aud") == app.client_id)
            .unwrap();
        let said = app.verify_id_token(header_and_claims, None, None).await;
        assert_eq!((&said["sid"], &said["sub"]), (&claims["sid"], &claims["sub"]));
    }
}

fn unverified(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_logout_token_says_the_same_sub() {
    let own = AppServer::start();
    let settings = [("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")];
    let logout = format!("backchannel_logout_uri = \"{}/logout\"\n", own.origin);
    let client = CLIENTS.split("\n\n").next().unwrap().replace("pair-a", "pair-c") + "\n" + &logout;
    let server = prepare(TestServer::with(&settings).await).await.holding(&client).await;
    let app = server.relying_party("pair-c", WEB_SECRET).await;
    let mut browser = server.browser();
    let ask = app.ask(&[]);
    let code = code(&mut browser, &app, &ask, "ada").await;
    let given = app.exchange(&ask, &code).await.ok();
    let mut url = app.endpoint("end_session_endpoint");
    url.query_pairs_mut()
        .append_pair("id_token_hint", text(&given, "id_token"));
    browser.open(&url).await;
    let [call] = &own.wait_for(1).await[..] else { panic!() };
    let token = &call.form()[0].1;
    let claims = app.verify_id_token(token, None, None).await;
    assert_eq!(claims["sub"], app.verify_id_token_of(&given).await["sub"]);
}

/// A service of its own sector, which people sign in to and which calls on for them.
const DESK: &str = r#"
[[clients]]
client_id = "desk"
client_secret = "the secret of the web app, well kept"
client_name = "Desk"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback", "https://desk.test/callback"]
sector_identifier_uri = "https://desk.example/uris.json"
subject_type = "pairwise"
require_consent = false
grant_types = ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:openid:params:grant-type:ciba"]
backchannel_token_delivery_mode = "poll"
resources = ["https://api.example"]
[[clients.token_exchange]]
subject_clients = ["desk"]
audiences = ["https://api.example"]
scopes = ["orders:read"]
"#;

#[tokio::test]
async fn who_acts_is_called_as_the_client_knows_them() {
    let server = prepared().await.holding(DESK).await;
    let desk = server.relying_party("desk", WEB_SECRET).await;
    let for_api = [("scope", "openid orders:read"), ("resource", API)];
    let (ada, bob) = (
        tokens(&server, &desk, &for_api, "ada").await,
        tokens(&server, &desk, &for_api, "bob").await,
    );
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let parameters = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", text(&ada, "access_token")),
        ("subject_token_type", kind),
        ("actor_token", text(&bob, "access_token")),
        ("actor_token_type", kind),
        ("audience", API),
    ];
    let got = desk.token(&parameters).await.ok();
    let claims = desk.verify_access_token(text(&got, "access_token"), API).await;
    let known = async |given: &Value| desk.verify_id_token_of(given).await["sub"].clone();
    assert_eq!(claims["sub"], known(&ada).await);
    assert_eq!(claims["act"]["sub"], known(&bob).await);
    // not as the public knows them
    let public = server.relying_party("web", WEB_SECRET).await;
    assert_ne!(claims["act"]["sub"], sub(&server, &public, "bob").await);
}

#[tokio::test]
async fn a_request_behind_the_scenes_finds_the_person_by_the_apps_own_id_token() {
    let server = prepared().await.holding(DESK).await;
    let desk = server.relying_party("desk", WEB_SECRET).await;
    let public = server.relying_party("web", WEB_SECRET).await;
    let own = tokens(&server, &desk, &[], "ada").await;
    let foreign = tokens(&server, &public, &[], "ada").await;
    let ask = async |hint: &str| {
        let parameters = [("scope", "openid"), ("id_token_hint", hint)];
        desk.post("backchannel_authentication_endpoint", &parameters).await
    };
    let refused = ask(text(&foreign, "id_token")).await;
    assert_eq!(refused.error(), (400, "unknown_user_id".to_owned()));
    let begun = ask(text(&own, "id_token")).await.ok();
    let mut browser = server.browser();
    let page = browser.open(&server.at("/account")).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/account");
    let link = page.attribute("a[href^='/approve']", "href");
    let page = browser.open(&server.at(&link)).await.at(200, "/approve");
    browser
        .press(&page, "approval", "decide-allow", &[])
        .await
        .at(200, "/approve/done");
    let grant = "urn:openid:params:grant-type:ciba";
    let parameters = [("grant_type", grant), ("auth_req_id", text(&begun, "auth_req_id"))];
    let given = desk.token(&parameters).await.ok();
    let known = async |given: &Value| desk.verify_id_token_of(given).await["sub"].clone();
    assert_eq!(known(&given).await, known(&own).await);
}
