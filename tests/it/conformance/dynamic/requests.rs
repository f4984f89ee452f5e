//! Request objects of apps that registered themselves.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Dynamic, public, server};
use crate::conformance::pem;
use crate::support::app_server::AppServer;
use crate::support::relying_party::Ask;
use crate::support::server::CALLBACK;
use crate::support::signing_key::SigningKey;

/// The request by reference: what OAuth demands, and where the rest is, with its hash (OIDC Core §6.2).
fn by_reference(suite: &Dynamic<'_>, ask: &Ask, own: &AppServer, object: &str) -> Ask {
    own.answer(200, "content-type: application/oauth-authz-req+jwt\r\n", object);
    let hash = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, object.as_bytes()));
    let mut found = ask.clone();
    found.url.query_pairs_mut().clear().extend_pairs([
        ("client_id", suite.client.client_id.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("request_uri", &format!("{}/request.jwt#{hash}", own.origin)),
    ]);
    found
}

/// What the request says, as claims: for whom and whose, as the suite has it, and not until when.
fn claims(suite: &Dynamic<'_>, ask: &Ask) -> Value {
    let mut claims = json!({ "iss": suite.client.client_id, "aud": suite.server.issuer() });
    for (name, value) in ask.url.query_pairs() {
        claims[name.as_ref()] = json!(value);
    }
    claims
}

fn unsigned(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256() {
    let own = AppServer::start_tls();
    let (mut rsa, ec) = (SigningKey::from_pem(&pem("rsa-1.key")), SigningKey::new());
    rsa.jwk["kid"] = json!("rsa");
    rsa.jwk["alg"] = json!("RS256");
    let keys = json!([public(&ec, "first")["keys"][0], rsa.jwk]);
    let changes = json!({
        "jwks": { "keys": keys },
        "request_uris": [format!("{}/request.jwt", own.origin)],
        "request_object_signing_alg": "RS256",
    });
    let suite = Dynamic::new(server().await, changes).await;
    *suite.key.lock().unwrap() = (ec.clone(), "first".to_owned());
    assert_eq!(suite.client.metadata["request_uri_parameter_supported"], true);
    let algs = &suite.client.metadata["request_object_signing_alg_values_supported"];
    assert!(algs.as_array().unwrap().contains(&json!("RS256")));
    let ask = suite.ask(&[]);
    let said = claims(&suite, &ask);
    let object = rsa.sign(
        &json!({ "alg": "RS256", "kid": "rsa", "typ": "oauth-authz-req+jwt" }),
        &said,
    );
    let page = suite.visit(&by_reference(&suite, &ask, &own, &object)).await;
    let location = page.location().unwrap_or_else(|| panic!("{}: {}", page.url, page.body));
    let code = suite.client.code(&ask, &location).unwrap();
    suite.exchange(&code).await.ok();
    // the other key is the app's too, but not what it registered for this
    let object = ec.sign(&json!({ "alg": "ES256", "kid": "first" }), &said);
    suite.refused_by_page(&by_reference(&suite, &ask, &own, &object)).await;
}

/// Skipped by the suite where `none` is not among the algorithms.
#[tokio::test]
async fn oidcc_request_uri_unsigned() {
    let own = AppServer::start_tls();
    let changes = json!({ "request_uris": [format!("{}/request.jwt", own.origin)] });
    let suite = Dynamic::new(server().await, changes).await;
    let algs = &suite.client.metadata["request_object_signing_alg_values_supported"];
    assert!(!algs.as_array().unwrap().contains(&json!("none")));
    let ask = suite.ask(&[]);
    let object = unsigned(&claims(&suite, &ask));
    suite.refused_by_page(&by_reference(&suite, &ask, &own, &object)).await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let suite = Dynamic::new(server().await, json!({})).await;
    let object = unsigned(&json!({ "client_id": suite.client.client_id, "redirect_uri": CALLBACK }));
    let wrong = format!("{CALLBACK}/wrong");
    let ask = suite.ask(&[("request", &object), ("redirect_uri", &wrong)]);
    suite.refused_by_page(&ask).await;
}
