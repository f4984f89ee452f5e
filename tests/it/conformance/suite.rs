//! The suite: its apps, its person, how it asks, goes through the pages, and looks at every answer.

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::super::support::browser::{Browser, Page};
use super::super::support::relying_party::{Answer, Ask, RelyingParty};
use super::super::support::server::{CALLBACK, TestServer};

pub use super::checks::{ADDRESS, EMAIL, PHONE, PROFILE, check_description, check_error, check_json, check_userinfo};
use super::checks::{ID_TOKEN_CLAIMS, check_code, check_jwks, check_metadata, half_hash};
use super::files;

/// The suite's person, with every standard claim set.
pub const IDENTIFIER: &str = "buffy@example.com";
pub const PASSWORD: &str = "wooden stake at midnight";
/// Where the suite wants the browser back after signing out.
pub const POST_LOGOUT: &str = "https://suite.test:8443/test/a/acme/post_logout_redirect";
/// Not a registered address.
pub const UNREGISTERED: &str = "https://suite.test:8443/test/a/acme/unregistered";

/// How the authorization response travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Query,
    FormPost,
}

/// One plan on one server.
pub struct Suite {
    /// What the suite is told.
    told: Value,
    pub server: &'static TestServer,
    pub mode: Mode,
    pub response_type: &'static str,
    /// `client_secret_basic`.
    pub client: RelyingParty,
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

/// What an authorization response gave.
struct Front {
    code: Option<String>,
    access_token: Option<String>,
    id_token: Option<(String, Value)>,
}

/// A client as the suite is told of it.
async fn party(server: &TestServer, client: &Value) -> RelyingParty {
    let text = |name: &str| client[name].as_str().unwrap();
    server.relying_party(text("client_id"), text("client_secret")).await
}

impl Suite {
    pub async fn new(server: &'static TestServer, mode: Mode) -> Self {
        Self::of(server, mode, "code").await
    }

    /// The plan for another response type.
    pub async fn of(server: &'static TestServer, mode: Mode, response_type: &'static str) -> Self {
        Self {
            response_type,
            ..Self::told(server, mode, "openid-static").await
        }
    }

    /// The plan with the clients of another of the suite's configurations.
    pub async fn told(server: &'static TestServer, mode: Mode, name: &str) -> Self {
        let told = files::plan(name);
        let client = party(server, &told["client"]).await;
        check_metadata(&client, "client_secret_basic");
        check_jwks(&client).await;
        Self {
            told,
            server,
            mode,
            response_type: "code",
            client,
        }
    }

    /// Whether the response type has that word.
    pub fn has(&self, word: &str) -> bool {
        self.response_type.split(' ').any(|one| one == word)
    }

    pub async fn second_client(&self) -> RelyingParty {
        party(self.server, &self.told["client2"]).await
    }

    pub async fn post_client(&self) -> RelyingParty {
        party(self.server, &self.told["client_secret_post"]).await
    }

    /// A request as the suite sends it: without PKCE unless a module wants it.
    pub fn ask(&self, changes: &[(&str, &str)]) -> Ask {
        self.ask_as(&self.client, changes)
    }

    pub fn ask_as(&self, client: &RelyingParty, changes: &[(&str, &str)]) -> Ask {
        let mut all = vec![
            ("response_type", self.response_type),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
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
        // Tokens, and errors in their place, travel in the fragment.
        let (mark, sent, other) = match self.response_type {
            "code" => ('?', location.query(), location.fragment()),
            _ => ('#', location.fragment(), location.query()),
        };
        assert!(
            location.as_str().starts_with(&format!("{CALLBACK}{mark}")),
            "{location}"
        );
        assert_eq!(other, None, "{location}");
        let sent = sent.unwrap_or_default();
        Some(form_urlencoded::parse(sent.as_bytes()).into_owned().collect())
    }

    /// The error of an authorization response.
    pub fn refusal(&self, ask: &Ask, visit: &Visit) -> String {
        let refusal = self.client.code_of(ask, visit.response()).unwrap_err();
        check_description(&refusal.description);
        let known = [
            "error",
            "error_description",
            "error_uri",
            "state",
            "iss",
            "session_state",
        ];
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
        let nonce = ask.url.query_pairs().find(|(name, _)| name == "nonce");
        let nonce = nonce.map(|(_, value)| value.into_owned());
        let front = self.front(ask, &visit, nonce.as_deref()).await;
        let (code, tokens) = match &front.code {
            Some(code) => {
                check_code(code);
                let answer = self.exchange(code, &[]).await;
                let tokens = self.check_tokens(&self.client, &answer, nonce.as_deref()).await;
                if let Some((_, claims)) = &front.id_token {
                    // OIDC Core §3.3.3.6
                    assert_eq!(
                        (&claims["sub"], &claims["iss"]),
                        (&tokens.claims["sub"], &tokens.claims["iss"])
                    );
                }
                (code.clone(), tokens)
            }
            None => {
                let (id_token, claims) = front.id_token.clone().unwrap();
                let access_token = front.access_token.clone().unwrap_or_default();
                let tokens = Tokens {
                    access_token,
                    id_token,
                    refresh_token: None,
                    claims,
                };
                (String::new(), tokens)
            }
        };
        let mut userinfo = Value::Null;
        for access_token in [front.access_token.as_deref(), Some(&tokens.access_token)] {
            if let Some(access_token) = access_token.filter(|token| !token.is_empty()) {
                userinfo = check_userinfo(&self.client.userinfo(access_token).await, &tokens.claims);
            }
        }
        Flow {
            visit,
            code,
            tokens,
            userinfo,
        }
    }

    /// What the response gives, and nothing else than its type promises.
    async fn front(&self, ask: &Ask, visit: &Visit, nonce: Option<&str>) -> Front {
        let sent = visit.response();
        let get = |name: &str| {
            let mut found = sent.iter().filter(|(found, _)| found == name);
            let value = found.next().map(|(_, value)| value.clone());
            assert!(found.next().is_none(), "{name} comes twice");
            value
        };
        assert_eq!(get("error"), None, "{sent:?}");
        assert_eq!(get("state").as_deref(), Some(ask.state.as_str()), "{sent:?}");
        assert_eq!(get("iss").as_deref(), Some(self.client.issuer.as_str()), "{sent:?}");
        let (code, access_token, id_token) = (get("code"), get("access_token"), get("id_token"));
        assert_eq!(code.is_some(), self.has("code"), "{sent:?}");
        assert_eq!(access_token.is_some(), self.has("token"), "{sent:?}");
        assert_eq!(id_token.is_some(), self.has("id_token"), "{sent:?}");
        if access_token.is_some() {
            assert_eq!(get("token_type").as_deref(), Some("Bearer"));
            assert!(get("expires_in").unwrap().parse::<u32>().unwrap() > 0);
        }
        let id_token = match id_token {
            Some(id_token) => {
                let token = access_token.as_deref();
                let claims = self.client.verify_id_token(&id_token, nonce, token).await;
                self.check_id_token(&id_token, &claims);
                let hash = |value: &Option<String>| value.as_deref().map_or(Value::Null, half_hash);
                assert_eq!(claims["at_hash"], hash(&access_token));
                assert_eq!(claims["c_hash"], hash(&code));
                assert_eq!(claims["s_hash"], hash(&get("state")));
                Some((id_token, claims))
            }
            None => None,
        };
        Front {
            code,
            access_token,
            id_token,
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
            // OIDC Core §5.4: an ID token that is all there is has the claims of the scopes.
            let asked = ID_TOKEN_CLAIMS.contains(&name.as_str()) || self.response_type == "id_token";
            assert!(asked, "{name} was not asked for");
            let blank = value
                .as_str()
                .is_some_and(|text| text.trim().is_empty() || text == "null");
            assert!(!value.is_null() && !blank, "{name}: {value}");
        }
    }
}
