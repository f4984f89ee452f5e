//! What those can make of it who registered an app themselves: against the operator, and against everybody else.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{WEB_SECRET, prepare, refused, sign_in, text};
use crate::support::registrar::{app, manage, register, register_from, registered};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

async fn open(settings: &[(&str, &str)]) -> TestServer {
    let settings = [&[("SIGNET_REGISTRATION__POLICY", "open")], settings].concat();
    prepare(TestServer::with(&settings).await).await
}

fn web() -> Value {
    json!({ "client_name": "Self-made", "redirect_uris": [CALLBACK] })
}

/// An administrator makes an app stricter; the app replaces its registration and would like that back (RFC 7592 §2.2).
#[tokio::test]
async fn what_an_administrator_made_stricter_stays() {
    let server = open(&[]).await;
    let client = registered(&server, &web()).await;
    let id = text(&client, "client_id").to_owned();
    let edited = id.clone();
    server
        .run(move |core| async move {
            use signet::flow::admin::{By, client};
            let before = client::find(&core, &edited).await.unwrap();
            let mut edit = client::Edit {
                metadata: before.metadata.clone(),
                roles: Vec::new(),
                status: before.status,
            };
            edit.metadata.require_pkce = true;
            edit.metadata.require_pushed_authorization_requests = true;
            edit.metadata.dpop_bound_access_tokens = true;
            edit.metadata.subject_type = signet::model::SubjectType::Pairwise;
            edit.metadata.scope = Some("openid".to_owned());
            edit.metadata.client_name = Some("Named by the house".to_owned());
            client::edit(&core, &By::command(), &edited, before.version, &edit)
                .await
                .unwrap();
        })
        .await;
    // left out, it would be gone
    let wanted = json!({ "client_id": id, "redirect_uris": [CALLBACK], "client_name": "Mine again" });
    let replaced = manage(Method::PUT, &client, Some(&wanted)).await.ok();
    for name in [
        "require_pkce",
        "require_pushed_authorization_requests",
        "dpop_bound_access_tokens",
    ] {
        assert_eq!(replaced[name], true, "{name}");
    }
    assert_eq!(
        (&replaced["subject_type"], &replaced["scope"]),
        (&json!("pairwise"), &json!("openid"))
    );
    assert_eq!(replaced["client_name"], "Mine again", "what describes it is its own");
    for (name, value) in [
        ("require_pkce", json!(false)),
        ("require_pushed_authorization_requests", json!(false)),
        ("dpop_bound_access_tokens", json!(false)),
        ("subject_type", json!("public")),
        ("scope", json!("openid profile email")),
    ] {
        let mut other = wanted.clone();
        other[name] = value;
        let answer = manage(Method::PUT, &client, Some(&other)).await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{name}");
        assert!(answer.body.contains(name), "{}", answer.body);
    }
    // who reads, changes and sends back meets nothing of that, and what nobody set it may still change
    let mut same = manage(Method::GET, &client, None).await.ok();
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_id_issued_at",
    ] {
        same.as_object_mut().unwrap().remove(name);
    }
    same["require_auth_time"] = json!(true);
    let replaced = manage(Method::PUT, &client, Some(&same)).await.ok();
    assert_eq!(replaced["require_auth_time"], true);
    same["require_auth_time"] = json!(false);
    let replaced = manage(Method::PUT, &client, Some(&same)).await.ok();
    assert_eq!(replaced["require_auth_time"], false);
}

async fn push(app: &RelyingParty, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    parameters.extend_from_slice(more);
    app.post("pushed_authorization_request_endpoint", &parameters).await
}

/// A secret that somebody got by asking proves no more than an address does.
#[tokio::test]
async fn an_app_that_registered_itself_pushes_so_much_and_no_more() {
    let server = open(&[("SIGNET_LIMITS__AUTHORIZATION_REQUESTS_PER_ADDRESS", "4")]).await;
    let stranger = app(&server, &registered(&server, &web()).await).await;
    let second = app(&server, &registered(&server, &web()).await).await;
    let known = server.relying_party("web", WEB_SECRET).await;
    for _ in 0..4 {
        assert_eq!(push(&stranger, &[]).await.status, 201);
    }
    let answer = push(&stranger, &[]).await;
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(push(&second, &[]).await.status, 201, "another one has its own count");
    for _ in 0..6 {
        assert_eq!(push(&known, &[]).await.status, 201, "the operator's are not counted");
    }
    server.clock.advance(time::Duration::minutes(11));
    assert_eq!(push(&stranger, &[]).await.status, 201);
    // and nothing large
    let large = "x".repeat(20_000);
    assert_eq!(
        push(&stranger, &[("of_its_own", &large)]).await.error(),
        refused(400, "invalid_request")
    );
    assert_eq!(push(&known, &[("of_its_own", &large)]).await.status, 201);
}

/// Whoever registers names an address that this server fetches: what is refused counts as well, and who may not register any
/// more has nothing fetched.
#[tokio::test]
async fn nobody_has_this_server_fetch_at_will() {
    let server = open(&[
        ("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "1"),
        ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
    ])
    .await;
    let mut wanted = web();
    wanted["sector_identifier_uri"] = json!("https://127.0.0.1:9/uris.json");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(register_from(&server, None, &wanted, "10.7.7.7").await.status);
    }
    assert_eq!(
        statuses,
        [400, 400, 400, 400, 400, 429, 429, 429],
        "five fetches, and then none"
    );
    let other = register_from(&server, None, &wanted, "10.7.7.8").await;
    assert_eq!(other.status, 400, "somebody else");
    // the address has its client: the refusal comes before any fetch, which would be another one
    assert_eq!(register_from(&server, None, &web(), "10.7.7.9").await.status, 201);
    assert_eq!(register_from(&server, None, &wanted, "10.7.7.9").await.status, 429);
}

/// Names that pose as an address or turn the direction of writing are refused, and the page says whose word the rest is.
#[tokio::test]
async fn people_are_told_that_an_app_registered_itself_and_where_their_answer_goes() {
    let server = open(&[]).await;
    for name in ["bank.example", "Sign in to https://bank.example", "Bank\u{202e}elpmaxe"] {
        let wanted = json!({ "client_name": name, "redirect_uris": [CALLBACK] });
        let answer = register_from(&server, None, &wanted, "10.1.1.1").await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{name}");
    }
    let stranger = app(&server, &registered(&server, &web()).await).await;
    for (language, words) in [("en", "registered itself"), ("de", "selbst registriert")] {
        let mut browser = server.browser();
        browser.speak(language);
        let page = browser.open(&stranger.ask(&[]).url).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
        let said = page.text("#app-registered-itself");
        assert!(said.contains(words) && said.contains("suite.test"), "{said}");
    }
    let known = server.relying_party("web", WEB_SECRET).await;
    let mut browser = server.browser();
    let page = browser.open(&known.ask(&[]).url).await.at(200, "/login");
    let page = sign_in(&mut browser, &page, "ada").await.at(200, "/consent");
    assert!(page.texts("#app-registered-itself").is_empty());
}

/// What is deleted again has been registered all the same: it left lines in the trail, and its counts begin anew.
#[tokio::test]
async fn who_deletes_registers_no_more_than_others_nor_who_registers_at_once() {
    let server = open(&[("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "3")]).await;
    for _ in 0..3 {
        let client = registered(&server, &web()).await;
        assert_eq!(manage(Method::DELETE, &client, None).await.status, 204);
    }
    let answer = register(&server, None, &web()).await;
    assert_eq!(answer.status, 429, "{}", answer.body);
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3601).contains(&seconds), "{seconds}");
    let wanted = web();
    let at_once = (0..12).map(|_| register_from(&server, None, &wanted, "10.7.7.6"));
    let answers = futures_util::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    server.clock.advance(time::Duration::hours(1));
    assert_eq!(register(&server, None, &web()).await.status, 201);
    // what counts no more is not kept
    server
        .run(|core| async move { signet::flow::job::sweep::run(&core).await.unwrap() })
        .await;
    assert_eq!(server.count("select count(*) from registration_acts").await, 1);
}

/// A page that somebody looks at has their address, and would need no more than that.
#[tokio::test]
async fn no_page_registers_apps_through_the_browsers_of_its_visitors() {
    let (evil, good) = ("https://evil.example", "https://apps.example");
    for (settings, allowed) in [
        (&[][..], [None, None]),
        (
            &[("SIGNET_REGISTRATION__ORIGINS", "https://apps.example,https://b.example")],
            [None, Some(good)],
        ),
        (&[("SIGNET_REGISTRATION__ORIGINS", "*")], [Some("*"), Some("*")]),
        // there a token is needed, which no page has
        (&[("SIGNET_REGISTRATION__POLICY", "token")], [Some("*"), Some("*")]),
    ] {
        let server = TestServer::with(&[&[("SIGNET_REGISTRATION__POLICY", "open")], settings].concat()).await;
        for (origin, allowed) in [evil, good].into_iter().zip(allowed) {
            let asked = cross_origin(&server, Method::OPTIONS, "/clients", origin).await;
            assert_eq!(asked.status, 204);
            assert_eq!(
                asked.header("access-control-allow-origin"),
                allowed,
                "{origin} {settings:?}"
            );
            assert_eq!(asked.header("vary"), Some("Origin"));
            assert_eq!(asked.header("access-control-allow-credentials"), None);
            let sent = cross_origin(&server, Method::POST, "/clients", origin).await;
            assert_eq!(
                sent.header("access-control-allow-origin"),
                allowed,
                "{origin} {settings:?}"
            );
            // who has the token of a registration manages it from everywhere
            let managed = cross_origin(&server, Method::OPTIONS, "/clients/some", origin).await;
            assert_eq!(managed.header("access-control-allow-origin"), Some("*"));
        }
    }
    // and no browser sends JSON to others without asking: nothing else is read
    let server = open(&[]).await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        let body = Some(web().to_string());
        let answer = RelyingParty::send(Method::POST, server.at("/clients"), body, headers, "10.1.1.1").await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{kind}");
    }
}

async fn cross_origin(server: &TestServer, method: Method, path: &str, origin: &str) -> Answer {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("origin", origin.parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    let body = (method == Method::POST).then(|| web().to_string());
    RelyingParty::send(method, server.at(path), body, headers, "10.1.1.1").await
}

/// Also where people decide about what waits elsewhere.
#[tokio::test]
async fn devices_and_what_is_asked_behind_the_scenes_say_that_the_app_registered_itself() {
    let (device, ciba) = (
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
    );
    let grants = format!("authorization_code,{device},{ciba}");
    let server = open(&[("SIGNET_REGISTRATION__GRANT_TYPES", grants.as_str())]).await;
    let wanted = json!({
        "client_name": "Self-made", "redirect_uris": [], "response_types": [], "grant_types": [device, ciba],
        "backchannel_token_delivery_mode": "poll",
    });
    let stranger = app(&server, &registered(&server, &wanted).await).await;
    for (language, words) in [("en", "registered itself"), ("de", "selbst registriert")] {
        let begun = stranger
            .post("device_authorization_endpoint", &[("scope", "openid")])
            .await
            .ok();
        let link = text(&begun, "verification_uri_complete").parse().unwrap();
        let mut browser = server.browser();
        browser.speak(language);
        let page = browser.open(&link).await.at(200, "/device");
        let page = browser.submit(&page, "device", &[]).await.at(200, "/login");
        let page = sign_in(&mut browser, &page, "ada").await;
        assert!(page.has("#device-decision"));
        assert!(page.text("#app-registered-itself").contains(words), "{language}");
        let asked = [("scope", "openid"), ("login_hint", "ada")];
        stranger.post("backchannel_authentication_endpoint", &asked).await.ok();
        let page = browser.open(&server.at("/account")).await.at(200, "/account");
        let waiting = page.attributes("a[href^='/approve?id=']", "href").pop().unwrap();
        let page = browser.open(&page.url.join(&waiting).unwrap()).await;
        assert!(page.has("#approval"));
        assert!(page.text("#app-registered-itself").contains(words), "{language}");
    }
}
