//! Modules about what ID tokens and userinfo say.

use reqwest::header::{AUTHORIZATION, HeaderMap};

use crate::conformance::suite::{ADDRESS, EMAIL, Flow, PHONE, PROFILE, Suite, check_userinfo};

pub async fn oidcc_server(suite: &Suite) {
    let mut browser = suite.server.browser();
    let flow = suite.flow(&mut browser, &[]).await;
    assert!(flow.visit.asked_to_sign_in());
}

pub async fn oidcc_idtoken_signature(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    let header = jsonwebtoken::decode_header(&flow.tokens.id_token).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256);
    assert!(suite.client.jwks().await.find(&header.kid.unwrap()).is_some());
}

/// Skipped unless `none` is advertised; it must not be.
pub async fn oidcc_idtoken_unsigned(suite: &Suite) {
    let algs = suite.client.metadata["id_token_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(algs.iter().all(|alg| alg != "none"), "{algs:?}");
}

pub async fn oidcc_userinfo_get(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {}", flow.tokens.access_token);
    headers.insert(AUTHORIZATION, bearer.parse().unwrap());
    let answer = suite.client.get("userinfo_endpoint", headers).await;
    check_userinfo(&answer, &flow.tokens.claims);
}

pub async fn oidcc_userinfo_post_header(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {}", flow.tokens.access_token);
    headers.insert(AUTHORIZATION, bearer.parse().unwrap());
    let answer = suite.client.post_raw("userinfo_endpoint", headers, &[]).await;
    check_userinfo(&answer, &flow.tokens.claims);
}

pub async fn oidcc_userinfo_post_body(suite: &Suite) {
    let flow = suite.flow(&mut suite.server.browser(), &[]).await;
    let body = [("access_token", flow.tokens.access_token.as_str())];
    let answer = suite
        .client
        .post_raw("userinfo_endpoint", HeaderMap::new(), &body)
        .await;
    check_userinfo(&answer, &flow.tokens.claims);
}

/// Every claim of the scope is in userinfo, none of them in the ID token, unless that is all there is.
async fn scope(suite: &Suite, scope: &str, claims: &[&[&str]]) -> Flow {
    let mut flow = suite.flow(&mut suite.server.browser(), &[("scope", scope)]).await;
    let expected: Vec<&str> = claims.iter().copied().flatten().copied().collect();
    if suite.response_type == "id_token" {
        for claim in &expected {
            assert!(
                !flow.tokens.claims[claim].is_null(),
                "{claim} is missing: {}",
                flow.tokens.claims
            );
        }
        flow.userinfo = flow.tokens.claims.clone();
        return flow;
    }
    for claim in &expected {
        assert!(!flow.userinfo[claim].is_null(), "{claim} is missing: {}", flow.userinfo);
        assert!(flow.tokens.claims[claim].is_null(), "{claim} is in the ID token");
    }
    // And nothing else.
    let said = flow.userinfo.as_object().unwrap().len();
    assert_eq!(said, expected.len() + 1, "{}", flow.userinfo);
    flow
}

pub async fn oidcc_scope_profile(suite: &Suite) {
    scope(suite, "openid profile", &[PROFILE]).await;
}

pub async fn oidcc_scope_email(suite: &Suite) {
    scope(suite, "openid email", &[EMAIL]).await;
}

pub async fn oidcc_scope_address(suite: &Suite) {
    let flow = scope(suite, "openid address", &[ADDRESS]).await;
    assert_eq!(flow.userinfo["address"]["locality"], "Sunnydale");
}

pub async fn oidcc_scope_phone(suite: &Suite) {
    scope(suite, "openid phone", &[PHONE]).await;
}

pub async fn oidcc_scope_all(suite: &Suite) {
    let all = [PROFILE, EMAIL, ADDRESS, PHONE];
    scope(suite, "openid profile email address phone", &all).await;
}

pub async fn oidcc_claims_essential(suite: &Suite) {
    let alone = suite.response_type == "id_token";
    let place = if alone { "id_token" } else { "userinfo" };
    let claims = format!(r#"{{"{place}":{{"name":{{"essential":true}}}}}}"#);
    let flow = suite.flow(&mut suite.server.browser(), &[("claims", &claims)]).await;
    let said = if alone { &flow.tokens.claims } else { &flow.userinfo };
    assert_eq!(said["name"], "Buffy Anne Summers");
}
