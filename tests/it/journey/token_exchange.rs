//! A service that was called exchanges the token for one for the service behind it (RFC 8693), by the operator's rules.

use serde_json::{Value, json};
use time::Duration;
use tokio::sync::OnceCell;

use super::world::{API, API_SECRET, WEB_SECRET, prepared, refused, text, tokens};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;

const STOCK: &str = "https://stock.example";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// `gateway` is the orders API, as the world says, and calls the stock; `stock` is called and calls on; `support` speaks for people.
const SERVICES: &str = r#"
[[resources]]
identifier = "https://stock.example"
name = "Stock"
own_clients = ["stock"]
[[resources.scopes]]
name = "stock:read"
[[resources.scopes]]
name = "orders:read"
[[resources.scopes]]
name = "orders:refund"

[[clients]]
client_id = "gateway"
client_secret = "the secret of the orders API, well kept"
grant_types = ["urn:ietf:params:oauth:grant-type:token-exchange", "client_credentials"]
response_types = []
resources = ["https://api.example", "https://stock.example"]
[[clients.token_exchange]]
subject_clients = ["web"]
audiences = ["https://stock.example"]
scopes = ["orders:read"]

[[clients]]
client_id = "stock"
client_secret = "the secret of the orders API, well kept"
grant_types = ["urn:ietf:params:oauth:grant-type:token-exchange"]
response_types = []
resources = ["https://stock.example", "https://api.example"]
[[clients.token_exchange]]
subject_clients = ["gateway"]
audiences = ["https://api.example"]
scopes = ["orders:read"]

[[clients]]
client_id = "support"
client_secret = "the secret of the orders API, well kept"
grant_types = ["urn:ietf:params:oauth:grant-type:token-exchange"]
response_types = []
resources = ["https://api.example"]
[[clients.token_exchange]]
subject_clients = ["web"]
audiences = ["https://api.example"]
scopes = ["orders:read"]
mode = "impersonation"

[[clients]]
client_id = "stranger"
client_secret = "the secret of the orders API, well kept"
grant_types = ["urn:ietf:params:oauth:grant-type:token-exchange"]
response_types = []
resources = ["https://stock.example"]
[[clients.token_exchange]]
subject_clients = ["web"]
audiences = ["https://stock.example"]
"#;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    SERVER
        .get_or_init(|| async { prepared().await.holding(SERVICES).await })
        .await
}

/// A token for the orders API, as `web` gets it for Ada.
async fn subject(server: &TestServer) -> Value {
    let web = server.relying_party("web", WEB_SECRET).await;
    let ask = [
        ("scope", "openid orders:read orders:refund offline_access"),
        ("resource", API),
    ];
    tokens(server, &web, &ask, "ada").await
}

async fn exchange(service: &RelyingParty, token: &str, audience: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", audience),
    ];
    parameters.extend_from_slice(more);
    service.token(&parameters).await
}

#[tokio::test]
async fn a_token_is_handed_on_from_service_to_service_and_tells_who_acts() {
    let server = server().await;
    let given = subject(server).await;
    let gateway = server.relying_party("gateway", API_SECRET).await;
    let answer = exchange(&gateway, text(&given, "access_token"), STOCK, &[]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let first = answer.ok();
    assert_eq!(first["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(
        (&first["token_type"], &first["scope"]),
        (&json!("Bearer"), &json!("orders:read"))
    );
    assert!(first.get("refresh_token").is_none() && first.get("id_token").is_none());
    let claims = gateway.verify_access_token(text(&first, "access_token"), STOCK).await;
    let web = server.relying_party("web", WEB_SECRET).await;
    let before = web.verify_access_token(text(&given, "access_token"), API).await;
    assert_eq!(claims["sub"], before["sub"]);
    assert_eq!(
        (&claims["client_id"], &claims["act"]),
        (&json!("gateway"), &json!({ "sub": "gateway" }))
    );
    assert!(claims["exp"].as_i64() <= before["exp"].as_i64());
    // and once more
    let stock = server.relying_party("stock", API_SECRET).await;
    let second = exchange(&stock, text(&first, "access_token"), API, &[]).await.ok();
    let told = stock.introspect(text(&second, "access_token")).await;
    assert_eq!(told["act"], json!({ "sub": "stock", "act": { "sub": "gateway" } }));
    // both die with what they came from
    assert_eq!(web.revoke(text(&given, "refresh_token")).await.status, 200);
    for token in [&first, &second] {
        assert_eq!(stock.introspect(text(token, "access_token")).await["active"], false);
    }
    let late = exchange(&gateway, text(&given, "access_token"), STOCK, &[]).await;
    assert_eq!(late.error(), refused(400, "invalid_request"));
}

#[tokio::test]
async fn a_scope_of_the_same_name_elsewhere_goes_along_only_if_the_rule_says_so() {
    let server = server().await;
    let given = subject(server).await;
    assert_eq!(given["scope"], "orders:read orders:refund");
    let gateway = server.relying_party("gateway", API_SECRET).await;
    for asked in [&[][..], &[("scope", "orders:read orders:refund")]] {
        let got = exchange(&gateway, text(&given, "access_token"), STOCK, asked)
            .await
            .ok();
        let claims = gateway.verify_access_token(text(&got, "access_token"), STOCK).await;
        assert_eq!(
            (&got["scope"], &claims["scope"]),
            (&json!("orders:read"), &json!("orders:read"))
        );
    }
}

#[tokio::test]
async fn impersonation_is_a_rule_of_its_own_and_leaves_a_line() {
    let server = server().await;
    let given = subject(server).await;
    let support = server.relying_party("support", API_SECRET).await;
    let got = exchange(&support, text(&given, "access_token"), API, &[]).await.ok();
    let claims = support.verify_access_token(text(&got, "access_token"), API).await;
    assert_eq!(claims.get("act"), None);
    let lines = "select count(*) from audit_events where kind = 'grant.impersonated' and client_id = 'support'";
    assert_eq!(server.count(lines).await, 1);
}

#[tokio::test]
async fn nobody_exchanges_what_is_not_for_them() {
    let server = server().await;
    let given = subject(server).await;
    let token = text(&given, "access_token");
    let gateway = server.relying_party("gateway", API_SECRET).await;
    let stranger = server.relying_party("stranger", API_SECRET).await;
    // the rule would cover it, but the token was found on the way
    let stolen = exchange(&stranger, token, STOCK, &[]).await;
    assert_eq!(stolen.error(), refused(400, "invalid_request"));
    // another audience than the rule's, and one that does not exist
    for audience in [API, "https://elsewhere.example", server.issuer()] {
        let answer = exchange(&gateway, token, audience, &[]).await;
        assert_eq!(answer.error(), refused(400, "invalid_target"), "{audience}");
    }
    // one good and one bad
    let both = exchange(&gateway, token, STOCK, &[("audience", API)]).await;
    assert_eq!(both.error(), refused(400, "invalid_target"));
    let wide = exchange(&gateway, token, STOCK, &[("scope", "orders:read stock:read")]).await;
    assert_eq!(wide.error(), refused(400, "invalid_scope"));
    // tokens of programs, other kinds of tokens, and what is no token
    let own = gateway
        .token(&[("grant_type", "client_credentials"), ("resource", API)])
        .await
        .ok();
    for other in [
        text(&own, "access_token"),
        text(&given, "refresh_token"),
        text(&given, "id_token"),
        "x.y.z",
        "x",
    ] {
        let answer = exchange(&gateway, other, STOCK, &[]).await;
        assert_eq!(answer.error(), refused(400, "invalid_request"), "{other}");
    }
    let web = server.relying_party("web", WEB_SECRET).await;
    assert_eq!(
        exchange(&web, token, STOCK, &[]).await.error(),
        refused(400, "unauthorized_client")
    );
    let machine = server.relying_party("gateway", "wrong").await;
    assert_eq!(
        exchange(&machine, token, STOCK, &[]).await.error(),
        refused(401, "invalid_client")
    );
}

#[tokio::test]
async fn an_expired_token_is_exchanged_for_nothing() {
    let server = prepared().await.holding(SERVICES).await;
    let given = subject(&server).await;
    let gateway = server.relying_party("gateway", API_SECRET).await;
    server.clock.advance(Duration::minutes(5));
    let late = exchange(&gateway, text(&given, "access_token"), STOCK, &[]).await;
    assert_eq!(late.error(), refused(400, "invalid_request"));
}

#[tokio::test]
async fn the_actor_may_be_somebody_else_whose_token_the_service_holds() {
    let server = server().await;
    let given = subject(server).await;
    let gateway = server.relying_party("gateway", API_SECRET).await;
    let own = gateway
        .token(&[("grant_type", "client_credentials"), ("resource", API)])
        .await
        .ok();
    let actor = [
        ("actor_token", text(&own, "access_token")),
        ("actor_token_type", ACCESS_TOKEN),
    ];
    let got = exchange(&gateway, text(&given, "access_token"), STOCK, &actor)
        .await
        .ok();
    let claims = gateway.verify_access_token(text(&got, "access_token"), STOCK).await;
    assert_eq!(claims["act"], json!({ "sub": "gateway" }));
    for actor in ["nonsense", text(&given, "refresh_token")] {
        let actor = [("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)];
        let answer = exchange(&gateway, text(&given, "access_token"), STOCK, &actor).await;
        assert_eq!(answer.error(), refused(400, "invalid_request"));
    }
}
