//! Client authentication (RFC 6749 §2.3, OIDC Core §9): each method, and what is not one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use signet::base::Clock;
use tokio::sync::OnceCell;

use super::world::{API, SECRET_JWT, WEB_SECRET, prepared, refused};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER.get_or_init(prepared).await
}

/// An elliptic key: its PEM and its public half as a JWK.
pub fn key(kid: &str) -> (EncodingKey, Value) {
    use openssl::bn::{BigNum, BigNumContext};
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut context = BigNumContext::new().unwrap();
    key.public_key()
        .affine_coordinates(&group, &mut x, &mut y, &mut context)
        .unwrap();
    let coordinate = |number: &BigNum| URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap());
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid,
        "x": coordinate(&x), "y": coordinate(&y),
    });
    let pem = openssl::pkey::PKey::from_ec_key(key)
        .unwrap()
        .private_key_to_pem_pkcs8()
        .unwrap();
    (EncodingKey::from_ec_pem(&pem).unwrap(), jwk)
}

/// Claims of a good assertion.
pub fn claims(server: &TestServer, client_id: &str) -> Value {
    use signet::base::{Rng, SystemRng};
    let now = server.clock.now().unix_timestamp();
    json!({
        "iss": client_id, "sub": client_id, "aud": server.issuer(),
        "jti": SystemRng.token().expose(), "iat": now, "exp": now + 60,
    })
}

pub fn sign(key: &EncodingKey, kid: &str, claims: &Value) -> String {
    let header = Header {
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// A token for the API, by an assertion.
pub async fn ask(app: &RelyingParty, assertion: &str) -> Answer {
    ask_with(app, assertion, &[]).await
}

async fn ask_with(app: &RelyingParty, assertion: &str, more: &[(&str, &str)]) -> Answer {
    ask_for(app, API, assertion, more).await
}

/// A token for an API, by an assertion.
pub async fn ask_for(app: &RelyingParty, api: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut body = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("resource", api),
    ];
    body.extend(more);
    app.post_raw("token_endpoint", HeaderMap::new(), &body).await
}

fn basic(client_id: &str, secret: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let pair = STANDARD.encode(format!("{client_id}:{secret}"));
    headers.insert(AUTHORIZATION, format!("Basic {pair}").parse().unwrap());
    headers
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_secret_is_taken_by_the_registered_way_only() {
    let server = server().await;
    let app = server.relying_party("machine", WEB_SECRET).await;
    app.post_raw("token_endpoint", basic("machine", WEB_SECRET), &[GRANT])
        .await
        .ok();
    let in_body = |id: &'static str| [GRANT, ("client_id", id), ("client_secret", WEB_SECRET)];
    app.post_raw("token_endpoint", HeaderMap::new(), &in_body("posted"))
        .await
        .ok();
    for answer in [
        app.post_raw("token_endpoint", basic("posted", WEB_SECRET), &[GRANT])
            .await,
        app.post_raw("token_endpoint", HeaderMap::new(), &in_body("machine"))
            .await,
        app.post_raw("token_endpoint", basic("machine", "wrong"), &[GRANT])
            .await,
        app.post_raw("token_endpoint", basic("machine", ""), &[GRANT]).await,
        app.post_raw("token_endpoint", basic("nobody", WEB_SECRET), &[GRANT])
            .await,
        app.post_raw("token_endpoint", HeaderMap::new(), &[GRANT, ("client_id", "machine")])
            .await,
        app.post_raw("token_endpoint", HeaderMap::new(), &in_body("mac")).await,
    ] {
        assert_eq!(answer.error(), refused(401, "invalid_client"), "{}", answer.body);
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
    }
    // RFC 6749 §5.2: the scheme that was tried.
    let wrong = app.post_raw("token_endpoint", basic("machine", "x"), &[GRANT]).await;
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn two_ways_at_once_are_refused() {
    let server = server().await;
    let app = server.relying_party("machine", WEB_SECRET).await;
    for body in [
        vec![GRANT, ("client_id", "machine"), ("client_secret", WEB_SECRET)],
        vec![
            GRANT,
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", "a.b.c"),
        ],
        vec![GRANT, ("client_id", "posted")],
    ] {
        let answer = app
            .post_raw("token_endpoint", basic("machine", WEB_SECRET), &body)
            .await;
        assert!([400, 401].contains(&answer.status), "{}", answer.body);
        let (_, code) = answer.error();
        assert!(["invalid_request", "invalid_client"].contains(&code.as_str()), "{code}");
    }
}

#[tokio::test]
async fn unknown_and_wrong_are_one_answer() {
    let server = server().await;
    let app = server.relying_party("machine", WEB_SECRET).await;
    let wrong = app
        .post_raw("token_endpoint", basic("machine", "wrong"), &[GRANT])
        .await;
    let unknown = app.post_raw("token_endpoint", basic("nobody", "wrong"), &[GRANT]).await;
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
}

/// An app with a key of its own.
async fn signing_app(server: &TestServer, client_id: &str) -> (RelyingParty, EncodingKey, Value) {
    let (private, public) = key("one");
    let (x, y) = (public["x"].as_str().unwrap(), public["y"].as_str().unwrap());
    let toml = format!(
        r#"
[[clients]]
client_id = "{client_id}"
token_endpoint_auth_method = "private_key_jwt"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
[clients.jwks]
keys = [{{ kty = "EC", crv = "P-256", alg = "ES256", use = "sig", kid = "one", x = "{x}", y = "{y}" }}]
"#
    );
    server.apply(&toml).await;
    (server.relying_party(client_id, "").await, private, public)
}

#[tokio::test]
async fn an_assertion_is_good_for_this_server_for_a_while_and_once() {
    let server = server().await;
    let (app, key, _) = signing_app(server, "signer").await;
    let good = claims(server, "signer");
    let assertion = sign(&key, "one", &good);
    ask(&app, &assertion).await.ok();
    // RFC 7523 §3 (7): the jti was used.
    assert_eq!(ask(&app, &assertion).await.error(), refused(401, "invalid_client"));
    let now = server.clock.now().unix_timestamp();
    let endpoint = server.at("/oauth2/token").to_string();
    let token_endpoint = app.endpoint("token_endpoint").to_string();
    let bad: Vec<(&str, Value)> = vec![
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(["https://elsewhere.example"])),
        ("aud", json!(format!("{endpoint}x"))),
        ("aud", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 100_000)),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("nbf", json!(now + 300)),
        // FAPI 2.0 Security Profile §5.3.2.1: clocks are not a minute apart
        ("iat", json!(now + 90)),
        ("iss", json!("web")),
        ("sub", json!("web")),
        ("sub", json!("nobody")),
        ("sub", json!("\u{0}")),
        ("jti", Value::Null),
        ("jti", json!("x".repeat(10_000))),
    ];
    for (name, value) in bad {
        let mut changed = claims(server, "signer");
        match &value {
            Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
            value => changed[name] = value.clone(),
        }
        let assertion = sign(&key, "one", &changed);
        // whoever is named beside it (RFC 7521 §4.2), what is in it must be right
        for more in [&[][..], &[("client_id", "signer")]] {
            let answer = ask_with(&app, &assertion, more).await;
            assert_eq!(answer.error(), refused(401, "invalid_client"), "{name} = {value:.40}");
        }
    }
    for aud in [
        json!(token_endpoint),
        json!(["https://elsewhere.example", server.issuer()]),
    ] {
        let mut changed = claims(server, "signer");
        changed["aud"] = aud;
        ask(&app, &sign(&key, "one", &changed)).await.ok();
    }
    // Clocks differ a little.
    let mut early = claims(server, "signer");
    early["nbf"] = json!(now + 8);
    ask(&app, &sign(&key, "one", &early)).await.ok();
}

#[tokio::test]
async fn another_key_or_algorithm_or_method_is_refused() {
    let server = server().await;
    let (app, own, public) = signing_app(server, "confused").await;
    let (stranger, _) = key("one");
    let good = || claims(server, "confused");
    let payload = URL_SAFE_NO_PAD.encode(good().to_string());
    let with_header = |header: Value| format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header.to_string()));
    // RFC 8725 §3.1: the public key is no secret for a MAC.
    let mac = |secret: &[u8]| {
        let header = Header {
            kid: Some("one".to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &good(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let own_jwk = Header {
        jwk: serde_json::from_value(key("one").1).ok(),
        ..Header::new(Algorithm::ES256)
    };
    let assertions = [
        sign(&stranger, "one", &good()),
        sign(&own, "unknown", &good()),
        with_header(json!({"alg": "none"})),
        with_header(json!({"alg": "none", "kid": "one"})),
        with_header(json!({"alg": "ES256", "kid": "one"})),
        mac(public.to_string().as_bytes()),
        mac(public["x"].as_str().unwrap().as_bytes()),
        mac(b""),
        // A key that the assertion brings along itself.
        jsonwebtoken::encode(&own_jwk, &good(), &stranger).unwrap(),
        "nonsense".to_owned(),
        "a.b".to_owned(),
        "..".to_owned(),
        "a".repeat(20_000),
    ];
    for assertion in assertions {
        let answer = ask(&app, &assertion).await;
        assert!([400, 401].contains(&answer.status), "{assertion:.60}: {}", answer.body);
        assert!(["invalid_client", "invalid_request"].contains(&answer.error().1.as_str()));
    }
    let assertion = sign(&own, "one", &good());
    for more in [
        [("client_id", "machine")],
        [("client_secret", WEB_SECRET)],
        [("client_id", "signer")],
    ] {
        let answer = ask_with(&app, &assertion, &more).await;
        assert!([400, 401].contains(&answer.status), "{more:?}");
    }
    for kind in ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"] {
        let body = [GRANT, ("client_assertion", &assertion), ("client_assertion_type", kind)];
        let answer = app.post_raw("token_endpoint", HeaderMap::new(), &body).await;
        assert!([400, 401].contains(&answer.status), "{kind}");
    }
    // None of that used the assertion up.
    ask_with(&app, &assertion, &[("client_id", "confused")]).await.ok();
}

#[tokio::test]
async fn a_secret_may_sign_instead_of_being_sent() {
    let server = server().await;
    let app = server.relying_party("mac", SECRET_JWT).await;
    let mac = |secret: &str, alg: Algorithm| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(alg), &claims(server, "mac"), &key).unwrap()
    };
    let good = mac(SECRET_JWT, Algorithm::HS256);
    ask(&app, &good).await.ok();
    assert_eq!(ask(&app, &good).await.error(), refused(401, "invalid_client"));
    let (stranger, _) = key("one");
    for bad in [
        mac("another secret of more than thirty-two", Algorithm::HS256),
        mac("", Algorithm::HS256),
        sign(&stranger, "one", &claims(server, "mac")),
    ] {
        assert_eq!(ask(&app, &bad).await.error(), refused(401, "invalid_client"));
    }
    // Sent plainly it is not the registered way.
    let plain = app.post_raw("token_endpoint", basic("mac", SECRET_JWT), &[GRANT]).await;
    assert_eq!(plain.error(), refused(401, "invalid_client"));
}

#[tokio::test]
async fn the_other_endpoints_authenticate_as_well() {
    let server = server().await;
    let app = server.relying_party("machine", WEB_SECRET).await;
    for endpoint in ["introspection_endpoint", "revocation_endpoint"] {
        for headers in [basic("machine", "wrong"), HeaderMap::new()] {
            let answer = app.post_raw(endpoint, headers, &[("token", "x")]).await;
            assert_eq!(answer.error(), refused(401, "invalid_client"), "{endpoint}");
        }
    }
}
