//! A person's and an app's way through the server, by plain HTTP.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    ADDRESS, CONNECTIONS, ISSUER,
    load::{Answer, Connection, Run, get, post, take},
    process::Cluster,
    proof::ProofKey,
};

/// Clients and people of the benchmark. Attempts at one account at the same moment would make one another wait.
pub fn resources() -> String {
    let people = (0..PEOPLE).map(|n| {
        format!(
            r#"
[[users]]
username = "bench{n}"
password = "correct horse battery staple"
[users.profile]
email = "bench{n}@example.com"
email_verified = true
name = "Bench Mark"
given_name = "Bench"
family_name = "Mark"
"#
        )
    });
    people.chain([CLIENTS.to_owned()]).collect()
}

/// How many people sign in at once.
pub const PEOPLE: u64 = 8;

const CLIENTS: &str = r#"
[[resources]]
identifier = "https://api.example.com/rs256"
scopes = ["read"]
access_token_signing_alg = "RS256"

[[resources]]
identifier = "https://api.example.com/es256"
scopes = ["read"]
access_token_signing_alg = "ES256"

[[resources]]
identifier = "https://api.example.com/eddsa"
scopes = ["read"]
own_clients = ["gateway"]
access_token_signing_alg = "EdDSA"

[[clients]]
client_id = "machine"
client_secret = "machine-secret-machine-secret-machine"
client_name = "Machine"
grant_types = ["client_credentials"]
response_types = []
scope = "read"

[[clients]]
client_id = "web"
client_secret = "web-secret-web-secret-web-secret-web"
client_name = "Web"
redirect_uris = ["http://localhost:3999/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false
id_token_signed_response_alg = "EdDSA"
access_token_signing_alg = "EdDSA"

[[clients]]
client_id = "sealed"
client_secret = "sealed-secret-sealed-secret-sealed"
redirect_uris = ["http://localhost:3999/callback"]
grant_types = ["authorization_code"]
require_consent = false
id_token_signed_response_alg = "EdDSA"
access_token_signing_alg = "EdDSA"
userinfo_encrypted_response_alg = "ECDH-ES"
userinfo_encrypted_response_enc = "A128GCM"
introspection_signed_response_alg = "EdDSA"
jwks = { keys = [{ kty = "EC", crv = "P-256", use = "enc", x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }

[[clients]]
client_id = "gateway"
client_secret = "gateway-secret-gateway-secret-gateway"
grant_types = ["urn:ietf:params:oauth:grant-type:token-exchange"]
response_types = []
resources = ["https://api.example.com/eddsa", "https://api.example.com/es256"]
[[clients.token_exchange]]
subject_clients = ["web"]
audiences = ["https://api.example.com/es256"]
"#;

/// A client that signs people in, and its secret.
pub type App = (&'static str, &'static str);
/// What most figures use.
pub const WEB: App = ("web", "web-secret-web-secret-web-secret-web");
/// Its answers of userinfo are encrypted, those of introspection signed.
pub const SEALED: App = ("sealed", "sealed-secret-sealed-secret-sealed");

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The server's endpoints, as paths.
pub struct Journey {
    address: String,
    pub jwks: String,
    pub userinfo: String,
    authorize: String,
    token: String,
    introspection: String,
    par: String,
}

/// What a sign-in gave.
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

impl Journey {
    pub async fn discover(address: &str) -> Self {
        let mut connection = Connection::open(address).await;
        let metadata = connection
            .send(&get("/.well-known/openid-configuration", ""))
            .await
            .json();
        let path = |name: &str| {
            let url = metadata[name]
                .as_str()
                .unwrap_or_else(|| panic!("discovery names no {name}"));
            url::Url::parse(url).unwrap().path().to_owned()
        };
        Self {
            address: address.to_owned(),
            jwks: path("jwks_uri"),
            userinfo: path("userinfo_endpoint"),
            authorize: path("authorization_endpoint"),
            token: path("token_endpoint"),
            introspection: path("introspection_endpoint"),
            par: path("pushed_authorization_request_endpoint"),
        }
    }

    /// The size of a page's body.
    pub async fn size(&self, path: &str) -> usize {
        Connection::open(&self.address)
            .await
            .send(&get(path, ""))
            .await
            .body
            .len()
    }

    pub fn client_credentials(&self, alg: &str) -> Vec<u8> {
        let resource = alg.to_ascii_lowercase();
        let body =
            format!("grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fapi.example.com%2F{resource}");
        post(
            &self.token,
            &basic("machine", "machine-secret-machine-secret-machine"),
            &body,
        )
    }

    pub fn introspect(&self, token: &str) -> Vec<u8> {
        post(&self.introspection, &basic(WEB.0, WEB.1), &format!("token={token}"))
    }

    /// The same, answered by a JWT.
    pub fn introspect_as_jwt(&self, token: &str) -> Vec<u8> {
        let headers = basic(SEALED.0, SEALED.1) + "accept: application/token-introspection+jwt\r\n";
        post(&self.introspection, &headers, &format!("token={token}"))
    }

    /// The token for one API exchanged for one for another, which says who acts.
    pub fn token_exchange(&self, token: &str) -> Vec<u8> {
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={token}\
             &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
             &audience=https%3A%2F%2Fapi.example.com%2Fes256&scope=read"
        );
        post(
            &self.token,
            &basic("gateway", "gateway-secret-gateway-secret-gateway"),
            &body,
        )
    }

    /// Signs in with a new browser and exchanges the code.
    pub async fn tokens(&self, person: u64) -> Tokens {
        self.tokens_of(WEB, person).await
    }

    /// The same for another app.
    pub async fn tokens_of(&self, app: App, person: u64) -> Tokens {
        let request = self.authorization_request(app);
        self.asked(app, person, &request).await
    }

    /// An access token for an API.
    pub async fn api_token(&self, person: u64) -> String {
        let request = self.authorization_request(WEB);
        let request = request.replace("scope=openid", "scope=read%20openid");
        let request = request + "&resource=https%3A%2F%2Fapi.example.com%2Feddsa";
        self.asked(WEB, person, &request).await.access_token
    }

    async fn asked(&self, app: App, person: u64, request: &str) -> Tokens {
        let mut browser = Browser::open(&self.address, person).await;
        let answer = browser.get(request).await;
        let location = browser.follow(answer).await;
        self.exchange(&mut browser, app, &location, "").await
    }

    /// `rounds` times: a request pushed, answered in a browser that is signed in, and its code exchanged for tokens that
    /// are tied to a key.
    pub async fn bound(self: &Arc<Self>, rounds: u64) -> Run {
        let left = Arc::new(AtomicU64::new(rounds));
        let mut browsers = Vec::new();
        for person in 0..PEOPLE {
            let mut browser = Browser::open(&self.address, person).await;
            let answer = browser.get(&self.authorization_request(WEB)).await;
            browser.follow(answer).await;
            browsers.push(browser);
        }
        let started = Instant::now();
        let tasks: Vec<_> = browsers
            .into_iter()
            .map(|mut browser| {
                let (journey, left, key) = (Arc::clone(self), Arc::clone(&left), ProofKey::new());
                tokio::spawn(async move {
                    while take(&left) {
                        journey.push_and_bind(&mut browser, &key).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        Run {
            requests: rounds,
            wall: started.elapsed(),
        }
    }

    async fn push_and_bind(&self, browser: &mut Browser, key: &ProofKey) {
        let request = self.authorization_request(WEB);
        let (_, parameters) = request.split_once('?').unwrap();
        let pushed = post(&self.par, &basic(WEB.0, WEB.1), parameters);
        let pushed = browser.connection.send(&pushed).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let reference = encode(pushed.json()["request_uri"].as_str().unwrap());
        let answer = browser
            .get(&format!("{}?client_id=web&request_uri={reference}", self.authorize))
            .await;
        let location = browser.follow(answer).await;
        let proof = key.proof(&format!("{ISSUER}{}", self.token));
        self.exchange(browser, WEB, &location, &format!("dpop: {proof}\r\n"))
            .await;
    }

    /// `rounds` sign-ins by `browsers` people at once, each with a browser that the server has not seen.
    pub async fn sign_in(self: &Arc<Self>, browsers: u64, rounds: u64) -> Run {
        let left = Arc::new(AtomicU64::new(rounds));
        let started = Instant::now();
        assert!(browsers <= PEOPLE);
        let tasks: Vec<_> = (0..browsers)
            .map(|person| {
                let (journey, left) = (Arc::clone(self), Arc::clone(&left));
                tokio::spawn(async move {
                    while take(&left) {
                        journey.tokens(person).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        Run {
            requests: rounds,
            wall: started.elapsed(),
        }
    }

    /// One sign-in, then as many refresh token families.
    pub async fn families(&self, count: usize) -> Vec<String> {
        let mut browser = Browser::open(&self.address, 0).await;
        let mut families = Vec::new();
        for _ in 0..count {
            let answer = browser.get(&self.authorization_request(WEB)).await;
            let location = browser.follow(answer).await;
            families.push(self.exchange(&mut browser, WEB, &location, "").await.refresh_token);
        }
        families
    }

    fn authorization_request(&self, (client_id, _): App) -> String {
        format!(
            "{}?response_type=code&client_id={client_id}&redirect_uri=http%3A%2F%2Flocalhost%3A3999%2Fcallback&state=s&nonce=n\
             &scope=openid%20profile%20email%20offline_access&code_challenge={CHALLENGE}&code_challenge_method=S256",
            self.authorize
        )
    }

    async fn exchange(&self, browser: &mut Browser, app: App, location: &str, more: &str) -> Tokens {
        let location = url::Url::parse(location).unwrap();
        let code = location
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap_or_else(|| panic!("{location}"))
            .1;
        let body = format!(
            "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}\
             &redirect_uri=http%3A%2F%2Flocalhost%3A3999%2Fcallback"
        );
        let headers = basic(app.0, app.1) + more;
        let answer = browser.connection.send(&post(&self.token, &headers, &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json();
        Tokens {
            access_token: json["access_token"].as_str().unwrap().to_owned(),
            refresh_token: json["refresh_token"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Each connection rotates its own family, `requests` in all.
    pub async fn refresh(&self, families: Vec<String>, requests: u64) -> Run {
        assert_eq!(families.len(), CONNECTIONS);
        let left = Arc::new(AtomicU64::new(requests));
        let headers = Arc::new(basic(WEB.0, WEB.1));
        let started = Instant::now();
        let mut tasks = Vec::new();
        for mut token in families {
            let (left, headers, path) = (Arc::clone(&left), Arc::clone(&headers), self.token.clone());
            let address = self.address.clone();
            tasks.push(tokio::spawn(async move {
                let mut connection = Connection::open(&address).await;
                while take(&left) {
                    let body = format!("grant_type=refresh_token&refresh_token={token}");
                    let answer = connection.send(&post(&path, &headers, &body)).await;
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        Run {
            requests,
            wall: started.elapsed(),
        }
    }
}

fn basic(id: &str, secret: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{secret}")))
}

/// A browser that keeps cookies and fills the sign-in form.
struct Browser {
    connection: Connection,
    person: u64,
    cookies: Vec<(String, String)>,
}

impl Browser {
    async fn open(address: &str, person: u64) -> Self {
        Self {
            connection: Connection::open(address).await,
            person,
            cookies: Vec::new(),
        }
    }

    fn headers(&self) -> String {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!(
            "cookie: {}\r\norigin: http://{}\r\nsec-fetch-site: same-origin\r\n",
            cookies.join("; "),
            "localhost:18099"
        )
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = get(path, &self.headers());
        let answer = self.connection.send(&request).await;
        self.keep(answer)
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers("set-cookie") {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            self.cookies.retain(|(kept, _)| kept != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Follows redirects and signs in where asked, until the app's own address is reached.
    async fn follow(&mut self, mut answer: Answer) -> String {
        for _ in 0..12 {
            if let Some(location) = answer.header("location").map(str::to_owned) {
                if location.starts_with("http://localhost:3999/") {
                    return location;
                }
                let path = location
                    .strip_prefix("http://localhost:18099")
                    .unwrap_or(&location)
                    .to_owned();
                answer = self.get(&path).await;
                continue;
            }
            let page = answer.text();
            let form = page
                .split("<form")
                .find(|form| form.contains("id=\"sign-in\""))
                .unwrap_or_else(|| panic!("no sign-in form: {} {page}", answer.status));
            let action = attribute(form, "action");
            let field = |name: &str| {
                let input = form
                    .split("<input")
                    .find(|input| input.contains(&format!("name=\"{name}\"")));
                input.map(|input| attribute(input, "value")).unwrap_or_default()
            };
            let body = format!(
                "csrf={}&request={}&identifier=bench{}&password=correct+horse+battery+staple",
                encode(&field("csrf")),
                encode(&field("request")),
                self.person
            );
            let request = post(&action, &self.headers(), &body);
            let next = self.connection.send(&request).await;
            answer = self.keep(next);
        }
        panic!("the journey through {ADDRESS} has no end")
    }
}

fn attribute(html: &str, name: &str) -> String {
    let start = format!("{name}=\"");
    html.split_once(&start)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(value, _)| value.replace("&amp;", "&"))
        .unwrap_or_default()
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A million people and ten million lines of the audit trail.
pub fn fill(cluster: &Cluster) {
    let users = "insert into users (id, username, profile, created_at, updated_at)
        select gen_random_uuid(), 'user' || n,
            jsonb_build_object('email', 'user' || n || '@example.com', 'email_verified', true, 'name', 'User ' || n),
            now() - n * interval '1 second', now()
        from generate_series(1, 1000000) n";
    let events = "insert into audit_events (id, at, kind, actor, data)
        select gen_random_uuid(), now() - n * interval '100 milliseconds', 'sign_in.succeeded', 'system', '{}'
        from generate_series(1, 10000000) n";
    for sql in [users, events, "vacuum analyze"] {
        let (worked, told) = cluster.psql("signet", sql);
        assert!(worked, "{told}");
    }
}
