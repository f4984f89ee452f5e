//! What a token says, if it is good: a JWT by the issuer's keys, any token by the issuer's word.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{Jwk, JwkSet},
};
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OnceCell};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{
    Settings,
    refused::{Fault, Refused, Scheme},
};

/// What the issuer signs with.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// How far the issuer's clock may be from ours.
const SKEW_SECONDS: u64 = 10;

/// How long keys are believed without another look: a key that the issuer took back is good no longer than that.
const KEYS_LAST: Duration = Duration::from_secs(600);

/// No key that is unknown has the issuer asked again before: anybody can make one up.
const KEYS_REST: Duration = Duration::from_secs(30);

/// What is the matter with a token that the issuer did not make, or that is over.
const NOT_GOOD: Fault = Fault::Token("the token is unknown, expired or revoked");

/// What a token says (RFC 9068 §2.2, RFC 7662 §2.2).
#[derive(Debug, Deserialize)]
pub struct Claims {
    client_id: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    aud: Audience,
    /// What the token is tied to.
    #[serde(default)]
    pub cnf: Tied,
    auth_time: Option<u64>,
    #[serde(default)]
    authorization_details: Vec<Map<String, Value>>,
}

/// One audience or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

/// RFC 7800 §3.1
#[derive(Debug, Default, Deserialize)]
pub struct Tied {
    /// The thumbprint of a DPoP key (RFC 9449 §6.1).
    pub jkt: Option<String>,
    /// The thumbprint of a certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    pub certificate: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Tied {
    /// Whether the token is tied in a way that nobody here can check: then it must not be taken.
    pub fn is_beyond_us(&self) -> bool {
        !self.others.is_empty()
    }
}

impl Claims {
    /// Whether the token is for the API.
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Audience::One(only) => only == audience,
            Audience::Several(all) => all.iter().any(|one| one == audience),
        }
    }
}

/// A token that is good here.
pub struct Token {
    /// What it says.
    pub claims: Claims,
    /// How it came.
    pub scheme: Scheme,
    /// What refusals point to.
    pub metadata: Arc<str>,
}

impl Token {
    /// Who got the token.
    pub fn client_id(&self) -> &str {
        &self.claims.client_id
    }

    /// Whether it has the scope.
    pub fn has_scope(&self, name: &str) -> bool {
        self.claims.scope.split(' ').any(|scope| scope == name)
    }

    /// Its entries of a type (RFC 9396 §9).
    pub fn details(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        let all = self.claims.authorization_details.iter();
        all.filter(move |entry| entry.get("type").is_some_and(|found| found == name))
    }

    /// The refusal of what needs the scope.
    pub fn lacks_scope(&self, name: &'static str) -> Refused {
        self.refused(Fault::Scope(name))
    }

    /// Whether its person signed in within so many seconds (RFC 9470 §3). A machine never does.
    ///
    /// # Errors
    /// The refusal that says so.
    pub fn needs_sign_in_within(&self, seconds: u64) -> Result<(), Refused> {
        let now = jsonwebtoken::get_current_timestamp();
        match self.claims.auth_time {
            Some(then) if now.saturating_sub(then) <= seconds => Ok(()),
            _ => Err(self.refused(Fault::SignIn(seconds))),
        }
    }

    fn refused(&self, fault: Fault) -> Refused {
        Refused {
            fault,
            scheme: Some(self.scheme),
            metadata: Arc::clone(&self.metadata),
        }
    }
}

/// How it is found out what a token says.
pub struct Reader {
    issuer: String,
    http: reqwest::Client,
    introspection: Option<(String, String)>,
    metadata: OnceCell<Metadata>,
    keys: Mutex<Keys>,
}

/// The issuer's keys, as they were last seen.
#[derive(Default)]
struct Keys {
    set: JwkSet,
    seen: Option<Instant>,
    asked: Option<Instant>,
}

/// What is looked up in the issuer's own document (RFC 8414 §2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
    introspection_endpoint: Option<String>,
}

/// RFC 7662 §2.2
#[derive(Deserialize)]
struct Answer {
    active: bool,
    #[serde(flatten)]
    claims: Value,
}

impl Reader {
    /// By introspection where the settings name a client for it.
    pub fn new(settings: &Settings, http: reqwest::Client) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            http,
            introspection: settings.introspection.clone(),
            metadata: OnceCell::new(),
            keys: Mutex::default(),
        }
    }

    /// What the token says.
    ///
    /// # Errors
    /// A token that is not good, or an issuer that does not answer.
    pub async fn read(&self, token: &str) -> Result<Claims, Fault> {
        match &self.introspection {
            Some(credentials) => self.introspect(token, credentials).await,
            None => self.verify(token).await,
        }
    }

    /// RFC 7662: knows opaque tokens too, and those that were taken back a moment ago.
    async fn introspect(&self, token: &str, (id, secret): &(String, String)) -> Result<Claims, Fault> {
        let endpoint = self.metadata().await?.introspection_endpoint.as_ref();
        // RFC 6749 §2.3.1
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let form = Serializer::new(String::new()).append_pair("token", token).finish();
        let request = self
            .http
            .post(endpoint.ok_or(Fault::Issuer)?)
            .basic_auth(encoded(id), Some(encoded(secret)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer: Answer = answer(request).await?;
        if !answer.active {
            return Err(NOT_GOOD);
        }
        serde_json::from_value(answer.claims).map_err(|_| NOT_GOOD)
    }

    /// RFC 9068 §4: needs no call, and so learns nothing of what happened since the token was made.
    async fn verify(&self, token: &str) -> Result<Claims, Fault> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| NOT_GOOD)?;
        // §4: an ID token is signed by the same keys, and is no access token
        let is_access_token = matches!(header.typ.as_deref(), Some("at+jwt" | "application/at+jwt"));
        if !is_access_token || !ALGORITHMS.contains(&header.alg) {
            return Err(NOT_GOOD);
        }
        let jwk = self.key(header.kid.as_deref().ok_or(NOT_GOOD)?).await?;
        let mut rules = Validation::new(header.alg);
        rules.leeway = SKEW_SECONDS;
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // the guard compares it, whichever way the token was read
        rules.validate_aud = false;
        DecodingKey::from_jwk(&jwk)
            .and_then(|key| jsonwebtoken::decode(token, &key, &rules))
            .map(|data| data.claims)
            .map_err(|_| NOT_GOOD)
    }

    /// The issuer's key of that name. Whoever waits for the lock finds what the one before has fetched.
    async fn key(&self, kid: &str) -> Result<Jwk, Fault> {
        let mut keys = self.keys.lock().await;
        let is_fresh = keys.seen.is_some_and(|then| then.elapsed() < KEYS_LAST);
        let rests = keys.asked.is_some_and(|then| then.elapsed() < KEYS_REST);
        let known = keys.set.find(kid).cloned();
        if let Some(jwk) = known.clone().filter(|_| is_fresh || rests) {
            return Ok(jwk);
        }
        if rests {
            // nothing was ever seen: it is the issuer's fault, not the token's
            return Err(keys.seen.map_or(Fault::Issuer, |_| NOT_GOOD));
        }
        keys.asked = Some(Instant::now());
        match self.fetch_keys().await {
            Ok(set) => {
                *keys = Keys {
                    set,
                    seen: Some(Instant::now()),
                    asked: keys.asked,
                };
                keys.set.find(kid).cloned().ok_or(NOT_GOOD)
            }
            // while the issuer is down, what was known goes on
            Err(fault) => known.ok_or(fault),
        }
    }

    async fn fetch_keys(&self) -> Result<JwkSet, Fault> {
        answer(self.http.get(&self.metadata().await?.jwks_uri)).await
    }

    /// The issuer's document, as soon as it could be had once.
    async fn metadata(&self) -> Result<&Metadata, Fault> {
        self.metadata.get_or_try_init(|| self.fetch_metadata()).await
    }

    async fn fetch_metadata(&self) -> Result<Metadata, Fault> {
        let issuer = self.issuer.trim_end_matches('/');
        let address = format!("{issuer}/.well-known/openid-configuration");
        let metadata: Metadata = answer(self.http.get(address)).await?;
        // OIDC Discovery §4.3: or somebody speaks for somebody else
        if metadata.issuer == self.issuer {
            Ok(metadata)
        } else {
            Err(Fault::Issuer)
        }
    }
}

/// The JSON that is answered.
async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Fault> {
    let answered = request.send().await.and_then(reqwest::Response::error_for_status);
    match answered {
        Ok(response) => response.json().await.map_err(|_| Fault::Issuer),
        Err(error) => {
            eprintln!("the issuer does not answer: {error}");
            Err(Fault::Issuer)
        }
    }
}
