//! A small app that signs people in with Signet through the `openidconnect` crate: the demo, and a start for your own.
//!
//! ```text
//! cargo run --release --example relying_party
//! ```
//!
//! It shows the verified claims, refreshes, calls an API that it protects itself, for the person and as a machine, and
//! signs out. Settings by environment: `ISSUER` (http://localhost:8080), `CLIENT_ID` (demo-web), `CLIENT_SECRET` (the
//! demo's), `MACHINE_ID` (demo-machine), `MACHINE_SECRET` (the demo's), `PORT` (3000).

use std::{
    collections::HashMap,
    env,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder,
    cookie::{Cookie, SameSite},
    http::header,
    web,
};
use askama::Template;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreTokenResponse, CoreUserInfoClaims},
};
use serde::Deserialize;
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

const COOKIE: &str = "demo";

/// A sign-in that has begun in some browser.
struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// How a client proves who it is.
struct Credentials {
    id: ClientId,
    secret: ClientSecret,
}

/// Somebody who has signed in.
#[derive(Clone)]
struct SignedIn {
    id_token: CoreIdToken,
    id_token_claims: Value,
    userinfo: Value,
    refresh_token: Option<RefreshToken>,
    refreshed: u32,
}

struct Demo {
    issuer: IssuerUrl,
    app: Credentials,
    machine: Credentials,
    base: String,
    http: reqwest::Client,
    pending: Mutex<HashMap<String, Pending>>,
    signed_in: Mutex<HashMap<String, SignedIn>>,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Demo app</title><style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}
pre{overflow:auto;padding:1rem;border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:10px;font-size:14px}
.button{display:inline-block;font:inherit;padding:.6rem 1.1rem;border:1px solid;border-radius:8px;background:none;color:inherit;text-decoration:none;cursor:pointer;margin:0 .5rem .5rem 0}
form{display:inline}</style></head><body><main><h1>Demo app</h1>
{% if let Some(note) = note %}<p id="note" role="status">{{ note }}</p>{% endif %}
{% match person %}{% when Some with (person) %}
<p>Signed in as <strong id="who">{{ person.who }}</strong>, refreshed {{ person.refreshed }} times.</p>
<p><a class="button" id="call-api" href="/call">Call the API</a>
<form method="post" action="/refresh"><button class="button" id="refresh">Refresh the tokens</button></form>
<form method="post" action="/logout"><button class="button" id="sign-out">Sign out</button></form></p>
<h2>ID token, verified</h2><pre id="id-token">{{ person.id_token }}</pre>
<h2>Userinfo</h2><pre id="userinfo">{{ person.userinfo }}</pre>
{% when None %}<p>This app knows nobody yet.</p><p><a class="button" id="sign-in" href="/login">Sign in with Signet</a>
<a class="button" id="call-as-machine" href="/machine">Call the API as a machine</a></p>{% endmatch %}
</main></body></html>"#
)]
struct Page {
    note: Option<String>,
    person: Option<PersonView>,
}

struct PersonView {
    who: String,
    refreshed: u32,
    id_token: String,
    userinfo: String,
}

/// Hands the requests of the `openidconnect` crate to our own HTTP client, which follows no redirects.
async fn send(
    http: reqwest::Client,
    request: openidconnect::HttpRequest,
) -> Result<openidconnect::HttpResponse, Failed> {
    let request = reqwest::Request::try_from(request).map_err(Failed::from)?;
    let answer = http.execute(request).await?;
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(answer.bytes().await?.to_vec())?)
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Answer(#[from] openidconnect::http::Error),
}

macro_rules! client {
    ($demo:expr) => {
        client!($demo, $demo.app)
    };
    ($demo:expr, $who:expr) => {{
        let http = $demo.http.clone();
        let call = move |request| send(http.clone(), request);
        let metadata = ProviderMetadataWithLogout::discover_async($demo.issuer.clone(), &call).await?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let client = CoreClient::from_provider_metadata(metadata, $who.id.clone(), Some($who.secret.clone()))
            .set_redirect_uri(RedirectUrl::new(format!("{}/callback", $demo.base))?);
        (client, call, end_session)
    }};
}

impl Demo {
    /// The identifier of the API, which is also where it lives.
    fn api(&self) -> String {
        format!("{}/api", self.base)
    }

    fn browser(request: &HttpRequest) -> Option<String> {
        request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
    }

    fn person(&self, request: &HttpRequest) -> Option<SignedIn> {
        let browser = Self::browser(request)?;
        self.signed_in
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&browser)
            .cloned()
    }

    fn keep(&self, browser: String, person: SignedIn) {
        self.signed_in
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(browser, person);
    }

    async fn begin(&self) -> Result<(String, String), Failure> {
        let (client, _, _) = client!(self);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = ["profile", "email", "offline_access", "orders:read"].map(|name| Scope::new(name.to_owned()));
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .add_extra_param("resource", self.api()) // RFC 8707: this sign-in may also give tokens for the API
            .url();
        let browser = CsrfToken::new_random().secret().clone();
        let pending = Pending { state, nonce, verifier };
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(browser.clone(), pending);
        Ok((url.to_string(), browser))
    }

    async fn finish(&self, browser: &str, answer: Answer) -> Result<(), Failure> {
        let pending = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(browser);
        let pending = pending.ok_or("no sign-in has begun in this browser")?;
        if answer.state.as_deref() != Some(pending.state.secret()) {
            return Err("the answer does not belong to this sign-in".into());
        }
        if answer.iss.as_deref().is_some_and(|iss| iss != self.issuer.as_str()) {
            return Err("the answer comes from another issuer".into()); // RFC 9207
        }
        if let Some(error) = answer.error {
            return Err(format!("{error}: {}", answer.error_description.unwrap_or_default()).into());
        }
        let code = AuthorizationCode::new(answer.code.ok_or("the answer has no code")?);
        let (client, call, _) = client!(self);
        let tokens = client
            .exchange_code(code)?
            .set_pkce_verifier(pending.verifier)
            .add_extra_param("resource", self.issuer.as_str()) // this first token is for userinfo
            .request_async(&call)
            .await?;
        let id_token = tokens.id_token().ok_or("no ID token")?.clone();
        let verifier = client.id_token_verifier();
        let claims = id_token.claims(&verifier, &pending.nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let actual = AccessTokenHash::from_token(
                tokens.access_token(),
                id_token.signing_alg()?,
                id_token.signing_key(&verifier)?,
            )?;
            if actual != *expected {
                return Err("the access token is not the one that the ID token names".into());
            }
        }
        let subject = claims.subject().clone();
        let userinfo: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(subject))?
            .request_async(&call)
            .await?;
        let person = signed_in(&tokens, id_token, serde_json::to_value(userinfo)?, 0)?;
        self.keep(browser.to_owned(), person);
        Ok(())
    }

    /// New tokens for `resource`: the issuer for userinfo, or the API.
    async fn refresh(&self, browser: String, person: SignedIn, resource: &str) -> Result<String, Failure> {
        let token = person.refresh_token.ok_or("no refresh token was given")?;
        let (client, call, _) = client!(self);
        let tokens = client
            .exchange_refresh_token(&token)?
            .add_extra_param("resource", resource)
            .request_async(&call)
            .await?;
        let id_token = tokens.id_token().ok_or("no ID token")?.clone();
        // a refreshed ID token need not repeat the nonce (OIDC Core §12.2)
        let claims = id_token.claims(&client.id_token_verifier(), |_: Option<&Nonce>| Ok(()))?;
        if Some(claims.subject().as_str()) != person.id_token_claims.get("sub").and_then(Value::as_str) {
            return Err("the refreshed ID token is somebody else's".into());
        }
        let mut renewed = signed_in(&tokens, id_token, person.userinfo, person.refreshed + 1)?;
        renewed.refresh_token = renewed.refresh_token.or(Some(token));
        self.keep(browser, renewed);
        Ok(tokens.access_token().secret().clone())
    }

    /// A token for the API that is nobody's but the machine's (RFC 6749 §4.4).
    async fn machine_token(&self) -> Result<String, Failure> {
        let (client, call, _) = client!(self, self.machine);
        let tokens = client
            .exchange_client_credentials()?
            .add_scope(Scope::new("orders:read".to_owned()))
            .add_extra_param("resource", self.api())
            .request_async(&call)
            .await?;
        Ok(tokens.access_token().secret().clone())
    }

    /// What the API says to a token.
    async fn ask_api(&self, token: String) -> Result<String, Failure> {
        let url = format!("{}/orders", self.api());
        let answer = self.http.get(url).bearer_auth(token).send().await?;
        let status = answer.status();
        Ok(format!("The API answered {status}: {}", answer.text().await?))
    }

    async fn end(&self, person: Option<SignedIn>) -> Result<String, Failure> {
        let (_, _, end_session) = client!(self);
        let mut request = LogoutRequest::from(end_session.ok_or("the provider has no end_session_endpoint")?)
            .set_client_id(self.app.id.clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(format!("{}/", self.base))?);
        if let Some(person) = &person {
            request = request.set_id_token_hint(&person.id_token);
        }
        Ok(request.http_get_url().to_string())
    }

    /// What an API does with a bearer token: signature by the provider's keys, issuer, audience, expiry and type.
    async fn check(&self, bearer: &str) -> Result<Value, Failure> {
        let issuer = self.issuer.as_str().trim_end_matches('/');
        let discovery: Value = self
            .http
            .get(format!("{issuer}/.well-known/openid-configuration"))
            .send()
            .await?
            .json()
            .await?;
        let jwks_uri = discovery.get("jwks_uri").and_then(Value::as_str).ok_or("no jwks_uri")?;
        let jwks: jsonwebtoken::jwk::JwkSet = self.http.get(jwks_uri).send().await?.json().await?;
        let head = jsonwebtoken::decode_header(bearer)?;
        if head.typ.as_deref() != Some("at+jwt") {
            return Err("not an access token".into()); // RFC 9068 §4
        }
        let jwk = jwks
            .find(head.kid.as_deref().unwrap_or_default())
            .ok_or("unknown key")?;
        let mut rules = jsonwebtoken::Validation::new(head.alg);
        rules.set_issuer(&[self.issuer.as_str()]);
        rules.set_audience(&[self.api()]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let key = jsonwebtoken::DecodingKey::from_jwk(jwk)?;
        Ok(jsonwebtoken::decode::<Value>(bearer, &key, &rules)?.claims)
    }
}

fn signed_in(
    tokens: &CoreTokenResponse,
    id_token: CoreIdToken,
    userinfo: Value,
    refreshed: u32,
) -> Result<SignedIn, Failure> {
    // only called with an ID token whose signature and claims were verified
    let payload = id_token
        .to_string()
        .split('.')
        .nth(1)
        .map(|part| URL_SAFE_NO_PAD.decode(part))
        .ok_or("no payload")??;
    Ok(SignedIn {
        id_token_claims: serde_json::from_slice(&payload)?,
        id_token,
        userinfo,
        refresh_token: tokens.refresh_token().cloned(),
        refreshed,
    })
}

#[derive(Deserialize)]
struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

fn page(note: Option<String>, person: Option<SignedIn>) -> HttpResponse {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let person = person.map(|person| PersonView {
        who: ["name", "preferred_username", "email", "sub"]
            .iter()
            .find_map(|claim| person.userinfo.get(*claim).and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned(),
        refreshed: person.refreshed,
        id_token: pretty(&person.id_token_claims),
        userinfo: pretty(&person.userinfo),
    });
    match (Page { note, person }).render() {
        Ok(html) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

async fn home(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    page(None, demo.person(&request))
}

async fn login(demo: web::Data<Arc<Demo>>) -> impl Responder {
    match demo.begin().await {
        Ok((url, browser)) => {
            let cookie = Cookie::build(COOKIE, browser)
                .http_only(true)
                .same_site(SameSite::Lax)
                .path("/")
                .finish();
            HttpResponse::SeeOther()
                .cookie(cookie)
                .insert_header((header::LOCATION, url))
                .finish()
        }
        Err(error) => page(Some(format!("Signing in could not begin: {error}")), None),
    }
}

async fn callback(demo: web::Data<Arc<Demo>>, request: HttpRequest, answer: web::Query<Answer>) -> impl Responder {
    let browser = Demo::browser(&request).unwrap_or_default();
    match demo.finish(&browser, answer.into_inner()).await {
        Ok(()) => redirect("/"),
        Err(error) => page(Some(format!("Signing in did not work: {error}")), None),
    }
}

async fn refresh(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    let (Some(browser), Some(person)) = (Demo::browser(&request), demo.person(&request)) else {
        return redirect("/");
    };
    match demo.refresh(browser, person.clone(), demo.issuer.as_str()).await {
        Ok(_) => redirect("/"),
        Err(error) => page(Some(format!("Refreshing did not work: {error}")), Some(person)),
    }
}

async fn call(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    let (Some(browser), Some(person)) = (Demo::browser(&request), demo.person(&request)) else {
        return redirect("/");
    };
    let asked = async { demo.ask_api(demo.refresh(browser, person, &demo.api()).await?).await };
    let note = asked.await.unwrap_or_else(no_answer);
    page(Some(note), demo.person(&request))
}

async fn call_as_machine(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    let asked = async { demo.ask_api(demo.machine_token().await?).await };
    let note = asked.await.unwrap_or_else(no_answer);
    page(Some(note), demo.person(&request))
}

fn no_answer(error: Failure) -> String {
    format!("The API did not answer: {error}")
}

async fn logout(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    let person = demo.person(&request);
    if let Some(browser) = Demo::browser(&request) {
        demo.signed_in
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&browser);
    }
    match demo.end(person).await {
        Ok(url) => redirect(&url),
        Err(error) => page(Some(format!("Signing out did not work: {error}")), None),
    }
}

/// The protected API.
async fn orders(demo: web::Data<Arc<Demo>>, request: HttpRequest) -> impl Responder {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        None => HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Bearer"))
            .finish(),
        Some(token) => match demo.check(token).await {
            Ok(claims) => HttpResponse::Ok().json(serde_json::json!({ "orders": [], "for": claims.get("sub") })),
            Err(_) => HttpResponse::Unauthorized()
                .insert_header((header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
                .finish(),
        },
    }
}

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    let setting = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let port: u16 = setting("PORT", "3000").parse()?;
    let demo = web::Data::new(Arc::new(Demo {
        issuer: IssuerUrl::new(setting("ISSUER", "http://localhost:8080"))?,
        app: Credentials {
            id: ClientId::new(setting("CLIENT_ID", "demo-web")),
            secret: ClientSecret::new(setting("CLIENT_SECRET", "demo-secret-for-this-machine-only")),
        },
        machine: Credentials {
            id: ClientId::new(setting("MACHINE_ID", "demo-machine")),
            secret: ClientSecret::new(setting("MACHINE_SECRET", "demo-machine-secret-for-this-machine-only")),
        },
        base: setting("BASE_URL", &format!("http://localhost:{port}")),
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()?,
        pending: Mutex::default(),
        signed_in: Mutex::default(),
    }));
    let base = demo.base.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(demo.clone())
            .route("/", web::get().to(home))
            .route("/login", web::get().to(login))
            .route("/callback", web::get().to(callback))
            .route("/refresh", web::post().to(refresh))
            .route("/call", web::get().to(call))
            .route("/machine", web::get().to(call_as_machine))
            .route("/logout", web::post().to(logout))
            .route("/api/orders", web::get().to(orders))
    })
    .workers(1)
    .bind(("127.0.0.1", port))?;
    println!("The demo app listens on {base}");
    server.run().await?;
    Ok(())
}
