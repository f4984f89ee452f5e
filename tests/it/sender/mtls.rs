//! Certificates (RFC 8705): who vouches for whom, what a proxy may say, and what they are tied to.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::conformance::{connections, pem, prepared};
use crate::support::relying_party::RelyingParty;
use crate::support::server::{CALLBACK, TestServer};

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

const API: &str = "https://api.example";
const NAME: &str = r#"tls_client_auth_subject_dn = "CN=client 1,O=Signet conformance,C=DE""#;

/// A machine that signs in by a certificate.
fn machine(client_id: &str, method: &str, more: &str) -> String {
    format!(
        r#"
[[clients]]
client_id = "{client_id}"
token_endpoint_auth_method = "{method}"
grant_types = ["client_credentials"]
resources = ["{API}"]
{more}
"#
    )
}

const ORDERS: &str = r#"
[[resources]]
identifier = "https://api.example"
[[resources.scopes]]
name = "orders:read"
"#;

async fn server() -> &'static TestServer {
    SERVER
        .get_or_init(|| async {
            let own = self_signed_jwk("self-signed");
            let machines = [
                machine("named", "tls_client_auth", NAME),
                machine(
                    "other-name",
                    "tls_client_auth",
                    r#"tls_client_auth_subject_dn = "CN=client 3,O=Signet conformance,C=DE""#,
                ),
                machine("by-host", "tls_client_auth", r#"tls_client_auth_san_dns = "localhost""#),
                machine(
                    "nobody-vouches",
                    "tls_client_auth",
                    r#"tls_client_auth_subject_dn = "CN=nobody vouches,O=Signet conformance,C=DE""#,
                ),
                machine(
                    "own",
                    "self_signed_tls_client_auth",
                    &format!("[clients.jwks]\nkeys = [{own}]"),
                ),
                machine(
                    "bound",
                    "tls_client_auth",
                    &format!("{NAME}\ntls_client_certificate_bound_access_tokens = true"),
                ),
            ];
            prepared().await.holding(&(machines.concat() + ORDERS)).await
        })
        .await
}

/// A JWK with that certificate, as a resource file writes it.
fn self_signed_jwk(name: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let key = crate::support::signing_key::SigningKey::from_pem(&pem(&format!("{name}.key")));
    let certificate = openssl::x509::X509::from_pem(&pem(&format!("{name}.cert"))).unwrap();
    let x5c = STANDARD.encode(certificate.to_der().unwrap());
    let text = |member: &str| key.jwk[member].as_str().unwrap().to_owned();
    format!(
        r#"{{ kty = "EC", crv = "P-256", x = "{}", y = "{}", x5c = ["{x5c}"] }}"#,
        text("x"),
        text("y")
    )
}

/// The answer to a machine that shows this certificate.
async fn ask(server: &TestServer, client_id: &str, identity: Option<&str>) -> (u16, Value) {
    let clock: std::sync::Arc<dyn signet::base::Clock> = server.clock.clone();
    let http = connections(identity);
    let app = RelyingParty::discover_through(http, server.issuer(), clock, (client_id, ""), CALLBACK).await;
    let aliases = &app.metadata["mtls_endpoint_aliases"];
    let url = aliases["token_endpoint"].as_str().unwrap().parse().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("resource", API),
    ];
    let answer = app.post_to(url, HeaderMap::new(), &form).await;
    (answer.status, answer.json())
}

async fn is_refused(client_id: &str, identity: Option<&str>) {
    let (status, body) = ask(server().await, client_id, identity).await;
    assert_eq!(
        (status, &body["error"]),
        (401, &json!("invalid_client")),
        "{client_id} {identity:?}"
    );
}

#[tokio::test]
async fn a_name_counts_only_if_the_authority_vouches_for_it() {
    let server = server().await;
    assert_eq!(ask(server, "named", Some("mtls-1")).await.0, 200);
    // no certificate, that of another client of the same authority, and one that nobody vouches for
    for identity in [None, Some("mtls-2"), Some("self-signed"), Some("server")] {
        is_refused("named", identity).await;
    }
    is_refused("other-name", Some("mtls-1")).await;
    // the names are right, but they vouch for themselves
    is_refused("by-host", Some("server")).await;
    is_refused("nobody-vouches", Some("self-signed")).await;
}

#[tokio::test]
async fn a_registered_certificate_needs_nobody_to_vouch_for_it_and_is_compared_as_it_is() {
    let server = server().await;
    assert_eq!(ask(server, "own", Some("self-signed")).await.0, 200);
    for identity in [None, Some("mtls-1"), Some("server")] {
        is_refused("own", identity).await;
    }
}

#[tokio::test]
async fn at_the_address_of_all_nobody_is_asked_for_a_certificate() {
    let server = server().await;
    let clock: std::sync::Arc<dyn signet::base::Clock> = server.clock.clone();
    let http = connections(Some("mtls-1"));
    let app = RelyingParty::discover_through(http, server.issuer(), clock, ("named", ""), CALLBACK).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "named"),
        ("resource", API),
    ];
    let answer = app.post_raw("token_endpoint", HeaderMap::new(), &form).await;
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_bound_token_names_the_certificate() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (status, tokens) = ask(server().await, "bound", Some("mtls-1")).await;
    assert_eq!((status, &tokens["token_type"]), (200, &json!("Bearer")));
    let claims = signet::spec::jose::jwt::peek(tokens["access_token"].as_str().unwrap()).unwrap();
    let der = openssl::x509::X509::from_pem(&pem("mtls-1.cert"))
        .unwrap()
        .to_der()
        .unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der));
    assert_eq!(claims["cnf"], json!({ "x5t#S256": thumbprint }));
}

/// The same over a proxy that ends TLS.
#[tokio::test]
async fn a_header_counts_only_from_a_trusted_proxy_and_instead_of_the_proxys_own_certificate() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let file = "config/conformance/keys/client-ca.cert.pem";
    let stage = [machine("named", "tls_client_auth", NAME), ORDERS.to_owned()].concat();
    let settings = |trusted: &'static str| {
        [
            ("SIGNET_TLS_CLIENT_CA_FILE", file),
            ("SIGNET_MTLS__CERTIFICATE_HEADER", "Client-Cert"),
            ("SIGNET_TRUSTED_PROXIES", trusted),
        ]
    };
    let der = openssl::x509::X509::from_pem(&pem("mtls-1.cert"))
        .unwrap()
        .to_der()
        .unwrap();
    let good = format!(":{}:", STANDARD.encode(&der));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "named"),
        ("resource", API),
    ];
    let with = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("client-cert", value.parse().unwrap());
        }
        headers
    };
    let trusting = TestServer::with(&settings("127.0.0.0/8")).await.holding(&stage).await;
    let app = trusting.relying_party("named", "").await;
    let post = async |headers| app.post_raw("token_endpoint", headers, &form).await.status;
    assert_eq!(post(with(&[&good])).await, 200);
    assert_eq!(post(with(&[])).await, 401);
    assert_eq!(
        post(with(&[&good, &good])).await,
        400,
        "which of them did the proxy write?"
    );
    assert_eq!(post(with(&["nonsense"])).await, 400);

    let wary = TestServer::with(&settings("10.0.0.0/8")).await.holding(&stage).await;
    let app = wary.relying_party("named", "").await;
    let answer = app.post_raw("token_endpoint", with(&[&good]), &form).await;
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()));
}
