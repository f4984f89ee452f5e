//! Request objects that are encrypted to a key of the server (RFC 9101 §6.1, OIDC Core §6.1): signed first, whichever way
//! they come.

use jsonwebtoken::EncodingKey;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use signet::base::Clock;
use signet::spec::jose::{EncryptionAlg, JweAlg, JweEnc, RecipientKey};
use time::Duration;
use url::Url;

use super::client_auth::{key, sign};
use super::request_uri::Shelf;
use super::world::{WEB_SECRET, prepare, refused, sign_in};
use crate::support::browser::Browser;
use crate::support::relying_party::{Answer, RelyingParty};
use crate::support::server::{CALLBACK, TestServer};

/// A server, an app that may encrypt, one that registered how, one without keys, and the key of the first two.
struct World {
    server: TestServer,
    key: EncodingKey,
    shelf: Shelf,
}

impl World {
    async fn new() -> Self {
        let (key, jwk) = key("k1");
        let shelf = Shelf::start().await;
        let (x, y) = (&jwk["x"], &jwk["y"]);
        let keys = format!("jwks = {{ keys = [{{ kty = \"EC\", crv = \"P-256\", kid = \"k1\", x = {x}, y = {y} }}] }}");
        let app = |client_id: &str, more: &str| {
            format!(
                "[[clients]]\nclient_id = \"{client_id}\"\nclient_secret = \"{WEB_SECRET}\"\nrequire_consent = false\n\
                 redirect_uris = [\"{CALLBACK}\"]\n{more}\n"
            )
        };
        let apps = [
            app("sealing", &format!("{keys}\nrequest_uris = [\"{}\"]", shelf.address)),
            app(
                "strict",
                &format!(
                    "{keys}\nrequest_object_encryption_alg = \"ECDH-ES+A256KW\"\nrequest_object_encryption_enc = \"A256GCM\""
                ),
            ),
            app("keyless", ""),
        ];
        let settings = [
            ("SIGNET_KEYS__ENCRYPTION_ALGORITHMS", "RSA-OAEP-256,ECDH-ES"),
            ("SIGNET_OUTBOUND__ALLOW_PRIVATE", "true"),
        ];
        let server = prepare(TestServer::with(&settings).await).await;
        server.apply(&apps.concat()).await;
        Self { server, key, shelf }
    }

    /// What the app asks for, signed.
    fn signed(&self, client_id: &str, state: &str) -> String {
        let now = self.server.clock.now().unix_timestamp();
        sign(
            &self.key,
            "k1",
            &json!({
                "iss": client_id, "aud": self.server.issuer(), "client_id": client_id, "exp": now + 300,
                "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": state,
            }),
        )
    }

    /// The server's key of that kind, as its JWKS has it.
    async fn entry(&self, kty: &str) -> Map<String, Value> {
        let set = RelyingParty::fetch(self.server.at("/jwks")).await.ok();
        let of_kind = |entry: &&Value| entry["use"] == "enc" && entry["kty"] == kty;
        let found: Vec<&Value> = set["keys"].as_array().unwrap().iter().filter(of_kind).collect();
        assert_eq!(found.len(), 1, "{set}");
        found[0].as_object().unwrap().clone()
    }

    async fn sealed(&self, inner: &str, alg: JweAlg, enc: JweEnc) -> String {
        let entry = self.entry(if alg == JweAlg::RsaOaep256 { "RSA" } else { "EC" }).await;
        seal(&entry, inner, alg, enc)
    }

    fn at(&self, client_id: &str, name: &str, value: &str) -> Url {
        let mut url = self.server.at("/authorize");
        url.query_pairs_mut()
            .extend_pairs([("client_id", client_id), ("redirect_uri", CALLBACK), (name, value)]);
        url
    }

    async fn push(&self, client_id: &str, object: &str) -> Answer {
        let app = self.server.relying_party(client_id, WEB_SECRET).await;
        app.post("pushed_authorization_request_endpoint", &[("request", object)])
            .await
    }

    /// A browser in which ada is signed in.
    async fn browser(&self) -> Browser {
        let mut browser = self.server.browser();
        let page = browser
            .open(&self.at("sealing", "request", &self.signed("sealing", "first")))
            .await;
        sign_in(&mut browser, &page, "ada").await;
        browser
    }
}

fn seal(entry: &Map<String, Value>, inner: &str, alg: JweAlg, enc: JweEnc) -> String {
    let key = RecipientKey::parse(entry).unwrap();
    key.encrypt(inner.as_bytes(), Some("JWT"), alg, enc).unwrap()
}

#[tokio::test]
async fn an_object_is_decrypted_by_every_algorithm_and_whichever_way_it_comes() {
    let world = World::new().await;
    let document = RelyingParty::fetch(world.server.at("/.well-known/openid-configuration"))
        .await
        .ok();
    let algs = JweAlg::ALL.map(JweAlg::name);
    assert_eq!(document["request_object_encryption_alg_values_supported"], json!(algs));
    let encs = JweEnc::ALL.map(JweEnc::name);
    assert_eq!(document["request_object_encryption_enc_values_supported"], json!(encs));
    let mut browser = world.browser().await;
    for (number, alg) in JweAlg::ALL.into_iter().enumerate() {
        let enc = JweEnc::ALL[number];
        let object = world.sealed(&world.signed("sealing", alg.name()), alg, enc).await;
        let page = browser.get(&world.at("sealing", "request", &object)).await;
        assert_eq!(page.parameter("state").as_deref(), Some(alg.name()), "{enc:?}");
        assert!(page.parameter("code").is_some());
    }
    // by reference
    let (alg, enc) = (JweAlg::EcdhEsA256Kw, JweEnc::A256Gcm);
    let object = world.sealed(&world.signed("sealing", "referred"), alg, enc).await;
    *world.shelf.document.lock().unwrap() = object;
    let page = browser
        .get(&world.at("sealing", "request_uri", &world.shelf.address))
        .await;
    assert_eq!(page.parameter("state").as_deref(), Some("referred"));
    // pushed, by the app that registered how it encrypts
    let object = world.sealed(&world.signed("strict", "pushed"), alg, enc).await;
    let pushed = world.push("strict", &object).await.json();
    let reference = pushed["request_uri"].as_str().unwrap();
    let page = browser.get(&world.at("strict", "request_uri", reference)).await;
    assert_eq!(page.parameter("state").as_deref(), Some("pushed"));
}

#[tokio::test]
async fn what_is_not_signed_not_for_this_server_or_not_as_registered_is_refused() {
    let world = World::new().await;
    let (alg, enc) = (JweAlg::EcdhEsA256Kw, JweEnc::A256Gcm);
    let seal = async |inner: &str| world.sealed(inner, alg, enc).await;
    let signed = world.signed("sealing", "x");
    let good = seal(&signed).await;
    // e30 is {}
    let unsigned = seal("eyJhbGciOiJub25lIn0.e30.").await;
    let bare = seal(&json!({ "client_id": "sealing", "response_type": "code" }).to_string()).await;
    let nested = seal(&good).await;
    let elsewhere = {
        let other = World::new().await;
        other.sealed(&signed, alg, enc).await
    };
    let (cut, tag) = good.rsplit_once('.').unwrap();
    let other = if tag.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{cut}.{other}{}", &tag[1..]);
    let stranger = {
        let (stranger, _) = key("k1");
        seal(&sign(&stranger, "k1", &json!({ "iss": "sealing", "state": "x" }))).await
    };
    let mut browser = world.browser().await;
    for (what, object) in [
        ("unsigned", unsigned),
        ("bare", bare),
        ("nested", nested),
        ("elsewhere", elsewhere),
        ("changed", changed),
        ("cut", cut.to_owned()),
        ("stranger", stranger),
        ("of another client", seal(&world.signed("strict", "x")).await),
        ("long", format!("{good}{}", "A".repeat(32 * 1024))),
    ] {
        let refusal = world.push("sealing", &object).await.error();
        assert_eq!(refusal, refused(400, "invalid_request_object"), "{what}");
        if object.len() < 8000 {
            let page = browser.get(&world.at("sealing", "request", &object)).await;
            let error = page.parameter("error");
            assert_eq!(error.as_deref(), Some("invalid_request_object"), "{what}");
            assert_eq!(page.parameter("code"), None);
        }
    }
    let signed = world.signed("strict", "x");
    for (what, object) in [
        ("not encrypted", signed.clone()),
        ("another alg", world.sealed(&signed, JweAlg::EcdhEs, enc).await),
        ("another enc", world.sealed(&signed, alg, JweEnc::A128Gcm).await),
    ] {
        let refusal = world.push("strict", &object).await.error();
        assert_eq!(refusal, refused(400, "invalid_request_object"), "{what}");
    }
    let keyless = seal(&world.signed("keyless", "x")).await;
    let refusal = world.push("keyless", &keyless).await.error();
    assert_eq!(refusal, refused(400, "invalid_request_object"));
}

/// Time passes, and the server looks after its keys.
pub async fn pass(server: &TestServer, time: Duration) {
    server.clock.advance(time);
    let tick = async |core: std::sync::Arc<signet::flow::Core>| {
        core.keys.tick(&core.store, &core.sealer, &*core.clock).await.unwrap();
    };
    server.run(tick).await;
}

#[tokio::test]
async fn what_was_encrypted_before_a_key_rolled_over_still_arrives_and_later_no_more() {
    let world = World::new().await;
    let old = world.entry("EC").await;
    let rotate = async |core: std::sync::Arc<signet::flow::Core>| {
        let (store, sealer, clock) = (&core.store, &core.sealer, &*core.clock);
        let made = core.keys.rotate(EncryptionAlg::EcdhEs, store, sealer, clock).await;
        made.unwrap().kid
    };
    let kid = world.server.run(rotate).await;
    // until every process knows the new one, nobody is told of it
    assert_eq!(world.entry("EC").await, old);
    pass(&world.server, Duration::minutes(20)).await;
    let new = world.entry("EC").await;
    assert_eq!((&new["kid"], new["kid"] == old["kid"]), (&json!(kid), false));
    let push = async |entry: &Map<String, Value>| {
        let signed = world.signed("sealing", "x");
        let object = seal(entry, &signed, JweAlg::EcdhEs, JweEnc::A128CbcHs256);
        world.push("sealing", &object).await
    };
    let mut nameless = old.clone();
    nameless.remove("kid");
    for entry in [&old, &new, &nameless] {
        assert_eq!(push(entry).await.status, 201);
    }
    pass(&world.server, Duration::hours(2)).await;
    assert_eq!(push(&new).await.status, 201);
    assert_eq!(push(&old).await.error(), refused(400, "invalid_request_object"));
}

#[tokio::test]
async fn a_server_without_such_keys_promises_and_takes_nothing_of_the_kind() {
    let server = prepare(TestServer::with(&[("SIGNET_KEYS__ENCRYPTION_ALGORITHMS", ",")]).await).await;
    let document = RelyingParty::fetch(server.at("/.well-known/openid-configuration"))
        .await
        .ok();
    assert_eq!(document["request_object_encryption_alg_values_supported"], Value::Null);
    let elsewhere = World::new().await;
    let object = elsewhere
        .sealed(&elsewhere.signed("web", "x"), JweAlg::EcdhEs, JweEnc::A128Gcm)
        .await;
    let app = server.relying_party("web", WEB_SECRET).await;
    let parameters = [("request", object.as_str())];
    let answer = app
        .post_with("pushed_authorization_request_endpoint", HeaderMap::new(), &parameters)
        .await;
    assert_eq!(answer.error(), refused(400, "invalid_request_object"));
}
