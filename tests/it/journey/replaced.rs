//! What an app registers changes while somebody is on the pages for it.

use reqwest::Method;
use serde_json::json;

use super::world::{prepare, sign_in};
use crate::support::registrar::{app, manage, registered};
use crate::support::server::{CALLBACK, TestServer};

/// Where an answer may go is asked again when there is one: who took an address off the list does not want codes there.
#[tokio::test]
async fn what_was_taken_back_meanwhile_gets_no_answer() {
    let settings = [
        ("SIGNET_REGISTRATION__POLICY", "open"),
        ("SIGNET_REGISTRATION__GRANT_TYPES", "authorization_code,implicit"),
        ("SIGNET_REGISTRATION__RESPONSE_TYPES", "code,id_token"),
    ];
    let server = prepare(TestServer::with(&settings).await).await;
    let elsewhere = CALLBACK.replace("/callback", "/elsewhere");
    let before = json!({
        "redirect_uris": [CALLBACK, elsewhere],
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "id_token"],
    });
    let address = json!({
        "redirect_uris": [elsewhere],
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "id_token"],
    });
    let response_type = json!({ "redirect_uris": [CALLBACK, elsewhere] });
    for (after, asked) in [(address, "code"), (response_type, "id_token")] {
        let client = registered(&server, &before).await;
        let app = app(&server, &client).await;
        let ask = app.ask(&[("response_type", asked)]);
        let replace = |wanted: &serde_json::Value| {
            let mut wanted = wanted.clone();
            wanted["client_id"] = client["client_id"].clone();
            let client = &client;
            async move { manage(Method::PUT, client, Some(&wanted)).await.ok() }
        };
        // between the sign-in and the consent, and between the request and the sign-in
        let mut consenting = server.browser();
        let page = consenting.open(&ask.url).await.at(200, "/login");
        let consent = sign_in(&mut consenting, &page, "ada").await.at(200, "/consent");
        let mut signing_in = server.browser();
        let login = signing_in.open(&ask.url).await.at(200, "/login");
        replace(&after).await;
        let pressed = consenting.press(&consent, "consent", "consent-deny", &[]).await;
        assert!(
            pressed.location().is_none() && pressed.status == 400,
            "{}",
            pressed.body
        );
        let pressed = consenting.press(&consent, "consent", "consent-allow", &[]).await;
        assert!(
            pressed.location().is_none() && pressed.status == 400,
            "{}",
            pressed.body
        );
        let signed_in = sign_in(&mut signing_in, &login, "ada").await;
        assert!(
            signed_in.location().is_none() && signed_in.status == 400,
            "{}",
            signed_in.body
        );
        // it is not used up: who puts the address back gets the answer
        replace(&before).await;
        let pressed = consenting.press(&consent, "consent", "consent-allow", &[]).await;
        assert!(pressed.location().is_some(), "{}", pressed.body);
    }
}
