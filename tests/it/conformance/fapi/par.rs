//! Modules about pushed requests.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::kit::{Changed, Fapi, check_pushed, check_refused};

pub async fn par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[]);
    let url = client.pushed(&ask).await;
    // a first visit that ends on the page
    let page = client.browser().open(&url).await;
    assert_eq!(page.status, 200);
    let code = client.code_at(&url).await;
    client.check_tokens(&ask, &client.exchange(&ask, &code).await).await;
}

pub async fn par_attempt_reuse_request_uri(plan: &Fapi) {
    let client = plan.client(1).await;
    let url = client.pushed(&client.ask(&[])).await;
    client.code_at(&url).await;
    let again = client.visit(&mut client.browser(), &url).await.error();
    assert!(
        ["page", "invalid_request", "invalid_request_uri"].contains(&&*again),
        "{again}"
    );
}

pub async fn par_attempt_to_use_expired_request_uri(plan: &Fapi) {
    let client = plan.client(1).await;
    let answer = client.push(&client.ask(&[])).await;
    let request_uri = check_pushed(&answer);
    let seconds = answer.json()["expires_in"].as_i64().unwrap();
    client.server.clock.advance(time::Duration::seconds(seconds + 1));
    let late = client
        .visit(&mut client.browser(), &client.front(&request_uri))
        .await
        .error();
    assert!(
        ["page", "invalid_request", "invalid_request_uri"].contains(&&*late),
        "{late}"
    );
}

pub async fn par_attempt_to_use_request_uri_for_different_client(plan: &Fapi) {
    let (first, second) = (plan.client(1).await, plan.client(2).await);
    let request_uri = check_pushed(&first.push(&first.ask(&[])).await);
    let stolen = second
        .visit(&mut second.browser(), &second.front(&request_uri))
        .await
        .error();
    assert!(
        ["page", "invalid_request", "invalid_request_uri"].contains(&&*stolen),
        "{stolen}"
    );
}

pub async fn par_authorization_request_containing_request_uri_form_param(plan: &Fapi) {
    let client = plan.client(1).await;
    let request_uri = check_pushed(&client.push(&client.ask(&[])).await);
    let ask = client.ask(&[]);
    // beside the request object where there is one, not in it
    let mut form: Vec<(String, String)> = match client.variant.signs() {
        true => vec![(
            "request".to_owned(),
            client.request_object(&client.request_claims(&ask)),
        )],
        false => ask.url.query_pairs().into_owned().collect(),
    };
    form.push(("request_uri".to_owned(), request_uri));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let endpoint = "pushed_authorization_request_endpoint";
    check_refused(&client.post(endpoint, &form, false, Changed::default()).await);
}

pub async fn par_attempt_invalid_http_method(plan: &Fapi) {
    let client = plan.client(1).await;
    let url = client.endpoint("pushed_authorization_request_endpoint");
    let answer = client.app.get_from(url, HeaderMap::new()).await;
    assert_eq!(answer.status, 405);
}

pub async fn par_without_duplicate_parameters(plan: &Fapi) {
    // the browser brings client_id and request_uri, and nothing else
    plan.client(2).await.flow(&[]).await;
}

pub async fn par_ensure_pkce_required(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[("code_challenge", ""), ("code_challenge_method", "")]);
    check_refused(&client.push(&ask).await);
}

pub async fn par_plain_pkce_rejected(plan: &Fapi) {
    let client = plan.client(1).await;
    let ask = client.ask(&[("code_challenge_method", "plain")]);
    check_refused(&client.push(&ask).await);
}

async fn push_with_assertion(plan: &Fapi, change: impl FnOnce(&mut Value)) -> (u16, String) {
    let client = plan.client(1).await;
    let mut claims = client.assertion_claims();
    change(&mut claims);
    let changed = Changed {
        assertion: Some(client.assertion(&claims)),
        ..Changed::default()
    };
    let answer = client.push_changed(&client.ask(&[]), changed).await;
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    (answer.status, error)
}

fn refused() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

pub async fn par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(plan: &Fapi) {
    let early = push_with_assertion(plan, |claims| {
        let ahead = json!(claims["iat"].as_i64().unwrap() + 8);
        claims["nbf"] = ahead.clone();
        claims["iat"] = ahead;
    });
    assert_eq!(early.await.0, 201);
}

pub async fn par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(plan: &Fapi) {
    for name in ["nbf", "iat"] {
        let ahead = push_with_assertion(plan, |claims| {
            claims[name] = json!(claims["iat"].as_i64().unwrap() + 70);
            claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 300);
        });
        assert_eq!(ahead.await, refused(), "{name}");
    }
}

async fn push_fails(plan: &Fapi, name: &str, wrong: &str) {
    let outcome = push_with_assertion(plan, |claims| claims[name] = wrong.into()).await;
    assert_eq!(outcome, refused());
}

pub async fn par_ensure_client_assertion_with_wrong_aud_fails(plan: &Fapi) {
    push_fails(plan, "aud", "https://elsewhere.example").await;
}

pub async fn par_ensure_client_assertion_with_wrong_iss_fails(plan: &Fapi) {
    push_fails(plan, "iss", "elsewhere").await;
}

pub async fn par_ensure_client_assertion_with_wrong_sub_fails(plan: &Fapi) {
    push_fails(plan, "sub", "elsewhere").await;
}

/// FAPI 1.0 Advanced takes what FAPI 2.0 refuses.
async fn push_to_succeeds(plan: &Fapi, audience: Value) {
    assert_eq!(
        push_with_assertion(plan, |claims| claims["aud"] = audience).await.0,
        201
    );
}

pub async fn par_test_pushed_authorization_url_as_audience_for_client_jwt_assertion(plan: &Fapi) {
    let client = plan.client(1).await;
    let endpoint = client.endpoint("pushed_authorization_request_endpoint");
    push_to_succeeds(plan, endpoint.as_str().into()).await;
}

pub async fn par_token_endpoint_url_as_audience_for_client_jwt_assertion(plan: &Fapi) {
    let client = plan.client(1).await;
    push_to_succeeds(plan, client.app.endpoint("token_endpoint").as_str().into()).await;
}

pub async fn test_array_as_audience_for_client_jwt_assertion(plan: &Fapi) {
    let issuer = plan.client(1).await.app.issuer;
    push_to_succeeds(plan, json!([issuer, "https://elsewhere.example"])).await;
}

pub async fn par_test_array_as_audience_fails(plan: &Fapi) {
    for more in [None, Some("https://elsewhere.example")] {
        let array = push_with_assertion(plan, |claims| {
            let mut all = vec![claims["aud"].clone()];
            all.extend(more.map(Value::from));
            claims["aud"] = all.into();
        });
        assert_eq!(array.await, refused());
    }
}

pub async fn par_test_par_endpoint_url_as_audience_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    for url in [
        client.endpoint("pushed_authorization_request_endpoint"),
        client.app.endpoint("pushed_authorization_request_endpoint"),
    ] {
        let outcome = push_with_assertion(plan, |claims| claims["aud"] = url.as_str().into()).await;
        assert_eq!(outcome, refused());
    }
}

pub async fn par_test_token_endpoint_url_as_audience_fails(plan: &Fapi) {
    let client = plan.client(1).await;
    for url in [client.endpoint("token_endpoint"), client.app.endpoint("token_endpoint")] {
        let outcome = push_with_assertion(plan, |claims| claims["aud"] = url.as_str().into()).await;
        assert_eq!(outcome, refused());
    }
}
