//! The Security Profile without OpenID Connect: no ID token, no userinfo, and the metadata where OAuth has it.

use serde_json::{Value, json};

use super::kit::{Changed, Fapi, dpop};
use crate::support::relying_party::RelyingParty;

pub async fn discovery_of_oauth(plan: &Fapi) {
    // RFC 8414 §3
    let found = RelyingParty::fetch(plan.server.at("/.well-known/oauth-authorization-server")).await;
    assert_eq!(found.ok(), plan.client(1).await.app.metadata);
}

/// What the suite does not look at: for whom the token is, and for whom it is not.
pub async fn a_token_without_openid_is_for_the_api_that_its_scope_means(plan: &Fapi) {
    let client = plan.client(1).await;
    let tokens: Value = client.flow(&[]).await;
    let known = client.check_known(&tokens).await;
    assert_eq!(
        (&known["scope"], &known["aud"]),
        (&json!("accounts"), &json!(["https://localhost:8445"]))
    );
    // good for nobody who wants to know who it is
    let access_token = tokens["access_token"].as_str().unwrap();
    let proof = client.proof("GET", "userinfo_endpoint", Some(access_token));
    let form = [("access_token", access_token)];
    let answer = client
        .app
        .post_to(client.endpoint("userinfo_endpoint"), dpop(Some(&proof)), &form)
        .await;
    assert_eq!(answer.error(), (401, "invalid_token".to_owned()));
    // nor may another client look into it
    let other = plan.client(2).await;
    let answer = other
        .post(
            "introspection_endpoint",
            &[("token", access_token)],
            false,
            Changed::default(),
        )
        .await;
    assert_eq!(answer.ok(), json!({ "active": false }));
}
