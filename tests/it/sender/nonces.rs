//! Nonces for proofs (RFC 9449 §8, §9), where the operator demands them.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signet::base::{Rng, SystemRng};

use super::dpop::{API, SECRET, code, exchange, now, prepare, push, token, userinfo, with_proof};
use crate::support::server::TestServer;
use crate::support::signing_key::{SigningKey, proof_claims};

/// A proof with a nonce of the server's.
fn nonced(key: &SigningKey, mut claims: Value, nonce: Option<&str>) -> String {
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    key.sign(&key.proof_header(), &claims)
}

#[tokio::test]
async fn where_nonces_are_demanded_the_answer_brings_one() {
    let server = prepare(TestServer::with(&[("SIGNET_SECURITY__DPOP_NONCES", "true")]).await).await;
    let app = server.relying_party("machine", SECRET).await;
    let key = SigningKey::new();
    let address = app.endpoint("token_endpoint").to_string();
    let grant = [("grant_type", "client_credentials"), ("resource", API)];
    let proof = |nonce: Option<&str>, at: i64| nonced(&key, proof_claims("POST", &address, at, None), nonce);
    for wrong in [None, Some("made up"), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
        let answer = token(&app, Some(&proof(wrong, now(&server))), &grant).await;
        assert_eq!(answer.error(), (400, "use_dpop_nonce".to_owned()));
        assert!(answer.header("dpop-nonce").is_some());
    }
    let refused = token(&app, Some(&proof(None, now(&server))), &grant).await;
    let nonce = refused.header("dpop-nonce").unwrap().to_owned();
    let good = token(&app, Some(&proof(Some(&nonce), now(&server))), &grant).await;
    good.ok();
    // RFC 9449 §11.1: a clock that is far off does not matter then
    let slow = token(&app, Some(&proof(Some(&nonce), now(&server) - 7200)), &grant).await;
    slow.ok();
    // §8.2: the next one comes with the answer; the old one is good for a while
    server.clock.advance(time::Duration::minutes(2));
    let answer = token(&app, Some(&proof(Some(&nonce), now(&server))), &grant).await;
    answer.ok();
    let next = answer.header("dpop-nonce").unwrap();
    assert_ne!(next, nonce);
    server.clock.advance(time::Duration::minutes(2));
    let late = token(&app, Some(&proof(Some(&nonce), now(&server))), &grant).await;
    assert_eq!(late.error().1, "use_dpop_nonce");
    // a pushed request, too
    let next = late.header("dpop-nonce").unwrap();
    let web = server.relying_party("web", SECRET).await;
    let at_par = |nonce: Option<&str>| {
        let address = web.endpoint("pushed_authorization_request_endpoint").to_string();
        nonced(&key, proof_claims("POST", &address, now(&server), None), nonce)
    };
    for wrong in [None, Some(&*nonce)] {
        let (refused, _) = push(&web, &at_par(wrong), &[]).await;
        assert_eq!(refused.error(), (400, "use_dpop_nonce".to_owned()));
        assert!(refused.header("dpop-nonce").is_some());
    }
    assert_eq!(push(&web, &at_par(Some(next)), &[]).await.0.status, 201);
}

#[tokio::test]
async fn an_assertion_is_used_up_by_an_attempt_without_a_nonce() {
    let own = SigningKey::new();
    let toml = format!(
        r#"
[[clients]]
client_id = "signing"
token_endpoint_auth_method = "private_key_jwt"
grant_types = ["client_credentials"]
resources = ["{API}"]
jwks = {{ keys = [{{ kty = "EC", crv = "P-256", x = {}, y = {}, kid = "own", alg = "ES256" }}] }}
"#,
        own.jwk["x"], own.jwk["y"]
    );
    let server = prepare(TestServer::with(&[("SIGNET_SECURITY__DPOP_NONCES", "true")]).await).await;
    let server = server.holding(&toml).await;
    let app = server.relying_party("signing", "").await;
    let key = SigningKey::new();
    let address = app.endpoint("token_endpoint").to_string();
    let assertion = || {
        let at = now(&server);
        let claims = json!({
            "iss": "signing", "sub": "signing", "aud": server.issuer(),
            "jti": SystemRng.token().expose(), "iat": at, "exp": at + 60,
        });
        own.sign(&json!({ "alg": "ES256", "kid": "own" }), &claims)
    };
    let ask = async |assertion: &str, nonce: Option<&str>| {
        let proof = nonced(&key, proof_claims("POST", &address, now(&server), None), nonce);
        let parameters = [
            ("grant_type", "client_credentials"),
            ("resource", API),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ];
        let headers = with_proof(&proof);
        app.post_raw("token_endpoint", headers, &parameters).await
    };
    let first = assertion();
    let refused = ask(&first, None).await;
    assert_eq!(refused.error(), (400, "use_dpop_nonce".to_owned()));
    let nonce = refused.header("dpop-nonce").unwrap();
    assert_eq!(
        ask(&first, Some(nonce)).await.error(),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(ask(&assertion(), Some(nonce)).await.ok()["token_type"], "DPoP");
}

#[tokio::test]
async fn where_nonces_are_demanded_the_resource_says_so_in_its_own_way() {
    let server = prepare(TestServer::with(&[("SIGNET_SECURITY__DPOP_NONCES", "true")]).await).await;
    let app = server.relying_party("web", SECRET).await;
    let key = SigningKey::new();
    let nobody = app.get("userinfo_endpoint", HeaderMap::new()).await;
    let old = nobody.header("dpop-nonce").unwrap().to_owned();
    let (code, verifier) = code(&server, &app, &[("scope", "openid profile")]).await;
    let at_token = proof_claims("POST", app.endpoint("token_endpoint").as_str(), now(&server), None);
    let tokens = exchange(&app, Some(&nonced(&key, at_token, Some(&old))), &code, &verifier).await;
    let tokens = tokens.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    let address = app.endpoint("userinfo_endpoint").to_string();
    let ask = async |nonce: Option<&str>| {
        let proof = nonced(
            &key,
            proof_claims("GET", &address, now(&server), Some(access_token)),
            nonce,
        );
        userinfo(&app, "DPoP", access_token, Some(&proof)).await
    };
    server.clock.advance(time::Duration::minutes(4));
    // RFC 9449 §9
    for wrong in [None, Some("made up"), Some(&*old)] {
        let refused = ask(wrong).await;
        assert_eq!(refused.error(), (401, "use_dpop_nonce".to_owned()), "{wrong:?}");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""),
            "{challenge}"
        );
    }
    let refused = ask(None).await;
    let good = ask(Some(refused.header("dpop-nonce").unwrap())).await;
    assert_eq!(good.ok()["name"], "Ada Lovelace");
}
