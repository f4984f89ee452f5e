//! The API of `examples/resource_server`: what it takes, and what it says to whoever brings something else.

use std::fs;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::world::{code, prepare, text};
use crate::support::api;
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::TestServer;
use crate::support::signing_key::{SigningKey, proof_claims};
use crate::support::site::Site;

const AUDIENCE: &str = "http://localhost:3001";
const SECRET: &str = "the secret of the accounts app, well kept";

/// Another API of the same issuer, and an app for both.
const MORE: &str = r#"
[[resources]]
identifier = "https://elsewhere.example"
[[resources.scopes]]
name = "elsewhere"

[[clients]]
client_id = "ledger"
client_secret = "the secret of the accounts app, well kept"
client_name = "Ledger"
redirect_uris = ["https://suite.test:8443/test/a/acme/callback"]
grant_types = ["authorization_code", "refresh_token"]
authorization_details_types = ["account_information"]
"#;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

async fn server() -> &'static TestServer {
    let made = || async {
        let file = fs::read_to_string("examples/resource_server/accounts.toml").unwrap();
        prepare(TestServer::start().await).await.holding(&(file + MORE)).await
    };
    SERVER.get_or_init(made).await
}

/// The API by the keys of the server, and by its word.
async fn both(server: &TestServer) -> [Url; 2] {
    let keys = [("ISSUER", server.issuer()), ("AUDIENCE", AUDIENCE)];
    let word = [
        ("INTROSPECTION_ID", "accounts-api"),
        ("INTROSPECTION_SECRET", "accounts-api-secret-for-this-machine-only"),
    ];
    [api::start(&keys), api::start(&[keys, word].concat())]
}

async fn get(api: &Url, path: &str, headers: &[(&'static str, String)]) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    RelyingParty::send(Method::GET, api.join(path).unwrap(), None, headers, "10.0.0.1").await
}

async fn by(scheme: &str, api: &Url, path: &str, token: &str) -> Answer {
    get(api, path, &[("authorization", format!("{scheme} {token}"))]).await
}

/// The challenges of a refusal: by Bearer, by DPoP.
fn challenges(answer: &Answer) -> [String; 2] {
    let all: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    let all: Vec<String> = all.iter().map(|one| one.to_str().unwrap().to_owned()).collect();
    assert!(all[0].starts_with("Bearer ") && all[1].starts_with("DPoP "), "{all:?}");
    all.try_into().unwrap()
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// What a person gives the app by this request.
async fn tokens(app: &RelyingParty, changes: &[(&str, &str)]) -> Value {
    let ask = app.ask(changes);
    let code = code(&mut server().await.browser(), app, &ask, "ada").await;
    app.exchange(&ask, &code).await.ok()
}

#[tokio::test]
async fn a_token_opens_what_it_permits_and_a_refusal_says_what_is_missing() {
    let server = server().await;
    let app = server.relying_party("ledger", SECRET).await;
    // without openid the scope says which API is meant
    let all = tokens(&app, &[("scope", "accounts"), ("nonce", "")]).await;
    let details = r#"[{"type":"account_information","accounts":["current"]}]"#;
    let one = tokens(&app, &[("authorization_details", details)]).await;
    let elsewhere = tokens(&app, &[("scope", "elsewhere"), ("nonce", "")]).await;
    let none = tokens(&app, &[("resource", AUDIENCE), ("scope", "openid")]).await;
    let (all, one) = (text(&all, "access_token"), text(&one, "access_token"));
    for api in both(server).await {
        let seen = by("Bearer", &api, "/accounts", all).await.ok();
        assert_eq!(seen["accounts"].as_array().unwrap().len(), 2);
        let seen = by("bearer", &api, "/accounts", one).await.ok();
        assert_eq!(seen["accounts"], json!([{ "id": "current", "balance": 1200 }]));
        by("Bearer", &api, "/accounts/current/statement", one).await.ok();
        let other = by("Bearer", &api, "/accounts/savings/statement", one).await;
        assert_eq!(other.error(), refused(403, "insufficient_scope"));
        let empty = by("Bearer", &api, "/accounts", text(&none, "access_token")).await;
        assert_eq!(empty.error(), refused(403, "insufficient_scope"));
        assert!(challenges(&empty)[0].contains("scope=\"accounts\""));
        // for somebody else, and no access token at all
        for wrong in [
            text(&elsewhere, "access_token"),
            text(&none, "id_token"),
            text(&none, "refresh_token"),
            "x",
        ] {
            let answer = by("Bearer", &api, "/accounts", wrong).await;
            assert_eq!(answer.error(), refused(401, "invalid_token"), "{wrong}");
            assert!(challenges(&answer)[0].contains("error=\"invalid_token\""));
        }
        // tied to no key, and sent as if it were
        let posing = by("DPoP", &api, "/accounts", all).await;
        assert_eq!(posing.error(), refused(401, "invalid_token"));
        assert!(challenges(&posing)[1].contains("algs=\"ES256 PS256 EdDSA\""));
    }
}

#[tokio::test]
async fn who_brings_nothing_learns_where_to_go() {
    let server = server().await;
    for api in both(server).await {
        let metadata = api.join("/.well-known/oauth-protected-resource").unwrap();
        // RFC 6750 §3.1: no error where no token came, nor where something came that is none
        for headers in [vec![], vec![("authorization", "Basic eDp5".to_owned())]] {
            let answer = get(&api, "/accounts", &headers).await;
            assert_eq!(answer.status, 401);
            assert_eq!(
                challenges(&answer)[0],
                format!("Bearer resource_metadata=\"{metadata}\"")
            );
        }
        // §2.3: an address stands in logs
        assert_eq!(get(&api, "/accounts?access_token=x", &[]).await.status, 401);
        for malformed in ["Bearer", "Bearer ", "Bearer a b", "Bearer é"] {
            let answer = get(&api, "/accounts", &[("authorization", malformed.to_owned())]).await;
            assert_eq!(answer.error(), refused(400, "invalid_request"), "{malformed}");
        }
        // RFC 9728 §3.2
        let about = get(&api, metadata.path(), &[]).await.ok();
        assert_eq!(about["resource"], AUDIENCE);
        assert_eq!(about["authorization_servers"], json!([server.issuer()]));
    }
}

#[tokio::test]
async fn a_machine_has_signed_in_never_and_what_is_revoked_only_the_issuer_knows() {
    let server = server().await;
    let machine = server
        .relying_party("accounts-machine", "accounts-machine-secret-for-this-machine-only")
        .await;
    let grant = [("grant_type", "client_credentials"), ("scope", "accounts")];
    let given = machine.token(&grant).await.ok();
    let token = text(&given, "access_token");
    let [by_keys, by_word] = both(server).await;
    for api in [&by_keys, &by_word] {
        assert_eq!(
            by("Bearer", api, "/accounts", token).await.ok()["client_id"],
            "accounts-machine"
        );
        // RFC 9470 §3
        let answer = by("Bearer", api, "/accounts/current/statement", token).await;
        assert_eq!(answer.error(), refused(401, "insufficient_user_authentication"));
        assert!(challenges(&answer)[0].contains("max_age=\"300\""));
    }
    assert_eq!(
        machine.post("revocation_endpoint", &[("token", token)]).await.status,
        200
    );
    assert_eq!(by("Bearer", &by_keys, "/accounts", token).await.status, 200);
    let answer = by("Bearer", &by_word, "/accounts", token).await;
    assert_eq!(answer.error(), refused(401, "invalid_token"));
}

/// An issuer of the test's own making, so that it signs whatever it likes.
struct Issuer {
    site: Site,
    key: SigningKey,
}

impl Issuer {
    async fn start() -> Self {
        let site = Site::start().await;
        let key = SigningKey::new();
        let metadata = json!({ "issuer": site.origin, "jwks_uri": site.at("/jwks") });
        site.put("/.well-known/openid-configuration", metadata);
        let mut jwk = key.jwk.clone();
        jwk["kid"] = json!("one");
        site.put("/jwks", json!({ "keys": [jwk] }));
        Self { site, key }
    }

    fn claims(&self) -> Value {
        let now = jsonwebtoken::get_current_timestamp();
        json!({
            "iss": self.site.origin, "aud": AUDIENCE, "sub": "ada", "client_id": "app", "scope": "accounts",
            "iat": now, "exp": now + 300,
        })
    }

    fn token(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let mut header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": "one" });
        let mut claims = self.claims();
        change(&mut header, &mut claims);
        self.key.sign(&header, &claims)
    }
}

#[tokio::test]
async fn a_jwt_that_the_issuer_did_not_make_for_this_is_refused() {
    let issuer = Issuer::start().await;
    let api = api::start(&[("ISSUER", &issuer.site.origin), ("AUDIENCE", AUDIENCE)]);
    by("Bearer", &api, "/accounts", &issuer.token(|_, _| {})).await.ok();
    let several = issuer.token(|_, claims| claims["aud"] = json!(["https://elsewhere.example", AUDIENCE]));
    by("Bearer", &api, "/accounts", &several).await.ok();
    let now = jsonwebtoken::get_current_timestamp();
    type Change<'a> = &'a dyn Fn(&mut Value, &mut Value);
    let changes: [(&str, Change<'_>); 12] = [
        ("no typ", &|header, _| {
            drop(header.as_object_mut().unwrap().remove("typ"))
        }),
        ("an ID token", &|header, _| header["typ"] = json!("JWT")),
        ("none", &|header, _| header["alg"] = json!("none")),
        ("a MAC", &|header, _| header["alg"] = json!("HS256")),
        ("an unknown key", &|header, _| header["kid"] = json!("two")),
        ("no key", &|header, _| {
            drop(header.as_object_mut().unwrap().remove("kid"))
        }),
        ("another issuer", &|_, claims| {
            claims["iss"] = json!("https://elsewhere.example")
        }),
        ("another API", &|_, claims| {
            claims["aud"] = json!("https://elsewhere.example")
        }),
        ("no audience", &|_, claims| {
            drop(claims.as_object_mut().unwrap().remove("aud"))
        }),
        ("over", &|_, claims| claims["exp"] = json!(now - 60)),
        ("for ever", &|_, claims| {
            drop(claims.as_object_mut().unwrap().remove("exp"))
        }),
        ("tied by what nobody knows", &|_, claims| {
            claims["cnf"] = json!({ "kid": "x" })
        }),
    ];
    for (what, change) in changes {
        let answer = by("Bearer", &api, "/accounts", &issuer.token(change)).await;
        assert_eq!(answer.error(), refused(401, "invalid_token"), "{what}");
    }
    let forged = SigningKey::new().sign(
        &json!({ "typ": "at+jwt", "alg": "ES256", "kid": "one" }),
        &issuer.claims(),
    );
    assert_eq!(by("Bearer", &api, "/accounts", &forged).await.status, 401);
    // the issuer was asked once, whatever was made up since
    assert_eq!(issuer.site.asked("/jwks"), 1);
    // and where it is silent now, who was known comes in
    issuer.site.answer("/jwks", 500, "");
    by("Bearer", &api, "/accounts", &issuer.token(|_, _| {})).await.ok();
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_lets_nobody_in() {
    let issuer = Issuer::start().await;
    issuer.site.answer("/jwks", 500, "");
    let api = api::start(&[("ISSUER", &issuer.site.origin), ("AUDIENCE", AUDIENCE)]);
    for _ in 0..3 {
        assert_eq!(
            by("Bearer", &api, "/accounts", &issuer.token(|_, _| {})).await.status,
            503
        );
    }
    assert_eq!(issuer.site.asked("/jwks"), 1);
    // nor one that speaks for somebody else
    let metadata = json!({ "issuer": "https://elsewhere.example", "jwks_uri": issuer.site.at("/jwks") });
    issuer.site.put("/.well-known/openid-configuration", metadata);
    let api = api::start(&[("ISSUER", &issuer.site.origin), ("AUDIENCE", AUDIENCE)]);
    assert_eq!(
        by("Bearer", &api, "/accounts", &issuer.token(|_, _| {})).await.status,
        503
    );
    assert_eq!(issuer.site.asked("/jwks"), 1);
}

#[tokio::test]
async fn where_keys_are_asked_for_a_bearer_token_does_not_do() {
    let issuer = Issuer::start().await;
    let api = api::start(&[
        ("ISSUER", &issuer.site.origin),
        ("AUDIENCE", AUDIENCE),
        ("SENDER_CONSTRAINED", "required"),
    ]);
    let answer = by("Bearer", &api, "/accounts", &issuer.token(|_, _| {})).await;
    assert_eq!(answer.error(), refused(401, "invalid_token"));
    let holder = SigningKey::new();
    let token = issuer.token(|_, claims| claims["cnf"] = json!({ "jkt": holder.thumbprint() }));
    let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
    let address = api.join("/accounts").unwrap();
    let proof = || {
        holder.sign(
            &holder.proof_header(),
            &proof_claims("GET", address.as_str(), now, Some(&token)),
        )
    };
    let send = async |proofs: &[String], api: &Url| {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("DPoP {token}").parse().unwrap());
        for proof in proofs {
            headers.append("dpop", proof.parse().unwrap());
        }
        RelyingParty::send(Method::GET, api.join("/accounts").unwrap(), None, headers, "10.0.0.1").await
    };
    send(&[proof()], &api).await.ok();
    // RFC 9449 §4.3-1
    for (what, proofs) in [
        ("none", vec![]),
        ("two", vec![proof(), proof()]),
        ("no JWT", vec!["x".to_owned()]),
    ] {
        let answer = send(&proofs, &api).await;
        assert_eq!(answer.error(), refused(401, "invalid_dpop_proof"), "{what}");
        assert!(
            challenges(&answer)[1].contains("error=\"invalid_dpop_proof\""),
            "{what}"
        );
    }
    // a certificate, where none was shown
    let token = issuer.token(|_, claims| claims["cnf"] = json!({ "x5t#S256": "AAAA" }));
    let answer = by("Bearer", &api, "/accounts", &token).await;
    assert_eq!(answer.error(), refused(401, "invalid_token"));
}
