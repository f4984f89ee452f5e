//! The server itself is set to a profile: every rule holds for clients that name none.

use serde_json::{Value, json};

use super::super::files;
use super::super::suite::check_error;
use super::kit::{By, Changed, Fapi, Openid, Requests, Variant, check_pushed, check_refused, get};
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};
use crate::support::signing_key::SigningKey;

/// A client without a profile, with a key of the suite.
fn plain_client() -> String {
    let authentication = "token_endpoint_auth_method = \"private_key_jwt\"";
    client("held", CALLBACK, authentication)
}

fn client(client_id: &str, redirect_uri: &str, more: &str) -> String {
    let plan = files::plan("fapi2-pkjwt-dpop");
    let key = &plan["client"]["jwks"]["keys"][0];
    let rsa = SigningKey::from_pem(&files::pem("rsa-1.key")).jwk;
    format!(
        r#"
[[clients]]
client_id = "{client_id}"
redirect_uris = ["{redirect_uri}"]
grant_types = ["authorization_code", "refresh_token"]
{more}
[clients.jwks]
keys = [
    {{ kty = "EC", crv = "P-256", alg = "ES256", kid = "signing-1", x = {}, y = {} }},
    {{ kty = "RSA", kid = "rsa-1", n = {}, e = {} }},
]
"#,
        key["x"], key["y"], rsa["n"], rsa["e"]
    )
}

async fn held_to(profile: &str) -> &'static TestServer {
    let server = files::server_with(&[("SIGNET_SECURITY__PROFILE", profile)], "", "").await;
    Box::leak(Box::new(server.holding(&plain_client()).await))
}

fn plan(server: &'static TestServer, profile: &'static str) -> Fapi {
    Fapi {
        server,
        variant: Variant {
            profile,
            auth: By::Signature,
            sender: By::Proof,
            jarm: false,
            openid: Openid::Yes,
            requests: Requests::Pushed,
        },
    }
}

#[tokio::test]
async fn a_server_held_to_fapi_2_holds_clients_to_it_that_name_no_profile() {
    let server = held_to("fapi2-security").await;
    let plan = plan(server, "fapi2");
    let client = plan.client_with("held", 1, None).await;
    client.flow(&[]).await;

    // requests are pushed, with PKCE, and for a code
    let ask = client.ask(&[]);
    let end = client.visit(&mut client.browser(), &ask.url).await;
    assert!(["invalid_request", "page"].contains(&&*end.error()));
    let without = client.ask(&[("code_challenge", ""), ("code_challenge_method", "")]);
    check_refused(&client.push(&without).await);
    let other = client.push(&client.ask(&[("response_type", "code id_token")])).await;
    assert_eq!(other.error(), (400, "unsupported_response_type".to_owned()));
    // tokens are tied to a key
    let code = client.code(&ask).await;
    let proof = Some(String::new());
    let bare = client
        .exchange_changed(
            &ask,
            &code,
            Changed {
                proof,
                ..Changed::default()
            },
        )
        .await;
    assert!((400..500).contains(&bare.status), "{}", bare.body);
    // assertions are for the issuer as one string, and of a strong algorithm
    let mut claims = client.assertion_claims();
    claims["aud"] = json!([claims["aud"]]);
    let push = async |assertion: String| {
        let changed = Changed {
            assertion: Some(assertion),
            ..Changed::default()
        };
        client.push_changed(&ask, changed).await
    };
    let by_rsa = |alg: &str| client.sign_by_rsa(alg, &client.assertion_claims());
    for assertion in [client.assertion(&claims), by_rsa("RS256")] {
        check_error(&push(assertion).await, 401, "invalid_client");
    }
    check_pushed(&push(by_rsa("PS256")).await);
    // and nobody comes with a secret any more
    let told = files::plan("openid-static");
    let text = |name: &str| told["client"][name].as_str().unwrap();
    let secret: RelyingParty = server.relying_party(text("client_id"), text("client_secret")).await;
    let answer = secret
        .token(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await;
    check_error(&answer, 401, "invalid_client");
}

#[tokio::test]
async fn a_server_held_to_message_signing_wants_requests_signed() {
    let server = held_to("fapi2-message-signing").await;
    let client = plan(server, "signing").client_with("held", 1, None).await;
    client.flow(&[]).await;
    let ask = client.ask(&[]);
    let form: Vec<(String, String)> = ask.url.query_pairs().into_owned().collect();
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let endpoint = "pushed_authorization_request_endpoint";
    check_refused(&client.post(endpoint, &form, false, Changed::default()).await);
    // and of a strong algorithm
    let by_rsa = |alg: &str| client.sign_by_rsa(alg, &client.request_claims(&ask));
    let refused = client.refusal_of(by_rsa("RS256")).await;
    assert_eq!(refused.as_deref(), Some("invalid_request_object"));
    assert_eq!(client.refusal_of(by_rsa("PS256")).await, None);
}

#[tokio::test]
async fn a_server_held_to_fapi_1_asks_each_request_for_what_nobody_registered() {
    const NEAR: &str = "http://localhost:7777/callback";
    let signs = "token_endpoint_auth_method = \"private_key_jwt\"";
    let public = "token_endpoint_auth_method = \"none\"\nresponse_types = [\"code id_token\"]";
    let public = client("public", CALLBACK, public).replace("\"refresh_token\"", "\"implicit\"");
    let clients = [plain_client(), client("near", NEAR, signs), public].concat();
    let server = files::server_with(&[("SIGNET_SECURITY__PROFILE", "fapi1-advanced")], "", "").await;
    let server: &TestServer = Box::leak(Box::new(server.holding(&clients).await));
    let under = |jarm| {
        let mut plan = plan(server, "fapi1");
        plan.variant.requests = Requests::ByValue;
        plan.variant.jarm = jarm;
        plan
    };
    let held = under(true).client_with("held", 1, None).await;
    let end = async |changes: &[(&str, &str)]| {
        let url = held.pushed(&held.ask(changes)).await;
        held.visit(&mut held.browser(), &url).await.response()
    };
    assert!(get(&end(&[]).await, "code").is_some());
    // Baseline §5.2.2.3: without an ID token the state is all that an answer is told by
    let plain = [("scope", "profile"), ("nonce", "")];
    assert!(get(&end(&plain).await, "code").is_some());
    let without = end(&[plain[0], plain[1], ("state", "")]).await;
    assert_eq!(get(&without, "error").as_deref(), Some("invalid_request"));
    // Baseline §5.2.2-20: nothing goes to an address without encryption
    let mut near = under(true).client_with("near", 1, None).await;
    near.app.redirect_uri = NEAR.to_owned();
    let url = near.pushed(&near.ask(&[])).await;
    assert_eq!(near.visit(&mut near.browser(), &url).await.error(), "page");
    // nor to an address that stands beside a request object that is none
    let url = near.by_value("x");
    assert_eq!(near.visit(&mut near.browser(), &url).await.error(), "page");
    // Advanced §5.2.2-16: no public clients, not even for the ID token that signs the answer
    let public = under(false).client_with("public", 1, None).await;
    let url = public.pushed(&public.ask(&[])).await;
    let error = public.visit(&mut public.browser(), &url).await.error();
    assert_eq!(error, "unauthorized_client");
}

#[tokio::test]
async fn a_client_of_another_profile_is_held_to_its_own() {
    let server = held_to("oauth2.1").await;
    plan(server, "fapi2").client(1).await.flow(&[]).await;
    // OAuth 2.1: a code, always with PKCE
    let told: Value = files::plan("openid-static");
    let text = |name: &str| told["client"][name].as_str().unwrap();
    let app = server.relying_party(text("client_id"), text("client_secret")).await;
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("response_type", "code id_token")],
    ] {
        let page = server.browser().open(&app.ask(changes).url).await;
        assert!(
            page.location()
                .is_some_and(|location| location.as_str().contains("error=")),
            "{changes:?}"
        );
    }
    server.browser().open(&app.ask(&[]).url).await.at(200, "/login");
    // the token request need not name the redirect_uri again, for the verifier says the same (§10.2)
    let held = plan(server, "fapi2").client_with("held", 1, None).await;
    let redeem = async |more: &[(&str, &str)]| {
        let ask = held.ask(&[]);
        let code = held.code(&ask).await;
        let form = [("grant_type", "authorization_code"), ("code", &*code)];
        let verifier = [("code_verifier", &*ask.code_verifier)];
        let form = [&form[..], &verifier, more].concat();
        held.post("token_endpoint", &form, true, Changed::default()).await
    };
    assert!(redeem(&[]).await.ok()["id_token"].is_string());
    let wrong = redeem(&[("redirect_uri", "https://suite.test:8443/elsewhere")]).await;
    check_error(&wrong, 400, "invalid_grant");
}
