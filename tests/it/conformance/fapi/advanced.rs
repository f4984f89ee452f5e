//! `fapi1-advanced-final-test-plan`: private_key_jwt or mTLS, requests by value or pushed, plain answers or JARM. Tokens are
//! always tied to a certificate.

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::super::files;
use super::super::suite::check_error;
use super::kit::{By, Changed, End, Fapi, FapiClient, Variant, check_pushed, get};
use crate::support::relying_party::Ask;
use crate::support::server::TestServer;
use crate::support::signing_key::SigningKey;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

/// Every way through the plan: how the client proves itself, how requests come, how answers look.
async fn ways() -> Vec<(Fapi, Pushed)> {
    let server = SERVER.get_or_init(files::server).await;
    let mut ways = Vec::new();
    for (auth, jarm, pushed) in [
        (By::Signature, false, Pushed::No),
        (By::Signature, true, Pushed::Yes),
        (By::Certificate, false, Pushed::Yes),
        (By::Certificate, true, Pushed::No),
    ] {
        let variant = Variant {
            profile: "fapi1",
            auth,
            sender: By::Certificate,
            jarm,
        };
        ways.push((Fapi { server, variant }, pushed));
    }
    ways
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pushed {
    Yes,
    No,
}

/// A request of the plan: `code id_token`, or `code` in a JWT.
fn ask(client: &FapiClient, changes: &[(&str, &str)]) -> Ask {
    let mut all = Vec::new();
    if !client.variant.jarm {
        all.push(("response_type", "code id_token"));
    }
    all.extend(changes);
    client.ask(&all)
}

/// The address for the browser, with this request object.
async fn address(client: &FapiClient, pushed: Pushed, ask: &Ask, object: &str) -> Url {
    if pushed == Pushed::Yes {
        let changed = Changed {
            request: Some(object.to_owned()),
            ..Changed::default()
        };
        return client.front(&check_pushed(&client.push_changed(ask, changed).await));
    }
    by_value(client, object)
}

/// OIDC Core §6.1: what OAuth demands stands outside too.
fn by_value(client: &FapiClient, object: &str) -> Url {
    let mut url = client.app.endpoint("authorization_endpoint");
    let response_type = if client.variant.jarm { "code" } else { "code id_token" };
    url.query_pairs_mut()
        .append_pair("client_id", &client.app.client_id)
        .append_pair("response_type", response_type)
        .append_pair("scope", "openid")
        .append_pair("redirect_uri", &client.app.redirect_uri)
        .append_pair("request", object);
    url
}

/// A request with changed claims: the error that it ends in, if it does.
async fn refusal(client: &FapiClient, pushed: Pushed, change: impl FnOnce(&mut Value)) -> Option<String> {
    let asked = ask(client, &[]);
    let mut claims = client.request_claims(&asked);
    change(&mut claims);
    refusal_of(client, pushed, client.request_object(&claims)).await
}

async fn refusal_of(client: &FapiClient, pushed: Pushed, object: String) -> Option<String> {
    if pushed == Pushed::Yes {
        let changed = Changed {
            request: Some(object),
            ..Changed::default()
        };
        let answer = client.push_changed(&ask(client, &[]), changed).await;
        return (answer.status != 201).then(|| answer.error().1);
    }
    match client.visit(&mut client.browser(), &by_value(client, &object)).await {
        End::Response(parameters) => get(&parameters, "error"),
        End::Page(page) => {
            assert_eq!(page.status, 400, "{}", page.body);
            Some("page".to_owned())
        }
    }
}

async fn answer(client: &FapiClient, pushed: Pushed, asked: &Ask) -> Vec<(String, String)> {
    let object = client.request_object(&client.request_claims(asked));
    let url = address(client, pushed, asked, &object).await;
    client.visit(&mut client.browser(), &url).await.response()
}

/// A code, after the detached signature over it was checked (FAPI 1.0 Advanced §5.1.1, OIDC Core §3.3.2.11).
async fn code(client: &FapiClient, pushed: Pushed, asked: &Ask) -> String {
    let parameters = answer(client, pushed, asked).await;
    let code = get(&parameters, "code").unwrap_or_else(|| panic!("{parameters:?}"));
    if !client.variant.jarm {
        let id_token = get(&parameters, "id_token").unwrap();
        let claims = client.app.verify_id_token(&id_token, Some(&asked.nonce), None).await;
        let half = |text: &str| {
            use base64::Engine;
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
        };
        assert_eq!(claims["c_hash"], half(&code));
        assert_eq!(claims["s_hash"], half(&asked.state));
    }
    code
}

#[tokio::test]
async fn happy_flow_of_two_clients() {
    for (plan, pushed) in ways().await {
        let mut tokens = Vec::new();
        for number in [1, 2] {
            let client = plan.client(number).await;
            let asked = ask(&client, &[]);
            let code = code(&client, pushed, &asked).await;
            let answer = client.exchange(&asked, &code).await;
            tokens.push(client.check_tokens(&asked, &answer).await);
        }
        // the token of one with the certificate of the other
        let first = plan.client(1).await;
        let stolen = first.resource(tokens[1]["access_token"].as_str().unwrap()).await;
        assert_eq!(stolen.error(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn ensure_response_type_code_fails_and_response_mode_query() {
    for (plan, pushed) in ways().await {
        let client = plan.client(1).await;
        // FAPI 1.0 Advanced §5.2.2-2: a bare code in a bare answer
        let bare = refusal(&client, pushed, |claims| {
            claims["response_type"] = json!("code");
            drop(claims.as_object_mut().unwrap().remove("response_mode"));
        });
        assert!(bare.await.is_some());
        let query = refusal(&client, pushed, |claims| claims["response_mode"] = json!("query"));
        assert!(query.await.is_some());
        for forbidden in [
            "token",
            "id_token",
            "id_token token",
            "code token",
            "code id_token token",
        ] {
            let outcome = refusal(&client, pushed, |claims| claims["response_type"] = json!(forbidden));
            assert!(outcome.await.is_some(), "{forbidden}");
        }
    }
}

#[tokio::test]
async fn every_request_object_that_is_wrong_somewhere_fails() {
    for (plan, pushed) in ways().await {
        let client = plan.client(1).await;
        let now = client.now();
        for (name, to) in [
            ("exp", Value::Null),
            ("nbf", Value::Null),
            ("nonce", Value::Null),
            ("redirect_uri", Value::Null),
            ("exp", json!(now - 60)),
            ("aud", json!("https://elsewhere.example")),
            ("exp", json!(now + 70 * 60)),
            ("nbf", json!(now - 70 * 60)),
            ("redirect_uri", json!("https://elsewhere.example/")),
            (
                "aud",
                json!(client.app.endpoint("pushed_authorization_request_endpoint").as_str()),
            ),
        ] {
            let outcome = refusal(&client, pushed, |claims| match &to {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                to => claims[name] = to.clone(),
            });
            assert!(outcome.await.is_some(), "{name} {to} {pushed:?}");
        }
        let claims = client.request_claims(&ask(&client, &[]));
        for alg in ["RS256", "none", "HS256"] {
            let object = client.signing.sign(&json!({ "alg": alg, "kid": client.kid }), &claims);
            assert!(refusal_of(&client, pushed, object).await.is_some(), "{alg}");
        }
        let header = json!({ "alg": "ES256", "kid": client.kid });
        let other = plan.client(2).await;
        for key in [&other.signing, &SigningKey::new()] {
            assert!(refusal_of(&client, pushed, key.sign(&header, &claims)).await.is_some());
        }
        let several = refusal(&client, pushed, |claims| {
            claims["aud"] = json!([claims["aud"], "https://elsewhere.example"]);
        });
        assert_eq!(several.await, None);
    }
}

#[tokio::test]
async fn ensure_authorization_request_without_request_object_fails() {
    for (plan, _) in ways().await {
        let client = plan.client(1).await;
        let end = client.visit(&mut client.browser(), &ask(&client, &[]).url).await;
        assert!(["invalid_request", "invalid_request_object", "page"].contains(&&*end.error()));
    }
}

#[tokio::test]
async fn what_is_outside_the_request_object_is_not_used() {
    for (plan, pushed) in ways().await {
        let client = plan.client(1).await;
        let asked = ask(&client, &[("state", "")]);
        let object = client.request_object(&client.request_claims(&asked));
        let mut url = address(&client, pushed, &asked, &object).await;
        url.query_pairs_mut()
            .append_pair("state", "outside")
            .append_pair("nonce", "outside");
        let parameters = client.visit(&mut client.browser(), &url).await.response();
        assert_eq!(get(&parameters, "state"), None);
        let code = get(&parameters, "code").unwrap();
        client.check_tokens(&asked, &client.exchange(&asked, &code).await).await;
    }
}

#[tokio::test]
async fn the_token_endpoint_wants_the_client_its_code_and_its_certificate() {
    for (plan, pushed) in ways().await {
        let (client, other) = (plan.client(1).await, plan.client(2).await);
        let asked = ask(&client, &[]);
        let code = code(&client, pushed, &asked).await;
        check_error(&other.exchange(&asked, &code).await, 400, "invalid_grant");
        let id = client.app.client_id.clone();
        let bare = plan.client_with(&id, 1, None).await;
        let answer = bare.exchange(&asked, &code).await;
        assert!((400..500).contains(&answer.status));
        let tokens = client.check_tokens(&asked, &client.exchange(&asked, &code).await).await;
        check_error(&client.exchange(&asked, &code).await, 400, "invalid_grant");
        let reused = client.resource(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(reused.error(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn assertions_may_name_an_endpoint_or_several_audiences() {
    for (plan, pushed) in ways().await {
        if plan.variant.auth != By::Signature || pushed == Pushed::No {
            continue;
        }
        let client = plan.client(1).await;
        let push = async |change: &dyn Fn(&mut Value)| {
            let mut claims = client.assertion_claims();
            change(&mut claims);
            let changed = Changed {
                assertion: Some(client.assertion(&claims)),
                ..Changed::default()
            };
            client.push_changed(&ask(&client, &[]), changed).await.status
        };
        let par = client.endpoint("pushed_authorization_request_endpoint").to_string();
        let token = client.app.endpoint("token_endpoint").to_string();
        for aud in [
            json!(par),
            json!(token),
            json!([client.app.issuer, "https://elsewhere.example"]),
        ] {
            assert_eq!(push(&|claims| claims["aud"] = aud.clone()).await, 201, "{aud}");
        }
        for (name, wrong) in [
            ("aud", json!("https://elsewhere.example")),
            ("iss", json!("elsewhere")),
            ("sub", json!("elsewhere")),
            ("exp", json!(client.now() - 300)),
        ] {
            assert_eq!(push(&|claims| claims[name] = wrong.clone()).await, 401, "{name}");
        }
    }
}
