//! `fapi-ciba-id1-test-plan`, poll and ping, by `private_key_jwt`: clients that are held to strong keys and signed requests.
//! The modules that probe certificates are with those of mutual TLS.

mod ping;
mod poll;

use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use tokio::sync::OnceCell;

use crate::journey::world::{prepare, sign_in};
use crate::support::app_server::AppServer;
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::SigningKey;

const GRANT: &str = "urn:openid:params:grant-type:ciba";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

pub struct Plan {
    server: TestServer,
    app: AppServer,
    keys: [SigningKey; 2],
}

static PLAN: OnceCell<Arc<Plan>> = OnceCell::const_new();

async fn plan() -> Arc<Plan> {
    PLAN.get_or_init(|| async { Arc::new(Plan::new().await) }).await.clone()
}

/// A client's own way of asking.
struct Party<'a> {
    plan: &'a Plan,
    rp: RelyingParty,
    key: &'a SigningKey,
}

impl Plan {
    async fn new() -> Self {
        let app = AppServer::start();
        let server = TestServer::with(&[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
        let keys = [SigningKey::new(), SigningKey::new()];
        let clients = [("fapi-1", 0, "poll"), ("fapi-2", 1, "poll"), ("fapi-ping", 0, "ping")];
        let clients = clients.map(|(client_id, key, mode)| {
            let jwk = &keys[key].jwk;
            let endpoint = match mode {
                "ping" => format!("backchannel_client_notification_endpoint = \"{}/ping\"", app.origin),
                _ => String::new(),
            };
            format!(
                r#"
[[clients]]
client_id = "{client_id}"
client_name = "Bank {client_id}"
token_endpoint_auth_method = "private_key_jwt"
token_endpoint_auth_signing_alg = "ES256"
grant_types = ["{GRANT}", "refresh_token"]
response_types = []
id_token_signed_response_alg = "ES256"
backchannel_token_delivery_mode = "{mode}"
backchannel_authentication_request_signing_alg = "ES256"
{endpoint}
[clients.jwks]
keys = [{{ kty = "EC", crv = "P-256", alg = "ES256", kid = "k", x = {}, y = {} }}]
"#,
                jwk["x"], jwk["y"]
            )
        });
        let server = prepare(server).await.holding(&clients.concat()).await;
        Self { server, app, keys }
    }

    async fn party(&self, client_id: &str) -> Party<'_> {
        Party {
            plan: self,
            rp: self.server.relying_party(client_id, "").await,
            key: &self.keys[usize::from(client_id == "fapi-2")],
        }
    }

    fn now(&self) -> i64 {
        self.server.clock.now().unix_timestamp()
    }
}

impl Party<'_> {
    fn header(&self) -> Value {
        json!({ "alg": "ES256", "kid": "k" })
    }

    fn assertion(&self) -> String {
        let (id, now) = (&self.rp.client_id, self.plan.now());
        let claims = json!({
            "iss": id, "sub": id, "aud": self.rp.issuer, "jti": SystemRng.token().expose(), "iat": now, "exp": now + 60,
        });
        self.key.sign(&self.header(), &claims)
    }

    /// A good request; what is null in `changes` is left out.
    fn request(&self, changes: Value) -> Value {
        let now = self.plan.now();
        let mut claims = json!({
            "iss": self.rp.client_id, "aud": self.rp.issuer, "iat": now, "nbf": now, "exp": now + 300,
            "jti": SystemRng.token().expose(), "scope": "openid profile", "login_hint": "ada",
            "client_notification_token": TOKEN,
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    async fn post(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        let assertion = self.assertion();
        let mut all = vec![("client_assertion_type", ASSERTION), ("client_assertion", &assertion)];
        all.extend_from_slice(parameters);
        self.rp.post_raw(endpoint, HeaderMap::new(), &all).await
    }

    async fn send(&self, request: &str) -> Answer {
        self.post("backchannel_authentication_endpoint", &[("request", request)])
            .await
    }

    async fn ask(&self, changes: Value) -> Answer {
        self.send(&self.key.sign(&self.header(), &self.request(changes))).await
    }

    /// An acknowledged request.
    async fn begin(&self, changes: Value) -> Value {
        let begun = self.ask(changes).await.ok();
        assert!(begun["auth_req_id"].as_str().unwrap().len() >= 22);
        assert!(begun["expires_in"].as_i64().unwrap() > 0);
        begun
    }

    async fn poll(&self, begun: &Value) -> Answer {
        let id = begun["auth_req_id"].as_str().unwrap();
        self.post("token_endpoint", &[("grant_type", GRANT), ("auth_req_id", id)])
            .await
    }

    /// Ada looks into her account and decides.
    async fn decide(&self, button: &str, message: &str) {
        let server = &self.plan.server;
        let mut browser = server.browser();
        let page = browser.open(&server.at("/account")).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, "ada").await.at(200, "/account");
        let links = page.attributes("a[href^='/approve']", "href");
        for link in links {
            let page = browser.open(&server.at(&link)).await.at(200, "/approve");
            assert!(page.has("form#approval"));
            let named = format!("Bank {}", self.rp.client_id);
            if page.text("h1").contains(&named) && (message.is_empty() || page.texts(".user-code") == [message]) {
                browser
                    .press(&page, "approval", button, &[])
                    .await
                    .at(200, "/approve/done");
                return;
            }
        }
        panic!("nothing waits for Ada");
    }
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// A message that only one test uses, so that its request is found among those of others.
fn message() -> String {
    SystemRng.token().expose().replace(['-', '_'], "x")[..12].to_owned()
}
