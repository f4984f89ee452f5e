//! Strangers who register an app and would like to know people as another sector knows them.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{prepare, refused, text, tokens};
use crate::support::registrar::{app, manage, register, registered};
use crate::support::server::{CALLBACK, TestServer};

async fn open() -> TestServer {
    let settings = [
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_REGISTRATION__CLIENTS_PER_ADDRESS", "0"),
        (
            "SIGNET_REGISTRATION__GRANT_TYPES",
            "authorization_code,implicit,refresh_token,urn:ietf:params:oauth:grant-type:device_code",
        ),
        ("SIGNET_REGISTRATION__RESPONSE_TYPES", "code,id_token"),
    ];
    prepare(TestServer::with(&settings).await).await
}

/// What stands in tokens follows the metadata of the moment, so nobody may move once people came.
#[tokio::test]
async fn who_was_given_tokens_cannot_move_to_another_sector() {
    let server = open().await;
    let mut wanted = json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "subject_type": "pairwise",
    });
    let client = registered(&server, &wanted).await;
    wanted["client_id"] = client["client_id"].clone();
    let app = app(&server, &client).await;
    let given = tokens(&server, &app, &[("scope", "openid offline_access")], "ada").await;
    let own = app.verify_id_token_of(&given).await;
    let proof = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://bank.example/jwks",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": [],
        "redirect_uris": [],
    });
    for changes in [
        json!({ "redirect_uris": ["https://bank.example/any"] }),
        json!({ "subject_type": "public" }),
        json!({ "sector_identifier_uri": "https://bank.example/uris.json" }),
        proof,
    ] {
        let mut other = wanted.clone();
        other
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let answer = manage(Method::PUT, &client, Some(&other)).await;
        assert_eq!(answer.error(), refused(400, "invalid_client_metadata"), "{changes}");
        assert!(answer.body.contains("register another one"), "{}", answer.body);
    }
    // within its sector it may do as it likes
    let near = CALLBACK.replace("/callback", "/elsewhere");
    wanted["redirect_uris"] = json!([CALLBACK, near]);
    manage(Method::PUT, &client, Some(&wanted)).await.ok();
    let again = app.refresh(text(&given, "refresh_token")).await.ok();
    let said = app.verify_id_token_of(&again).await;
    assert_eq!((&said["sub"], &said["sid"]), (&own["sub"], &own["sid"]));
}

#[tokio::test]
async fn who_sees_ids_cannot_learn_what_they_are_elsewhere() {
    let server = open().await;
    let client = registered(&server, &json!({ "redirect_uris": [CALLBACK] })).await;
    let mut wanted = json!({
        "client_id": client["client_id"],
        "redirect_uris": ["https://bank.example/any"],
        "subject_type": "pairwise",
    });
    let answer = manage(Method::PUT, &client, Some(&wanted)).await;
    assert_eq!(answer.error(), refused(400, "invalid_client_metadata"));
    wanted["subject_type"] = json!("public");
    manage(Method::PUT, &client, Some(&wanted)).await.ok();
}

/// The front channel asks for no key, and a list of redirect URIs can be copied: neither lets anybody into a sector whose
/// tokens come back by another way.
#[tokio::test]
async fn a_way_that_nothing_proves_leads_into_no_sector() {
    let server = open().await;
    let device = |changes: Value| {
        let mut wanted = json!({
            "redirect_uris": ["https://evil.example/cb"],
            "grant_types": ["implicit", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["id_token"],
            "subject_type": "pairwise",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://bank.example/jwks",
        });
        wanted
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        wanted
    };
    let answer = register(&server, None, &device(json!({}))).await;
    assert_eq!(
        answer.error(),
        refused(400, "invalid_client_metadata"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("sector_identifier_uri"), "{}", answer.body);
    let copied = json!({
        "redirect_uris": ["https://bank.example/cb"],
        "sector_identifier_uri": "https://bank.example/uris.json",
        "token_endpoint_auth_method": "client_secret_basic",
        "jwks_uri": null,
    });
    let answer = register(&server, None, &device(copied)).await;
    assert_eq!(
        answer.error(),
        refused(400, "invalid_client_metadata"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("jwks_uri that it lists"), "{}", answer.body);
    registered(
        &server,
        &device(json!({ "redirect_uris": ["https://bank.example/cb"] })),
    )
    .await;
}
