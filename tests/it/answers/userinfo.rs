//! Signed and encrypted answers of userinfo (OIDC Core §5.3.2).

use serde_json::Value;
use signet::spec::jose::JweAlg;

use super::{SECRET, app, server_with, text, tokens, verified};
use crate::support::recipient::Recipient;

#[tokio::test]
async fn a_signed_answer_says_who_made_it_and_for_whom() {
    let apps = ["RS256", "ES256", "EdDSA"].map(|alg| app(alg, &format!("userinfo_signed_response_alg = \"{alg}\"")));
    let server = server_with(&apps).await;
    for alg in ["RS256", "ES256", "EdDSA"] {
        let client = server.relying_party(alg, SECRET).await;
        let (tokens, nonce) = tokens(&server, &client, &[("scope", "openid email")]).await;
        let id_token = client
            .verify_id_token(&text(&tokens, "id_token"), Some(&nonce), None)
            .await;
        let answer = client.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/jwt"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let (header, claims) = verified(&client, &answer.body).await;
        assert_eq!(format!("{:?}", header.alg), alg);
        assert_eq!(claims["iss"], server.issuer());
        assert_eq!(claims["aud"], alg);
        assert_eq!(claims["sub"], id_token["sub"]);
        assert_eq!(claims["email"], "ada@example.com");
        // it is no ID token
        for absent in ["nonce", "exp", "auth_time", "sid"] {
            assert!(claims[absent].is_null(), "{absent}");
        }
        // a refusal is what it always is
        let refused = client.userinfo("nonsense").await;
        assert_eq!(refused.error(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn an_encrypted_answer_holds_claims_or_a_signed_answer() {
    let recipient = Recipient::new(JweAlg::EcdhEsA256Kw, "k");
    let encrypted = format!(
        "userinfo_encrypted_response_alg = \"ECDH-ES+A256KW\"\n{}",
        recipient.jwks()
    );
    let both =
        format!("userinfo_signed_response_alg = \"RS256\"\nuserinfo_encrypted_response_enc = \"A256GCM\"\n{encrypted}");
    let server = server_with(&[app("encrypted", &encrypted), app("both", &both)]).await;

    let client = server.relying_party("encrypted", SECRET).await;
    let (tokens, _) = tokens(&server, &client, &[]).await;
    let answer = client.userinfo(&text(&tokens, "access_token")).await;
    assert_eq!(answer.header("content-type"), Some("application/jwt"));
    let (header, payload) = recipient.open(&answer.body);
    assert_eq!(header["enc"], "A128CBC-HS256");
    assert!(header["cty"].is_null());
    let claims: Value = serde_json::from_str(&payload).unwrap();
    assert!(claims["sub"].is_string());

    let client = server.relying_party("both", SECRET).await;
    let (tokens, _) = super::tokens(&server, &client, &[]).await;
    let answer = client.userinfo(&text(&tokens, "access_token")).await;
    let (header, inner) = recipient.open(&answer.body);
    assert_eq!(header["cty"], "JWT");
    assert_eq!(header["enc"], "A256GCM");
    let (_, inner) = verified(&client, &inner).await;
    assert_eq!(inner["sub"], claims["sub"]);
}

/// It is signed with the keys of ID tokens, about the same person, for the same app. It must not do their work.
#[tokio::test]
async fn a_signed_answer_is_neither_a_hint_nor_a_token() {
    let server = server_with(&[app("signed", "userinfo_signed_response_alg = \"RS256\"")]).await;
    let client = server.relying_party("signed", SECRET).await;
    let (tokens, _) = tokens(&server, &client, &[]).await;
    let answer = client.userinfo(&text(&tokens, "access_token")).await.body;
    let mut logout = client.endpoint("end_session_endpoint");
    logout.query_pairs_mut().append_pair("id_token_hint", &answer);
    assert_eq!(server.browser().open(&logout).await.status, 400);
    let ask = client.ask(&[("prompt", "none"), ("id_token_hint", &answer)]);
    let page = server.browser().open(&ask.url).await;
    let refused = client.code(&ask, &page.location().unwrap()).unwrap_err();
    assert_ne!(refused.error, "");
    assert_eq!(client.userinfo(&answer).await.status, 401);
    assert_eq!(client.introspect(&answer).await, serde_json::json!({ "active": false }));
}
