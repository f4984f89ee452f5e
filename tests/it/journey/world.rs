//! The apps, APIs and people of the journeys.

use serde_json::Value;

use crate::support::apps::web_app;
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::{Ask, RelyingParty};
use crate::support::server::TestServer;

pub const PASSWORD: &str = "tide pool lantern 7";
pub const API: &str = "https://api.example";
pub const WEB_SECRET: &str = "the secret of the web app, well kept";
pub const API_SECRET: &str = "the secret of the orders API, well kept";
pub const SECRET_JWT: &str = "a secret of more than thirty-two characters";

const RESOURCES: &str = r#"
[[clients]]
client_id = "spa"
token_endpoint_auth_method = "none"
client_name = "Single Page"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false

[[clients]]
client_id = "native"
token_endpoint_auth_method = "none"
application_type = "native"
client_name = "Native"
redirect_uris = ["http://127.0.0.1/callback", "com.example.app:/callback"]
require_consent = false

[[clients]]
client_id = "opaque"
client_secret = "the secret of the web app, well kept"
client_name = "Opaque"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
access_token_format = "opaque"
require_consent = false

[[clients]]
client_id = "posted"
client_secret = "the secret of the web app, well kept"
token_endpoint_auth_method = "client_secret_post"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
scope = "orders:read"

[[clients]]
client_id = "machine"
client_secret = "the secret of the web app, well kept"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
scope = "orders:read"

[[clients]]
client_id = "mac"
client_secret = "a secret of more than thirty-two characters"
token_endpoint_auth_method = "client_secret_jwt"
grant_types = ["client_credentials"]
resources = ["https://api.example"]

[[clients]]
client_id = "https-api"
client_secret = "the secret of the orders API, well kept"
grant_types = ["client_credentials"]
resources = ["https://api.example"]

[[resources]]
identifier = "https://api.example"
name = "Orders"
own_clients = ["https-api", "gateway", "support"]
[[resources.scopes]]
name = "orders:read"
description = "See your orders"
[[resources.scopes]]
name = "orders:refund"
description = "Refund orders of others"

[[resources]]
identifier = "https://stock.example"
name = "Stock"
[[resources.scopes]]
name = "stock:read"
description = "See the stock"

[[roles]]
name = "clerk"
permissions = ["https://api.example orders:refund"]

[[users]]
username = "ada"
password = "tide pool lantern 7"
roles = ["clerk"]
[users.profile]
name = "Ada Lovelace"
email = "ada@example.com"
email_verified = true

[[users]]
username = "bob"
password = "tide pool lantern 7"
[users.profile]
name = "Bob Berger"
email = "bob@example.com"
email_verified = true
"#;

/// Gives a server the stage.
pub async fn prepare(server: TestServer) -> TestServer {
    let goodbye = r#"post_logout_redirect_uris = ["https://suite.test:8443/bye"]"#;
    let apps = [
        web_app(("web", WEB_SECRET), "Harbour Ledger", goodbye),
        web_app(("other", WEB_SECRET), "Other Ledger", ""),
    ];
    server.holding(&(apps.concat() + RESOURCES)).await
}

/// A server with the stage.
pub async fn prepared() -> TestServer {
    prepare(TestServer::start().await).await
}

/// Signs in on the page where the browser is.
pub async fn sign_in(browser: &mut Browser, page: &Page, name: &str) -> Page {
    let fields = [("identifier", name), ("password", PASSWORD)];
    browser.submit(page, "sign-in", &fields).await
}

/// Goes through the pages as `name`, who allows everything; ends where the pages do.
pub async fn go(browser: &mut Browser, ask: &Ask, name: &str) -> Page {
    let mut page = browser.open(&ask.url).await;
    if page.url.path() == "/login" && page.location().is_none() {
        page = sign_in(browser, &page, name).await;
    }
    if page.url.path() == "/consent" && page.location().is_none() {
        page = browser.press(&page, "consent", "consent-allow", &[]).await;
    }
    page
}

/// A code for the app.
pub async fn code(browser: &mut Browser, app: &RelyingParty, ask: &Ask, name: &str) -> String {
    let page = go(browser, ask, name).await;
    let Some(location) = page.location() else {
        panic!("{} {}: {}", page.status, page.url, page.body);
    };
    app.code(ask, &location).unwrap()
}

/// Tokens for the app, by a browser that is new.
pub async fn tokens(server: &TestServer, app: &RelyingParty, changes: &[(&str, &str)], name: &str) -> Value {
    let ask = app.ask(changes);
    let code = code(&mut server.browser(), app, &ask, name).await;
    app.exchange(&ask, &code).await.ok()
}

/// A text member of a JSON object.
pub fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}"))
}

/// The status and `error` of a refusal.
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
