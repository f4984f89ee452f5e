//! How apps hear that a session has ended, over HTTP, and what those who mean harm can make of it.

mod back_channel;
mod front_channel;

use serde_json::Value;

use crate::support::apps::web_app;
use crate::support::browser::Browser;
use crate::support::relying_party::RelyingParty;
use crate::support::server::TestServer;

const SECRET: &str = "the secret of an app, thirty-two and more";
const PASSWORD: &str = "tide pool lantern 7";

const PEOPLE: &str = r#"
[[users]]
username = "ada"
password = "tide pool lantern 7"
[users.profile]
email = "ada@example.com"
email_verified = true

[[users]]
username = "root"
password = "tide pool lantern 7"
roles = ["admin"]
"#;

/// An app that asks nobody, with further metadata.
fn app(client_id: &str, more: &str) -> String {
    let goodbye = r#"post_logout_redirect_uris = ["https://suite.test:8443/bye"]"#;
    web_app(
        (client_id, SECRET),
        client_id,
        &format!("require_consent = false\n{goodbye}\n{more}"),
    )
}

/// Signs Ada in to the app, on the page or silently; the claims of the ID token, and it itself.
async fn sign_in(browser: &mut Browser, app: &RelyingParty) -> (Value, String) {
    let ask = app.ask(&[]);
    let mut page = browser.open(&ask.url).await;
    if page.location().is_none() {
        let fields = [("identifier", "ada"), ("password", PASSWORD)];
        page = browser.submit(&page.at(200, "/login"), "sign-in", &fields).await;
    }
    let code = app.code(&ask, &page.location().unwrap()).unwrap();
    let tokens = app.exchange(&ask, &code).await.ok();
    let id_token = tokens["id_token"].as_str().unwrap().to_owned();
    let claims = app.verify_id_token(&id_token, Some(&ask.nonce), None).await;
    (claims, id_token)
}

/// Signs out on Signet's own page.
async fn sign_out(server: &TestServer, browser: &mut Browser) -> crate::support::browser::Page {
    let page = browser.open(&server.at("/logout")).await.at(200, "/logout");
    browser.press(&page, "sign-out", "sign-out-confirm", &[]).await
}
