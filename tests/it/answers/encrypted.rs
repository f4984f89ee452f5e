//! Encrypted ID tokens (OIDC Core §10.2).

use serde_json::json;
use signet::spec::jose::{JweAlg, JweEnc};

use super::{SECRET, app, code, server_with, text, tokens};
use crate::support::app_server::AppServer;
use crate::support::recipient::Recipient;
use crate::support::server::TestServer;

/// One app for each algorithm, between them every content encryption.
#[tokio::test]
async fn an_id_token_is_signed_and_then_encrypted_by_every_algorithm() {
    let cases: Vec<_> = JweAlg::ALL.into_iter().zip(JweEnc::ALL).collect();
    let recipients: Vec<_> = cases
        .iter()
        .map(|(alg, enc)| Recipient::new(*alg, enc.name()))
        .collect();
    let apps: Vec<_> = cases
        .iter()
        .zip(&recipients)
        .map(|((alg, enc), recipient)| {
            // what is not named is A128CBC-HS256 (OIDC Registration §2)
            let named = match enc {
                JweEnc::A128CbcHs256 => String::new(),
                other => format!("id_token_encrypted_response_enc = \"{}\"", other.name()),
            };
            let more = format!(
                "id_token_encrypted_response_alg = \"{}\"\n{named}\n{}",
                alg.name(),
                recipient.jwks()
            );
            app(enc.name(), &more)
        })
        .collect();
    let server = server_with(&apps).await;
    for ((alg, enc), recipient) in cases.iter().zip(&recipients) {
        let client = server.relying_party(enc.name(), SECRET).await;
        let (tokens, nonce) = tokens(&server, &client, &[]).await;
        let (header, inner) = recipient.open(&text(&tokens, "id_token"));
        let (alg, enc) = (alg.name(), enc.name());
        assert_eq!(header["alg"], alg);
        assert_eq!(header["enc"], enc);
        // RFC 7519 §5.2; OIDC Core §10.2: which key, as the set may have several
        assert_eq!(header["cty"], "JWT");
        assert_eq!(header["kid"], enc);
        let access_token = text(&tokens, "access_token");
        client.verify_id_token(&inner, Some(&nonce), Some(&access_token)).await;
        let refreshed = client.refresh(&text(&tokens, "refresh_token")).await.ok();
        let (_, inner) = recipient.open(&text(&refreshed, "id_token"));
        client.verify_id_token(&inner, None, None).await;
    }
}

/// An app whose key cannot be had gets nothing in clear, and what it presented stays good.
#[tokio::test]
async fn without_a_key_nothing_is_sent_in_clear_and_nothing_is_used_up() {
    let own = AppServer::start();
    own.answer(503, "", "");
    let more = format!(
        "id_token_encrypted_response_alg = \"ECDH-ES\"\njwks_uri = \"{}/jwks.json\"",
        own.origin
    );
    let server = TestServer::with(&[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let server = server.holding(&(app("late", &more) + super::ADA)).await;
    let client = server.relying_party("late", SECRET).await;
    let (ask, code) = code(&server, &client, &[]).await;
    let refused = client.exchange(&ask, &code).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    assert!(!refused.body.contains("127.0.0.1"), "{}", refused.body);
    // one that only verifies does not help either
    let recipient = Recipient::new(JweAlg::EcdhEs, "k");
    let mut for_signatures = recipient.jwk.clone();
    for_signatures["use"] = json!("sig");
    own.answer(200, "", &json!({ "keys": [for_signatures] }).to_string());
    server.clock.advance(time::Duration::seconds(6));
    assert_eq!(client.exchange(&ask, &code).await.error().0, 400);
    // the fetched set is asked for again after a minute; the code lives no longer, so another one
    own.answer(200, "", &json!({ "keys": [recipient.jwk] }).to_string());
    server.clock.advance(time::Duration::seconds(61));
    let (tokens, nonce) = tokens(&server, &client, &[]).await;
    let (_, inner) = recipient.open(&text(&tokens, "id_token"));
    client.verify_id_token(&inner, Some(&nonce), None).await;
}

/// What an encrypted ID token holds is a hint; the encrypted one is not ours to open.
#[tokio::test]
async fn only_the_token_inside_is_a_hint() {
    let recipient = Recipient::new(JweAlg::EcdhEs, "k");
    let more = format!("id_token_encrypted_response_alg = \"ECDH-ES\"\n{}", recipient.jwks());
    let server = server_with(&[app("sealed", &more)]).await;
    let client = server.relying_party("sealed", SECRET).await;
    let (tokens, _) = tokens(&server, &client, &[]).await;
    let outer = text(&tokens, "id_token");
    let (_, inner) = recipient.open(&outer);
    for (hint, status) in [(outer.as_str(), 400), (inner.as_str(), 200)] {
        let mut url = client.endpoint("end_session_endpoint");
        url.query_pairs_mut().append_pair("id_token_hint", hint);
        assert_eq!(server.browser().open(&url).await.status, status);
    }
}
