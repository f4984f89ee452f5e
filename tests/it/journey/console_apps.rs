//! Apps that administrators change in the console.

use super::crawl::administrator;
use super::world::prepare;
use crate::support::server::{CALLBACK, TestServer};

/// An app held to a profile of its own, and one held to the server's.
fn held() -> String {
    let app = |id: &str, profile: &str| {
        format!(
            r#"
[[clients]]
client_id = "{id}"
client_name = "Held"
redirect_uris = ["{CALLBACK}"]
token_endpoint_auth_method = "tls_client_auth"
tls_client_auth_subject_dn = "CN={id}"
{profile}
"#
        )
    };
    [
        app("own", "security_profile = \"fapi2-security\""),
        app("the-servers", ""),
    ]
    .concat()
}

/// Signet would sign with something else than what stands there.
#[tokio::test]
async fn an_algorithm_that_the_profile_forbids_is_refused_beside_its_field() {
    let server = TestServer::with(&[("SIGNET_SECURITY__PROFILE", "fapi2-security")]).await;
    let server = prepare(server).await.holding(&held()).await;
    let mut browser = administrator(&server).await;
    let fields = ["id_token_signed_response_alg", "access_token_signing_alg"];
    for id in ["own", "the-servers"] {
        let path = &format!("/console/apps/{id}");
        let page = browser.open(&server.at(path)).await.at(200, path);
        for field in fields {
            let refused = browser.submit(&page, "app", &[(field, "RS256")]).await;
            assert_eq!(refused.status, 422, "{id}: {field}");
            assert!(refused.has(&format!("#app-{field}-error")), "{}", refused.body);
        }
        let strong = fields.map(|field| (field, "ES256"));
        let page = browser.submit(&page, "app", &strong).await.at(200, path);
        assert_eq!(page.text("main > .notice"), "Saved.");
        // the server has a key for it, and another profile forbids nothing of it
        let weak = fields.map(|field| (field, "RS256"));
        let other = [&weak[..], &[("security_profile", "oauth2.1")]].concat();
        let page = browser.submit(&page, "app", &other).await.at(200, path);
        assert_eq!(page.text("main > .notice"), "Saved.");
        for field in fields {
            let chosen = page.attribute(&format!("#app-{field} option[selected]"), "value");
            assert_eq!(chosen, "RS256", "{id}: {field}");
        }
    }
}
