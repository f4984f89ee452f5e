//! Apps that move from one secret to the next: in the console, by resource files, and by themselves.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use signet::base::Clock;
use time::{Duration, format_description::well_known::Rfc3339};

use super::client_auth::claims;
use super::crawl::administrator;
use super::world::{WEB_SECRET, prepare, prepared, text};
use crate::support::registrar::{app, manage, registered};
use crate::support::server::{CALLBACK, TestServer};

/// How a request with that secret is answered.
async fn status(server: &TestServer, client_id: &str, secret: &str) -> u16 {
    let app = server.relying_party(client_id, secret).await;
    // no key has to sign for it: time is turned far on below
    app.revoke("nothing").await.status
}

const USED: &str = "select count(*) from client_secrets where client_id = 'machine' and last_used_at is not null";

#[tokio::test]
async fn an_administrator_makes_another_secret_and_the_old_one_goes_on_for_as_long_as_they_said() {
    let server = prepared().await;
    let mut browser = administrator(&server).await;
    let address = server.at("/console/apps/machine");
    let page = browser.open(&address).await.at(200, "/console/apps/machine");
    assert!(page.text("#secrets + ul").contains("not used yet"), "{}", page.body);
    assert_eq!(status(&server, "machine", WEB_SECRET).await, 200);
    assert_eq!(server.count(USED).await, 1);
    let page = browser.open(&address).await;
    assert!(page.text("#secrets + ul").contains("last used"));

    let asked = [("label", "Spring"), ("others", "7"), ("days", "90")];
    let shown = browser.submit(&page, "app-secret", &asked).await;
    assert_eq!(shown.status, 200);
    let new = shown.text("#client-secret");
    for secret in [WEB_SECRET, &new] {
        assert_eq!(status(&server, "machine", secret).await, 200);
    }
    let page = browser.open(&address).await;
    let list = page.texts("#secrets + ul li");
    assert_eq!(list.len(), 2);
    assert!(list[0].contains("Spring") && list[0].contains(&new[..4]), "{list:?}");
    assert!(!page.body.contains(&new), "it is shown once");
    assert!(list[1].contains("Ends in 7 days"), "{list:?}");

    server.clock.advance(Duration::days(7));
    assert_eq!(status(&server, "machine", WEB_SECRET).await, 401);
    assert_eq!(status(&server, "machine", &new).await, 200);
    let mut browser = server.browser();
    let page = browser.open(&address).await.at(200, "/login");
    super::world::sign_in(&mut browser, &page, "root").await;
    let page = browser.open(&address).await;
    assert!(page.texts("#secrets + ul li")[1].contains("Expired"), "{}", page.body);
    // the last one stays until there is another
    let refused = browser.submit(&page, "secret-end-1", &[("when", "0")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text("#problems").contains("Make another one first"));
    assert_eq!(status(&server, "machine", &new).await, 200);

    // one that is known to others ends with the next
    let shown = browser.submit(&refused, "app-secret", &[("others", "0")]).await;
    let newest = shown.text("#client-secret");
    assert_eq!(status(&server, "machine", &new).await, 401);
    assert_eq!(status(&server, "machine", &newest).await, 200);
    let page = browser.open(&address).await;
    let shown = browser.submit(&page, "app-secret", &[("others", "stay")]).await;
    let other = shown.text("#client-secret");
    let page = browser.open(&address).await;
    let page = browser.submit(&page, "secret-end-2", &[("when", "0")]).await;
    assert!(page.text("main > .notice").contains("ends as you said"));
    assert_eq!(status(&server, "machine", &newest).await, 401);
    assert_eq!(status(&server, "machine", &other).await, 200);
    let again = browser.submit(&page, "secret-end-1", &[("when", "7")]).await;
    assert!(again.text("#secrets + ul").contains("Ends in"), "{}", again.body);
}

#[tokio::test]
async fn a_resource_file_names_several_secrets_with_their_ends() {
    let server = prepared().await;
    let soon = (server.clock.now() + Duration::days(1)).format(&Rfc3339).unwrap();
    let (old, new) = (
        "the old secret of the mover, thirty-two",
        "the new secret of the mover, thirty-two",
    );
    let file = |client_id: &str, method: &str, secrets: &str| {
        format!(
            "[[clients]]\nclient_id = \"{client_id}\"\ngrant_types = [\"client_credentials\"]\n\
             resources = [\"https://api.example\"]\ntoken_endpoint_auth_method = \"{method}\"\n{secrets}"
        )
    };
    let both = format!(
        "client_secrets = [\n  {{ value = \"{new}\", label = \"Spring\" }},\n  {{ value = \"{old}\", expires_at = {soon} }},\n]\n"
    );
    for (client_id, method) in [("mover", "client_secret_basic"), ("signer", "client_secret_jwt")] {
        let text = file(client_id, method, &both);
        server.apply(&text).await;
        assert!(server.apply(&text).await.is_empty(), "twice changes nothing");
    }
    let mac = |secret: &str| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(&server, "signer"), &key).unwrap()
    };
    let signer = server.relying_party("signer", new).await;
    let ask = async |assertion: String| {
        let body = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
            ("token", "nothing"),
        ];
        let answer = signer.post_raw("revocation_endpoint", HeaderMap::new(), &body).await;
        answer.status
    };
    for secret in [old, new] {
        assert_eq!(status(&server, "mover", secret).await, 200);
        assert_eq!(ask(mac(secret)).await, 200);
    }
    assert_eq!(ask(mac("a secret that nobody gave to anybody")).await, 401);
    server.clock.advance(Duration::days(1));
    for (secret, expected) in [(old, 401), (new, 200)] {
        assert_eq!(status(&server, "mover", secret).await, expected);
        assert_eq!(ask(mac(secret)).await, expected);
    }
    // what the file still names has expired, and that is no change
    assert!(
        server
            .apply(&file("mover", "client_secret_basic", &both))
            .await
            .is_empty()
    );
    let third = "client_secret = \"the third secret of the mover, thirty-two\"\n";
    let plan = server.apply(&file("mover", "client_secret_basic", third)).await;
    assert!(plan.to_string().contains("mover: client_secret"), "{plan}");
    let good = "select count(*) from client_secrets where client_id = 'mover' and expires_at is null";
    assert_eq!(server.count(good).await, 1);
}

#[tokio::test]
async fn a_client_that_registered_itself_gets_its_next_secret_in_time() {
    let settings = [
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_REGISTRATION__UNUSED_DAYS", "3660"),
        ("SIGNET_REGISTRATION__CLIENT_SECRET_DAYS", "90"),
        ("SIGNET_REGISTRATION__CLIENT_SECRET_GRACE_HOURS", "48"),
    ];
    let server = prepare(TestServer::with(&settings).await).await;
    let client = registered(&server, &json!({ "redirect_uris": [CALLBACK] })).await;
    let end = (server.clock.now() + Duration::days(90)).unix_timestamp();
    let told = client["client_secret_expires_at"].as_i64().unwrap();
    assert!((end - 5..=end).contains(&told), "{told}");
    let read = manage(Method::GET, &client, None).await.ok();
    assert_eq!(read["client_secret_expires_at"], told);

    let wanted = json!({ "client_id": client["client_id"], "redirect_uris": [CALLBACK] });
    let put = async || manage(Method::PUT, &client, Some(&wanted)).await.ok();
    // whether a secret lets in: then only the code is wrong
    let lets_in = async |secret: &Value| {
        let mut held = client.clone();
        held["client_secret"] = secret.clone();
        let app = app(&server, &held).await;
        let wrong = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("redirect_uri", CALLBACK),
        ];
        match app.token(&wrong).await.error() {
            (400, code) if code == "invalid_grant" => true,
            (401, code) if code == "invalid_client" => false,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(put().await["client_secret"], Value::Null, "it is fresh");
    assert!(lets_in(&client["client_secret"]).await);
    server.clock.advance(Duration::days(46));
    let lost = put().await;
    assert!(lost["client_secret"].is_string());
    assert!(lost["client_secret_expires_at"].as_i64().unwrap() > told);
    // the answer did not arrive: the next one brings another secret, and the old one still lets in
    assert!(lets_in(&client["client_secret"]).await);
    let renewed = put().await;
    assert_ne!(text(&renewed, "client_secret"), text(&lost, "client_secret"));
    assert!(lets_in(&renewed["client_secret"]).await);
    assert_eq!(put().await["client_secret"], Value::Null, "it arrived");
    server.clock.advance(Duration::hours(48));
    assert!(!lets_in(&client["client_secret"]).await);
    assert!(!lets_in(&lost["client_secret"]).await);
    assert!(lets_in(&renewed["client_secret"]).await);
    server.clock.advance(Duration::days(90));
    assert!(!lets_in(&renewed["client_secret"]).await, "it expired");
    let last = put().await;
    assert!(lets_in(&last["client_secret"]).await);
}
