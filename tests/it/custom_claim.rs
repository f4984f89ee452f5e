//! A custom claim that cannot be computed is left out, all else goes on, and the log says why, once.

use std::time::Duration;

use crate::support::database::TestDatabase;
use crate::support::fleet::{APP, apply, environment, operator, populate, relying_party, serve, tokens};

const RULE: &str = r#"
[[claims]]
name = "https://example.com/broken"
value = "user.custom_data.nothing.deeper"
in = ["userinfo"]

[[claims]]
name = "https://example.com/sound"
value = "'free'"
in = ["userinfo"]
"#;
const LATER: &str = r#"
[[claims]]
name = "https://example.com/later"
value = "int(user.name)"
in = ["userinfo"]
"#;

#[tokio::test]
async fn an_expression_that_fails_leaves_its_claim_out_and_is_logged_once() {
    let (database, folder) = (TestDatabase::new().await, tempfile::tempdir().unwrap());
    let environment = environment(database.url(), &[]);
    let process = serve(&folder, environment.clone()).await;
    let (_ground, operator) = operator(&folder, environment).await;
    populate(&operator).await;
    apply(&operator, RULE).await;
    let app = relying_party(&process, APP).await;
    let given = tokens(&process, &app, &[("scope", "openid profile")]).await;
    let token = given["access_token"].as_str().unwrap();
    for _ in 0..3 {
        let said = app.userinfo(token).await.ok();
        assert_eq!(said["https://example.com/sound"], "free");
        assert_eq!(said["name"], "Ada Lovelace");
        assert_eq!(said.get("https://example.com/broken"), None);
    }

    // Once a later failure is in the log, whatever came before is there as well.
    apply(&operator, LATER).await;
    let log = tokio::time::timeout(Duration::from_secs(60), async {
        while !process.log().contains("https://example.com/later") {
            assert_eq!(app.userinfo(token).await.status, 200);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process.log()
    });
    let log = log.await.expect("the later failure is logged");
    for rule in ["broken", "later"] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(rule)).collect();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("a custom claim failed and is left out"), "{lines:?}");
        assert!(!lines[0].contains("Ada"), "a value of the person: {lines:?}");
    }
}
