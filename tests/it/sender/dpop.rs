//! DPoP (RFC 9449) over HTTP: tokens are tied to a key, and good with no other one.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signet::base::Clock;
use tokio::sync::OnceCell;

use crate::support::apps::web_app;
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::{SigningKey, proof_claims};

pub(super) const SECRET: &str = "the secret of the web app, well kept";
pub(super) const API: &str = "https://api.example";
const PASSWORD: &str = "tide pool lantern 7";

const STAGE: &str = r#"
[[clients]]
client_id = "spa"
token_endpoint_auth_method = "none"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false

[[clients]]
client_id = "machine"
client_secret = "the secret of the web app, well kept"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
scope = "orders:read"

[[resources]]
identifier = "https://api.example"
name = "Orders"
[[resources.scopes]]
name = "orders:read"
description = "See your orders"

[[users]]
username = "ada"
password = "tide pool lantern 7"
[users.profile]
name = "Ada Lovelace"
"#;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

pub(super) async fn prepared() -> TestServer {
    prepare(TestServer::start().await).await
}

pub(super) async fn prepare(server: TestServer) -> TestServer {
    let apps = [
        web_app(("web", SECRET), "Web", "require_consent = false"),
        web_app(
            ("bound", SECRET),
            "Bound",
            "require_consent = false\ndpop_bound_access_tokens = true",
        ),
        web_app(
            ("opaque", SECRET),
            "Opaque",
            "require_consent = false\naccess_token_format = \"opaque\"",
        ),
    ];
    server.holding(&(apps.concat() + STAGE)).await
}

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

pub(super) fn now(server: &TestServer) -> i64 {
    server.clock.now().unix_timestamp()
}

pub(super) fn with_proof(proof: &str) -> HeaderMap {
    HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("dpop"), proof.parse().unwrap())])
}

/// A code for the app, and the verifier that goes with it.
pub(super) async fn code(server: &TestServer, app: &RelyingParty, changes: &[(&str, &str)]) -> (String, String) {
    let mut browser = server.browser();
    let ask = app.ask(changes);
    let page = browser.open(&ask.url).await;
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let mut page = browser.submit(&page, "sign-in", &fields).await;
    if page.has("form#consent") {
        page = browser.press(&page, "consent", "consent-allow", &[]).await;
    }
    let location = page.location().unwrap_or_else(|| panic!("{}", page.body));
    (app.code(&ask, &location).unwrap(), ask.code_verifier)
}

pub(super) async fn token(app: &RelyingParty, proof: Option<&str>, parameters: &[(&str, &str)]) -> Answer {
    let headers = proof.map(with_proof).unwrap_or_default();
    app.post_with("token_endpoint", headers, parameters).await
}

/// Exchanges a fresh code with a proof by the key.
async fn tokens(server: &TestServer, app: &RelyingParty, key: &SigningKey) -> Value {
    let (code, verifier) = code(server, app, &[("scope", "openid profile offline_access")]).await;
    let proof = key.proof("POST", app.endpoint("token_endpoint").as_str(), now(server), None);
    exchange(app, Some(&proof), &code, &verifier).await.ok()
}

pub(super) async fn exchange(app: &RelyingParty, proof: Option<&str>, code: &str, verifier: &str) -> Answer {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", verifier),
    ];
    token(app, proof, &parameters).await
}

pub(super) async fn userinfo(app: &RelyingParty, scheme: &str, access_token: &str, proof: Option<&str>) -> Answer {
    let mut headers = proof.map(with_proof).unwrap_or_default();
    headers.insert("authorization", format!("{scheme} {access_token}").parse().unwrap());
    app.get("userinfo_endpoint", headers).await
}

#[tokio::test]
async fn a_proof_ties_the_token_and_userinfo_wants_the_same_key() {
    let server = server().await;
    for client_id in ["web", "opaque"] {
        let app = server.relying_party(client_id, SECRET).await;
        let key = SigningKey::new();
        let tokens = tokens(server, &app, &key).await;
        assert_eq!(tokens["token_type"], "DPoP");
        let access_token = tokens["access_token"].as_str().unwrap();
        let known = app.introspect(access_token).await;
        assert_eq!(
            (&known["token_type"], &known["cnf"]["jkt"]),
            (&json!("DPoP"), &json!(key.thumbprint()))
        );
        if client_id == "web" {
            let claims = app.verify_access_token(access_token, server.issuer()).await;
            assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
        }
        let address = app.endpoint("userinfo_endpoint").to_string();
        let proof = |key: &SigningKey| key.proof("GET", &address, now(server), Some(access_token));
        for scheme in ["DPoP", "dpop"] {
            let answer = userinfo(&app, scheme, access_token, Some(&proof(&key))).await;
            assert_eq!(answer.ok()["name"], "Ada Lovelace");
        }
        // another key, none at all, and the downgrade to a bearer token (RFC 9449 §7.2)
        let stolen = [
            ("DPoP", Some(proof(&SigningKey::new()))),
            ("DPoP", None),
            ("Bearer", None),
            ("Bearer", Some(proof(&key))),
        ];
        for (scheme, proof) in stolen {
            let answer = userinfo(&app, scheme, access_token, proof.as_deref()).await;
            assert_eq!(answer.error(), (401, "invalid_token".to_owned()), "{scheme}");
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            assert!(
                challenges
                    .iter()
                    .any(|value| value.to_str().unwrap().starts_with("DPoP "))
            );
        }
    }
}

#[tokio::test]
async fn a_bearer_token_is_not_turned_into_a_bound_one() {
    let server = server().await;
    let app = server.relying_party("web", SECRET).await;
    let (code, verifier) = code(server, &app, &[]).await;
    let tokens = exchange(&app, None, &code, &verifier).await.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    let access_token = tokens["access_token"].as_str().unwrap();
    let key = SigningKey::new();
    let address = app.endpoint("userinfo_endpoint").to_string();
    let proof = key.proof("GET", &address, now(server), Some(access_token));
    let answer = userinfo(&app, "DPoP", access_token, Some(&proof)).await;
    assert_eq!(answer.error(), (401, "invalid_token".to_owned()));
    app.userinfo(access_token).await.ok();
}

#[tokio::test]
async fn every_proof_that_is_wrong_somewhere_is_refused_at_the_resource() {
    let server = server().await;
    let app = server.relying_party("web", SECRET).await;
    let (key, other) = (SigningKey::new(), SigningKey::new());
    let tokens = tokens(server, &app, &key).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let address = app.endpoint("userinfo_endpoint").to_string();
    let now = now(server);
    let good = || proof_claims("GET", &address, now, Some(access_token));
    let claims_with = |name: &str, value: Value| {
        let mut claims = good();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        key.sign(&key.proof_header(), &claims)
    };
    let header_with = |name: &str, value: Value| {
        let mut header = key.proof_header();
        match value {
            Value::Null => drop(header.as_object_mut().unwrap().remove(name)),
            value => header[name] = value,
        }
        key.sign(&header, &good())
    };
    let mut bad = vec![
        ("other key in jwk".to_owned(), header_with("jwk", other.jwk.clone())),
        ("private jwk".to_owned(), header_with("jwk", key.private_jwk())),
        ("nonsense".to_owned(), "nonsense".to_owned()),
        ("three dots".to_owned(), "...".to_owned()),
        ("cut".to_owned(), claims_with("x", json!(1))[..60].to_owned()),
    ];
    for (name, value) in [
        ("typ", Value::Null),
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt")),
        ("alg", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("jwk", Value::Null),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("jwk", json!({ "kty": "EC", "crv": "P-256" })),
    ] {
        bad.push((format!("{name} {value}"), header_with(name, value)));
    }
    for (name, value) in [
        ("jti", Value::Null),
        ("htm", Value::Null),
        ("htm", json!("POST")),
        ("htu", Value::Null),
        ("htu", json!(app.endpoint("token_endpoint").as_str())),
        ("htu", json!("https://elsewhere.example/userinfo")),
        ("iat", Value::Null),
        ("iat", json!("now")),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("ath", Value::Null),
        ("ath", json!("AAAA")),
        ("ath", json!(access_token)),
    ] {
        bad.push((format!("{name} {value}"), claims_with(name, value)));
    }
    for (what, proof) in bad {
        let answer = userinfo(&app, "DPoP", access_token, Some(&proof)).await;
        assert_eq!(answer.error(), (401, "invalid_dpop_proof".to_owned()), "{what}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains("algs="),
            "{challenge}"
        );
    }
    // two proofs
    let mut two = with_proof(&claims_with("x", json!(1)));
    two.append("dpop", claims_with("x", json!(2)).parse().unwrap());
    two.insert("authorization", format!("DPoP {access_token}").parse().unwrap());
    assert_eq!(app.get("userinfo_endpoint", two).await.error().1, "invalid_dpop_proof");
    // what may be there, or be a little off
    for proof in [
        claims_with("nbf", json!(now)),
        claims_with("exp", json!(now + 60)),
        claims_with("iat", json!(now - 10)),
        claims_with("iat", json!(now + 10)),
        claims_with("htu", json!(format!("{address}?x=1#y"))),
    ] {
        userinfo(&app, "DPoP", access_token, Some(&proof)).await.ok();
    }
}

#[tokio::test]
async fn a_proof_is_good_once_at_every_endpoint() {
    let server = server().await;
    let app = server.relying_party("machine", SECRET).await;
    let key = SigningKey::new();
    let address = app.endpoint("token_endpoint").to_string();
    let proof = key.proof("POST", &address, now(server), None);
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    let first = token(&app, Some(&proof), &grant).await.ok();
    assert_eq!(first["token_type"], "DPoP");
    assert_eq!(
        token(&app, Some(&proof), &grant).await.error(),
        (400, "invalid_dpop_proof".to_owned())
    );

    let app = server.relying_party("web", SECRET).await;
    let tokens = tokens(server, &app, &key).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let address = app.endpoint("userinfo_endpoint").to_string();
    let proof = key.proof("GET", &address, now(server), Some(access_token));
    userinfo(&app, "DPoP", access_token, Some(&proof)).await.ok();
    let again = userinfo(&app, "DPoP", access_token, Some(&proof)).await;
    assert_eq!(again.error(), (401, "invalid_dpop_proof".to_owned()));
}

#[tokio::test]
async fn a_proof_of_a_stranger_uses_nothing_up() {
    let server = server().await;
    let app = server.relying_party("machine", "wrong").await;
    let key = SigningKey::new();
    let proof = key.proof("POST", app.endpoint("token_endpoint").as_str(), now(server), None);
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    assert_eq!(token(&app, Some(&proof), &grant).await.error().1, "invalid_client");
    let app = server.relying_party("machine", SECRET).await;
    token(&app, Some(&proof), &grant).await.ok();
}

#[tokio::test]
async fn a_client_that_registered_for_it_gets_no_token_without_a_proof() {
    let server = server().await;
    let app = server.relying_party("bound", SECRET).await;
    let (code, verifier) = code(server, &app, &[]).await;
    assert_eq!(
        exchange(&app, None, &code, &verifier).await.error(),
        (400, "invalid_request".to_owned())
    );
    // the code is not used up by that
    let key = SigningKey::new();
    let proof = key.proof("POST", app.endpoint("token_endpoint").as_str(), now(server), None);
    exchange(&app, Some(&proof), &code, &verifier).await.ok();
}

#[tokio::test]
async fn a_refresh_token_of_an_app_in_the_browser_is_tied_to_its_key() {
    let server = server().await;
    let app = server.relying_party("spa", "").await;
    let (key, thief) = (SigningKey::new(), SigningKey::new());
    let tokens = tokens(server, &app, &key).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let address = app.endpoint("token_endpoint").to_string();
    let refresh = async |key: Option<&SigningKey>, value: &str| {
        let proof = key.map(|key| key.proof("POST", &address, now(server), None));
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", value)];
        token(&app, proof.as_deref(), &parameters).await
    };
    for stolen in [Some(&thief), None] {
        let answer = refresh(stolen, &refresh_token).await;
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    }
    let fresh = refresh(Some(&key), &refresh_token).await.ok();
    assert_eq!(fresh["token_type"], "DPoP");
    // its successor too
    let successor = fresh["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(Some(&thief), successor).await.error().1, "invalid_grant");
    refresh(Some(&key), successor).await.ok();
}

#[tokio::test]
async fn a_client_with_a_secret_may_change_its_key() {
    let server = server().await;
    let app = server.relying_party("web", SECRET).await;
    let first = tokens(server, &app, &SigningKey::new()).await;
    let next = SigningKey::new();
    let proof = next.proof("POST", app.endpoint("token_endpoint").as_str(), now(server), None);
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ];
    // RFC 9449 §5: its refresh tokens are tied to the client, which has proven itself
    let tokens = token(&app, Some(&proof), &parameters).await.ok();
    let known = app.introspect(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(known["cnf"]["jkt"], next.thumbprint());
}

#[tokio::test]
async fn a_code_is_tied_to_the_key_of_the_request() {
    let server = server().await;
    let app = server.relying_party("web", SECRET).await;
    let (key, other) = (SigningKey::new(), SigningKey::new());
    let address = app.endpoint("token_endpoint").to_string();
    let proof = |key: &SigningKey| key.proof("POST", &address, now(server), None);
    let thumbprint = key.thumbprint();
    let (code, verifier) = code(server, &app, &[("dpop_jkt", &thumbprint)]).await;
    for stolen in [None, Some(proof(&other))] {
        let answer = exchange(&app, stolen.as_deref(), &code, &verifier).await;
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    }
    exchange(&app, Some(&proof(&key)), &code, &verifier).await.ok();
}

/// Pushes a request with a proof, and returns the answer and the verifier.
pub(super) async fn push(app: &RelyingParty, proof: &str, changes: &[(&str, &str)]) -> (Answer, String) {
    let ask = app.ask(changes);
    let parameters: Vec<(String, String)> = ask.url.query_pairs().into_owned().collect();
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
    let endpoint = "pushed_authorization_request_endpoint";
    let answer = app.post_with(endpoint, with_proof(proof), &parameters).await;
    (answer, ask.code_verifier)
}

#[tokio::test]
async fn a_proof_with_a_pushed_request_ties_the_code() {
    let server = server().await;
    let app = server.relying_party("web", SECRET).await;
    let (key, other) = (SigningKey::new(), SigningKey::new());
    let address = app.endpoint("pushed_authorization_request_endpoint").to_string();
    let at_par = |key: &SigningKey| key.proof("POST", &address, now(server), None);
    // RFC 9449 §10.1: the two must agree
    let named = other.thumbprint();
    let (refused, _) = push(&app, &at_par(&key), &[("dpop_jkt", &named)]).await;
    assert_eq!(refused.error(), (400, "invalid_dpop_proof".to_owned()));
    let wrong = key.proof("POST", app.endpoint("token_endpoint").as_str(), now(server), None);
    assert_eq!(push(&app, &wrong, &[]).await.0.error().1, "invalid_dpop_proof");
    let proof = at_par(&key);
    let (answer, verifier) = push(&app, &proof, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(
        push(&app, &proof, &[]).await.0.error().1,
        "invalid_dpop_proof",
        "used before"
    );

    let mut url = app.endpoint("authorization_endpoint");
    url.query_pairs_mut()
        .append_pair("client_id", "web")
        .append_pair("request_uri", answer.json()["request_uri"].as_str().unwrap());
    let mut browser = server.browser();
    let page = browser.open(&url).await;
    let page = browser
        .submit(&page, "sign-in", &[("identifier", "ada"), ("password", PASSWORD)])
        .await;
    let location = page.location().unwrap();
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let address = app.endpoint("token_endpoint").to_string();
    let at_token = |key: &SigningKey| key.proof("POST", &address, now(server), None);
    assert_eq!(
        exchange(&app, Some(&at_token(&other)), &code, &verifier)
            .await
            .error()
            .1,
        "invalid_grant"
    );
    assert_eq!(exchange(&app, None, &code, &verifier).await.error().1, "invalid_grant");
    exchange(&app, Some(&at_token(&key)), &code, &verifier).await.ok();
}
