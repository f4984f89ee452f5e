//! `oidcc-dynamic-certification-test-plan` and `oidcc-3rdparty-init-login-certification-test-plan`: apps that register
//! themselves, with `private_key_jwt`.

mod requests;
mod sector;

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use signet::flow::admin::{By, keys};
use time::Duration;
use tokio::sync::OnceCell;
use url::form_urlencoded;

use super::files;
use super::suite::{IDENTIFIER, PASSWORD};
use crate::support::app_server::AppServer;
use crate::support::browser::Page;
use crate::support::registrar::{app, manage, register, registered};
use crate::support::relying_party::{Answer, Ask, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};
use crate::support::signing_key::SigningKey;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(files::server).await
}

/// An app that registered itself, and its key.
struct Dynamic<'a> {
    server: &'a TestServer,
    client: RelyingParty,
    registration: Value,
    key: Arc<Mutex<(SigningKey, String)>>,
}

fn public(key: &SigningKey, kid: &str) -> Value {
    let mut jwk = key.jwk.clone();
    jwk["kid"] = json!(kid);
    jwk["use"] = json!("sig");
    jwk["alg"] = json!("ES256");
    json!({ "keys": [jwk] })
}

/// What the suite registers, with these changes.
fn wanted(key: &SigningKey, changes: &Value) -> Value {
    let mut wanted = json!({
        "client_name": "OIDC conformance suite",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
        "contacts": ["certification@oidf.example"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": public(key, "first"),
    });
    for (name, value) in changes.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    wanted
}

impl<'a> Dynamic<'a> {
    async fn new(server: &'a TestServer, changes: Value) -> Self {
        let key = SigningKey::new();
        let registration = registered(server, &wanted(&key, &changes)).await;
        // every wish is echoed
        for (name, value) in changes.as_object().unwrap() {
            if !value.is_null() {
                assert_eq!(registration[name], *value, "{name}");
            }
        }
        Self {
            server,
            client: app(server, &registration).await,
            registration,
            key: Arc::new(Mutex::new((key, "first".to_owned()))),
        }
    }

    /// An app that asks for this and nothing else.
    async fn of_type(server: &'a TestServer, response_type: &str) -> Self {
        let has = |word: &str| response_type.split(' ').any(|one| one == word);
        let mut grants = Vec::new();
        if has("code") {
            grants.push("authorization_code");
        }
        if has("token") || has("id_token") {
            grants.push("implicit");
        }
        Self::new(
            server,
            json!({ "response_types": [response_type], "grant_types": grants }),
        )
        .await
    }

    fn ask(&self, changes: &[(&str, &str)]) -> Ask {
        let mut all = vec![("code_challenge", ""), ("code_challenge_method", "")];
        all.extend(changes);
        self.client.ask(&all)
    }

    /// Through the pages; ends where they lead.
    async fn visit(&self, ask: &Ask) -> Page {
        let mut browser = self.server.browser();
        let mut page = browser.open(&ask.url).await;
        if page.url.path() == "/login" && page.location().is_none() {
            let fields = [("identifier", IDENTIFIER), ("password", PASSWORD)];
            page = browser.submit(&page, "sign-in", &fields).await;
        }
        if page.url.path() == "/consent" && page.location().is_none() {
            page = browser.press(&page, "consent", "consent-allow", &[]).await;
        }
        page
    }

    /// A token request with an assertion for this audience.
    async fn token_for(&self, audience: &str, parameters: &[(&str, &str)]) -> Answer {
        let now = self.server.clock.now().unix_timestamp();
        let id = &self.client.client_id;
        let claims = json!({
            "iss": id, "sub": id, "aud": audience, "jti": SystemRng.token().expose(), "iat": now, "exp": now + 60,
        });
        let (key, kid) = self.key.lock().unwrap().clone();
        let assertion = key.sign(&json!({ "alg": "ES256", "kid": kid }), &claims);
        let mut all = vec![
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        all.extend(parameters);
        self.client.post_raw("token_endpoint", Default::default(), &all).await
    }

    async fn token(&self, parameters: &[(&str, &str)]) -> Answer {
        self.token_for(self.server.issuer(), parameters).await
    }

    async fn exchange(&self, code: &str) -> Answer {
        let redirect_uri = &self.client.redirect_uri;
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ])
        .await
    }

    /// A whole flow: the token response, and the ID token's claims.
    async fn flow(&self, changes: &[(&str, &str)]) -> (Value, Value) {
        let ask = self.ask(changes);
        let page = self.visit(&ask).await;
        let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.url, page.body));
        let code = self.client.code(&ask, &location).unwrap();
        let given = self.exchange(&code).await.ok();
        let id_token = given["id_token"].as_str().unwrap();
        let claims = self.client.verify_id_token(id_token, Some(&ask.nonce), None).await;
        (given, claims)
    }

    async fn refused_by_page(&self, ask: &Ask) {
        let page = self.visit(ask).await;
        assert_eq!((page.status, page.location()), (400, None), "{}", page.body);
    }
}

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    let changes = json!({ "id_token_signed_response_alg": "RS256" });
    let suite = Dynamic::new(server().await, changes).await;
    let (given, _) = suite.flow(&[]).await;
    let header = jsonwebtoken::decode_header(given["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    assert!(header.kid.is_some());
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let key = SigningKey::new();
    let changes = json!({ "id_token_signed_response_alg": "none" });
    let answer = register(server().await, None, &wanted(&key, &changes)).await;
    assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()));
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let changes = json!({ "userinfo_signed_response_alg": "RS256" });
    let suite = Dynamic::new(server().await, changes).await;
    let advertised = &suite.client.metadata["userinfo_signing_alg_values_supported"];
    assert!(advertised.as_array().unwrap().contains(&json!("RS256")));
    let (given, claims) = suite.flow(&[]).await;
    let answer = suite.client.userinfo(given["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("application/jwt"));
    let header = jsonwebtoken::decode_header(&answer.body).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    let payload = URL_SAFE_NO_PAD.decode(answer.body.split('.').nth(1).unwrap()).unwrap();
    let said: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(
        (&said["sub"], &said["iss"]),
        (&claims["sub"], &json!(suite.server.issuer()))
    );
    assert_eq!(said["aud"], suite.client.client_id.as_str());
    assert!(said["nonce"].is_null());
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    let changes = json!({ "redirect_uris": [CALLBACK, "https://suite.test:8443/test/a/acme/second"] });
    let suite = Dynamic::new(server().await, changes).await;
    suite.refused_by_page(&suite.ask(&[("redirect_uri", "")])).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok() {
    let with_query = format!("{CALLBACK}?bar=foo");
    let suite = Dynamic::new(server().await, json!({ "redirect_uris": [with_query] })).await;
    let ask = suite.ask(&[]);
    let location = suite.visit(&ask).await.location().unwrap();
    assert!(location.as_str().starts_with(&format!("{with_query}&")), "{location}");
    assert!(suite.client.code(&ask, &location).is_ok());
}

#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let changes = json!({ "redirect_uris": [format!("{CALLBACK}?bar=foo")] });
    let suite = Dynamic::new(server().await, changes).await;
    let other = format!("{CALLBACK}?bar=other");
    suite.refused_by_page(&suite.ask(&[("redirect_uri", &other)])).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let suite = Dynamic::new(server().await, json!({})).await;
    let added = format!("{CALLBACK}?bar=foo");
    suite.refused_by_page(&suite.ask(&[("redirect_uri", &added)])).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    let changes = json!({ "redirect_uris": [format!("{CALLBACK}#foo")] });
    let answer = register(server().await, None, &wanted(&SigningKey::new(), &changes)).await;
    assert_eq!(answer.error(), (400, "invalid_redirect_uri".to_owned()));
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let suite = Dynamic::new(server().await, json!({})).await;
    let has = |member: &str, values: &[&str]| {
        let list = suite.client.metadata[member].as_array().unwrap();
        assert!(
            values.iter().all(|value| list.contains(&json!(value))),
            "{member}: {list:?}"
        );
    };
    has("response_types_supported", &["code", "id_token", "id_token token"]);
    has("grant_types_supported", &["authorization_code", "implicit"]);
    has("subject_types_supported", &["public", "pairwise"]);
    has("token_endpoint_auth_methods_supported", &["private_key_jwt"]);
    assert!(suite.client.metadata["registration_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_server() {
    for response_type in ["code", "code id_token", "code token", "code id_token token"] {
        let suite = Dynamic::of_type(server().await, response_type).await;
        let (given, claims) = suite.flow(&[("response_type", response_type)]).await;
        let userinfo = suite
            .client
            .userinfo(given["access_token"].as_str().unwrap())
            .await
            .ok();
        assert_eq!(userinfo["sub"], claims["sub"], "{response_type}");
    }
    for response_type in ["id_token", "id_token token"] {
        let suite = Dynamic::of_type(server().await, response_type).await;
        let ask = suite.ask(&[("response_type", response_type)]);
        let location = suite.visit(&ask).await.location().unwrap();
        let sent: Vec<_> = form_urlencoded::parse(location.fragment().unwrap().as_bytes())
            .into_owned()
            .collect();
        let get = |name: &str| {
            sent.iter()
                .find(|(found, _)| found == name)
                .map(|(_, value)| value.as_str())
        };
        let token = get("access_token");
        assert_eq!(token.is_some(), response_type == "id_token token");
        let id_token = get("id_token").unwrap();
        suite.client.verify_id_token(id_token, Some(&ask.nonce), token).await;
    }
    let suite = Dynamic::new(server().await, json!({})).await;
    // what it did not register is not its
    let ask = suite.ask(&[("response_type", "id_token token")]);
    let location = suite.visit(&ask).await.location().unwrap();
    assert_eq!(
        suite.client.code(&ask, &location).unwrap_err().error,
        "unauthorized_client"
    );
    assert_eq!(manage(Method::DELETE, &suite.registration, None).await.status, 204);
}

/// The address stands on the page where people sign in.
async fn is_shown(name: &str, address: &str) {
    let suite = Dynamic::new(server().await, json!({ name: address })).await;
    let ask = suite.ask(&[]);
    let page = suite.server.browser().open(&ask.url).await.at(200, "/login");
    assert!(page.body.contains(address), "{name}");
}

#[tokio::test]
async fn oidcc_registration_logo_uri() {
    is_shown("logo_uri", "https://suite.test:8443/logo.png").await;
}

#[tokio::test]
async fn oidcc_registration_policy_uri() {
    is_shown("policy_uri", "https://suite.test:8443/policy").await;
}

#[tokio::test]
async fn oidcc_registration_tos_uri() {
    is_shown("tos_uri", "https://suite.test:8443/terms").await;
}

#[tokio::test]
async fn oidcc_registration_jwks_uri() {
    let own = AppServer::start_tls();
    let key = SigningKey::new();
    own.answer(
        200,
        "content-type: application/json\r\n",
        &public(&key, "first").to_string(),
    );
    let changes = json!({ "jwks": null, "jwks_uri": format!("{}/jwks.json", own.origin) });
    let suite = Dynamic::new(server().await, changes).await;
    suite.key.lock().unwrap().0 = key;
    suite.flow(&[]).await;
    assert_eq!(own.received().len(), 1);
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let server = files::server().await;
    let suite = Dynamic::new(&server, json!({})).await;
    let kids = async || -> Vec<String> {
        let keys = suite.client.jwks().await.keys;
        keys.into_iter().filter_map(|key| key.common.key_id).collect()
    };
    let before = kids().await;
    let rotate = |core: Arc<signet::flow::Core>| async move {
        keys::rotate(&core, &By::command(), None).await.unwrap();
        core.keys.tick(&core.store, &core.sealer, &*core.clock).await.unwrap();
    };
    server.run(rotate).await;
    let after = kids().await;
    assert!(before.iter().all(|kid| after.contains(kid)), "the old ones stay");
    assert!(after.len() > before.len());
    suite.flow(&[]).await;
}

#[tokio::test]
async fn oidcc_refresh_token_rp_key_rotation() {
    let server = files::server().await;
    let own = AppServer::start_tls();
    let (first, second) = (SigningKey::new(), SigningKey::new());
    own.answer(200, "", &public(&first, "first").to_string());
    let changes = json!({ "jwks": null, "jwks_uri": format!("{}/jwks.json", own.origin) });
    let suite = Dynamic::new(&server, changes).await;
    *suite.key.lock().unwrap() = (first, "first".to_owned());
    let scope = [("scope", "openid offline_access"), ("prompt", "consent")];
    let (given, claims) = suite.flow(&scope).await;
    own.answer(200, "", &public(&second, "second").to_string());
    *suite.key.lock().unwrap() = (second, "second".to_owned());
    server.clock.advance(Duration::seconds(61));
    let refresh_token = given["refresh_token"].as_str().unwrap();
    let again = suite
        .token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
        .await
        .ok();
    let renewed = suite.client.verify_id_token_of(&again).await;
    assert_eq!(
        (&renewed["sub"], &renewed["auth_time"]),
        (&claims["sub"], &claims["auth_time"])
    );
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let suite = Dynamic::new(server().await, json!({})).await;
    let other = Dynamic::new(server().await, json!({})).await;
    let scope = [("scope", "openid offline_access"), ("prompt", "consent")];
    let (given, _) = suite.flow(&scope).await;
    let refresh_token = given["refresh_token"].as_str().unwrap();
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    assert_eq!(
        other.token(&parameters).await.error(),
        (400, "invalid_grant".to_owned())
    );
    let answer = suite.token(&parameters).await;
    assert!(answer.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(answer.ok()["token_type"], "Bearer");
}

#[tokio::test]
async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds() {
    let suite = Dynamic::new(server().await, json!({})).await;
    let ask = suite.ask(&[]);
    let location = suite.visit(&ask).await.location().unwrap();
    let code = suite.client.code(&ask, &location).unwrap();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    suite.token_for(suite.server.issuer(), &parameters).await.ok();
}

#[tokio::test]
async fn oidcc_3rd_party_init_login() {
    let changes = json!({ "initiate_login_uri": "https://suite.test:8443/test/a/acme/initiate_login" });
    let suite = Dynamic::new(server().await, changes.clone()).await;
    let read = manage(Method::GET, &suite.registration, None).await.ok();
    assert_eq!(read["initiate_login_uri"], changes["initiate_login_uri"]);
    suite.flow(&[]).await;
}

#[tokio::test]
async fn oidcc_3rd_party_init_login_nohttps() {
    let changes = json!({ "initiate_login_uri": "http://suite.test:8443/test/a/acme/initiate_login" });
    let answer = register(server().await, None, &wanted(&SigningKey::new(), &changes)).await;
    assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()));
}
