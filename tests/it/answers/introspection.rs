//! Answers of introspection as JWTs (RFC 9701).

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use signet::base::Clock;
use signet::spec::jose::JweAlg;

use super::{SECRET, app, server_with, text, tokens, verified};
use crate::support::recipient::Recipient;
use crate::support::relying_party::{Answer, RelyingParty};

const TYPE: &str = "application/token-introspection+jwt";

async fn introspect(client: &RelyingParty, token: &str, accept: &str) -> Answer {
    use base64::Engine;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(&client.client_id), encode(SECRET));
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Basic {pair}").parse().unwrap());
    headers.insert(ACCEPT, accept.parse().unwrap());
    client
        .post_raw("introspection_endpoint", headers, &[("token", token)])
        .await
}

#[tokio::test]
async fn a_jwt_is_for_whoever_asks_for_one_and_holds_what_json_would() {
    let apps = [
        app("plain", ""),
        app("chosen", "introspection_signed_response_alg = \"ES256\""),
    ];
    let server = server_with(&apps).await;
    for (client_id, alg) in [("plain", "RS256"), ("chosen", "ES256")] {
        let client = server.relying_party(client_id, SECRET).await;
        let (tokens, _) = tokens(&server, &client, &[]).await;
        for name in ["access_token", "refresh_token"] {
            let token = text(&tokens, name);
            let plain = introspect(&client, &token, "*/*").await;
            assert_eq!(plain.header("content-type"), Some("application/json"));
            let answer = introspect(&client, &token, TYPE).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), Some(TYPE));
            let (header, claims) = verified(&client, &answer.body).await;
            assert_eq!(header.typ.as_deref(), Some("token-introspection+jwt"));
            assert_eq!(format!("{:?}", header.alg), alg);
            assert_eq!(claims["token_introspection"], plain.json());
            assert_eq!(claims["token_introspection"]["active"], true);
            // RFC 9701 §5: so much and no more
            let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["iss", "aud", "iat", "token_introspection"]);
            assert!((claims["iat"].as_i64().unwrap() - server.clock.now().unix_timestamp()).abs() < 5);
        }
    }
}

#[tokio::test]
async fn about_a_token_that_is_not_good_or_not_theirs_it_says_only_that() {
    let server = server_with(&[app("mine", ""), app("theirs", "")]).await;
    let (mine, theirs) = (
        server.relying_party("mine", SECRET).await,
        server.relying_party("theirs", SECRET).await,
    );
    let (tokens, _) = tokens(&server, &theirs, &[]).await;
    for token in [text(&tokens, "access_token"), "nonsense".to_owned()] {
        let answer = introspect(&mine, &token, TYPE).await;
        let (_, claims) = verified(&mine, &answer.body).await;
        assert_eq!(claims["token_introspection"], json!({ "active": false }));
    }
    // who does not authenticate gets neither form
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, TYPE.parse().unwrap());
    let anonymous = mine
        .post_raw("introspection_endpoint", headers, &[("token", "x")])
        .await;
    assert_eq!(anonymous.error().1, "invalid_client");
}

#[tokio::test]
async fn it_is_encrypted_to_an_app_that_registered_that() {
    let recipient = Recipient::new(JweAlg::RsaOaep256, "k");
    let more = format!(
        "introspection_encrypted_response_alg = \"RSA-OAEP-256\"\nintrospection_encrypted_response_enc = \"A128GCM\"\n{}",
        recipient.jwks()
    );
    let server = server_with(&[app("sealed", &more)]).await;
    let client = server.relying_party("sealed", SECRET).await;
    let (tokens, _) = tokens(&server, &client, &[]).await;
    let answer = introspect(&client, &text(&tokens, "access_token"), TYPE).await;
    let (header, inner) = recipient.open(&answer.body);
    assert_eq!(header["cty"], "JWT");
    let (_, claims) = verified(&client, &inner).await;
    assert_eq!(claims["token_introspection"]["active"], true);
}

/// RFC 9701 §8.1: it is no access token, and no other token either.
#[tokio::test]
async fn an_answer_is_no_token() {
    let server = server_with(&[app("app", "")]).await;
    let client = server.relying_party("app", SECRET).await;
    let (tokens, _) = tokens(&server, &client, &[]).await;
    let answer = introspect(&client, &text(&tokens, "access_token"), TYPE).await.body;
    assert_eq!(client.userinfo(&answer).await.status, 401);
    let again: Value = introspect(&client, &answer, "application/json").await.json();
    assert_eq!(again, json!({ "active": false }));
    let mut logout = client.endpoint("end_session_endpoint");
    logout.query_pairs_mut().append_pair("id_token_hint", &answer);
    assert_eq!(server.browser().open(&logout).await.status, 400);
}
