//! Modules about the token endpoint.

use reqwest::header::HeaderMap;
use time::Duration;

use crate::conformance::suite::{Suite, check_error};
use crate::support::server::CALLBACK;

pub async fn oidcc_codereuse(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    check_error(&suite.exchange(&flow.code, &[]).await, 400, "invalid_grant");
}

pub async fn oidcc_codereuse_30seconds(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    suite.server.clock.advance(Duration::seconds(30));
    check_error(&suite.exchange(&flow.code, &[]).await, 400, "invalid_grant");
    // RFC 6749 §4.1.2: what the code had given is revoked.
    let answer = suite.client.userinfo(&flow.tokens.access_token).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    let refresh_token = flow.tokens.refresh_token.unwrap();
    check_error(&suite.client.refresh(&refresh_token).await, 400, "invalid_grant");
}

pub async fn oidcc_server_client_secret_post(suite: &Suite) {
    let client = suite.post_client().await;
    let methods = &client.metadata["token_endpoint_auth_methods_supported"];
    assert!(
        methods
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one == "client_secret_post")
    );
    let ask = suite.ask_as(&client, &[]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    let code = client.code_of(&ask, visit.response()).unwrap();
    let body = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", "oidf-post"),
        ("client_secret", client.client_secret.as_deref().unwrap()),
    ];
    let answer = client.post_raw("token_endpoint", HeaderMap::new(), &body).await;
    suite.check_tokens(&client, &answer, Some(&ask.nonce)).await;
}

pub async fn oidcc_refresh_token(suite: &Suite) {
    let other = suite.second_client().await;
    let mut browser = suite.server.browser();
    let changes = [("scope", "openid offline_access"), ("prompt", "consent")];
    let flow = suite.flow(&mut browser, &changes).await;
    suite.server.clock.advance(Duration::seconds(1));
    let answer = suite
        .client
        .refresh(flow.tokens.refresh_token.as_deref().unwrap())
        .await;
    // OIDC Core §12.2: no nonce of a request that is long gone.
    let second = suite.check_tokens(&suite.client, &answer, None).await;
    let (before, after) = (&flow.tokens.claims, &second.claims);
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    for claim in ["iss", "sub", "aud", "auth_time", "azp"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    assert_ne!(second.access_token, flow.tokens.access_token);
    // The other client's token is nothing to this one.
    let ask = suite.ask_as(&other, &changes);
    let visit = suite.visit(&mut browser, &ask.url).await;
    let code = other.code_of(&ask, visit.response()).unwrap();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    let tokens = other.token(&parameters).await.ok();
    let foreign = tokens["refresh_token"].as_str().unwrap();
    check_error(&suite.client.refresh(foreign).await, 400, "invalid_grant");
    other.refresh(foreign).await.ok();
}

pub async fn oidcc_ensure_request_with_valid_pkce_succeeds(suite: &Suite) {
    let mut ask = suite.client.ask(&[("response_type", suite.response_type)]);
    if suite.mode == crate::conformance::suite::Mode::FormPost {
        ask.url.query_pairs_mut().append_pair("response_mode", "form_post");
    }
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    let code = suite.client.code_of(&ask, visit.response()).unwrap();
    let verifier = [("code_verifier", ask.code_verifier.as_str())];
    let answer = suite.exchange(&code, &verifier).await;
    suite.check_tokens(&suite.client, &answer, Some(&ask.nonce)).await;
}
