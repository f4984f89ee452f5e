//! The Security Profile without OpenID Connect: no ID token, no userinfo, and the metadata where OAuth has it.

use serde_json::Value;

use super::kit::Fapi;
use crate::support::relying_party::RelyingParty;

pub async fn discovery_of_oauth(plan: &Fapi) {
    // RFC 8414 §3
    let found = RelyingParty::fetch(plan.server.at("/.well-known/oauth-authorization-server")).await;
    assert_eq!(found.ok(), plan.client(1).await.app.metadata);
}

pub async fn happy_flow_without_openid(plan: &Fapi) {
    for number in [1, 2] {
        let client = plan.client(number).await;
        let tokens: Value = client.flow(&[]).await;
        let known = client.check_known(&tokens).await;
        assert_eq!(known["scope"], "profile");
        // good for nobody who wants to know who it is
        let answer = client.resource(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(answer.error(), (403, "insufficient_scope".to_owned()));
    }
}
