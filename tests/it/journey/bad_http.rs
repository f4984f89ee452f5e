//! Requests that are too large, too slow, or no HTTP at all: refused, and nobody else notices.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use super::bad_input::{check, form_headers, send};
use super::world::{WEB_SECRET, prepare, prepared};
use crate::support::server::TestServer;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let large = format!("token={}", "x".repeat(200_000));
    let mut addresses = vec![server.at("/authorize"), server.at("/login"), server.at("/end_session")];
    addresses.extend(["token_endpoint", "introspection_endpoint", "userinfo_endpoint"].map(|name| app.endpoint(name)));
    for url in addresses {
        let answer = send(Method::POST, url.clone(), form_headers(), Some(large.clone())).await;
        check(server, url.path(), &answer);
        assert!([400, 401, 413].contains(&answer.status), "{url}: {}", answer.status);
    }
    let mut headers = HeaderMap::new();
    headers.insert("x-long", "y".repeat(40_000).parse().unwrap());
    let answer = send(Method::GET, server.at("/login"), headers.clone(), None).await;
    assert_eq!(answer.status, 431);
    check(server, "a large head", &answer);
    assert!(answer.body.contains("<h1>"), "{}", answer.body);
    let endpoints = [
        "/token",
        "/par",
        "/device_authorization",
        "/backchannel_authentication",
        "/clients",
        "/clients/an-app",
    ];
    for path in endpoints {
        let answer = send(Method::POST, server.at(path), headers.clone(), None).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (431, Some("invalid_request")),
            "{path}"
        );
    }
    let mut url = server.at("/authorize");
    url.set_query(Some(&format!("state={}", "x".repeat(40_000))));
    let answer = send(Method::GET, url, HeaderMap::new(), None).await;
    assert!([414, 431].contains(&answer.status), "{}", answer.status);
}

/// Sends bytes as they are; what comes back before the server closes or falls silent.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let address = server.at("/").socket_addrs(|| None).unwrap()[0];
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(300), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bytes_that_are_no_sound_http_break_nothing() {
    let server = server().await;
    for request in [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET\r\n\r\n",
        "\r\n\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}",
    ] {
        let answer = raw(server, request.as_bytes()).await;
        let status: u16 = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        assert!(status < 500 || status == 505, "{request:?}: {answer}");
        let lower = answer.to_ascii_lowercase();
        assert!(
            !lower.contains("location: http://evil") && !lower.contains("location: //evil"),
            "{answer}"
        );
    }
    // And the server is well.
    let answer = send(Method::GET, server.at("/login"), HeaderMap::new(), None).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn requests_that_never_end_are_ended() {
    let settings = [("SIGNET_LIMITS__REQUEST_TIMEOUT_SECONDS", "1")];
    let server = prepare(TestServer::with(&settings).await).await;
    let address = server.at("/").socket_addrs(|| None).unwrap()[0];
    for beginning in [
        "GET /login HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\na=",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "still open: {beginning:?}");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_answered_before_the_request_runs_out() {
    let settings = [("SIGNET_LIMITS__REQUEST_TIMEOUT_SECONDS", "2")];
    let server = prepare(TestServer::with(&settings).await).await;
    server
        .run(|core| async move {
            let mut tx = core.store.begin().await.unwrap();
            sqlx::query("lock table sessions").execute(&mut *tx).await.unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(4)).await;
                tx.rollback().await.unwrap();
            });
        })
        .await;
    let mut browser = server.browser();
    browser.plant(&server.at("/"), "signet-session", "somebody");
    let answer = browser.get(&server.at("/account")).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn head_is_answered_as_get_is_but_without_a_body() {
    let server = prepared().await;
    for path in [
        "/",
        "/login",
        "/register",
        "/account",
        "/console",
        "/nothing-here",
        "/authorize",
        "/token",
        "/favicon.ico",
        "/.well-known/openid-configuration",
    ] {
        let got = send(Method::GET, server.at(path), HeaderMap::new(), None).await;
        let asked = send(Method::HEAD, server.at(path), HeaderMap::new(), None).await;
        assert_eq!(asked.status, got.status, "{path}");
        assert_eq!(asked.body, "", "{path}");
        for name in ["content-type", "content-length", "location", "content-security-policy"] {
            assert_eq!(asked.header(name), got.header(name), "{path}: {name}");
        }
    }
}
