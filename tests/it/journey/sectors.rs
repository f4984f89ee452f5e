//! Sectors that people name for apps, in resource files and in the console, are proven as those that programs name
//! (OIDC Registration §5).

use signet::flow::resource_file::{self, Error, Options, Plan, Source};

use super::crawl::administrator;
use super::world::prepare;
use crate::support::app_server::AppServer;
use crate::support::server::{CALLBACK, TestServer};

fn client(sector: &str, name: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"paired\"\nclient_name = \"{name}\"\nclient_secret = \"the secret of the paired app\"\n\
         redirect_uris = [\"{CALLBACK}\"]\nsubject_type = \"pairwise\"\nsector_identifier_uri = \"{sector}\"\n"
    )
}

async fn apply(server: &TestServer, text: String) -> Result<Plan, Error> {
    let source = Source {
        name: "sector.toml".to_owned(),
        text,
        folder: std::path::PathBuf::new(),
    };
    server
        .run(|core| async move { resource_file::apply(&core, &[source], &Options::default()).await })
        .await
}

#[tokio::test]
async fn a_document_that_does_not_list_an_app_refuses_it_and_one_that_is_away_is_a_warning() {
    let settings = [
        ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
        ("SIGNET_OUTBOUND__HOSTS", "suite.test=127.0.0.1"),
        (
            "SIGNET_OUTBOUND__EXTRA_CA_FILE",
            "config/conformance/keys/suite.cert.pem",
        ),
    ];
    let server = prepare(TestServer::with(&settings).await).await;
    let site = AppServer::start_tls();
    let sector = format!("{}/uris.json", site.origin);
    for (document, why) in [
        (r#"["https://elsewhere.example/callback"]"#, "does not list"),
        ("<html>", "not a JSON array"),
    ] {
        site.answer(200, "", document);
        let refused = apply(&server, client(&sector, "Paired")).await.unwrap_err().to_string();
        assert!(
            refused.contains("sector.toml:7: sector_identifier_uri:") && refused.contains(why),
            "{refused}"
        );
    }
    assert_eq!(
        server
            .count("select count(*) from clients where client_id = 'paired'")
            .await,
        0
    );
    site.answer(200, "", &format!("[\"{CALLBACK}\"]"));
    let plan = apply(&server, client(&sector, "Paired")).await.unwrap();
    assert!(plan.warnings.is_empty() && !plan.is_empty(), "{plan}");

    let mut browser = administrator(&server).await;
    let page = browser.open(&server.at("/console/apps/paired")).await;
    let more = format!("{CALLBACK}\nhttps://other.example/callback");
    let page = browser.submit(&page, "app", &[("redirect_uris", &more)]).await;
    assert_eq!(page.status, 422);
    assert!(
        page.text("#app-redirect_uris-error").contains("does not list"),
        "{}",
        page.body
    );
    site.answer(500, "", "");
    let page = browser.submit(&page, "app", &[("redirect_uris", &more)]).await;
    assert!(page.text("#app-redirect_uris-error").contains("cannot be fetched"));
    // a name has nothing to do with it
    let page = browser.open(&server.at("/console/apps/paired")).await;
    let page = browser.submit(&page, "app", &[("client_name", "Other")]).await;
    assert_eq!(page.status, 200);
    site.answer(
        200,
        "",
        &format!("[\"{CALLBACK}\", \"https://other.example/callback\"]"),
    );
    let page = browser.submit(&page, "app", &[("redirect_uris", &more)]).await;
    assert_eq!(page.text("main > .notice"), "Saved.");

    site.answer(500, "", "");
    let plan = apply(&server, client(&sector, "Third")).await.unwrap();
    assert!(
        plan.to_string().contains("! client paired: sector_identifier_uri"),
        "{plan}"
    );
    let again = apply(&server, client(&sector, "Third")).await.unwrap();
    assert!(again.is_empty() && again.warnings.len() == 1);
}
