//! A partner vouches for a person (RFC 7523 §2.1), within the operator's terms; and what is refused.

use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use tokio::sync::OnceCell;

use super::world::{API, WEB_SECRET, prepared, refused, text};
use crate::support::app_server::AppServer;
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::SigningKey;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const PARTNER: &str = "https://partner.example";

struct Stage {
    server: TestServer,
    key: SigningKey,
}

static STAGE: OnceCell<Stage> = OnceCell::const_new();

async fn stage() -> &'static Stage {
    STAGE
        .get_or_init(|| async {
            let key = SigningKey::new();
            let server = prepared().await.holding(&terms(&key, "")).await;
            Stage { server, key }
        })
        .await
}

fn jwks(key: &SigningKey) -> String {
    let (x, y) = (&key.jwk["x"], &key.jwk["y"]);
    format!(r#"{{ keys = [{{ kty = "EC", crv = "P-256", alg = "ES256", kid = "p", x = {x}, y = {y} }}] }}"#)
}

fn terms(key: &SigningKey, more: &str) -> String {
    format!(
        r#"
[[clients]]
client_id = "bridge"
client_secret = "{WEB_SECRET}"
grant_types = ["{GRANT}"]
response_types = []

[[clients]]
client_id = "bystander"
client_secret = "{WEB_SECRET}"
grant_types = ["{GRANT}"]
response_types = []

[[trusted_issuers]]
issuer = "{PARTNER}"
jwks = {}
clients = ["bridge"]
scopes = ["openid", "profile", "orders:read", "orders:refund", "stock:read"]
resources = ["https://api.example"]

[[trusted_issuers]]
issuer = "{PARTNER}/mail"
jwks = {}
subject_claim = "email"
subject_is = "email"
clients = ["bridge"]
scopes = ["openid"]
{more}
"#,
        jwks(key),
        jwks(key)
    )
}

/// Claims of a good assertion; what is null in `changes` is left out.
fn claims(server: &TestServer, changes: Value) -> Value {
    let now = server.clock.now().unix_timestamp();
    let mut claims = json!({
        "iss": PARTNER, "sub": "ada", "aud": server.issuer(), "jti": SystemRng.token().expose(), "iat": now, "exp": now + 300,
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

async fn bring(client: &RelyingParty, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("grant_type", GRANT), ("assertion", assertion)];
    parameters.extend_from_slice(more);
    client.token(&parameters).await
}

impl Stage {
    fn assertion(&self, changes: Value) -> String {
        let header = json!({ "alg": "ES256", "kid": "p" });
        self.key.sign(&header, &claims(&self.server, changes))
    }

    async fn bridge(&self) -> RelyingParty {
        self.server.relying_party("bridge", WEB_SECRET).await
    }
}

#[tokio::test]
async fn a_person_whom_a_partner_vouches_for_is_spoken_for() {
    let stage = stage().await;
    let bridge = stage.bridge().await;
    let given = bring(&bridge, &stage.assertion(json!({})), &[("scope", "openid profile")])
        .await
        .ok();
    assert!(given.get("id_token").is_none() && given.get("refresh_token").is_none());
    let token = text(&given, "access_token");
    assert_eq!(bridge.userinfo(token).await.ok()["name"], "Ada Lovelace");
    // at an API, with what their roles permit, and no more
    for (person, scope) in [("ada", "orders:read orders:refund"), ("bob", "orders:read")] {
        let assertion = stage.assertion(json!({ "sub": person, "aud": format!("{}/token", stage.server.issuer()) }));
        let given = bring(&bridge, &assertion, &[("resource", API)]).await.ok();
        assert_eq!(given["scope"], scope);
        bridge.verify_access_token(text(&given, "access_token"), API).await;
    }
    // by a verified address
    let by_mail = json!({ "iss": format!("{PARTNER}/mail"), "sub": "4711", "email": "Bob@example.com" });
    let given = bring(&bridge, &stage.assertion(by_mail), &[]).await.ok();
    assert_eq!(bridge.introspect(text(&given, "access_token")).await["active"], true);
}

#[tokio::test]
async fn what_is_not_sound_counts_for_nothing() {
    let stage = stage().await;
    let bridge = stage.bridge().await;
    let now = stage.server.clock.now().unix_timestamp();
    let invalid = refused(400, "invalid_grant");
    for (name, changes) in [
        ("another issuer", json!({ "iss": "https://elsewhere.example" })),
        ("no issuer", json!({ "iss": null })),
        ("this server", json!({ "iss": stage.server.issuer() })),
        ("another audience", json!({ "aud": "https://elsewhere.example" })),
        ("no audience", json!({ "aud": null })),
        ("expired", json!({ "exp": now - 60 })),
        ("no expiry", json!({ "exp": null })),
        ("for ever", json!({ "exp": now + 7200 })),
        ("not yet", json!({ "nbf": now + 300 })),
        ("made in the future", json!({ "iat": now + 70 })),
        ("no name", json!({ "jti": null })),
        ("no subject", json!({ "sub": null })),
        ("nobody", json!({ "sub": "nobody" })),
        ("a subject that nothing can hold", json!({ "sub": "a\u{0}da" })),
        ("a name that nothing can hold", json!({ "jti": "\u{0}" })),
        (
            "an address that nothing can hold",
            json!({ "iss": format!("{PARTNER}/mail"), "email": "\u{0}@example.com" }),
        ),
    ] {
        assert_eq!(
            bring(&bridge, &stage.assertion(changes), &[]).await.error(),
            invalid,
            "{name}"
        );
    }
    let sign = |header: Value, key: &SigningKey| key.sign(&header, &claims(&stage.server, json!({})));
    let unsigned = sign(json!({ "alg": "none", "kid": "p" }), &stage.key);
    for (name, assertion) in [
        ("none", format!("{}.", unsigned.rsplit_once('.').unwrap().0)),
        ("a secret", sign(json!({ "alg": "HS256", "kid": "p" }), &stage.key)),
        (
            "another key",
            sign(json!({ "alg": "ES256", "kid": "p" }), &SigningKey::new()),
        ),
        ("its own key", {
            let thief = SigningKey::new();
            sign(json!({ "alg": "ES256", "kid": "p", "jwk": thief.jwk }), &thief)
        }),
        (
            "another kind",
            sign(json!({ "alg": "ES256", "kid": "p", "typ": "at+jwt" }), &stage.key),
        ),
        ("no token", "x.y.z".to_owned()),
    ] {
        assert_eq!(bring(&bridge, &assertion, &[]).await.error(), invalid, "{name}");
    }
    assert_eq!(
        bridge.token(&[("grant_type", GRANT)]).await.error(),
        refused(400, "invalid_request")
    );
}

#[tokio::test]
async fn an_assertion_is_good_once_for_its_client_and_within_the_terms() {
    let stage = stage().await;
    let bridge = stage.bridge().await;
    let once = stage.assertion(json!({}));
    let stolen = stage.server.relying_party("bystander", WEB_SECRET).await;
    assert_eq!(bring(&stolen, &once, &[]).await.error(), refused(400, "invalid_grant"));
    bring(&bridge, &once, &[]).await.ok();
    assert_eq!(bring(&bridge, &once, &[]).await.error(), refused(400, "invalid_grant"));
    for scope in ["email", "offline_access"] {
        let wide = bring(&bridge, &stage.assertion(json!({})), &[("scope", scope)]).await;
        assert_eq!(wide.error(), refused(400, "invalid_scope"));
    }
    let web = stage.server.relying_party("web", WEB_SECRET).await;
    let not_registered = bring(&web, &stage.assertion(json!({})), &[]).await;
    assert_eq!(not_registered.error(), refused(400, "unauthorized_client"));
    let wrong = stage.server.relying_party("bridge", "wrong").await;
    assert_eq!(
        bring(&wrong, &stage.assertion(json!({})), &[]).await.error(),
        refused(401, "invalid_client")
    );
}

#[tokio::test]
async fn terms_bound_the_apis_too() {
    let stage = stage().await;
    let bridge = stage.bridge().await;
    let by_mail = json!({ "iss": format!("{PARTNER}/mail"), "sub": "4711", "email": "bob@example.com" });
    for (claims, api) in [(json!({}), "https://stock.example"), (by_mail, API)] {
        let elsewhere = bring(&bridge, &stage.assertion(claims), &[("resource", api)]).await;
        assert_eq!(elsewhere.error(), refused(400, "invalid_target"), "{api}");
    }
    let both = [("resource", API), ("resource", "https://stock.example")];
    let both = bring(&bridge, &stage.assertion(json!({})), &both).await;
    assert_eq!(both.error(), refused(400, "invalid_target"));
}

#[tokio::test]
async fn what_was_taken_and_what_was_not_leaves_a_line() {
    let key = SigningKey::new();
    let server = prepared().await.holding(&terms(&key, "")).await;
    let stage = Stage { server, key };
    let bridge = stage.bridge().await;
    let bystander = stage.server.relying_party("bystander", WEB_SECRET).await;
    let once = stage.assertion(json!({}));
    bring(&bystander, &once, &[]).await;
    bring(&bridge, &once, &[]).await.ok();
    bring(&bridge, &once, &[]).await;
    bring(&bridge, "x.y.z", &[]).await;
    bring(&bridge, &stage.assertion(json!({})), &[("scope", "email")]).await;
    bring(&bridge, &stage.assertion(json!({ "sub": "\u{0}" })), &[]).await;
    // who cannot say who it is brings nothing
    let wrong = stage.server.relying_party("bridge", "wrong").await;
    bring(&wrong, &stage.assertion(json!({})), &[]).await;
    let lines = async |what: &str| {
        let count = format!("select count(*) from audit_events where kind like 'grant.assertion_%' and {what}");
        stage.server.count(count.leak()).await
    };
    assert_eq!(lines("true").await, 6);
    let taken = format!("data ->> 'issuer' = '{PARTNER}' and user_id is not null and data ? 'grant_id'");
    assert_eq!(
        lines(&format!("kind = 'grant.assertion_accepted' and {taken}")).await,
        1
    );
    for (client, reason, issuer) in [
        ("bystander", "%not trusted with this client", "is not null"),
        ("bridge", "%it was used before", "is not null"),
        ("bridge", "invalid_grant: assertion%", "is null"),
        ("bridge", "%its subject is missing", "is not null"),
        ("bridge", "invalid_scope:%", "is not null"),
    ] {
        let line = format!(
            "kind = 'grant.assertion_refused' and client_id = '{client}' and data ->> 'reason' like '{reason}' \
             and data ->> 'issuer' {issuer}"
        );
        assert_eq!(lines(&line).await, 1, "{reason}");
    }
}

#[tokio::test]
async fn what_was_given_is_the_persons_to_take_back_and_terms_can_end() {
    let key = SigningKey::new();
    let server = prepared().await.holding(&terms(&key, "")).await;
    let stage = Stage { server, key };
    let bridge = stage.bridge().await;
    let given = bring(&bridge, &stage.assertion(json!({})), &[("scope", "openid")])
        .await
        .ok();
    let token = text(&given, "access_token");
    let mut browser = stage.server.browser();
    let page = browser.open(&stage.server.at("/account")).await.at(200, "/login");
    let page = super::world::sign_in(&mut browser, &page, "ada")
        .await
        .at(200, "/account");
    assert!(page.text("#apps + *, main").contains("bridge"));
    browser.submit(&page, "withdraw-1", &[]).await;
    assert_eq!(bridge.introspect(token).await["active"], false);
    // other keys in the file: what the old ones sign counts no more
    stage.server.apply(&terms(&SigningKey::new(), "")).await;
    let mut answer = bring(&bridge, &stage.assertion(json!({})), &[]).await;
    for _ in 0..100 {
        if answer.status == 400 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        answer = bring(&bridge, &stage.assertion(json!({})), &[]).await;
    }
    assert_eq!(answer.error(), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn keys_may_be_fetched() {
    let key = SigningKey::new();
    let site = AppServer::start();
    let mut jwk = key.jwk.clone();
    jwk["kid"] = "p".into();
    jwk["alg"] = "ES256".into();
    site.answer(
        200,
        "content-type: application/json\r\n",
        &json!({ "keys": [jwk] }).to_string(),
    );
    let server = TestServer::with(&[("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true")]).await;
    let more = format!(
        "[[trusted_issuers]]\nissuer = \"{0}\"\njwks_uri = \"{0}/jwks\"\nclients = [\"bridge\"]\nscopes = [\"openid\"]",
        site.origin
    );
    let server = super::world::prepare(server).await.holding(&terms(&key, &more)).await;
    let stage = Stage { server, key };
    let bridge = stage.bridge().await;
    bring(&bridge, &stage.assertion(json!({ "iss": site.origin })), &[])
        .await
        .ok();
}
