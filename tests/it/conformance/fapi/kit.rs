//! A client of the FAPI plans: proves itself by a signature or a certificate, and holds the key that its tokens are tied to.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use url::{Url, form_urlencoded};

use super::super::super::support::browser::{Browser, Page};
use super::super::super::support::relying_party::{Answer, Ask, RelyingParty};
use super::super::super::support::server::TestServer;
use super::super::super::support::signing_key::{SigningKey, proof_claims};
use super::super::files::pem;
use super::super::suite::{IDENTIFIER, PASSWORD};
use super::resource;
pub use super::variant::{By, Openid, Requests, Variant};

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The suite on a server that was made of files only.
pub struct Fapi {
    pub server: &'static TestServer,
    pub variant: Variant,
}

/// One of the two clients.
pub struct FapiClient {
    pub server: &'static TestServer,
    pub variant: Variant,
    pub app: RelyingParty,
    pub kid: String,
    pub signing: SigningKey,
    pub dpop: SigningKey,
    /// The protected resource.
    resource: Url,
}

/// What a test changes of a request of the client.
#[derive(Default)]
pub struct Changed {
    /// Another assertion; an empty one is left out.
    pub assertion: Option<String>,
    /// Another proof; an empty one is left out.
    pub proof: Option<String>,
    /// Another client_id.
    pub client_id: Option<String>,
    /// Another request object.
    pub request: Option<String>,
}

/// What was at the end of the pages.
pub enum End {
    Response(Vec<(String, String)>),
    Page(Box<Page>),
}

/// Connections that show this certificate, or none.
pub fn connections(identity: Option<&str>) -> reqwest::Client {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem("server.cert")).unwrap()])
        .pool_max_idle_per_host(0);
    if let Some(name) = identity {
        let both = [pem(&format!("{name}.key")), pem(&format!("{name}.cert"))].concat();
        builder = builder.identity(reqwest::Identity::from_pem(&both).unwrap());
    }
    builder.build().unwrap()
}

impl Fapi {
    /// The first or the second client.
    pub async fn client(&self, number: usize) -> FapiClient {
        let Variant {
            profile, auth, sender, ..
        } = self.variant;
        let auth_name = if auth == By::Signature { "pkjwt" } else { "mtls" };
        let sender_name = if sender == By::Proof { "dpop" } else { "mtls" };
        let client_id = format!("{profile}-{auth_name}-{sender_name}-{number}");
        let uses_certificate = auth == By::Certificate || sender == By::Certificate;
        let identity = uses_certificate.then(|| format!("mtls-{number}"));
        self.client_with(&client_id, number, identity.as_deref()).await
    }

    /// A client by its name, over connections that show this certificate.
    pub async fn client_with(&self, client_id: &str, number: usize, identity: Option<&str>) -> FapiClient {
        let query = if number == 1 { "" } else { "?dummy1=lorem&dummy2=ipsum" };
        let callback = format!("{}{query}", crate::support::server::CALLBACK);
        let clock: Arc<dyn Clock> = self.server.clock.clone();
        let http = connections(identity);
        let issuer = self.server.issuer();
        let app = RelyingParty::discover_through(http, issuer, clock, (client_id, ""), &callback).await;
        let resource = match self.variant.openid {
            Openid::Yes => self.variant.endpoint(&app.metadata, "userinfo_endpoint"),
            Openid::No | Openid::WithDetails => resource::accounts(self.server),
        };
        FapiClient {
            server: self.server,
            variant: self.variant,
            resource,
            app,
            kid: format!("signing-{number}"),
            signing: SigningKey::from_pem(&pem(&format!("signing-{number}.key"))),
            dpop: SigningKey::new(),
        }
    }
}

impl FapiClient {
    pub fn now(&self) -> i64 {
        self.server.clock.now().unix_timestamp()
    }

    /// Where the client calls an endpoint, or the protected `resource`.
    pub fn endpoint(&self, name: &str) -> Url {
        match name {
            "resource" => self.resource.clone(),
            name => self.variant.endpoint(&self.app.metadata, name),
        }
    }

    pub fn assertion_claims(&self) -> Value {
        json!({
            "iss": self.app.client_id, "sub": self.app.client_id, "aud": self.app.issuer,
            "jti": SystemRng.token().expose(), "iat": self.now(), "exp": self.now() + 60,
        })
    }

    pub fn assertion(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "kid": self.kid });
        self.signing.sign(&header, claims)
    }

    /// The same by another key of the client's, which is of RSA and names no algorithm: what is refused of it, the profile
    /// refuses.
    pub fn sign_by_rsa(&self, alg: &str, claims: &Value) -> String {
        let header = json!({ "alg": alg, "kid": "rsa-1" });
        SigningKey::from_pem(&pem("rsa-1.key")).sign(&header, claims)
    }

    pub fn proof(&self, method: &str, endpoint: &str, access_token: Option<&str>) -> String {
        self.dpop
            .proof(method, self.endpoint(endpoint).as_str(), self.now(), access_token)
    }

    /// A proof whose claims a test has changed.
    pub fn proof_with(&self, method: &str, endpoint: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = proof_claims(method, self.endpoint(endpoint).as_str(), self.now(), None);
        change(&mut claims);
        self.dpop.sign(&self.dpop.proof_header(), &claims)
    }

    /// A form post with the client's own authentication, and a proof if it uses them and `proves`.
    pub async fn post(&self, endpoint: &str, parameters: &[(&str, &str)], proves: bool, changed: Changed) -> Answer {
        let mut form = parameters.to_vec();
        let assertion = changed
            .assertion
            .unwrap_or_else(|| self.assertion(&self.assertion_claims()));
        let client_id = changed.client_id.as_deref();
        if self.variant.auth == By::Signature {
            if !assertion.is_empty() {
                form.push(("client_assertion_type", ASSERTION_TYPE));
                form.push(("client_assertion", &assertion));
            }
            form.extend(client_id.map(|id| ("client_id", id)));
        } else if !form.iter().any(|(name, _)| *name == "client_id") {
            form.push(("client_id", client_id.unwrap_or(&self.app.client_id)));
        }
        let own = (self.variant.sender == By::Proof && proves).then(|| self.proof("POST", endpoint, None));
        let proof = changed.proof.or(own).filter(|proof| !proof.is_empty());
        self.app
            .post_to(self.endpoint(endpoint), dpop(proof.as_deref()), &form)
            .await
    }

    /// A request that the client is about to push.
    pub fn ask(&self, changes: &[(&str, &str)]) -> Ask {
        let mut all: Vec<(&str, &str)> = vec![("response_type", self.variant.response_type())];
        if self.variant.jarm {
            all.push(("response_mode", "jwt"));
        }
        match self.variant.openid {
            Openid::Yes => {}
            Openid::No => all.extend([("scope", resource::SCOPE), ("nonce", "")]),
            Openid::WithDetails => all.push(("authorization_details", resource::DETAILS)),
        }
        all.extend(changes);
        self.app.ask(&all)
    }

    /// The claims of a request object with the parameters of a request (RFC 9101 §4).
    pub fn request_claims(&self, ask: &Ask) -> Value {
        let mut claims: serde_json::Map<String, Value> = ask
            .url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect();
        let now = self.now();
        claims.insert("iss".to_owned(), self.app.client_id.as_str().into());
        claims.insert("aud".to_owned(), self.app.issuer.as_str().into());
        claims.insert("nbf".to_owned(), now.into());
        claims.insert("exp".to_owned(), (now + 300).into());
        Value::Object(claims)
    }

    pub fn request_object(&self, claims: &Value) -> String {
        let header = json!({ "typ": "oauth-authz-req+jwt", "alg": "ES256", "kid": self.kid });
        self.signing.sign(&header, claims)
    }

    /// Pushes a request.
    pub async fn push(&self, ask: &Ask) -> Answer {
        self.push_changed(ask, Changed::default()).await
    }

    pub async fn push_changed(&self, ask: &Ask, mut changed: Changed) -> Answer {
        let form: Vec<(String, String)> = match changed.request.take() {
            Some(request) => vec![("request".to_owned(), request)],
            None if self.variant.signs() => {
                vec![("request".to_owned(), self.request_object(&self.request_claims(ask)))]
            }
            None => ask.url.query_pairs().into_owned().collect(),
        };
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.post("pushed_authorization_request_endpoint", &form, false, changed)
            .await
    }

    /// The address for the browser: of a pushed request that was taken, or with the request in it.
    pub async fn pushed(&self, ask: &Ask) -> Url {
        if self.variant.requests == Requests::ByValue {
            return self.by_value(&self.request_object(&self.request_claims(ask)));
        }
        let answer = self.push(ask).await;
        self.front(&check_pushed(&answer))
    }

    /// The address for the browser: client_id and request_uri, and nothing else.
    pub fn front(&self, request_uri: &str) -> Url {
        let mut url = self.app.endpoint("authorization_endpoint");
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.client_id)
            .append_pair("request_uri", request_uri);
        url
    }

    /// OIDC Core §6.1: what OAuth demands stands outside too.
    pub fn by_value(&self, object: &str) -> Url {
        let mut url = self.app.endpoint("authorization_endpoint");
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.client_id)
            .append_pair("response_type", self.variant.response_type())
            .append_pair("scope", "openid")
            .append_pair("redirect_uri", &self.app.redirect_uri)
            .append_pair("request", object);
        url
    }

    /// The error that a request object ends in; `None` if it is taken.
    pub async fn refusal_of(&self, object: String) -> Option<String> {
        if self.variant.requests == Requests::ByValue {
            return match self.visit(&mut self.browser(), &self.by_value(&object)).await {
                End::Response(parameters) => get(&parameters, "error"),
                page => Some(page.error()),
            };
        }
        let changed = Changed {
            request: Some(object),
            ..Changed::default()
        };
        let answer = self.push_changed(&self.ask(&[]), changed).await;
        if answer.status == 201 {
            check_pushed(&answer);
            return None;
        }
        let (status, error) = answer.error();
        assert_eq!(status, 400, "{}", answer.body);
        Some(error)
    }

    pub fn browser(&self) -> Browser {
        Browser::through(connections(None))
    }

    /// Goes through the pages as a person who agrees to everything.
    pub async fn visit(&self, browser: &mut Browser, url: &Url) -> End {
        let page = browser.open(url).await;
        self.go_on(browser, page).await
    }

    pub async fn go_on(&self, browser: &mut Browser, mut page: Page) -> End {
        for _ in 0..5 {
            if let Some(location) = page.location() {
                let registered: Url = self.app.redirect_uri.parse().unwrap();
                assert_eq!(location.path(), registered.path(), "{location}");
                let own = registered.query().unwrap_or_default();
                let all = location.query().unwrap_or_default();
                assert!(all.starts_with(own), "{location}");
                // what comes with an ID token comes in the fragment (OIDC Core §3.3.2.5)
                let carried = location.fragment().unwrap_or(all);
                let pairs: Vec<_> = form_urlencoded::parse(carried.as_bytes()).into_owned().collect();
                return End::Response(self.opened(pairs).await);
            }
            page = match page.url.path() {
                "/login" if page.status == 200 => {
                    let fields = [("identifier", IDENTIFIER), ("password", PASSWORD)];
                    browser.submit(&page, "sign-in", &fields).await
                }
                "/consent" if page.status == 200 => browser.press(&page, "consent", "consent-allow", &[]).await,
                _ => return End::Page(Box::new(page)),
            };
        }
        panic!("in circles: {}", page.url)
    }

    /// What a JARM answer says; nothing else stands beside it (JARM §2.3).
    async fn opened(&self, pairs: Vec<(String, String)>) -> Vec<(String, String)> {
        let Some(response) = get(&pairs, "response") else {
            // of a request that cannot be read nobody knows in which mode to answer: then the refusal is plain
            let is_refusal = get(&pairs, "error").is_some() && get(&pairs, "code").is_none();
            assert!(!self.variant.jarm || is_refusal, "{pairs:?}");
            return pairs;
        };
        let known = ["response", "dummy1", "dummy2"];
        assert!(pairs.iter().all(|(name, _)| known.contains(&&**name)), "{pairs:?}");
        let claims = self.app.verify_jarm(&response).await;
        assert!(claims["exp"].as_i64().unwrap() <= self.now() + 600);
        let members = claims.as_object().unwrap().iter();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        members.map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// A code for the request, from push to redirect.
    pub async fn code(&self, ask: &Ask) -> String {
        let url = self.pushed(ask).await;
        self.code_at(&url).await
    }

    pub async fn code_at(&self, url: &Url) -> String {
        let parameters = self.visit(&mut self.browser(), url).await.response();
        let code = get(&parameters, "code").unwrap_or_else(|| panic!("{parameters:?}"));
        // RFC 9207 §2.4
        assert_eq!(get(&parameters, "iss").as_deref(), Some(&*self.app.issuer));
        assert!(code.len() * 6 >= 128, "{code}");
        code
    }

    pub async fn exchange(&self, ask: &Ask, code: &str) -> Answer {
        self.exchange_changed(ask, code, Changed::default()).await
    }

    pub async fn exchange_changed(&self, ask: &Ask, code: &str, changed: Changed) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.app.redirect_uri),
            ("code_verifier", &ask.code_verifier),
        ];
        self.post("token_endpoint", &form, true, changed).await
    }

    /// A whole flow whose every answer was checked.
    pub async fn flow(&self, changes: &[(&str, &str)]) -> Value {
        let ask = self.ask(changes);
        let code = self.code(&ask).await;
        let answer = self.exchange(&ask, &code).await;
        self.check_tokens(&ask, &answer).await
    }

    pub async fn check_tokens(&self, ask: &Ask, answer: &Answer) -> Value {
        let tokens = answer.ok();
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
        let kind = if self.variant.sender == By::Proof {
            "DPoP"
        } else {
            "Bearer"
        };
        assert_eq!(tokens["token_type"], kind);
        let access_token = tokens["access_token"].as_str().unwrap();
        assert!(access_token.len() * 6 >= 128);
        if let Some(id_token) = tokens["id_token"].as_str() {
            let nonce = ask.url.query_pairs().find(|(name, _)| name == "nonce");
            let nonce = nonce.map(|(_, value)| value.into_owned());
            self.app
                .verify_id_token(id_token, nonce.as_deref(), Some(access_token))
                .await;
            let alg = jsonwebtoken::decode_header(id_token).unwrap().alg;
            assert_ne!(alg, jsonwebtoken::Algorithm::RS256);
        }
        self.check_good(&tokens).await;
        tokens
    }

    /// A token opens the protected resource.
    pub async fn check_good(&self, tokens: &Value) {
        let answer = self.resource(tokens["access_token"].as_str().unwrap()).await.ok();
        resource::check(self.variant.openid, tokens, &answer);
    }

    /// What the server knows of a token: alive, and tied to the client's key.
    pub async fn check_known(&self, tokens: &Value) -> Value {
        assert!(tokens["id_token"].is_null());
        let form = [("token", tokens["access_token"].as_str().unwrap())];
        let answer = self
            .post("introspection_endpoint", &form, false, Changed::default())
            .await;
        let known = answer.ok();
        assert_eq!(known["active"], true, "{known}");
        match self.variant.sender {
            By::Proof => assert_eq!(known["cnf"]["jkt"], self.dpop.thumbprint()),
            _ => assert!(known["cnf"]["x5t#S256"].is_string(), "{known}"),
        }
        known
    }

    /// What the protected resource answers to the token, sent as it should be.
    pub async fn resource(&self, access_token: &str) -> Answer {
        let scheme = if self.variant.sender == By::Proof {
            "DPoP"
        } else {
            "Bearer"
        };
        self.resource_by(scheme, access_token).await
    }

    pub async fn resource_by(&self, scheme: &str, access_token: &str) -> Answer {
        let uses_proof = self.variant.sender == By::Proof;
        let proof = uses_proof.then(|| self.proof("GET", "resource", Some(access_token)));
        self.resource_with(scheme, access_token, proof.as_deref()).await
    }

    pub async fn resource_with(&self, scheme: &str, access_token: &str, proof: Option<&str>) -> Answer {
        let mut headers = dpop(proof);
        headers.insert("authorization", format!("{scheme} {access_token}").parse().unwrap());
        self.app.get_from(self.endpoint("resource"), headers).await
    }
}

impl End {
    pub fn response(self) -> Vec<(String, String)> {
        match self {
            Self::Response(parameters) => parameters,
            Self::Page(page) => panic!("{} {}: {}", page.status, page.url, page.body),
        }
    }

    /// The error, whether it was sent to the client or shown to the person.
    pub fn error(self) -> String {
        match self {
            Self::Response(parameters) => get(&parameters, "error").unwrap_or_else(|| panic!("{parameters:?}")),
            Self::Page(page) => {
                assert_eq!(page.status, 400, "{}", page.body);
                "page".to_owned()
            }
        }
    }
}

pub fn get(parameters: &[(String, String)], name: &str) -> Option<String> {
    parameters
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.clone())
}

pub fn dpop(proof: Option<&str>) -> HeaderMap {
    let name = HeaderName::from_static("dpop");
    proof.map(|proof| (name, proof.parse().unwrap())).into_iter().collect()
}

/// RFC 9126 §2.2
pub fn check_pushed(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    let body = answer.json();
    assert!((1..600).contains(&body["expires_in"].as_i64().unwrap()));
    let request_uri = body["request_uri"].as_str().unwrap().to_owned();
    assert!(request_uri.len() >= 40);
    request_uri
}

/// A request that is refused for what it says.
pub fn check_refused(answer: &Answer) {
    let (status, error) = answer.error();
    let known = ["invalid_request", "invalid_request_object"];
    assert!(status == 400 && known.contains(&&*error), "{status} {}", answer.body);
    assert!(answer.json()["request_uri"].is_null());
}
