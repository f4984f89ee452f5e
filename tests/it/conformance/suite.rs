//! The suite: its apps, its person, how it asks, goes through the pages, and looks at every answer.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::super::support::apps::web_app;
use super::super::support::browser::{Browser, Page};
use super::super::support::relying_party::{Answer, Ask, RelyingParty};
use super::super::support::server::{CALLBACK, TestServer};

/// The suite's person, with every standard claim set.
pub const IDENTIFIER: &str = "buffy@example.com";
pub const PASSWORD: &str = "wooden stake at midnight";
/// Where the suite wants the browser back after signing out.
pub const POST_LOGOUT: &str = "https://suite.test:8443/test/a/acme/post_logout_redirect";
/// Not a registered address.
pub const UNREGISTERED: &str = "https://suite.test:8443/test/a/acme/unregistered";

/// The suite's apps; the third authenticates by `client_secret_post`.
const FIRST: (&str, &str) = ("oidf-1", "the first secret of the suite, long enough");
const SECOND: (&str, &str) = ("oidf-2", "the second secret of the suite, long enough");
const THIRD: (&str, &str) = ("oidf-post", "the third secret of the suite, long enough");

const PERSON: &str = r#"
[[users]]
username = "buffy"
password = "wooden stake at midnight"
[users.profile]
name = "Buffy Anne Summers"
given_name = "Buffy"
family_name = "Summers"
middle_name = "Anne"
nickname = "Slayer"
preferred_username = "buffy"
profile = "https://sunnydale.example/buffy"
picture = "https://sunnydale.example/buffy.png"
website = "https://buffy.sunnydale.example/"
email = "buffy@example.com"
email_verified = true
gender = "female"
birthdate = "1985-04-12"
zoneinfo = "America/Los_Angeles"
locale = "en"
phone_number = "+16305550123"
phone_number_verified = true
[users.profile.address]
formatted = "1630 Revello Drive\nSunnydale, CA 95037\nUSA"
street_address = "1630 Revello Drive"
locality = "Sunnydale"
region = "CA"
postal_code = "95037"
country = "US"
"#;

/// Claims of each scope (OIDC Core §5.4).
pub const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
pub const EMAIL: &[&str] = &["email", "email_verified"];
pub const ADDRESS: &[&str] = &["address"];
pub const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

/// What an ID token may carry although nobody asked for it.
const ID_TOKEN_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "nbf",
    "jti",
    "sid",
    "txn",
];

/// How the authorization response travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Query,
    FormPost,
}

/// One plan on one server.
pub struct Suite {
    pub server: &'static TestServer,
    pub mode: Mode,
    /// `client_secret_basic`.
    pub client: RelyingParty,
}

/// A server with the suite's apps and its person.
pub async fn prepared() -> TestServer {
    prepare(TestServer::start().await).await
}

/// Gives a server the suite's apps and its person.
pub async fn prepare(server: TestServer) -> TestServer {
    prepare_with(server, "").await
}

/// The same, with further metadata of the first app.
pub async fn prepare_with(server: TestServer, more: &str) -> TestServer {
    let after_logout = format!(r#"post_logout_redirect_uris = ["{POST_LOGOUT}"]"#);
    let apps = [
        web_app(FIRST, "Suite one", &format!("{after_logout}\n{more}")),
        web_app(SECOND, "Suite two", &after_logout),
        web_app(
            THIRD,
            "Suite three",
            r#"token_endpoint_auth_method = "client_secret_post""#,
        ),
    ];
    server.holding(&(apps.concat() + PERSON)).await
}

/// Where the pages led.
pub struct Visit {
    /// The paths of the pages that the person saw.
    pub shown: Vec<String>,
    pub end: End,
}

/// What was at the end.
pub enum End {
    /// The parameters of an authorization response.
    Response(Vec<(String, String)>),
    /// A page of the server that leads nowhere.
    ErrorPage(Page),
}

impl Visit {
    pub fn response(&self) -> &[(String, String)] {
        match &self.end {
            End::Response(parameters) => parameters,
            End::ErrorPage(page) => panic!("{} {}: {}", page.status, page.url, page.body),
        }
    }

    /// The page for a request that may not be answered to the app.
    pub fn error_page(&self) -> &Page {
        match &self.end {
            End::ErrorPage(page) => {
                assert_eq!(page.status, 400, "{}", page.body);
                page
            }
            End::Response(parameters) => panic!("the app got an answer: {parameters:?}"),
        }
    }

    pub fn asked_to_sign_in(&self) -> bool {
        self.shown.iter().any(|path| path == "/login")
    }
}

/// Tokens that passed every check.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access_token: String,
    pub id_token: String,
    pub refresh_token: Option<String>,
    /// The ID token's.
    pub claims: Value,
}

/// A whole flow that passed every check.
pub struct Flow {
    pub visit: Visit,
    pub code: String,
    pub tokens: Tokens,
    pub userinfo: Value,
}

impl Suite {
    pub async fn new(server: &'static TestServer, mode: Mode) -> Self {
        let client = server.relying_party(FIRST.0, FIRST.1).await;
        check_metadata(&client, "client_secret_basic");
        check_jwks(&client).await;
        Self { server, mode, client }
    }

    pub async fn second_client(&self) -> RelyingParty {
        self.server.relying_party(SECOND.0, SECOND.1).await
    }

    pub async fn post_client(&self) -> RelyingParty {
        self.server.relying_party(THIRD.0, THIRD.1).await
    }

    /// A request as the suite sends it: without PKCE unless a module wants it.
    pub fn ask(&self, changes: &[(&str, &str)]) -> Ask {
        self.ask_as(&self.client, changes)
    }

    pub fn ask_as(&self, client: &RelyingParty, changes: &[(&str, &str)]) -> Ask {
        let mut all = vec![("code_challenge", ""), ("code_challenge_method", "")];
        if self.mode == Mode::FormPost {
            all.push(("response_mode", "form_post"));
        }
        all.extend(changes);
        let mut ask = client.ask(&all);
        if let Some((_, state)) = changes.iter().find(|(name, _)| *name == "state") {
            (*state).clone_into(&mut ask.state);
        }
        ask
    }

    /// Goes through the pages as a person who agrees to everything.
    pub async fn visit(&self, browser: &mut Browser, url: &Url) -> Visit {
        let page = browser.open(url).await;
        self.go_on(browser, page).await
    }

    pub async fn go_on(&self, browser: &mut Browser, mut page: Page) -> Visit {
        let mut shown = Vec::new();
        loop {
            if let Some(parameters) = self.response_of(&page) {
                let end = End::Response(parameters);
                return Visit { shown, end };
            }
            assert!(shown.len() < 5, "in circles: {shown:?}");
            let path = page.url.path().to_owned();
            page = match path.as_str() {
                "/login" if page.status == 200 => {
                    let fields = [("identifier", IDENTIFIER), ("password", PASSWORD)];
                    browser.submit(&page, "sign-in", &fields).await
                }
                "/consent" if page.status == 200 => browser.press(&page, "consent", "consent-allow", &[]).await,
                _ => {
                    let end = End::ErrorPage(page);
                    return Visit { shown, end };
                }
            };
            shown.push(path);
        }
    }

    /// The authorization response on its way through the browser, in the plan's mode and in no other.
    fn response_of(&self, page: &Page) -> Option<Vec<(String, String)>> {
        if page.has("form#form-post") {
            assert_eq!(self.mode, Mode::FormPost);
            let form = page.form("form-post");
            // Nothing in the query; a POST.
            assert_eq!(form.action.as_str(), CALLBACK);
            assert_eq!(form.method, reqwest::Method::POST);
            assert!(page.has("#form-post-submit"), "a button for whom no script runs");
            return Some(form.fields);
        }
        let location = page.location()?;
        assert_eq!(self.mode, Mode::Query, "{location}");
        assert!(location.as_str().starts_with(&format!("{CALLBACK}?")), "{location}");
        assert_eq!(location.fragment(), None);
        let query = location.query().unwrap_or_default();
        Some(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The error of an authorization response.
    pub fn refusal(&self, ask: &Ask, visit: &Visit) -> String {
        let refusal = self.client.code_of(ask, visit.response()).unwrap_err();
        check_description(&refusal.description);
        let known = ["error", "error_description", "error_uri", "state", "iss"];
        for (name, _) in visit.response() {
            assert!(known.contains(&name.as_str()), "{name}");
        }
        refusal.error
    }

    /// A flow of the first client, from the request to userinfo.
    pub async fn flow(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Flow {
        let ask = self.ask(changes);
        let visit = self.visit(browser, &ask.url).await;
        self.finish(&ask, visit).await
    }

    /// From the authorization response to userinfo.
    pub async fn finish(&self, ask: &Ask, visit: Visit) -> Flow {
        let code = self.client.code_of(ask, visit.response()).unwrap();
        check_code(&code);
        let answer = self.exchange(&code, &[]).await;
        let nonce = ask.url.query_pairs().find(|(name, _)| name == "nonce");
        let nonce = nonce.map(|(_, value)| value.into_owned());
        let tokens = self.check_tokens(&self.client, &answer, nonce.as_deref()).await;
        let answer = self.client.userinfo(&tokens.access_token).await;
        let userinfo = check_userinfo(&answer, &tokens.claims);
        Flow {
            visit,
            code,
            tokens,
            userinfo,
        }
    }

    /// Exchanges a code of the first client.
    pub async fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ];
        parameters.extend(more);
        self.client.token(&parameters).await
    }

    /// What must hold of every token response and its ID token.
    pub async fn check_tokens(&self, client: &RelyingParty, answer: &Answer, nonce: Option<&str>) -> Tokens {
        let body = answer.ok();
        check_json(answer);
        // RFC 6749 §5.1
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
        assert_eq!(body["token_type"], "Bearer");
        assert!(body["expires_in"].as_i64().unwrap() > 0);
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let (access_token, id_token) = (text("access_token").unwrap(), text("id_token").unwrap());
        let claims = client.verify_id_token(&id_token, nonce, Some(&access_token)).await;
        self.check_id_token(&id_token, &claims);
        Tokens {
            access_token,
            id_token,
            refresh_token: text("refresh_token"),
            claims,
        }
    }

    fn check_id_token(&self, id_token: &str, claims: &Value) {
        let header = jsonwebtoken::decode_header(id_token).unwrap();
        // OIDC Registration §2: the default
        assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256);
        assert!(header.kid.is_some());
        use signet::base::Clock;
        let now = self.server.clock.now().unix_timestamp();
        let number = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name}: {claims}"));
        assert!((now - number("iat")).abs() < 300);
        assert!(number("exp") > now);
        assert!(number("auth_time") <= number("iat"));
        assert!(
            claims["sub"]
                .as_str()
                .is_some_and(|sub| !sub.is_empty() && sub.len() <= 255)
        );
        assert!(claims["acr"].as_str().is_none_or(|acr| !acr.is_empty()));
        for (name, value) in claims.as_object().unwrap() {
            assert!(ID_TOKEN_CLAIMS.contains(&name.as_str()), "{name} was not asked for");
            let blank = value
                .as_str()
                .is_some_and(|text| text.trim().is_empty() || text == "null");
            assert!(!value.is_null() && !blank, "{name}: {value}");
        }
    }
}

fn check_metadata(client: &RelyingParty, method: &str) {
    let methods = client.metadata["token_endpoint_auth_methods_supported"]
        .as_array()
        .unwrap();
    assert!(methods.iter().any(|one| one == method), "{methods:?}");
}

/// No private or symmetric members; each key has a `kid` of its own.
async fn check_jwks(client: &RelyingParty) {
    let answer = client.get("jwks_uri", HeaderMap::new()).await;
    check_json(&answer);
    let jwks = answer.ok();
    let keys = jwks["keys"].as_array().unwrap();
    let mut kids = BTreeSet::new();
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key[private].is_null(), "{private} is published");
        }
        assert!(kids.insert(key["kid"].as_str().unwrap()), "a kid is repeated");
        assert!(["RSA", "EC", "OKP"].iter().any(|kind| key["kty"] == **kind), "{key}");
    }
    assert!(!kids.is_empty());
}

/// At least 128 bits long, and more than 96 by Shannon's estimate.
fn check_code(code: &str) {
    assert!(code.len() * 8 >= 128);
    let length = code.len() as f64;
    let distinct: BTreeSet<char> = code.chars().collect();
    let entropy: f64 = distinct
        .into_iter()
        .map(|letter| {
            let share = code.matches(letter).count() as f64 / length;
            -share * share.log2()
        })
        .sum();
    assert!(entropy * length > 96.0, "{entropy}");
}

/// ASCII without `"` and `\` (RFC 6749 §5.2), and on one line.
pub fn check_description(description: &str) {
    let fits = description
        .bytes()
        .all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\');
    assert!(fits, "{description:?}");
}

pub fn check_json(answer: &Answer) {
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/json"), "{content_type}");
}

/// A refusal of an endpoint for programs: JSON with a description that may travel.
pub fn check_error(answer: &Answer, status: u16, code: &str) {
    check_json(answer);
    assert_eq!(answer.error(), (status, code.to_owned()), "{}", answer.body);
    check_description(answer.json()["error_description"].as_str().unwrap_or_default());
}

/// Status, type, `sub`, and the type of each standard claim (OIDC Core §5.1).
pub fn check_userinfo(answer: &Answer, id_token: &Value) -> Value {
    let userinfo = answer.ok();
    check_json(answer);
    assert_eq!(userinfo["sub"], id_token["sub"]);
    for (name, value) in userinfo.as_object().unwrap() {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let fits = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" => value.is_number(),
            "address" => value
                .as_object()
                .is_some_and(|members| !members.is_empty() && members.values().all(text)),
            "birthdate" => value.as_str().is_some_and(|date| date.len() == 10 || date.len() == 4),
            _ => text(value),
        };
        assert!(fits, "{name}: {value}");
    }
    userinfo
}
