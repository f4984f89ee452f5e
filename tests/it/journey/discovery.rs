//! The document promises what holds for whoever comes: neither algorithms without a key, nor what the server's security
//! profile forbids.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use signet::flow::resource_file::{self, Options, Source};

use super::world::{prepare, refused, text, tokens};
use crate::support::registrar::{app, register, registered};
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};

async fn document(server: &TestServer) -> Value {
    RelyingParty::fetch(server.at("/.well-known/openid-configuration"))
        .await
        .ok()
}

fn alg_of(token: &str) -> Value {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["alg"].clone()
}

/// What a resource file is refused for.
async fn refusal(server: &TestServer, toml: &str) -> String {
    let source = Source {
        name: "test.toml".to_owned(),
        text: toml.to_owned(),
        folder: PathBuf::new(),
    };
    server
        .run(move |core| async move { resource_file::apply(&core, &[source], &Options::default()).await })
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn what_there_is_no_key_for_is_neither_listed_nor_registered_nor_signed_with() {
    let settings = [
        ("SIGNET_KEYS__ALGORITHMS", "RS256,EdDSA"),
        ("SIGNET_REGISTRATION__POLICY", "open"),
    ];
    let server = prepare(TestServer::with(&settings).await).await;
    let document = document(&server).await;
    for name in ["id_token", "userinfo", "introspection", "authorization"] {
        let member = format!("{name}_signing_alg_values_supported");
        assert_eq!(document[&member], json!(["RS256", "EdDSA"]), "{member}");
    }
    let web = json!({ "redirect_uris": [CALLBACK] });
    for field in [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "introspection_signed_response_alg",
        "authorization_signed_response_alg",
        "access_token_signing_alg",
    ] {
        let mut wanted = web.clone();
        wanted[field] = json!("ES256");
        let answer = register(&server, None, &wanted).await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{field}");
        let why = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(why.contains(field) && why.contains("RS256, EdDSA"), "{why}");
        let file = format!(
            "[[clients]]\nclient_id = \"x\"\ntoken_endpoint_auth_method = \"none\"\nredirect_uris = [\"{CALLBACK}\"]\n{field} = \"ES256\"\n"
        );
        let why = refusal(&server, &file).await;
        assert!(why.contains(field) && why.contains("RS256, EdDSA"), "{why}");
    }
    let api = "[[resources]]\nidentifier = \"https://x.example\"\naccess_token_signing_alg = \"PS256\"\n";
    let why = refusal(&server, api).await;
    assert!(
        why.contains("access_token_signing_alg") && why.contains("RS256, EdDSA"),
        "{why}"
    );
    // who names nothing gets tokens all the same: ES256, the default of access tokens, is not there
    let client = registered(&server, &web).await;
    let given = tokens(&server, &app(&server, &client).await, &[], "ada").await;
    assert_eq!(alg_of(text(&given, "access_token")), "RS256");
    assert_eq!(alg_of(text(&given, "id_token")), "RS256");
}

#[tokio::test]
async fn a_profile_of_the_whole_server_narrows_the_document() {
    let under = async |profile: &'static str| {
        let server = TestServer::with(&[("SIGNET_SECURITY__PROFILE", profile)]).await;
        document(&server).await
    };
    let plain = under("none").await;
    assert_eq!(plain["response_types_supported"].as_array().unwrap().len(), 6);
    assert_eq!(plain["require_signed_request_object"], false);
    assert_eq!(plain["request_uri_parameter_supported"], true);
    let list = |document: &Value, name: &str| document[name].as_array().unwrap().clone();
    for (profile, signed) in [("fapi2-security", false), ("fapi2-message-signing", true)] {
        let fapi = under(profile).await;
        assert_eq!(fapi["response_types_supported"], json!(["code"]));
        assert_eq!(fapi["require_pushed_authorization_requests"], true);
        assert_eq!(fapi["require_signed_request_object"], signed);
        assert_eq!(fapi["request_uri_parameter_supported"], false);
        assert!(!list(&fapi, "grant_types_supported").contains(&json!("implicit")));
        let clients = json!(["PS256", "ES256", "EdDSA"]);
        for name in [
            "token_endpoint_auth_signing_alg_values_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
            "request_object_signing_alg_values_supported",
            "dpop_signing_alg_values_supported",
            "backchannel_authentication_request_signing_alg_values_supported",
        ] {
            assert_eq!(fapi[name], clients, "{name}");
        }
        // no ring of PS256 in these tests
        for name in ["id_token", "userinfo", "introspection", "authorization"] {
            let member = format!("{name}_signing_alg_values_supported");
            assert_eq!(fapi[&member], json!(["ES256", "EdDSA"]), "{member}");
        }
        assert_eq!(
            fapi["token_endpoint_auth_methods_supported"],
            json!(["private_key_jwt"])
        );
    }
    // RFC 9449 §7.1: and so does what says which proofs are good
    for (profile, algs) in [("fapi2-security", "PS256 ES256 EdDSA"), ("none", "EdDSA")] {
        let server = TestServer::with(&[("SIGNET_SECURITY__PROFILE", profile)]).await;
        let answer = RelyingParty::send(Method::GET, server.at("/userinfo"), None, HeaderMap::new(), "10.1.1.1").await;
        let all = answer.headers.get_all("www-authenticate").iter();
        let dpop = all
            .map(|one| one.to_str().unwrap())
            .find(|one| one.starts_with("DPoP "));
        let (_, named) = dpop.unwrap().split_once("algs=\"").unwrap();
        let named = named.trim_end_matches('"');
        let document = document(&server).await;
        let advertised = list(&document, "dpop_signing_alg_values_supported");
        let advertised: Vec<&str> = advertised.iter().map(|one| one.as_str().unwrap()).collect();
        assert_eq!(named, advertised.join(" "), "{profile}");
        assert!(named.ends_with(algs), "{profile}: {named}");
    }
    let advanced = under("fapi1-advanced").await;
    assert_eq!(advanced["response_types_supported"], json!(["code", "code id_token"]));
    let modes = list(&advanced, "response_modes_supported");
    assert!(!modes.contains(&json!("query")) && modes.contains(&json!("jwt")) && modes.contains(&json!("fragment")));
    assert_eq!(advanced["require_pushed_authorization_requests"], false);
    assert_eq!(advanced["require_signed_request_object"], true);
    assert_eq!(advanced["request_uri_parameter_supported"], true);
}

#[tokio::test]
async fn no_algorithm_is_taken_that_the_profile_of_the_whole_server_forbids() {
    let settings = [
        ("SIGNET_SECURITY__PROFILE", "fapi2-security"),
        ("SIGNET_REGISTRATION__POLICY", "open"),
    ];
    let server = TestServer::with(&settings).await;
    let wanted = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://app.example/jwks",
    });
    let mut strong = wanted.clone();
    strong["access_token_signing_alg"] = json!("ES256");
    assert_eq!(register(&server, None, &strong).await.status, 201);
    for field in [
        "id_token_signed_response_alg",
        "access_token_signing_alg",
        "userinfo_signed_response_alg",
        "introspection_signed_response_alg",
        "authorization_signed_response_alg",
        "request_object_signing_alg",
        "backchannel_authentication_request_signing_alg",
    ] {
        let mut weak = wanted.clone();
        weak[field] = json!("RS256");
        let answer = register(&server, None, &weak).await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{field}");
        assert!(answer.json()["error_description"].as_str().unwrap().contains(field));
        let file = format!(
            "[[clients]]\nclient_id = \"x\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\njwks_uri = \"https://app.example/jwks\"\nredirect_uris = [\"{CALLBACK}\"]\n{field} = \"RS256\"\n"
        );
        let why = refusal(&server, &file).await;
        assert!(why.contains(field) && why.contains("another security_profile"), "{why}");
    }
}

#[tokio::test]
async fn nobody_is_told_to_send_people_to_register_where_they_may_not() {
    for (enabled, last) in [("true", "create"), ("false", "select_account")] {
        let server = TestServer::with(&[("SIGNET_SIGN_UP__ENABLED", enabled)]).await;
        let prompts = document(&server).await["prompt_values_supported"].clone();
        let prompts = prompts.as_array().unwrap().clone();
        assert_eq!(prompts.last(), Some(&json!(last)));
        assert!(
            ["none", "login", "consent"]
                .iter()
                .all(|one| prompts.contains(&json!(one)))
        );
    }
}
