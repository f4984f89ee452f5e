//! Modules about what authorization requests may and may not say.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::conformance::suite::{End, Mode, Suite, UNREGISTERED};
use crate::support::browser::Form;
use crate::support::server::CALLBACK;

/// A request like any other, with something in it that must not be an error.
async fn succeeds(suite: &Suite, changes: &[(&str, &str)]) -> Value {
    suite.flow(&mut suite.server.browser(), changes).await.tokens.claims
}

pub async fn oidcc_response_type_missing(suite: &Suite) {
    let ask = suite.ask(&[("response_type", "")]);
    let mut browser = suite.server.browser();
    // Nothing says that the fragment is meant.
    let (visit, error) = if suite.mode == Mode::Query && suite.response_type != "code" {
        let code = Suite::new(suite.server, suite.mode).await;
        let visit = code.visit(&mut browser, &ask.url).await;
        let error = code.refusal(&ask, &visit);
        (visit, error)
    } else {
        let visit = suite.visit(&mut browser, &ask.url).await;
        let error = suite.refusal(&ask, &visit);
        (visit, error)
    };
    assert!(visit.shown.is_empty());
    assert!(
        ["invalid_request", "unsupported_response_type"].contains(&error.as_str()),
        "{error}"
    );
}

pub async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: &Suite) {
    let claims = succeeds(suite, &[("nonce", "")]).await;
    assert!(claims["nonce"].is_null());
}

pub async fn oidcc_ensure_request_without_nonce_fails(suite: &Suite) {
    let ask = suite.ask(&[("nonce", "")]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    assert_eq!(suite.refusal(&ask, &visit), "invalid_request");
}

pub async fn oidcc_alternate_happy_flow(suite: &Suite) {
    let ask = suite.ask(&[("scope", "email openid")]);
    // The same parameters in another order.
    let mut url = ask.url.clone();
    let pairs: Vec<_> = ask.url.query_pairs().into_owned().collect();
    url.query_pairs_mut().clear().extend_pairs(pairs.iter().rev());
    let visit = suite.visit(&mut suite.server.browser(), &url).await;
    let flow = suite.finish(&ask, visit).await;
    let said = if suite.response_type == "id_token" {
        &flow.tokens.claims
    } else {
        &flow.userinfo
    };
    assert_eq!(said["email"], "buffy@example.com");
}

pub async fn oidcc_display_page(suite: &Suite) {
    succeeds(suite, &[("display", "page")]).await;
}

pub async fn oidcc_display_popup(suite: &Suite) {
    succeeds(suite, &[("display", "popup")]).await;
}

pub async fn oidcc_ensure_request_with_unknown_parameter_succeeds(suite: &Suite) {
    succeeds(suite, &[("extra", "foobar")]).await;
}

pub async fn oidcc_login_hint(suite: &Suite) {
    succeeds(suite, &[("login_hint", "buffy@suite.test")]).await;
}

pub async fn oidcc_ui_locales(suite: &Suite) {
    succeeds(suite, &[("ui_locales", "se")]).await;
}

pub async fn oidcc_claims_locales(suite: &Suite) {
    succeeds(suite, &[("claims_locales", "se")]).await;
}

pub async fn oidcc_ensure_request_with_acr_values_succeeds(suite: &Suite) {
    let supported = suite.client.metadata["acr_values_supported"].as_array().unwrap();
    let values: Vec<&str> = supported.iter().filter_map(Value::as_str).collect();
    let claims = succeeds(suite, &[("acr_values", &values.join(" "))]).await;
    assert!(supported.contains(&claims["acr"]), "{claims}");
}

pub async fn oidcc_ensure_registered_redirect_uri(suite: &Suite) {
    let ask = suite.ask(&[("redirect_uri", UNREGISTERED)]);
    let mut browser = suite.server.browser();
    let visit = suite.visit(&mut browser, &ask.url).await;
    let page = visit.error_page();
    assert!(page.texts("h1").concat().contains("may not send you to that address"));
    // Also to somebody who is signed in.
    suite.flow(&mut browser, &[]).await;
    suite.visit(&mut browser, &ask.url).await.error_page();
}

pub async fn oidcc_ensure_post_request_succeeds(suite: &Suite) {
    let ask = suite.ask(&[]);
    let fields = ask.url.query_pairs().into_owned().collect();
    let form = Form::foreign(&suite.client.endpoint("authorization_endpoint"), fields);
    let mut browser = suite.server.browser();
    let page = browser.send_from(&CALLBACK.parse().unwrap(), &form).await;
    let visit = suite.go_on(&mut browser, page).await;
    suite.finish(&ask, visit).await;
}

/// A request object without a signature.
fn unsigned(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// The two modules are skipped where `none` is not among the algorithms; the list must be there for that.
fn check_unsigned_is_not_offered(suite: &Suite) {
    let algs = &suite.client.metadata["request_object_signing_alg_values_supported"];
    let algs = algs.as_array().unwrap();
    assert!(!algs.is_empty() && algs.iter().all(|alg| alg != "none"), "{algs:?}");
}

pub async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: &Suite) {
    check_unsigned_is_not_offered(suite);
    let ask = suite.ask(&[("request_uri", "https://suite.test:8443/test/a/acme/request.jwt")]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    // Not one that the app registered: nothing is fetched.
    assert_eq!(suite.refusal(&ask, &visit), "invalid_request_uri");
}

pub async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: &Suite) {
    check_unsigned_is_not_offered(suite);
    let object = unsigned(&json!({"client_id": "oidf-1", "nonce": "inside", "state": "inside"}));
    let ask = suite.ask(&[("request", &object)]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    assert_eq!(suite.refusal(&ask, &visit), "invalid_request_object");
}

pub async fn oidcc_ensure_request_object_with_redirect_uri(suite: &Suite) {
    let object = unsigned(&json!({"client_id": "oidf-1", "redirect_uri": CALLBACK}));
    let ask = suite.ask(&[("request", &object), ("redirect_uri", UNREGISTERED)]);
    let visit = suite.visit(&mut suite.server.browser(), &ask.url).await;
    assert!(matches!(&visit.end, End::ErrorPage(page) if page.location().is_none()));
    visit.error_page();
}
