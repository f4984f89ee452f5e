//! How answers travel: signed, encrypted, with tokens in them (JARM, OIDC Core §3.2 and §3.3).

use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};
use signet::base::id::UserId;
use signet::model::{ClientMetadata, TokenFormat};
use signet::spec::oauth::{GrantType, ResponseType};
use url::{Url, form_urlencoded};

use super::world::{CALLBACK, World, parameter};
use crate::support::browser::{Browser, Page};
use crate::support::relying_party::RelyingParty;

/// The one parameter that a signed answer is, wherever it travels.
fn response(page: &Page, mark: char) -> String {
    let pairs: Vec<(String, String)> = if mark == 'f' {
        let form = page.form("form-post");
        assert_eq!(form.action.as_str(), CALLBACK);
        form.fields
    } else {
        let location = page
            .location()
            .unwrap_or_else(|| panic!("{} {}", page.status, page.body));
        assert!(
            location.as_str().starts_with(&format!("{CALLBACK}{mark}")),
            "{location}"
        );
        let sent = if mark == '?' {
            location.query()
        } else {
            location.fragment()
        };
        form_urlencoded::parse(sent.unwrap().as_bytes()).into_owned().collect()
    };
    match pairs.as_slice() {
        [(name, value)] if name == "response" => value.clone(),
        other => panic!("{other:?}"),
    }
}

/// What a signed answer says, verified as JARM §2.4 has it.
async fn verified(world: &World, app: &RelyingParty, jwt: &str) -> Value {
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
    let jwks = app.jwks().await;
    let key = DecodingKey::from_jwk(jwks.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&app.client_id]);
    validation.set_issuer(&[&app.issuer]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(jwt, &key, &validation).unwrap().claims;
    use signet::base::Clock;
    let left = claims["exp"].as_i64().unwrap() - world.clock.now().unix_timestamp();
    assert!((1..=600).contains(&left), "{claims}");
    claims
}

fn es256(metadata: &mut ClientMetadata) {
    metadata.require_consent = false;
    metadata.authorization_signed_response_alg = Some("ES256".to_owned());
}

/// A client that may have everything.
fn generous(metadata: &mut ClientMetadata) {
    es256(metadata);
    metadata.grant_types.push(GrantType::Implicit);
    metadata.response_types = ResponseType::ALL.to_vec();
}

async fn world(change: impl FnOnce(&mut ClientMetadata)) -> (World, UserId, RelyingParty) {
    let world = World::new().await;
    world.register_app("signed", change).await;
    let person = world.make_person("ada", |_| {}).await;
    let app = world.relying_party("signed").await;
    (world, person, app)
}

/// Goes there as somebody who signs in if asked.
async fn go(world: &World, browser: &mut Browser, changes: &[(&str, &str)]) -> Page {
    let mut all = vec![("client_id", "signed")];
    all.extend(changes);
    let page = browser.open(&world.ask(&all)).await;
    if page.url.path() == "/login" && page.status == 200 {
        return world.sign_in(browser, &page, "ada").await;
    }
    page
}

fn in_fragment(page: &Page, name: &str) -> Option<String> {
    let location = page
        .location()
        .unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    assert_eq!(location.query(), None, "{location}");
    let pairs = form_urlencoded::parse(location.fragment().unwrap().as_bytes());
    pairs
        .into_owned()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
}

#[tokio::test]
async fn a_signed_answer_is_one_jwt_in_the_query_the_fragment_or_a_form() {
    let (world, _, app) = world(es256).await;
    let mut browser = Browser::new();
    for (mode, mark) in [
        ("jwt", '?'),
        ("query.jwt", '?'),
        ("fragment.jwt", '#'),
        ("form_post.jwt", 'f'),
    ] {
        let page = go(&world, &mut browser, &[("response_mode", mode)]).await;
        let claims = verified(&world, &app, &response(&page, mark)).await;
        assert_eq!(claims["state"], "st-1", "{mode}");
        let code = claims["code"].as_str().unwrap();
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ];
        app.token(&parameters).await.ok();
    }
}

#[tokio::test]
async fn refusals_are_signed_like_answers() {
    let (world, _, app) = world(es256).await;
    let mut browser = Browser::new();
    for (changes, error) in [
        ([("prompt", "none"), ("response_mode", "jwt")], "login_required"),
        ([("scope", "nonsense"), ("response_mode", "jwt")], "invalid_scope"),
        (
            [("response_type", "id_token"), ("response_mode", "query.jwt")],
            "unauthorized_client",
        ),
    ] {
        let page = go(&world, &mut browser, &changes).await;
        let claims = verified(&world, &app, &response(&page, '?')).await;
        assert_eq!((claims["error"].as_str(), claims["code"].as_str()), (Some(error), None));
        assert_eq!(claims["state"], "st-1");
    }
    let page = browser
        .open(&world.ask(&[("client_id", "signed"), ("response_mode", "jwt")]))
        .await;
    let form = page.form("cancel").forged("decision", "cancel");
    let page = browser.send(&page, &form).await;
    let claims = verified(&world, &app, &response(&page, '?')).await;
    assert_eq!(claims["error"], "access_denied");
}

/// FAPI 2.0 Message Signing §5.3.3: whoever registered signed answers gets no others, not even a refusal of those.
#[tokio::test]
async fn a_client_is_answered_only_in_the_modes_that_it_registered() {
    let (world, _, app) = world(|metadata| {
        es256(metadata);
        metadata.response_modes = vec!["jwt".to_owned()];
    })
    .await;
    let mut browser = Browser::new();
    for mode in ["jwt", "query.jwt"] {
        let page = go(&world, &mut browser, &[("response_mode", mode)]).await;
        assert!(verified(&world, &app, &response(&page, '?')).await["code"].is_string());
    }
    for changes in [
        &[][..],
        &[("response_mode", "query")],
        &[("response_mode", "form_post")],
        &[("response_mode", "form_post.jwt")],
        &[("response_mode", "fragment.jwt")],
        &[("response_mode", "nonsense")],
        &[("response_mode", "query"), ("request", "e30.e30.")],
    ] {
        let page = go(&world, &mut browser, changes).await;
        let claims = verified(&world, &app, &response(&page, '?')).await;
        let error = claims["error"].as_str().unwrap();
        assert!(error.starts_with("invalid_request"), "{changes:?} {claims}");
        assert!(claims["code"].is_null(), "{changes:?}");
    }
}

#[tokio::test]
async fn jwt_for_tokens_goes_into_the_fragment() {
    let (world, _, app) = world(generous).await;
    let changes = [
        ("response_type", "code id_token token"),
        ("nonce", "n-1"),
        ("response_mode", "jwt"),
    ];
    let page = go(&world, &mut Browser::new(), &changes).await;
    let claims = verified(&world, &app, &response(&page, '#')).await;
    for name in ["code", "id_token", "access_token", "token_type", "expires_in", "state"] {
        assert!(claims[name].is_string(), "{name} in {claims}");
    }
    let token = claims["access_token"].as_str().unwrap();
    app.userinfo(token).await.ok();
    app.verify_id_token(claims["id_token"].as_str().unwrap(), Some("n-1"), Some(token))
        .await;
}

#[tokio::test]
async fn an_answer_is_encrypted_to_a_client_that_registered_for_it() {
    use josekit::jwe;
    use josekit::jwk::KeyPair;
    use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
    let pair = EcKeyPair::generate(EcCurve::P256).unwrap();
    let mut jwk: serde_json::Map<String, Value> = pair.to_jwk_public_key().into();
    jwk.insert("kid".to_owned(), "enc-1".into());
    jwk.insert("use".to_owned(), "enc".into());
    let (world, _, app) = world(|metadata| {
        es256(metadata);
        metadata.jwks = Some(json!({ "keys": [jwk] }));
        metadata.authorization_encrypted_response_alg = Some("ECDH-ES".to_owned());
        metadata.authorization_encrypted_response_enc = Some("A256GCM".to_owned());
    })
    .await;
    let page = go(&world, &mut Browser::new(), &[("response_mode", "jwt")]).await;
    let sealed = response(&page, '?');
    assert_eq!(sealed.split('.').count(), 5);
    let decrypter = jwe::ECDH_ES.decrypter_from_der(pair.to_der_private_key()).unwrap();
    let (signed, header) = jwe::deserialize_compact(&sealed, &decrypter).unwrap();
    assert_eq!(header.claim("enc"), Some(&"A256GCM".into()));
    assert_eq!(header.content_type(), Some("JWT"));
    let claims = verified(&world, &app, std::str::from_utf8(&signed).unwrap()).await;
    assert!(claims["code"].is_string());
}

#[tokio::test]
async fn what_cannot_be_encrypted_is_not_sent_at_all() {
    let (world, ..) = world(|metadata| {
        es256(metadata);
        metadata.jwks = Some(json!({ "keys": [] }));
        metadata.authorization_encrypted_response_alg = Some("RSA-OAEP-256".to_owned());
    })
    .await;
    for changes in [[("response_mode", "jwt")], [("response_mode", "form_post.jwt")]] {
        let page = go(&world, &mut Browser::new(), &changes).await;
        assert_eq!((page.status, page.location()), (400, None), "{}", page.body);
        assert!(!page.has("form#form-post"));
    }
    let count: i64 = sqlx::query_scalar("select count(*) from authorization_codes")
        .fetch_one(world.core.store.pool())
        .await
        .unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_token_from_the_browser_dies_with_the_code_that_was_used_twice() {
    let (world, _, app) = world(generous).await;
    let changes = [("response_type", "code id_token token"), ("nonce", "n-1")];
    let page = go(&world, &mut Browser::new(), &changes).await;
    let token = in_fragment(&page, "access_token").unwrap();
    let code = in_fragment(&page, "code").unwrap();
    app.userinfo(&token).await.ok();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    app.token(&parameters).await.ok();
    app.userinfo(&token).await.ok();
    assert_eq!(app.token(&parameters).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(app.userinfo(&token).await.status, 401);
}

#[tokio::test]
async fn an_opaque_token_from_the_browser_is_known_and_lives_as_long_as_it_says() {
    let (world, person, app) = world(|metadata| {
        generous(metadata);
        metadata.access_token_format = TokenFormat::Opaque;
        metadata.access_token_lifetime_seconds = Some(120);
    })
    .await;
    let page = go(&world, &mut Browser::new(), &[("response_type", "code token")]).await;
    let token = in_fragment(&page, "access_token").unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(in_fragment(&page, "expires_in").as_deref(), Some("120"));
    assert_eq!(in_fragment(&page, "scope").as_deref(), Some("openid email"));
    let known = app.introspect(&token).await;
    assert_eq!(
        (known["active"].as_bool(), known["sub"].as_str()),
        (Some(true), Some(&*person.to_string()))
    );
    world.clock.advance(time::Duration::seconds(121));
    assert_eq!(app.introspect(&token).await["active"], false);
}

#[tokio::test]
async fn a_forged_type_or_mode_gives_a_client_nothing_that_it_did_not_register() {
    let (world, ..) = world(es256).await;
    let mut browser = Browser::new();
    go(&world, &mut browser, &[]).await;
    for response_type in [
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
    ] {
        let page = go(
            &world,
            &mut browser,
            &[("response_type", response_type), ("nonce", "n")],
        )
        .await;
        assert_eq!(in_fragment(&page, "error").as_deref(), Some("unauthorized_client"));
        for name in ["code", "access_token", "id_token"] {
            assert_eq!(in_fragment(&page, name), None);
        }
    }
    let page = go(&world, &mut browser, &[("response_type", "token")]).await;
    assert_eq!(
        in_fragment(&page, "error").as_deref(),
        Some("unsupported_response_type")
    );
}

#[tokio::test]
async fn a_token_in_the_query_is_refused_in_the_fragment() {
    let (world, ..) = world(generous).await;
    let changes = [
        ("response_type", "id_token token"),
        ("nonce", "n"),
        ("response_mode", "query"),
    ];
    let page = go(&world, &mut Browser::new(), &changes).await;
    assert_eq!(in_fragment(&page, "error").as_deref(), Some("invalid_request"));
    let location: Url = page.location().unwrap();
    assert_eq!(parameter(&location, "access_token"), None);
}
