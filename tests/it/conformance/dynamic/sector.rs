//! Pairwise subjects, and the document that says which apps belong together.

use serde_json::json;

use super::{Dynamic, server, wanted};
use crate::support::app_server::AppServer;
use crate::support::registrar::register;
use crate::support::server::CALLBACK;
use crate::support::signing_key::SigningKey;

#[tokio::test]
async fn oidcc_registration_sector_uri() {
    let own = AppServer::start_tls();
    own.answer(
        200,
        "content-type: application/json\r\n",
        &json!([CALLBACK]).to_string(),
    );
    let uri = format!("{}/uris.json", own.origin);
    let changes = json!({ "subject_type": "pairwise", "sector_identifier_uri": uri });
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let suite = Dynamic::new(server().await, changes.clone()).await;
        let (given, claims) = suite.flow(&[]).await;
        let userinfo = suite
            .client
            .userinfo(given["access_token"].as_str().unwrap())
            .await
            .ok();
        assert_eq!(userinfo["sub"], claims["sub"]);
        subjects.push(claims["sub"].clone());
    }
    // one sector, one name; to others it is another
    assert_eq!(subjects[0], subjects[1]);
    let (_, claims) = Dynamic::new(server().await, json!({})).await.flow(&[]).await;
    assert_ne!(subjects[0], claims["sub"]);
    assert!(own.received().iter().all(|call| call.target == "/uris.json"));
    assert_eq!(own.received().len(), 2);
}

#[tokio::test]
async fn oidcc_registration_sector_bad() {
    let own = AppServer::start_tls();
    own.answer(200, "", r#"["https://elsewhere.example/callback"]"#);
    for uri in [
        format!("{}/uris.json", own.origin),
        "https://127.0.0.1:9/uris.json".to_owned(),
    ] {
        let changes = json!({ "subject_type": "pairwise", "sector_identifier_uri": uri });
        let answer = register(server().await, None, &wanted(&SigningKey::new(), &changes)).await;
        assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()));
    }
}
