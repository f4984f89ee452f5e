//! One parameter twice in a request that is sound otherwise (RFC 6749 §3.1, §3.2): refused at every endpoint, whether the two
//! agree or not, and nothing is used up by it.

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::sync::OnceCell;
use url::form_urlencoded;

use super::bad_input::{form_headers, send};
use super::world::{API, API_SECRET, WEB_SECRET, code, prepared, refused, text};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

const DEVICES: &str = r#"
[[clients]]
client_id = "tv"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
response_types = []
"#;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER
        .get_or_init(|| async { prepared().await.holding(DEVICES).await })
        .await
}

/// The request once for every parameter and again with another value for it: that one comes twice.
fn doubled<'a>(sound: &[(&'a str, &'a str)]) -> Vec<(&'a str, Vec<(&'a str, &'a str)>)> {
    let mut requests = Vec::new();
    for (name, value) in sound {
        for second in [value, "other"] {
            let mut request = sound.to_vec();
            request.push((name, second));
            requests.push((*name, request));
        }
    }
    requests
}

fn check(what: &str, answer: &Answer) {
    assert_eq!(answer.error(), refused(400, "invalid_request"), "{what}");
}

/// Every doubled form of a request of an app that authenticates by its header, or by nothing.
async fn all_refused(app: &RelyingParty, endpoint: &str, sound: &[(&str, &str)]) {
    for (name, request) in doubled(sound) {
        let answer = app.post(endpoint, &request).await;
        check(&format!("{endpoint}: {name}"), &answer);
    }
}

#[tokio::test]
async fn at_the_authorization_endpoint() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let ask = app.ask(&[("prompt", "login"), ("max_age", "60"), ("response_mode", "query")]);
    let sound: Vec<(String, String)> = ask.url.query_pairs().into_owned().collect();
    let sound: Vec<(&str, &str)> = sound.iter().map(|(name, value)| (&**name, &**value)).collect();
    let by_both = async |request: &[(&str, &str)]| {
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request)
            .finish();
        let mut url = server.at("/authorize");
        url.set_query(Some(&encoded));
        let got = send(Method::GET, url, HeaderMap::new(), None).await;
        let mut posted = send(Method::POST, server.at("/authorize"), form_headers(), Some(encoded)).await;
        // a form of an app's page comes without cookies; the same request by GET brings them along
        let again = posted
            .header("location")
            .map(|location| server.at("/").join(location).unwrap());
        if let Some(again) = again.filter(|again| again.path() == "/authorize") {
            posted = send(Method::GET, again, HeaderMap::new(), None).await;
        }
        [got, posted]
    };
    for answer in by_both(&sound).await {
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert!(!answer.header("location").unwrap().starts_with(CALLBACK));
    }
    for (name, request) in doubled(&sound) {
        for answer in by_both(&request).await {
            // RFC 6749 §4.1.2.1: who asks, and where the answer goes, must be known before anybody is sent there.
            if ["client_id", "redirect_uri"].contains(&name) {
                assert_eq!((answer.status, answer.header("location")), (400, None), "{name}");
                continue;
            }
            let location = answer
                .header("location")
                .unwrap_or_else(|| panic!("{name}: {}", answer.body));
            assert!(location.starts_with(CALLBACK), "{name}: {location}");
            let location = server.at("/").join(location).unwrap();
            let get = |wanted: &str| {
                let mut pairs = location.query_pairs();
                pairs
                    .find(|(name, _)| name == wanted)
                    .map(|(_, value)| value.into_owned())
            };
            assert_eq!(get("error").as_deref(), Some("invalid_request"), "{name}: {location}");
            // of two states nobody knows which one is meant
            let state = (name != "state").then(|| ask.state.clone());
            assert_eq!(get("state"), state, "{name}");
        }
    }
}

#[tokio::test]
async fn at_the_pushed_authorization_request_endpoint() {
    let endpoint = "pushed_authorization_request_endpoint";
    let app = server().await.relying_party("web", WEB_SECRET).await;
    let sound: Vec<(String, String)> = app.ask(&[]).url.query_pairs().into_owned().collect();
    let sound: Vec<(&str, &str)> = sound.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(app.post(endpoint, &sound).await.status, 201);
    all_refused(&app, endpoint, &sound).await;
}

#[tokio::test]
async fn at_the_token_endpoint_and_the_code_and_the_token_stay_good() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let ask = app.ask(&[("scope", "openid offline_access"), ("prompt", "consent")]);
    let code = code(&mut server.browser(), &app, &ask, "ada").await;
    let redeems = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &ask.code_verifier),
        ("client_id", &app.client_id),
    ];
    all_refused(&app, "token_endpoint", &redeems).await;
    let tokens = app.token(&redeems).await.ok();

    let renews = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("scope", "openid"),
    ];
    all_refused(&app, "token_endpoint", &renews).await;
    app.token(&renews).await.ok();

    // credentials in the body; `resource` is the one that may be repeated (RFC 8707 §2)
    let app = server.relying_party("posted", "").await;
    let asks = [
        ("grant_type", "client_credentials"),
        ("client_id", "posted"),
        ("client_secret", WEB_SECRET),
        ("scope", "orders:read"),
    ];
    all_refused(&app, "token_endpoint", &asks).await;
    let twice = [&asks[..], &[("resource", API), ("resource", API)]].concat();
    app.token(&twice).await.ok();
}

/// What nobody knows is ignored (RFC 6749 §3.1, §3.2), but nobody has to read without end.
#[tokio::test]
async fn unknown_parameters_are_ignored_up_to_a_hundred_in_all() {
    let server = server().await;
    let machine = server.relying_party("machine", WEB_SECRET).await;
    let unknown: Vec<String> = (0..100).map(|number| format!("unknown-{number}")).collect();
    let mut request = vec![("grant_type", "client_credentials")];
    request.extend(unknown.iter().map(|name| (&**name, "x")));
    check("one too many", &machine.token(&request).await);
    request.pop();
    machine.token(&request).await.ok();

    let app = server.relying_party("web", WEB_SECRET).await;
    let visit = async |most: usize| {
        let mut url = app.ask(&[]).url;
        let known = url.query_pairs().count();
        let more = unknown.iter().take(most - known);
        url.query_pairs_mut().extend_pairs(more.map(|name| (name, "x")));
        send(Method::GET, url, HeaderMap::new(), None).await
    };
    let taken = visit(100).await;
    assert!(!taken.header("location").unwrap().contains("error="));
    let refused = visit(101).await;
    assert!(refused.header("location").unwrap().contains("error=invalid_request"));
}

#[tokio::test]
async fn where_tokens_are_judged_and_ended_and_they_stay_alive() {
    let server = server().await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let ask = app.ask(&[]);
    let code = code(&mut server.browser(), &app, &ask, "ada").await;
    let tokens = app.exchange(&ask, &code).await.ok();
    let token = text(&tokens, "access_token");
    let about = [("token", token), ("token_type_hint", "access_token")];
    let api = server.relying_party("https-api", API_SECRET).await;
    for asker in [&app, &api] {
        all_refused(asker, "introspection_endpoint", &about).await;
    }
    all_refused(&app, "revocation_endpoint", &about).await;
    // RFC 6750 §3.1
    for (_, request) in doubled(&[("access_token", token)]) {
        let answer = app.post_raw("userinfo_endpoint", HeaderMap::new(), &request).await;
        assert_eq!(answer.error(), refused(400, "invalid_request"));
    }
    assert_eq!(app.introspect(token).await["active"], true);
    assert_eq!(app.userinfo(token).await.status, 200);
    assert_eq!(app.post("revocation_endpoint", &about).await.status, 200);
    assert_eq!(app.introspect(token).await["active"], false);
}

#[tokio::test]
async fn at_the_device_authorization_endpoint_and_while_it_waits() {
    let tv = server().await.relying_party("tv", "").await;
    let begins = [("client_id", "tv"), ("scope", "openid profile")];
    all_refused(&tv, "device_authorization_endpoint", &begins).await;
    let begun = tv.post("device_authorization_endpoint", &begins).await.ok();
    let polls = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", text(&begun, "device_code")),
        ("client_id", "tv"),
    ];
    all_refused(&tv, "token_endpoint", &polls).await;
    // RFC 8628 §3.5: not `slow_down`, for none of those counted
    assert_eq!(tv.token(&polls).await.error(), refused(400, "authorization_pending"));
}
