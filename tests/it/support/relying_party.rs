//! An app as the specifications want it: discovers, asks with PKCE, exchanges, and believes only what it has verified.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Method;
use reqwest::header::{self, HeaderMap};
use serde_json::Value;
use signet::base::{Clock, Rng, SystemRng};
use url::{Url, form_urlencoded};

/// One registered app.
pub struct RelyingParty {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub redirect_uri: String,
    /// The discovery document.
    pub metadata: Value,
    /// Whose time decides whether a token has expired.
    clock: Arc<dyn Clock>,
    http: reqwest::Client,
}

/// An authorization request on its way.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where to send the browser.
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub code_verifier: String,
}

/// What an endpoint answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The JSON body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.body))
    }

    /// The JSON body of a success.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// Status and error code of a refusal.
    pub fn error(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// How an authorization response refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub error: String,
    pub description: String,
}

impl RelyingParty {
    /// An app that has read the discovery document of the issuer. `secret` is empty for a public client.
    pub async fn discover(issuer: &str, clock: Arc<dyn Clock>, credentials: (&str, &str), redirect_uri: &str) -> Self {
        let http = builder().build().unwrap();
        Self::discover_through(http, issuer, clock, credentials, redirect_uri).await
    }

    /// The same over connections of another making.
    pub async fn discover_through(
        http: reqwest::Client,
        issuer: &str,
        clock: Arc<dyn Clock>,
        (client_id, secret): (&str, &str),
        redirect_uri: &str,
    ) -> Self {
        let address = format!("{issuer}/.well-known/openid-configuration");
        let metadata: Value = http.get(address).send().await.unwrap().json().await.unwrap();
        // OIDC Discovery §4.3
        assert_eq!(metadata["issuer"], issuer);
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: Some(secret.to_owned()).filter(|secret| !secret.is_empty()),
            redirect_uri: redirect_uri.to_owned(),
            metadata,
            clock,
            http,
        }
    }

    /// What is at an address.
    pub async fn fetch(url: Url) -> Answer {
        answer(builder().build().unwrap().get(url)).await
    }

    /// Sends anything, from an address that a proxy vouches for.
    pub async fn send(method: Method, url: Url, body: Option<String>, headers: HeaderMap, address: &str) -> Answer {
        // Connections belong to the runtime of the test that opened them: none is kept.
        static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| builder().pool_max_idle_per_host(0).build().unwrap());
        let request = HTTP.request(method, url).headers(headers);
        let request = request.header("X-Forwarded-For", address);
        answer(request.body(body.unwrap_or_default())).await
    }

    /// The address of an endpoint, by its name in the discovery document.
    pub fn endpoint(&self, name: &str) -> Url {
        self.metadata[name].as_str().expect(name).parse().unwrap()
    }

    /// A code request with PKCE for `openid`. `changes` add or replace parameters; an empty value takes one away.
    pub fn ask(&self, changes: &[(&str, &str)]) -> Ask {
        let token = || SystemRng.token().expose().clone();
        let (state, nonce, code_verifier) = (token(), token(), token());
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, code_verifier.as_bytes()));
        let mut parameters: BTreeMap<&str, &str> = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        parameters.extend(changes.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let mut url = self.endpoint("authorization_endpoint");
        url.query_pairs_mut().extend_pairs(parameters);
        Ask {
            url,
            state,
            nonce,
            code_verifier,
        }
    }

    /// The code of an authorization response in a query or fragment.
    ///
    /// # Errors
    /// What the response refuses with.
    pub fn code(&self, ask: &Ask, response: &Url) -> Result<String, Refusal> {
        let sent = response.query().filter(|query| !query.is_empty());
        let parameters = form_urlencoded::parse(sent.or(response.fragment()).unwrap_or_default().as_bytes());
        self.code_of(ask, &parameters.into_owned().collect::<Vec<_>>())
    }

    /// The code among the parameters of an authorization response, however they came. Checks `state` and `iss`.
    ///
    /// # Errors
    /// What the response refuses with.
    pub fn code_of(&self, ask: &Ask, parameters: &[(String, String)]) -> Result<String, Refusal> {
        let get = |name: &str| {
            let mut found = parameters.iter().filter(|(found, _)| found == name);
            let value = found.next().map(|(_, value)| value.clone());
            assert!(found.next().is_none(), "{name} comes twice");
            value
        };
        assert_eq!(get("state").as_deref(), Some(ask.state.as_str()), "{parameters:?}");
        // RFC 9207 §2.4
        assert_eq!(get("iss").as_deref(), Some(self.issuer.as_str()), "{parameters:?}");
        match (get("code"), get("error")) {
            (Some(code), None) => Ok(code),
            (None, Some(error)) => Err(Refusal {
                error,
                description: get("error_description").unwrap_or_default(),
            }),
            _ => panic!("neither code nor error, or both: {parameters:?}"),
        }
    }

    /// Exchanges a code.
    pub async fn exchange(&self, ask: &Ask, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &ask.code_verifier),
        ])
        .await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    /// A token request with the app's own authentication.
    pub async fn token(&self, parameters: &[(&str, &str)]) -> Answer {
        self.post("token_endpoint", parameters).await
    }

    /// What the server knows of a token.
    pub async fn introspect(&self, token: &str) -> Value {
        self.post("introspection_endpoint", &[("token", token)]).await.ok()
    }

    /// Revokes a token.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.post("revocation_endpoint", &[("token", token)]).await
    }

    /// A form post to an endpoint: `client_secret_basic`, or `client_id` in the body of a public client.
    pub async fn post(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        self.post_with(endpoint, HeaderMap::new(), parameters).await
    }

    /// The same with further headers.
    pub async fn post_with(&self, endpoint: &str, mut headers: HeaderMap, parameters: &[(&str, &str)]) -> Answer {
        let mut parameters = parameters.to_vec();
        if let Some(secret) = &self.client_secret {
            // RFC 6749 §2.3.1: each half is form-encoded first.
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encode(&self.client_id), encode(secret)));
            headers.insert(header::AUTHORIZATION, format!("Basic {pair}").parse().unwrap());
        } else if !parameters.iter().any(|(name, _)| *name == "client_id") {
            parameters.push(("client_id", &self.client_id));
        }
        self.post_raw(endpoint, headers, &parameters).await
    }

    /// A form post with exactly these headers and parameters.
    pub async fn post_raw(&self, endpoint: &str, headers: HeaderMap, parameters: &[(&str, &str)]) -> Answer {
        self.post_to(self.endpoint(endpoint), headers, parameters).await
    }

    /// The same to any address, over the app's connections.
    pub async fn post_to(&self, url: Url, headers: HeaderMap, parameters: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let request = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .headers(headers)
            .body(body);
        answer(request).await
    }

    /// A plain read of an endpoint, with these headers.
    pub async fn get(&self, endpoint: &str, headers: HeaderMap) -> Answer {
        self.get_from(self.endpoint(endpoint), headers).await
    }

    /// A plain read of any address, over the app's connections.
    pub async fn get_from(&self, url: Url, headers: HeaderMap) -> Answer {
        answer(self.http.get(url).headers(headers)).await
    }

    /// The userinfo answer to a bearer token in the header.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        answer(
            self.http
                .get(self.endpoint("userinfo_endpoint"))
                .bearer_auth(access_token),
        )
        .await
    }

    /// The key set that the server publishes now.
    pub async fn jwks(&self) -> JwkSet {
        let request = self.http.get(self.endpoint("jwks_uri"));
        serde_json::from_value(answer(request).await.ok()).unwrap()
    }

    /// Verifies an ID token by OIDC Core §3.1.3.7, with `at_hash` if an access token came along, and returns its claims.
    pub async fn verify_id_token(&self, id_token: &str, nonce: Option<&str>, access_token: Option<&str>) -> Value {
        let (header, claims) = self.verify(id_token, &self.client_id).await;
        assert_eq!(claims["nonce"].as_str(), nonce);
        if let Some(access_token) = access_token.filter(|_| header.alg != Algorithm::EdDSA) {
            // §3.1.3.6: the left half; every such algorithm here uses SHA-256.
            let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
            assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
        }
        claims
    }

    /// Verifies the ID token of a token response, whatever its nonce, and returns its claims.
    pub async fn verify_id_token_of(&self, given: &Value) -> Value {
        let id_token = given["id_token"].as_str().expect("an ID token");
        self.verify(id_token, &self.client_id).await.1
    }

    /// Verifies the JWT of an authorization response (JARM §2.4) and returns its claims.
    pub async fn verify_jarm(&self, response: &str) -> Value {
        self.verify(response, &self.client_id).await.1
    }

    /// Verifies a JWT access token by RFC 9068 §4 and returns its claims.
    pub async fn verify_access_token(&self, access_token: &str, audience: &str) -> Value {
        let (header, claims) = self.verify(access_token, audience).await;
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(claims["client_id"], self.client_id.as_str());
        for claim in ["sub", "jti", "iat"] {
            assert!(!claims[claim].is_null(), "{claim} is missing in {claims}");
        }
        claims
    }

    async fn verify(&self, token: &str, audience: &str) -> (jsonwebtoken::Header, Value) {
        let header = jsonwebtoken::decode_header(token).unwrap();
        let kid = header.kid.clone().expect("a token names its key");
        let jwks = self.jwks().await;
        let jwk = jwks.find(&kid).expect("the key is published");
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[&self.issuer]);
        // By the server's clock, which a test may have moved.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(jwk).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        let now = self.clock.now().unix_timestamp();
        assert!(claims["exp"].as_i64().unwrap() > now, "expired: {claims}");
        assert!(
            claims["iat"].as_i64().is_none_or(|iat| iat <= now + 1),
            "from the future: {claims}"
        );
        (header, claims)
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Servers of tests vouch for themselves.
        .tls_danger_accept_invalid_certs(true)
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
