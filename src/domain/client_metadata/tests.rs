//! The tests of `super`.

use serde_json::json;

use super::*;

fn web() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec!["https://app.example/cb".into()],
        ..ClientMetadata::default()
    }
}

fn faults(change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
    let mut metadata = web();
    change(&mut metadata);
    normalise(&mut metadata);
    check(&metadata)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn a_plain_web_client_passes() {
    assert_eq!(check(&web()), Ok(()));
    assert!(faults(|m| m.client_name = Some("  ".into())).is_empty());
}

#[test]
fn redirect_uris_are_needed_and_checked() {
    assert_eq!(faults(|m| m.redirect_uris.clear()), ["redirect_uris"]);
    assert_eq!(
        faults(|m| m.redirect_uris.push("http://app.example/cb".into())),
        ["redirect_uris"]
    );
    assert_eq!(
        faults(|m| m.redirect_uris.push("https://app.example/cb".into())),
        ["redirect_uris"]
    );
    assert_eq!(
        faults(|m| m.post_logout_redirect_uris.push("javascript:alert(1)".into())),
        ["post_logout_redirect_uris"]
    );
}

#[test]
fn a_machine_needs_no_redirect_uri_and_no_response_type() {
    let mut metadata = ClientMetadata {
        grant_types: vec![GrantType::ClientCredentials],
        ..ClientMetadata::default()
    };
    normalise(&mut metadata);
    assert_eq!(check(&metadata), Ok(()));
    assert!(metadata.response_types.is_empty());
}

#[test]
fn a_public_client_cannot_act_for_itself() {
    let public = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::None;
        m.grant_types.push(GrantType::ClientCredentials);
    };
    assert_eq!(faults(public), ["grant_types"]);
}

#[test]
fn grants_go_together() {
    assert_eq!(faults(|m| m.grant_types.clear()), ["grant_types"]);
    assert_eq!(
        faults(|m| m.grant_types = vec![GrantType::RefreshToken]),
        ["grant_types"]
    );
    assert_eq!(
        faults(|m| m.grant_types.push(GrantType::AuthorizationCode)),
        ["grant_types"]
    );
}

#[test]
fn keys_come_by_value_or_by_reference() {
    let with = |jwks: Option<serde_json::Value>, uri: Option<&str>| {
        let uri = uri.map(str::to_owned);
        faults(|m| {
            m.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
            (m.jwks, m.jwks_uri) = (jwks, uri);
        })
    };
    assert_eq!(with(None, None), ["jwks"]);
    assert!(with(None, Some("https://app.example/jwks")).is_empty());
    assert_eq!(with(None, Some("http://app.example/jwks")), ["jwks_uri"]);
    assert_eq!(with(Some(json!({"keys": []})), None), ["jwks"]);
    let key = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    assert!(with(Some(key.clone()), None).is_empty());
    let mut nul = key.clone();
    nul["keys"][0]["x\0"] = json!(1);
    assert_eq!(with(Some(nul), None), ["jwks"]);
    assert_eq!(with(Some(key), Some("https://app.example/jwks")), ["jwks"]);
}

#[test]
fn algorithms_fit_their_use() {
    assert_eq!(
        faults(|m| m.id_token_signed_response_alg = Some("none".into())),
        ["id_token_signed_response_alg"]
    );
    assert_eq!(
        faults(|m| m.access_token_signing_alg = Some("HS256".into())),
        ["access_token_signing_alg"]
    );
    let mac = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
        m.token_endpoint_auth_signing_alg = Some("RS256".into());
    };
    assert_eq!(faults(mac), ["token_endpoint_auth_signing_alg"]);
}

#[test]
fn numbers_addresses_and_texts_are_bounded() {
    assert_eq!(
        faults(|m| m.access_token_lifetime_seconds = Some(5)),
        ["access_token_lifetime_seconds"]
    );
    assert_eq!(
        faults(|m| m.refresh_token_lifetime_seconds = Some(i64::MAX)),
        ["refresh_token_lifetime_seconds"]
    );
    assert_eq!(faults(|m| m.default_max_age = Some(-1)), ["default_max_age"]);
    assert_eq!(
        faults(|m| m.logo_uri = Some("https://app.example/\0".into())),
        ["logo_uri"]
    );
    assert_eq!(
        faults(|m| m.default_acr_values = vec!["a\0".into()]),
        ["default_acr_values"]
    );
    assert_eq!(
        faults(|m| m.logo_uri = Some("javascript:alert(1)".into())),
        ["logo_uri"]
    );
    assert!(faults(|m| m.client_uri = Some("http://localhost:3000/".into())).is_empty());
    assert_eq!(faults(|m| m.client_name = Some("a\u{0}b".into())), ["client_name"]);
    assert_eq!(faults(|m| m.contacts = vec!["nobody".into()]), ["contacts"]);
    assert_eq!(faults(|m| m.scope = Some("a\"b".into())), ["scope"]);
    assert_eq!(faults(|m| m.resources = Some(vec!["api".into()])), ["resources"]);
}

#[test]
fn secrets_are_long_enough_for_their_use() {
    let secret = |text: &str| Secret::new(text.to_owned());
    assert!(check_secret(&secret("short"), ClientAuthMethod::ClientSecretBasic).is_err());
    assert!(check_secret(&secret("long enough"), ClientAuthMethod::ClientSecretBasic).is_ok());
    assert!(check_secret(&secret("long enough"), ClientAuthMethod::ClientSecretJwt).is_err());
    assert!(check_secret(&secret("wíth äccents"), ClientAuthMethod::ClientSecretBasic).is_err());
}

#[test]
fn client_ids_need_no_escaping() {
    for good in ["demo-web", "app.example:8080", "a"] {
        assert!(is_client_id(good), "{good}");
    }
    for bad in ["", "a b", "a\"", "é", "a?b", "a#b", "a/b", "..a/"] {
        assert!(!is_client_id(bad), "{bad}");
    }
    assert!(!is_client_id(&"a".repeat(101)));
}

#[test]
fn tagged_names_are_checked_as_the_plain_ones_are() {
    let tagged = |name: &str, value: &str| faults(|m| m.localized.insert(name.into(), value.into()));
    assert!(tagged("client_name#de", "Hafenbuch").is_empty());
    assert!(tagged("tos_uri#de-AT", "https://app.example/agb").is_empty());
    assert!(tagged("client_name#de", "  ").is_empty());
    assert_eq!(tagged("client_name#de", "a\u{0}b"), ["client_name"]);
    assert_eq!(tagged("logo_uri#de", "javascript:alert(1)"), ["logo_uri"]);
    assert_eq!(tagged("redirect_uris#de", "https://app.example/cb"), ["localized"]);
}
