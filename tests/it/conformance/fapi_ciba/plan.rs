//! The suite's part: its clients, how they ask, and the person who decides.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use url::Url;

use crate::conformance::connections;
use crate::conformance::files::{self, pem};
use crate::conformance::suite::{IDENTIFIER, PASSWORD};
use crate::support::app_server::AppServer;
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};
use crate::support::signing_key::SigningKey;

pub const GRANT: &str = "urn:openid:params:grant-type:ciba";
pub const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The bearer token of the client's notification endpoint.
pub const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";
/// Words that a client shows.
pub const MESSAGE: &str = "1234";

/// Somebody else.
pub const BOB: &str = "[[users]]\nusername = \"bob\"\npassword = \"wooden stake at midnight\"\n";

const NOTIFICATION: &str = "https://suite.test:8443/test/a/acme/ciba-notification-endpoint";

/// One way through the plan.
pub struct Plan {
    pub server: TestServer,
    /// Where the suite is told that something was decided.
    pub suite: AppServer,
    /// What the client_ids begin with.
    clients: &'static str,
}

/// A client.
pub struct Party<'a> {
    pub plan: &'a Plan,
    pub rp: RelyingParty,
    pub key: SigningKey,
    /// The header of what it signs.
    pub header: Value,
    proves_by_signature: bool,
}

impl Plan {
    pub async fn new(clients: &'static str) -> Self {
        Self::with(clients, &[]).await
    }

    /// The same on a server with other settings.
    pub async fn with(clients: &'static str, settings: &[(&str, &str)]) -> Self {
        let suite = AppServer::start_tls();
        let server = files::server_with(settings, NOTIFICATION, &format!("{}/ping", suite.origin)).await;
        Self { server, suite, clients }
    }

    /// The first or the second client.
    pub async fn party(&self, number: usize) -> Party<'_> {
        self.party_with(number, Some(&format!("mtls-{number}"))).await
    }

    /// The same over connections that show this certificate.
    pub async fn party_with(&self, number: usize, certificate: Option<&str>) -> Party<'_> {
        let client_id = format!("{}-{number}", self.clients);
        let (key, alg) = match client_id.contains("ping") {
            true => (format!("rsa-{number}"), "PS256"),
            false => (format!("signing-{number}"), "ES256"),
        };
        let clock: Arc<dyn Clock> = self.server.clock.clone();
        let http = connections(certificate);
        let issuer = self.server.issuer();
        Party {
            plan: self,
            rp: RelyingParty::discover_through(http, issuer, clock, (&client_id, ""), CALLBACK).await,
            key: SigningKey::from_pem(&pem(&format!("{key}.key"))),
            header: json!({ "alg": alg, "kid": key }),
            proves_by_signature: client_id.contains("pkjwt"),
        }
    }

    pub fn now(&self) -> i64 {
        self.server.clock.now().unix_timestamp()
    }
}

impl Party<'_> {
    /// RFC 8705 §5: clients with certificates have endpoints of their own.
    fn endpoint(&self, name: &str) -> Url {
        let alias = self.rp.metadata["mtls_endpoint_aliases"][name].as_str();
        alias.unwrap_or_else(|| panic!("{name}")).parse().unwrap()
    }

    pub fn assertion_claims(&self) -> Value {
        let (id, now) = (&self.rp.client_id, self.plan.now());
        json!({
            "iss": id, "sub": id, "aud": self.rp.issuer, "jti": SystemRng.token().expose(), "iat": now, "exp": now + 60,
        })
    }

    /// A good request; what is null in `changes` is left out.
    pub fn request(&self, changes: Value) -> Value {
        let now = self.plan.now();
        let mut claims = json!({
            "iss": self.rp.client_id, "aud": self.rp.issuer, "iat": now, "nbf": now, "exp": now + 300,
            "jti": SystemRng.token().expose(), "scope": "openid profile", "login_hint": IDENTIFIER,
            "binding_message": MESSAGE, "client_notification_token": TOKEN,
        });
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    /// With the client's own authentication.
    pub async fn post(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        if !self.proves_by_signature {
            let own = [&[("client_id", &*self.rp.client_id)], parameters].concat();
            return self.post_bare(endpoint, &own).await;
        }
        let assertion = self.key.sign(&self.header, &self.assertion_claims());
        let own = [("client_assertion_type", ASSERTION), ("client_assertion", &assertion)];
        self.post_bare(endpoint, &[&own[..], parameters].concat()).await
    }

    /// With nothing but these parameters, and the certificate.
    pub async fn post_bare(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        self.rp
            .post_to(self.endpoint(endpoint), HeaderMap::new(), parameters)
            .await
    }

    pub async fn send(&self, request: &str) -> Answer {
        self.post("backchannel_authentication_endpoint", &[("request", request)])
            .await
    }

    pub async fn ask(&self, changes: Value) -> Answer {
        self.send(&self.key.sign(&self.header, &self.request(changes))).await
    }

    /// An acknowledged request.
    pub async fn begin(&self, changes: Value) -> Value {
        let begun = self.ask(changes).await.ok();
        assert!(begun["auth_req_id"].as_str().unwrap().len() >= 22);
        assert!(begun["expires_in"].as_i64().unwrap() > 0);
        begun
    }

    pub async fn poll(&self, begun: &Value) -> Answer {
        let id = begun["auth_req_id"].as_str().unwrap();
        self.post("token_endpoint", &[("grant_type", GRANT), ("auth_req_id", id)])
            .await
    }

    /// What userinfo says to the token, over the client's connections.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {access_token}").parse().unwrap());
        self.rp.get_from(self.endpoint("userinfo_endpoint"), headers).await
    }

    /// The person looks into the account and decides.
    pub async fn decide(&self, button: &str, message: &str) {
        let server = &self.plan.server;
        let mut browser = server.browser();
        let page = browser.open(&server.at("/account")).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, IDENTIFIER).await.at(200, "/account");
        let links = page.attributes("a[href^='/approve']", "href");
        for link in links {
            let page = browser.open(&server.at(&link)).await;
            // another test's, which has run out or was decided meanwhile
            if page.status != 200 {
                continue;
            }
            assert!(page.has("form#approval"));
            let named = format!("Suite {}", self.rp.client_id);
            if page.text("h1").contains(&named) && page.texts(".user-code") == [message] {
                browser
                    .press(&page, "approval", button, &[])
                    .await
                    .at(200, "/approve/done");
                return;
            }
        }
        panic!("nothing waits");
    }
}

pub async fn sign_in(browser: &mut Browser, page: &Page, name: &str) -> Page {
    let fields = [("identifier", name), ("password", PASSWORD)];
    browser.submit(page, "sign-in", &fields).await
}

pub fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// A message that only one test uses, so that its request is found among those of others.
pub fn message() -> String {
    SystemRng.token().expose().replace(['-', '_'], "x")[..12].to_owned()
}
