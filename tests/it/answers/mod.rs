//! Answers that an app wants signed, encrypted, or both (OIDC Core §5.3.2, §10.2, RFC 9701), over HTTP.

mod encrypted;
mod introspection;
mod userinfo;

use serde_json::Value;

use crate::support::apps::web_app;
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

const SECRET: &str = "the secret of an app, thirty-two and more";
const PASSWORD: &str = "tide pool lantern 7";

const ADA: &str = r#"
[[users]]
username = "ada"
password = "tide pool lantern 7"
[users.profile]
name = "Ada Lovelace"
email = "ada@example.com"
email_verified = true
"#;

/// An app that asks nobody, with further metadata.
fn app(client_id: &str, more: &str) -> String {
    web_app(
        (client_id, SECRET),
        client_id,
        &format!("require_consent = false\n{more}"),
    )
}

/// A server with Ada and these apps.
async fn server_with(apps: &[String]) -> TestServer {
    TestServer::start().await.holding(&(apps.concat() + ADA)).await
}

/// A code for Ada at the app, and the verifier for it.
async fn code(
    server: &TestServer,
    app: &RelyingParty,
    changes: &[(&str, &str)],
) -> (crate::support::relying_party::Ask, String) {
    let mut browser = server.browser();
    let ask = app.ask(changes);
    let page = browser.open(&ask.url).await.at(200, "/login");
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let location = browser.submit(&page, "sign-in", &fields).await.location().unwrap();
    let code = app.code(&ask, &location).unwrap();
    (ask, code)
}

/// Tokens for Ada at the app; and the nonce.
async fn tokens(server: &TestServer, app: &RelyingParty, changes: &[(&str, &str)]) -> (Value, String) {
    let (ask, code) = code(server, app, changes).await;
    (app.exchange(&ask, &code).await.ok(), ask.nonce)
}

fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

/// Header and claims of a JWT of the server, its signature verified.
async fn verified(app: &RelyingParty, jwt: &str) -> (jsonwebtoken::Header, Value) {
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    let jwks = app.jwks().await;
    let jwk = jwks.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.set_audience(&[&app.client_id]);
    validation.set_issuer(&[&app.issuer]);
    let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
    let claims = jsonwebtoken::decode::<Value>(jwt, &key, &validation).unwrap().claims;
    (header, claims)
}
