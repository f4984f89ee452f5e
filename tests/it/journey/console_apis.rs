//! APIs that administrators declare in the console.

use std::path::PathBuf;

use signet::flow::resource_file::{self, Options, Source};

use super::crawl::administrator;
use super::world::{WEB_SECRET, prepared};
use crate::support::server::TestServer;

const MACHINE: &str = r#"
[[clients]]
client_id = "stocktaker"
client_secret = "the secret of the web app, well kept"
grant_types = ["client_credentials"]
scope = "shelves:read shelves:write"
"#;

#[tokio::test]
async fn an_api_is_declared_changed_and_at_once_what_tokens_are_for() {
    let server = prepared().await.holding(MACHINE).await;
    let machine = server.relying_party("stocktaker", WEB_SECRET).await;
    let mut browser = administrator(&server).await;
    let page = browser
        .open(&server.at("/console/apis/new"))
        .await
        .at(200, "/console/apis/new");
    for (name, value) in [
        ("identifier", "https://shelves.example/#here"),
        ("identifier", "https://api.example"),
        ("scopes", "openid Everything"),
        ("scopes", "a\na"),
        ("own_clients", "no client"),
        ("access_token_lifetime_seconds", "5"),
        ("access_token_lifetime_seconds", "soon"),
    ] {
        let mut fields = vec![("identifier", "https://shelves.example")];
        fields.retain(|(field, _)| *field != name);
        fields.push((name, value));
        let refused = browser.submit(&page, "api", &fields).await;
        assert_eq!(refused.status, 422, "{value}");
        assert!(refused.has(&format!("#api-{name}-error")), "{value}: {}", refused.body);
    }
    let fields = [
        ("identifier", "https://shelves.example"),
        ("name", "Shelves"),
        ("scopes", "shelves:read See what is in stock"),
        ("own_clients", "stocktaker"),
        ("access_token_lifetime_seconds", "90"),
    ];
    let page = browser.submit(&page, "api", &fields).await;
    assert_eq!(page.text("main > .notice"), "Saved.");
    assert_eq!(page.text("h1"), "Shelves");
    assert!(page.url.path().starts_with("/console/apis/"));
    let list = browser.open(&server.at("/console/apis")).await;
    assert!(list.body.contains("https://shelves.example"));

    let grant = [
        ("grant_type", "client_credentials"),
        ("resource", "https://shelves.example"),
    ];
    let given = machine.token(&grant).await.ok();
    assert_eq!(
        (given["expires_in"].as_i64(), given["scope"].as_str()),
        (Some(90), Some("shelves:read"))
    );

    assert_eq!(page.attribute("#api-name", "value"), "Shelves");
    // two administrators: the second one's page is old
    let old = page;
    let more = "shelves:read See what is in stock\nshelves:write Move it";
    let page = browser.submit(&old, "api", &[("scopes", more)]).await;
    assert_eq!(page.text("main > .notice"), "Saved.");
    let stale = browser.submit(&old, "api", &[("name", "Somebody else's")]).await;
    assert_eq!(stale.status, 409);
    assert_eq!(stale.text("h1"), "Shelves", "{}", stale.body);
    assert_eq!(
        page.text("textarea[name=scopes]"),
        "shelves:read See what is in stock shelves:write Move it"
    );
    let unknown = browser.open(&server.at("/console/apis/nothing")).await;
    assert_eq!(unknown.status, 404);
    let trail = "select count(*) from audit_events where kind in ('resource.created', 'resource.updated')";
    assert_eq!(server.count(trail).await, 2);
    let mut given = machine.token(&grant).await.ok();
    // other processes hear of it, and this one as they do
    for _ in 0..50 {
        if given["scope"] == "shelves:read shelves:write" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        given = machine.token(&grant).await.ok();
    }
    assert_eq!(given["scope"], "shelves:read shelves:write");
}

#[tokio::test]
async fn an_api_wants_nothing_signed_in_a_way_that_the_servers_profile_forbids() {
    let server = TestServer::with(&[("SIGNET_SECURITY__PROFILE", "fapi2-security")]).await;
    let mut browser = administrator(&server).await;
    let page = browser
        .open(&server.at("/console/apis/new"))
        .await
        .at(200, "/console/apis/new");
    let option = |alg: &str| format!("#api-access_token_signing_alg option[value={alg}]");
    assert!(page.has(&option("ES256")) && !page.has(&option("RS256")));
    let fields = |alg| {
        [
            ("identifier", "https://shelves.example"),
            ("access_token_signing_alg", alg),
        ]
    };
    let refused = browser.submit(&page, "api", &fields("RS256")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("#api-access_token_signing_alg-error"), "{}", refused.body);
    let saved = browser.submit(&page, "api", &fields("EdDSA")).await;
    assert_eq!(saved.text("main > .notice"), "Saved.");
    let apply = async |alg: &str| {
        let api = "[[resources]]\nidentifier = \"https://stock.example\"\naccess_token_signing_alg = ";
        let source = Source {
            name: "test.toml".to_owned(),
            text: format!("{api}\"{alg}\"\n"),
            folder: PathBuf::new(),
        };
        let applied = server.run(|core| async move {
            let applied = resource_file::apply(&core, &[source], &Options::default()).await;
            applied.map(drop).map_err(|error| error.to_string())
        });
        applied.await
    };
    let wrong = apply("RS256").await.unwrap_err();
    assert!(
        wrong.contains("access_token_signing_alg: is not one of ES256, EdDSA"),
        "{wrong}"
    );
    assert_eq!(apply("ES256").await, Ok(()));
}
