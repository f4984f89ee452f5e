//! Tokens that no verifier may let pass (RFC 8725), at every place where somebody signs for this server. All else about them is
//! right, and none of them uses up what stands in it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use signet::base::{Clock, Rng, SystemRng};
use tokio::sync::OnceCell;

use super::world::{WEB_SECRET, prepared, refused};
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};
use crate::support::signing_key::{SigningKey, proof_claims};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CIBA: &str = "urn:openid:params:grant-type:ciba";
const PARTNER: &str = "https://partner.example";

struct Stage {
    server: TestServer,
    key: SigningKey,
}

static STAGE: OnceCell<Stage> = OnceCell::const_new();

async fn stage() -> &'static Stage {
    let made = || async {
        let key = SigningKey::new();
        let (x, y) = (&key.jwk["x"], &key.jwk["y"]);
        let jwks = format!(r#"{{ keys = [{{ kty = "EC", crv = "P-256", kid = "one", x = {x}, y = {y} }}] }}"#);
        let file = format!(
            r#"
[[clients]]
client_id = "signs-in"
token_endpoint_auth_method = "private_key_jwt"
grant_types = ["client_credentials"]
resources = ["https://api.example"]
jwks = {jwks}

[[clients]]
client_id = "signs"
client_secret = "{WEB_SECRET}"
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "client_credentials", "{CIBA}", "{BEARER}"]
backchannel_token_delivery_mode = "poll"
resources = ["https://api.example"]
jwks = {jwks}

[[trusted_issuers]]
issuer = "{PARTNER}"
jwks = {jwks}
clients = ["signs"]
scopes = ["openid"]
"#
        );
        let server = prepared().await.holding(&file).await;
        Stage { server, key }
    };
    STAGE.get_or_init(made).await
}

/// A good token: its header, and its claims.
struct Good {
    header: Value,
    claims: Value,
}

impl Stage {
    fn good(&self, more: Value) -> Good {
        let now = self.server.clock.now().unix_timestamp();
        let mut claims = json!({
            "aud": self.server.issuer(), "jti": SystemRng.token().expose(), "iat": now, "nbf": now, "exp": now + 60,
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let header = json!({ "alg": "ES256", "kid": "one" });
        Good { header, claims }
    }

    async fn app(&self) -> RelyingParty {
        self.server.relying_party("signs", WEB_SECRET).await
    }
}

fn with(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

/// Everything that is no token of the key's, with what it is.
fn hostile(key: &SigningKey, good: &Good) -> Vec<(&'static str, String)> {
    let (header, claims) = (&good.header, &good.claims);
    let whole = key.sign(header, claims);
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let without = |alg: &str| {
        let named = key.sign(&with(header, "alg", json!(alg)), claims);
        format!("{}.", named.rsplit_once('.').unwrap().0)
    };
    // RFC 8725 §3.1: the public key is no secret for a MAC
    let mac = |secret: &str| {
        let named = key.sign(&with(header, "alg", json!("HS256")), claims);
        let signed = named.rsplit_once('.').unwrap().0;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let mut critical = with(header, "crit", json!(["b64"]));
    critical["b64"] = json!(false);
    let long = {
        let mut claims = claims.clone();
        claims["filling"] = json!("x".repeat(13_000));
        claims
    };
    let twice = |text: &Value, member: &str| text.to_string().replacen('{', &format!("{{{member},"), 1);
    vec![
        ("none", without("none")),
        ("None", without("None")),
        ("no signature", format!("{signed}.")),
        (
            "none, and signed",
            key.sign(&with(header, "alg", json!("none")), claims),
        ),
        ("a MAC by the public key", mac(&key.jwk.to_string())),
        ("a MAC by a part of it", mac(key.jwk["x"].as_str().unwrap())),
        ("a MAC by nothing", mac("")),
        (
            "the name of another curve",
            key.sign(&with(header, "alg", json!("ES384")), claims),
        ),
        (
            "an algorithm that there is not",
            key.sign(&with(header, "alg", json!("es256")), claims),
        ),
        ("critical", key.sign(&critical, claims)),
        (
            "critical, of nothing",
            key.sign(&with(header, "crit", json!([])), claims),
        ),
        ("another kind", key.sign(&with(header, "typ", json!("at+jwt")), claims)),
        (
            "a kind that is no text",
            key.sign(&with(header, "typ", json!(["JWT"])), claims),
        ),
        ("too long", key.sign(header, &long)),
        (
            "an algorithm twice",
            key.sign_text(&twice(header, r#""alg":"ES256""#), &claims.to_string()),
        ),
        (
            "a claim twice",
            key.sign_text(&header.to_string(), &twice(claims, r#""jti":"x""#)),
        ),
        (
            "a list",
            key.sign_text(&header.to_string(), &json!([claims]).to_string()),
        ),
        ("somebody else's signature", SigningKey::new().sign(header, claims)),
        ("padded", format!("{whole}=")),
        ("four parts", format!("{whole}.{signature}")),
        ("two parts", signed.to_owned()),
        ("as JSON", json!({ "payload": "e30", "signatures": [] }).to_string()),
    ]
}

/// What passes for a token of a registered key, but brings or names another one.
fn strange(key: &SigningKey, good: &Good) -> Vec<(&'static str, String)> {
    let thief = SigningKey::new();
    let by_thief = |name: &str, value: Value| thief.sign(&with(&good.header, name, value), &good.claims);
    vec![
        ("its own key", by_thief("jwk", thief.jwk.clone())),
        (
            "an address of keys",
            by_thief("jku", json!("https://evil.example/jwks.json")),
        ),
        ("a certificate", by_thief("x5c", json!(["AAAA"]))),
        (
            "a key that nobody knows",
            key.sign(&with(&good.header, "kid", json!("two")), &good.claims),
        ),
        (
            "a key that is no text",
            key.sign(&with(&good.header, "kid", json!(1)), &good.claims),
        ),
    ]
}

/// None of them is taken, and then the good one is.
async fn all_refused(good: &Good, expected: (u16, &str), send: impl AsyncFn(String) -> Answer) {
    let key = &stage().await.key;
    for (what, token) in hostile(key, good).into_iter().chain(strange(key, good)) {
        assert_eq!(send(token).await.error(), refused(expected.0, expected.1), "{what}");
    }
    let taken = send(key.sign(&good.header, &good.claims)).await;
    assert!([200, 201].contains(&taken.status), "{}", taken.body);
}

#[tokio::test]
async fn as_the_assertion_of_a_client() {
    let stage = stage().await;
    let app = stage.server.relying_party("signs-in", "").await;
    let good = stage.good(json!({ "iss": "signs-in", "sub": "signs-in" }));
    all_refused(&good, (401, "invalid_client"), async |assertion| {
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", "https://api.example"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &assertion),
        ];
        app.post_raw("token_endpoint", HeaderMap::new(), &form).await
    })
    .await;
}

#[tokio::test]
async fn as_a_request_that_is_pushed_or_in_the_address() {
    let stage = stage().await;
    let app = stage.app().await;
    let mut request = json!({ "iss": "signs", "client_id": "signs" });
    let parameters = app.ask(&[]).url.query_pairs().into_owned().collect::<Vec<_>>();
    for (name, value) in parameters {
        request[name] = value.into();
    }
    let good = stage.good(request);
    all_refused(&good, (400, "invalid_request_object"), async |object| {
        app.post("pushed_authorization_request_endpoint", &[("request", &object)])
            .await
    })
    .await;
    let visit = async |object: &str| {
        let mut url = app.endpoint("authorization_endpoint");
        url.query_pairs_mut()
            .append_pair("client_id", "signs")
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("request", object);
        stage.server.browser().get(&url).await
    };
    for (what, object) in hostile(&stage.key, &good).into_iter().chain(strange(&stage.key, &good)) {
        let page = visit(&object).await;
        let location = page.location().unwrap_or_else(|| panic!("{what}: {}", page.body));
        let error = location.query_pairs().find(|(name, _)| name == "error");
        assert_eq!(
            error.map(|(_, value)| value.into_owned()).as_deref(),
            Some("invalid_request_object"),
            "{what}"
        );
    }
    let page = visit(&stage.key.sign(&good.header, &good.claims)).await;
    assert!(
        page.location().is_some_and(|location| location.path() == "/login"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn as_what_is_asked_behind_the_scenes() {
    let stage = stage().await;
    let app = stage.app().await;
    let good = stage.good(json!({ "iss": "signs", "scope": "openid", "login_hint": "bob" }));
    all_refused(&good, (400, "invalid_request"), async |request| {
        app.post("backchannel_authentication_endpoint", &[("request", &request)])
            .await
    })
    .await;
}

#[tokio::test]
async fn as_the_word_of_a_partner() {
    let stage = stage().await;
    let app = stage.app().await;
    let good = stage.good(json!({ "iss": PARTNER, "sub": "ada" }));
    all_refused(&good, (400, "invalid_grant"), async |assertion| {
        app.token(&[("grant_type", BEARER), ("assertion", &assertion), ("scope", "openid")])
            .await
    })
    .await;
}

/// FAPI 2.0 Security Profile §5.4.1: who is held to it brings nobody's word that is signed by RS256 either.
#[tokio::test]
async fn as_the_word_of_a_partner_whose_algorithm_is_too_weak_for_who_brings_it() {
    let (key, rsa) = (
        SigningKey::new(),
        SigningKey::from_pem(&crate::conformance::pem("rsa-1.key")),
    );
    let (x, y, n, e) = (&key.jwk["x"], &key.jwk["y"], &rsa.jwk["n"], &rsa.jwk["e"]);
    let client = |client_id: &str, more: &str| {
        format!(
            r#"
[[clients]]
client_id = "{client_id}"
token_endpoint_auth_method = "private_key_jwt"
grant_types = ["{BEARER}"]
jwks = {{ keys = [{{ kty = "EC", crv = "P-256", kid = "one", x = {x}, y = {y} }}] }}
{more}
"#
        )
    };
    let terms = format!(
        r#"
[[trusted_issuers]]
issuer = "{PARTNER}"
jwks = {{ keys = [{{ kty = "RSA", kid = "two", n = {n}, e = {e} }}] }}
clients = ["held", "free"]
scopes = ["openid"]
"#
    );
    let held = client("held", "security_profile = \"fapi2-security\"");
    let server = prepared()
        .await
        .holding(&[held, client("free", ""), terms].concat())
        .await;
    let stage = Stage { server, key };
    for (client_id, alg, status) in [("held", "RS256", 400), ("held", "PS256", 200), ("free", "RS256", 200)] {
        let app = stage.server.relying_party(client_id, "").await;
        let word = stage.good(json!({ "iss": PARTNER, "sub": "ada" }));
        let word = rsa.sign(&json!({ "alg": alg, "kid": "two" }), &word.claims);
        let own = stage.good(json!({ "iss": client_id, "sub": client_id }));
        let own = stage.key.sign(&own.header, &own.claims);
        let endpoint = app.endpoint("token_endpoint");
        let now = stage.server.clock.now().unix_timestamp();
        let proof = stage.key.proof("POST", endpoint.as_str(), now, None);
        let headers = HeaderMap::from_iter([(HeaderName::from_static("dpop"), proof.parse().unwrap())]);
        let form = [
            ("grant_type", BEARER),
            ("assertion", &*word),
            ("scope", "openid"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &*own),
        ];
        let answer = app.post_raw("token_endpoint", headers, &form).await;
        assert_eq!(answer.status, status, "{client_id} {alg}: {}", answer.body);
        if status == 400 {
            assert_eq!(answer.error(), refused(400, "invalid_grant"));
        }
    }
}

/// A proof brings its key by right; what it may not bring is another one's signature.
#[tokio::test]
async fn as_the_proof_of_a_key() {
    let stage = stage().await;
    let app = stage.app().await;
    let (endpoint, now) = (app.endpoint("token_endpoint"), stage.server.clock.now());
    let good = Good {
        header: stage.key.proof_header(),
        claims: proof_claims("POST", endpoint.as_str(), now.unix_timestamp(), None),
    };
    let form = [
        ("grant_type", "client_credentials"),
        ("resource", "https://api.example"),
    ];
    let send = async |proof: String| {
        let name = HeaderName::from_static("dpop");
        let headers = HeaderMap::from_iter([(name, proof.parse().unwrap())]);
        app.post_with("token_endpoint", headers, &form).await
    };
    for (what, proof) in hostile(&stage.key, &good) {
        assert_eq!(send(proof).await.error(), refused(400, "invalid_dpop_proof"), "{what}");
    }
    assert_eq!(
        send(stage.key.sign(&good.header, &good.claims)).await.ok()["token_type"],
        "DPoP"
    );
}
