//! Request objects by value: what the client signed counts, and nothing else does (RFC 9101, OIDC Core §6.1).

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signet::base::Clock;
use signet::model::ClientMetadata;
use signet::spec::jose::{KeySigner, SigningAlg, signer};
use url::Url;

use super::world::{CALLBACK, World, parameter};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::RelyingParty;

/// A key of an app.
struct Key {
    signer: KeySigner,
    jwks: Value,
}

fn key(alg: SigningAlg) -> Key {
    let made = signer::generate(alg).unwrap();
    Key {
        signer: KeySigner::new(alg, &made.public_jwk.kid, &made.private_der).unwrap(),
        jwks: json!({ "keys": [made.public_jwk] }),
    }
}

impl Key {
    fn sign(&self, claims: &Value) -> String {
        let typ = Some("oauth-authz-req+jwt");
        self.signer.sign_jwt(typ, claims.to_string().as_bytes()).unwrap()
    }
}

/// A world with an app that signs its requests.
async fn world(change: impl FnOnce(&mut ClientMetadata)) -> (World, Key) {
    let world = World::new().await;
    let key = key(SigningAlg::ES256);
    let jwks = key.jwks.clone();
    world
        .register_app("signing", |metadata| {
            metadata.require_consent = false;
            metadata.jwks = Some(jwks);
            change(metadata);
        })
        .await;
    world.make_person("ada", |_| {}).await;
    (world, key)
}

/// A good request.
fn claims(world: &World) -> Value {
    let now = world.clock.now().unix_timestamp();
    json!({
        "iss": "signing", "aud": world.core.policy.issuer.as_str(), "client_id": "signing", "nbf": now, "exp": now + 300,
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": "inside",
    })
}

fn changed(mut claims: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

fn at(world: &World, parameters: &[(&str, &str)]) -> Url {
    let mut url = world.at("/authorize");
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

async fn answered(world: &World, browser: &mut Browser, url: &Url) -> Url {
    let page = browser.open(url).await.at(200, "/login");
    let page = world.sign_in(browser, &page, "ada").await;
    page.location()
        .unwrap_or_else(|| panic!("{} {}", page.status, page.body))
}

fn assert_dead(page: &Page) {
    assert_eq!((page.status, page.location()), (400, None), "{}", page.body);
}

#[tokio::test]
async fn what_is_signed_counts_and_what_stands_beside_it_does_not() {
    let (world, key) = world(|_| {}).await;
    let object = key.sign(&claims(&world));
    let url = at(
        &world,
        &[
            ("client_id", "signing"),
            ("request", &object),
            ("response_type", "code"),
            ("redirect_uri", "https://evil.example/"),
            ("state", "outside"),
            ("scope", "openid email"),
            ("prompt", "none"),
            ("code_challenge", "x"),
        ],
    );
    let location = answered(&world, &mut Browser::new(), &url).await;
    assert!(location.as_str().starts_with(CALLBACK), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("inside"));
    let code = parameter(&location, "code").unwrap();
    let app = world.relying_party("signing").await;
    let tokens = app
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ])
        .await
        .ok();
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn a_state_outside_fills_no_gap() {
    let (world, key) = world(|_| {}).await;
    let object = key.sign(&changed(claims(&world), "state", Value::Null));
    let url = at(
        &world,
        &[("client_id", "signing"), ("request", &object), ("state", "outside")],
    );
    let location = answered(&world, &mut Browser::new(), &url).await;
    assert_eq!(parameter(&location, "state"), None);
}

#[tokio::test]
async fn every_object_that_is_not_the_clients_own_and_of_now_is_refused() {
    let (world, key) = world(|_| {}).await;
    let stranger = self::key(SigningAlg::ES256);
    let now = world.clock.now().unix_timestamp();
    let good = claims(&world);
    let (header, rest) = {
        let signed = key.sign(&good);
        let (header, rest) = signed
            .split_once('.')
            .map(|(h, r)| (h.to_owned(), r.to_owned()))
            .unwrap();
        (header, rest)
    };
    let payload = rest.split('.').next().unwrap().to_owned();
    // {"alg":"none"}, and the signature of another payload
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    let forged = format!("{header}.{payload}x.{}", rest.split('.').next_back().unwrap());
    let mut bad = vec![unsigned, forged, stranger.sign(&good), "not a token".to_owned()];
    for (name, value) in [
        ("iss", json!("app")),
        ("client_id", json!("app")),
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", Value::Null),
        ("nbf", json!(now + 600)),
        ("iat", json!(now + 70)),
        ("sub", json!("signing")),
        ("request_uri", json!("https://app.example/r")),
        ("request", json!("e30.e30.x")),
    ] {
        bad.push(key.sign(&changed(good.clone(), name, value)));
    }
    let mut browser = Browser::new();
    for object in &bad {
        // An address of its own that is registered hears of it; without one the person does.
        let url = at(
            &world,
            &[
                ("client_id", "signing"),
                ("request", object),
                ("redirect_uri", CALLBACK),
            ],
        );
        let page = browser.get(&url).await;
        let location = page.location().unwrap_or_else(|| panic!("{object} {}", page.body));
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some("invalid_request_object"),
            "{object}"
        );
        let url = at(&world, &[("client_id", "signing"), ("request", object)]);
        assert_dead(&browser.get(&url).await);
        let evil = at(
            &world,
            &[
                ("client_id", "signing"),
                ("request", object),
                ("redirect_uri", "https://evil.example/"),
            ],
        );
        assert_dead(&browser.get(&evil).await);
    }
}

#[tokio::test]
async fn a_signed_address_must_still_be_registered_and_types_must_agree() {
    let (world, key) = world(|_| {}).await;
    let mut browser = Browser::new();
    let evil = key.sign(&changed(claims(&world), "redirect_uri", json!("https://evil.example/")));
    let url = at(
        &world,
        &[("client_id", "signing"), ("request", &evil), ("redirect_uri", CALLBACK)],
    );
    assert_dead(&browser.get(&url).await);
    let object = key.sign(&claims(&world));
    let url = at(
        &world,
        &[
            ("client_id", "signing"),
            ("request", &object),
            ("redirect_uri", CALLBACK),
            ("response_type", "id_token"),
        ],
    );
    let location = browser.get(&url).await.location().unwrap();
    assert!(
        location.fragment().unwrap().contains("error=invalid_request"),
        "{location}"
    );
    // the object of one client in the name of another
    let url = at(&world, &[("client_id", "app"), ("request", &object)]);
    assert_dead(&browser.get(&url).await);
    // and an object with a reference
    let both = at(
        &world,
        &[
            ("client_id", "signing"),
            ("request", &object),
            ("request_uri", "https://app.example/r"),
        ],
    );
    assert_dead(&browser.get(&both).await);
}

#[tokio::test]
async fn only_the_registered_algorithm_is_taken() {
    let (world, key) = world(|metadata| metadata.request_object_signing_alg = Some("PS256".to_owned())).await;
    let object = key.sign(&claims(&world));
    let url = at(
        &world,
        &[
            ("client_id", "signing"),
            ("request", &object),
            ("redirect_uri", CALLBACK),
        ],
    );
    let location = Browser::new().get(&url).await.location().unwrap();
    assert_eq!(parameter(&location, "error").as_deref(), Some("invalid_request_object"));
}

#[tokio::test]
async fn an_assertion_and_a_request_object_do_not_pass_for_one_another() {
    let (world, key) = world(|metadata| {
        metadata.token_endpoint_auth_method = signet::spec::oauth::ClientAuthMethod::PrivateKeyJwt;
    })
    .await;
    let now = world.clock.now().unix_timestamp();
    let issuer = world.core.policy.issuer.as_str();
    let assertion = json!({ "iss": "signing", "sub": "signing", "aud": issuer, "jti": "1", "exp": now + 60,
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid" });
    let as_request = key.signer.sign_jwt(None, assertion.to_string().as_bytes()).unwrap();
    let url = at(&world, &[("client_id", "signing"), ("request", &as_request)]);
    assert_dead(&Browser::new().get(&url).await);
    let app = world.relying_party("signing").await;
    let object = key
        .signer
        .sign_jwt(None, claims(&world).to_string().as_bytes())
        .unwrap();
    let body = [
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", object.as_str()),
        ("response_type", "code"),
    ];
    let answer = push(&app, &body).await;
    assert_eq!(answer.0, 401);
}

async fn push(app: &RelyingParty, body: &[(&str, &str)]) -> (u16, Value) {
    let answer = app
        .post_raw("pushed_authorization_request_endpoint", HeaderMap::new(), body)
        .await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_signed_request_is_pushed_and_only_what_is_signed_is_kept() {
    let (world, key) = world(|_| {}).await;
    let app = world.relying_party("signing").await;
    let object = key.sign(&claims(&world));
    let pushed = app
        .post(
            "pushed_authorization_request_endpoint",
            &[
                ("request", &object),
                ("state", "outside"),
                ("redirect_uri", "https://evil.example/"),
            ],
        )
        .await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let reference = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let url = at(&world, &[("client_id", "signing"), ("request_uri", &reference)]);
    let location = answered(&world, &mut Browser::new(), &url).await;
    assert_eq!(parameter(&location, "state").as_deref(), Some("inside"));
    assert!(parameter(&location, "code").is_some());
    for (name, value) in [
        ("aud", json!("https://other.example")),
        ("aud", Value::Null),
        ("client_id", json!("app")),
        ("exp", json!(1)),
        ("exp", Value::Null),
    ] {
        let object = key.sign(&changed(claims(&world), name, value));
        let refused = app
            .post("pushed_authorization_request_endpoint", &[("request", &object)])
            .await;
        assert_eq!(refused.error(), (400, "invalid_request_object".to_owned()), "{name}");
    }
}
