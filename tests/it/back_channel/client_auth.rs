//! Client authentication over HTTP.

use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};
use signet::base::Secret;
use signet::domain::client_secret::SEAL_PURPOSE;
use signet::model::ClientStatus;
use signet::spec::jose::{KeySigner, SigningAlg, signer};
use signet::spec::oauth::ClientAuthMethod;
use time::Duration;

use super::kit::{ISSUER, Kit, SECRET, basic, send};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const MACHINE: (&str, &str) = ("grant_type", "client_credentials");

fn refused() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[actix_web::test]
async fn the_secret_goes_the_registered_way_only() {
    let kit = Kit::new().await;
    kit.register("post", |client| {
        client.metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
    })
    .await;
    let in_body = |id: &'static str| [MACHINE, ("client_id", id), ("client_secret", SECRET)];
    assert_eq!(
        kit.post("/token", Some(&basic("web", SECRET)), &[MACHINE]).await.status,
        200
    );
    assert_eq!(kit.post("/token", None, &in_body("post")).await.status, 200);
    assert_eq!(kit.post("/token", None, &in_body("web")).await.error(), refused());
    assert_eq!(
        kit.post("/token", Some(&basic("post", SECRET)), &[MACHINE])
            .await
            .error(),
        refused()
    );
}

#[actix_web::test]
async fn unknown_wrong_and_disabled_get_the_same_answer() {
    let kit = Kit::new().await;
    kit.register("off", |client| client.status = ClientStatus::Disabled)
        .await;
    let mut answers = Vec::new();
    for (client_id, secret) in [("nobody", SECRET), ("web", "wrong"), ("off", SECRET)] {
        let answer = kit.post("/token", Some(&basic(client_id, secret)), &[MACHINE]).await;
        // RFC 6749 §5.2: the scheme that the client used
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
        answers.push((answer.status, answer.body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let nameless = kit.post("/token", None, &[MACHINE]).await;
    assert_eq!(
        (nameless.error(), nameless.header("www-authenticate")),
        (refused(), None)
    );
}

#[actix_web::test]
async fn two_methods_or_two_names_are_refused() {
    let kit = Kit::new().await;
    let header = basic("web", SECRET);
    let both = kit
        .post(
            "/token",
            Some(&header),
            &[MACHINE, ("client_id", "web"), ("client_secret", SECRET)],
        )
        .await;
    assert_eq!(both.error(), (400, "invalid_request".to_owned()));
    let other = kit
        .post("/token", Some(&header), &[MACHINE, ("client_id", "other")])
        .await;
    assert_eq!(other.error(), refused());
    assert_eq!(
        kit.post("/token", Some(&header), &[MACHINE, ("client_id", "web")])
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_public_client_says_only_its_name_and_gets_no_machine_token() {
    let kit = Kit::new().await;
    kit.register("spa", |client| {
        client.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
        client.secrets.clear();
    })
    .await;
    let code = kit.code("openid", |grant, _| grant.client_id = "spa".to_owned()).await;
    let params = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", code.as_str()),
        ("redirect_uri", super::kit::CALLBACK),
        ("code_verifier", super::kit::VERIFIER),
    ];
    let tokens = kit.post("/token", None, &params).await.ok();
    let machine = kit.post("/token", None, &[MACHINE, ("client_id", "spa")]).await;
    assert_eq!(machine.error(), (400, "unauthorized_client".to_owned()));
    let token = tokens["access_token"].as_str().unwrap();
    let introspect = kit
        .post("/introspect", None, &[("client_id", "spa"), ("token", token)])
        .await;
    assert_eq!(introspect.error(), (400, "unauthorized_client".to_owned()));
}

struct Robot {
    signer: KeySigner,
}

impl Robot {
    async fn register(kit: &Kit) -> Self {
        let key = signer::generate(SigningAlg::ES256).unwrap();
        let jwks = json!({ "keys": [key.public_jwk] });
        kit.register("robot", |client| {
            client.metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
            client.metadata.jwks = Some(jwks);
            client.secrets.clear();
        })
        .await;
        Self {
            signer: KeySigner::new(SigningAlg::ES256, &key.public_jwk.kid, &key.private_der).unwrap(),
        }
    }

    fn claims(kit: &Kit, jti: &str) -> Value {
        let expires = (kit.now() + Duration::minutes(1)).unix_timestamp();
        json!({ "iss": "robot", "sub": "robot", "aud": ISSUER, "jti": jti, "exp": expires })
    }

    fn sign(&self, claims: &Value) -> String {
        self.signer.sign_jwt(None, claims.to_string().as_bytes()).unwrap()
    }
}

fn asserted(assertion: &str) -> [(&str, &str); 3] {
    [
        MACHINE,
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ]
}

#[actix_web::test]
async fn an_assertion_is_good_once_in_all_processes() {
    let kit = Kit::new().await;
    let robot = Robot::register(&kit).await;
    let assertion = robot.sign(&Robot::claims(&kit, "one"));
    assert_eq!(kit.post("/token", None, &asserted(&assertion)).await.status, 200);
    assert_eq!(kit.post("/token", None, &asserted(&assertion)).await.error(), refused());
    let other = kit.another_process().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("grant_type=client_credentials&client_assertion_type={TYPE}&client_assertion={assertion}");
    assert_eq!(
        send(&other, Method::POST, "/token", &form, body).await.error(),
        refused()
    );
    let next = robot.sign(&Robot::claims(&kit, "two"));
    assert_eq!(kit.post("/token", None, &asserted(&next)).await.status, 200);
}

#[actix_web::test]
async fn an_assertion_may_name_the_endpoint_that_is_called_and_no_other_server() {
    let kit = Kit::new().await;
    let robot = Robot::register(&kit).await;
    for (aud, path, good) in [
        ("https://op.example/token", "/token", true),
        ("https://op.example/revoke", "/revoke", true),
        ("https://op.example/token", "/revoke", true),
        ("https://op.example/revoke", "/token", false),
        ("https://evil.example", "/token", false),
    ] {
        let mut claims = Robot::claims(&kit, &format!("{aud} {path}"));
        claims["aud"] = aud.into();
        let assertion = robot.sign(&claims);
        let mut params = asserted(&assertion).to_vec();
        params.push(("token", "x"));
        let answer = kit.post(path, None, &params).await;
        assert_eq!(answer.status == 200, good, "{aud} at {path}: {}", answer.body);
    }
}

/// A client's own server, which shows one key set after another.
async fn serve_keys(shown: Arc<Mutex<Value>>) -> String {
    let data = Data::new(shown);
    let answer = async |shown: Data<Arc<Mutex<Value>>>| HttpResponse::Ok().json(&*shown.lock().unwrap());
    let app = move || App::new().app_data(data.clone()).route("/jwks", web::get().to(answer));
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.disable_signals().run());
    format!("http://{address}/jwks")
}

#[actix_web::test]
async fn a_key_that_is_new_at_the_jwks_uri_is_taken_within_a_minute() {
    let kit = Kit::new().await;
    let keys: Vec<_> = (0..2).map(|_| signer::generate(SigningAlg::ES256).unwrap()).collect();
    let set = |n: usize| json!({ "keys": [keys[n].public_jwk] });
    let shown = Arc::new(Mutex::new(set(0)));
    let jwks_uri = serve_keys(Arc::clone(&shown)).await;
    kit.register("robot", |client| {
        client.metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        client.metadata.jwks_uri = Some(jwks_uri);
        client.secrets.clear();
    })
    .await;
    let ask = async |n: usize, jti: &str| {
        let signer = KeySigner::new(SigningAlg::ES256, &keys[n].public_jwk.kid, &keys[n].private_der).unwrap();
        let assertion = Robot { signer }.sign(&Robot::claims(&kit, jti));
        kit.post("/token", None, &asserted(&assertion)).await.status
    };
    assert_eq!(ask(0, "one").await, 200);
    assert_eq!(ask(1, "two").await, 401);
    *shown.lock().unwrap() = set(1);
    kit.clock.advance(Duration::seconds(60));
    assert_eq!(ask(1, "three").await, 200);
    assert_eq!(ask(0, "four").await, 401);
}

#[actix_web::test]
async fn a_secret_can_sign_instead_of_being_sent() {
    use aws_lc_rs::hmac;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let kit = Kit::new().await;
    let sealed = kit.core.sealer.seal(SEAL_PURPOSE, "robot", SECRET.as_bytes()).unwrap();
    kit.register("robot", |client| {
        client.metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
        client.secrets[0].sealed = Some(sealed);
    })
    .await;
    let sign = |jti: &str, secret: &Secret<String>| {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = Robot::claims(&kit, jti).to_string();
        let signed = format!("{}.{}", encode(r#"{"alg":"HS256"}"#), encode(&claims));
        let mac = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()),
            signed.as_bytes(),
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    };
    let good = sign("one", &Secret::new(SECRET.to_owned()));
    assert_eq!(kit.post("/token", None, &asserted(&good)).await.status, 200);
    let wrong = sign("two", &Secret::new("x".repeat(32)));
    assert_eq!(kit.post("/token", None, &asserted(&wrong)).await.error(), refused());
    // the method is that of the registration: the secret itself is not taken
    assert_eq!(
        kit.post("/token", Some(&basic("robot", SECRET)), &[MACHINE])
            .await
            .error(),
        refused()
    );
}
