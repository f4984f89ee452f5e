//! The tests of `super`.

use serde_json::json;

use super::*;
use crate::{
    model::{ApplicationType, DeliveryMode, SecurityProfile, SubjectType},
    spec::{
        jose::{EncryptionAlg, SigningAlg},
        oauth::{GrantType, ResponseType},
    },
};

fn web() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec!["https://app.example/cb".into()],
        ..ClientMetadata::default()
    }
}

fn faults(change: impl FnOnce(&mut ClientMetadata)) -> Vec<&'static str> {
    let mut metadata = web();
    change(&mut metadata);
    normalise(&mut metadata);
    check(&metadata, &KeyPolicy::default(), None)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn a_plain_web_client_passes() {
    assert_eq!(check(&web(), &KeyPolicy::default(), None), Ok(()));
    assert!(faults(|m| m.client_name = Some("  ".into())).is_empty());
}

#[test]
fn redirect_uris_are_needed_and_checked() {
    assert_eq!(faults(|m| m.redirect_uris.clear()), ["redirect_uris"]);
    assert_eq!(
        faults(|m| m.redirect_uris.push("http://app.example/cb".into())),
        ["redirect_uris"]
    );
    assert_eq!(
        faults(|m| m.redirect_uris.push("https://app.example/cb".into())),
        ["redirect_uris"]
    );
    assert_eq!(
        faults(|m| m.post_logout_redirect_uris.push("javascript:alert(1)".into())),
        ["post_logout_redirect_uris"]
    );
}

#[test]
fn a_machine_needs_no_redirect_uri_and_no_response_type() {
    let mut metadata = ClientMetadata {
        grant_types: vec![GrantType::ClientCredentials],
        ..ClientMetadata::default()
    };
    normalise(&mut metadata);
    assert_eq!(check(&metadata, &KeyPolicy::default(), None), Ok(()));
    assert!(metadata.response_types.is_empty());
}

#[test]
fn a_public_client_cannot_act_for_itself() {
    let public = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::None;
        m.grant_types.push(GrantType::ClientCredentials);
    };
    assert_eq!(faults(public), ["grant_types"]);
}

#[test]
fn grants_go_together() {
    assert_eq!(faults(|m| m.grant_types.clear()), ["grant_types"]);
    assert_eq!(
        faults(|m| m.grant_types = vec![GrantType::RefreshToken]),
        ["grant_types"]
    );
    assert_eq!(
        faults(|m| m.grant_types.push(GrantType::AuthorizationCode)),
        ["grant_types"]
    );
}

#[test]
fn keys_come_by_value_or_by_reference() {
    let with = |jwks: Option<serde_json::Value>, uri: Option<&str>| {
        let uri = uri.map(str::to_owned);
        faults(|m| {
            m.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
            (m.jwks, m.jwks_uri) = (jwks, uri);
        })
    };
    assert_eq!(with(None, None), ["jwks"]);
    assert!(with(None, Some("https://app.example/jwks")).is_empty());
    assert_eq!(with(None, Some("http://app.example/jwks")), ["jwks_uri"]);
    assert_eq!(with(Some(json!({"keys": []})), None), ["jwks"]);
    let key = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    assert!(with(Some(key.clone()), None).is_empty());
    let mut nul = key.clone();
    nul["keys"][0]["x\0"] = json!(1);
    assert_eq!(with(Some(nul), None), ["jwks"]);
    assert_eq!(with(Some(key), Some("https://app.example/jwks")), ["jwks"]);
}

#[test]
fn algorithms_fit_their_use() {
    assert_eq!(
        faults(|m| m.id_token_signed_response_alg = Some("none".into())),
        ["id_token_signed_response_alg"]
    );
    assert_eq!(
        faults(|m| m.access_token_signing_alg = Some("HS256".into())),
        ["access_token_signing_alg"]
    );
    let refused = |metadata: &ClientMetadata, ring: &[SigningAlg]| {
        let keys = KeyPolicy {
            algs: ring.to_vec(),
            encryption: vec![EncryptionAlg::EcdhEs],
            ..KeyPolicy::default()
        };
        let errors = check(metadata, &keys, None).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut metadata = web();
    metadata.userinfo_signed_response_alg = Some("ES256".into());
    assert_eq!(refused(&metadata, &[SigningAlg::ES256]), [""; 0]);
    let why = refused(&metadata, &[SigningAlg::RS256, SigningAlg::PS256]);
    assert_eq!(why, ["userinfo_signed_response_alg: is not one of RS256, PS256"]);
    let mut metadata = web();
    metadata.request_object_encryption_alg = Some("RSA-OAEP-256".into());
    let why = refused(&metadata, &SigningAlg::ALL);
    let known = "request_object_encryption_alg: is not one of ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW";
    assert_eq!(why, [known]);
    // a profile that no key of the server serves
    let mut metadata = web();
    metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
    metadata.jwks_uri = Some("https://app.example/jwks".into());
    metadata.security_profile = Some(SecurityProfile::Fapi2Security);
    assert_eq!(refused(&metadata, &[SigningAlg::EdDSA]), [""; 0]);
    let why = refused(&metadata, &[SigningAlg::RS256]);
    assert_eq!(why.len(), 1);
    assert!(
        why.iter()
            .all(|why| why.starts_with("security_profile: needs a signing key")),
        "{why:?}"
    );
    let mac = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::ClientSecretJwt;
        m.token_endpoint_auth_signing_alg = Some("RS256".into());
    };
    assert_eq!(faults(mac), ["token_endpoint_auth_signing_alg"]);
}

#[test]
fn numbers_addresses_and_texts_are_bounded() {
    assert_eq!(
        faults(|m| m.access_token_lifetime_seconds = Some(5)),
        ["access_token_lifetime_seconds"]
    );
    assert_eq!(
        faults(|m| m.refresh_token_lifetime_seconds = Some(i64::MAX)),
        ["refresh_token_lifetime_seconds"]
    );
    assert_eq!(faults(|m| m.default_max_age = Some(-1)), ["default_max_age"]);
    assert_eq!(
        faults(|m| m.logo_uri = Some("https://app.example/\0".into())),
        ["logo_uri"]
    );
    assert_eq!(
        faults(|m| m.default_acr_values = vec!["a\0".into()]),
        ["default_acr_values"]
    );
    assert_eq!(
        faults(|m| m.logo_uri = Some("javascript:alert(1)".into())),
        ["logo_uri"]
    );
    assert!(faults(|m| m.client_uri = Some("http://localhost:3000/".into())).is_empty());
    for name in ["a\u{0}b", "a\u{202e}b", "\u{2066}b"] {
        assert_eq!(
            faults(|m| m.client_name = Some(name.into())),
            ["client_name"],
            "{name:?}"
        );
    }
    assert_eq!(faults(|m| m.contacts = vec!["nobody".into()]), ["contacts"]);
    assert_eq!(faults(|m| m.scope = Some("a\"b".into())), ["scope"]);
    assert_eq!(faults(|m| m.resources = Some(vec!["api".into()])), ["resources"]);
}

#[test]
fn secrets_are_long_enough_for_their_use() {
    let secret = |text: &str| Secret::new(text.to_owned());
    assert!(check_secret(&secret("short"), ClientAuthMethod::ClientSecretBasic).is_err());
    assert!(check_secret(&secret("long enough"), ClientAuthMethod::ClientSecretBasic).is_ok());
    assert!(check_secret(&secret("long enough"), ClientAuthMethod::ClientSecretJwt).is_err());
    assert!(check_secret(&secret("wíth äccents"), ClientAuthMethod::ClientSecretBasic).is_err());
}

#[test]
fn client_ids_need_no_escaping() {
    for good in ["demo-web", "app.example:8080", "a"] {
        assert!(is_client_id(good), "{good}");
    }
    for bad in ["", "a b", "a\"", "é", "a?b", "a#b", "a/b", "..a/"] {
        assert!(!is_client_id(bad), "{bad}");
    }
    assert!(!is_client_id(&"a".repeat(101)));
}

#[test]
fn tagged_names_are_checked_as_the_plain_ones_are() {
    let tagged = |name: &str, value: &str| faults(|m| m.localized.insert(name.into(), value.into()));
    assert!(tagged("client_name#de", "Hafenbuch").is_empty());
    assert!(tagged("tos_uri#de-AT", "https://app.example/agb").is_empty());
    assert!(tagged("client_name#de", "  ").is_empty());
    assert_eq!(tagged("client_name#de", "a\u{0}b"), ["client_name"]);
    assert_eq!(tagged("client_name#de", "a\u{200f}b"), ["client_name"]);
    assert_eq!(tagged("logo_uri#de", "javascript:alert(1)"), ["logo_uri"]);
    assert_eq!(tagged("redirect_uris#de", "https://app.example/cb"), ["localized"]);
}

#[test]
fn response_types_and_grant_types_go_together() {
    let with = |grants: &[GrantType], types: &[ResponseType]| {
        faults(|m| (m.grant_types, m.response_types) = (grants.to_vec(), types.to_vec()))
    };
    let (code, implicit) = (GrantType::AuthorizationCode, GrantType::Implicit);
    assert!(with(&[code, implicit], &[ResponseType::CodeIdToken]).is_empty());
    assert!(with(&[implicit], &[ResponseType::IdToken, ResponseType::IdTokenToken]).is_empty());
    assert_eq!(
        with(&[code], &[ResponseType::Code, ResponseType::CodeToken]),
        ["response_types"]
    );
    assert_eq!(
        with(&[implicit], &[ResponseType::Code]).first(),
        Some(&"response_types")
    );
    assert_eq!(with(&[code, implicit], &[ResponseType::Code]), ["response_types"]);
    assert_eq!(
        with(&[code], &[ResponseType::Code, ResponseType::Code]),
        ["response_types"]
    );
}

#[test]
fn tokens_in_a_fragment_go_to_https_only() {
    let with = |uri: &str, kind: ApplicationType| {
        faults(|m| {
            m.redirect_uris = vec![uri.to_owned()];
            m.application_type = kind;
            m.grant_types = vec![GrantType::Implicit];
            m.response_types = vec![ResponseType::IdToken];
        })
    };
    for uri in [
        "http://127.0.0.1:3000/cb",
        "https://localhost/cb",
        "com.example.app:/cb",
    ] {
        assert_eq!(with(uri, ApplicationType::Web), ["redirect_uris"], "{uri}");
        assert!(with(uri, ApplicationType::Native).is_empty(), "{uri}");
    }
    assert!(with("https://app.example/cb", ApplicationType::Web).is_empty());
}

#[test]
fn refresh_tokens_follow_whatever_people_authorize_by() {
    for (grant, sound) in [
        (GrantType::DeviceCode, true),
        (GrantType::ClientCredentials, false),
        (GrantType::JwtBearer, false),
        (GrantType::Implicit, false),
    ] {
        let wrong = faults(|m| m.grant_types = vec![grant, GrantType::RefreshToken]);
        assert_eq!(!wrong.contains(&"grant_types"), sound, "{grant:?}");
    }
}

#[test]
fn a_certificate_is_known_by_exactly_one_name() {
    let with = |change: fn(&mut ClientMetadata)| {
        faults(|m| {
            m.token_endpoint_auth_method = ClientAuthMethod::TlsClientAuth;
            change(m);
        })
    };
    assert_eq!(with(|_| {}), ["token_endpoint_auth_method"]);
    assert!(with(|m| m.tls_client_auth_subject_dn = Some("CN=app,O=Example".into())).is_empty());
    assert!(with(|m| m.tls_client_auth_san_ip = Some("2001:db8::1".into())).is_empty());
    assert_eq!(
        with(|m| {
            m.tls_client_auth_san_dns = Some("app.example".into());
            m.tls_client_auth_san_email = Some("app@app.example".into());
        }),
        ["token_endpoint_auth_method"]
    );
    assert_eq!(
        with(|m| m.tls_client_auth_subject_dn = Some("app".into())),
        ["tls_client_auth_subject_dn"]
    );
    assert_eq!(
        with(|m| m.tls_client_auth_san_dns = Some("*.app.example".into())),
        ["tls_client_auth_san_dns"]
    );
    assert_eq!(
        with(|m| m.tls_client_auth_san_ip = Some("::g".into())),
        ["tls_client_auth_san_ip"]
    );
    // with another method it would say nothing
    assert_eq!(
        faults(|m| m.tls_client_auth_subject_dn = Some("CN=app".into())),
        ["tls_client_auth_subject_dn"]
    );
    assert_eq!(
        faults(|m| m.token_endpoint_auth_method = ClientAuthMethod::SelfSignedTlsClientAuth),
        ["jwks"]
    );
}

#[test]
fn what_is_encrypted_needs_a_key_to_encrypt_to() {
    let with = |alg: Option<&str>, enc: Option<&str>, jwks: Option<serde_json::Value>| {
        let (alg, enc) = (alg.map(str::to_owned), enc.map(str::to_owned));
        faults(|m| {
            (m.id_token_encrypted_response_alg, m.id_token_encrypted_response_enc) = (alg, enc);
            m.jwks = jwks;
        })
    };
    let key = json!({"kty": "EC", "crv": "P-256", "use": "enc",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
    let keys = json!({ "keys": [key] });
    let alg = "id_token_encrypted_response_alg";
    assert!(with(Some("ECDH-ES"), Some("A256GCM"), Some(keys.clone())).is_empty());
    assert!(with(Some("ECDH-ES"), None, Some(keys.clone())).is_empty());
    assert_eq!(with(Some("RSA-OAEP-256"), None, Some(keys.clone())), [alg]);
    assert_eq!(with(Some("ECDH-ES"), None, None), [alg]);
    assert_eq!(with(None, Some("A256GCM"), Some(keys.clone())), [alg]);
    assert_eq!(with(Some("RSA1_5"), None, Some(keys.clone())), [alg]);
    assert_eq!(
        with(Some("ECDH-ES"), Some("A192GCM"), Some(keys.clone())),
        ["id_token_encrypted_response_enc"]
    );
    // a key that only encrypts proves nothing
    let signs = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        m.jwks = Some(keys);
    };
    assert_eq!(faults(signs), ["jwks"]);
}

#[test]
fn the_default_content_encryption_is_kept_in_so_many_words() {
    let mut metadata = web();
    metadata.userinfo_encrypted_response_alg = Some("RSA-OAEP-256".into());
    normalise(&mut metadata);
    assert_eq!(
        metadata.userinfo_encrypted_response_enc.as_deref(),
        Some("A128CBC-HS256")
    );
    assert_eq!(metadata.id_token_encrypted_response_enc, None);
}

#[test]
fn keys_are_public_ones() {
    let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]});
    assert_eq!(faults(|m| m.jwks = Some(private)), ["jwks"]);
    assert_eq!(
        faults(|m| m.jwks = Some(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}))),
        ["jwks"]
    );
    assert_eq!(faults(|m| m.require_signed_request_object = true), ["jwks"]);
    assert_eq!(
        faults(|m| m.request_object_signing_alg = Some("none".into())),
        ["jwks", "request_object_signing_alg"]
    );
}

#[test]
fn a_backchannel_client_says_how_it_hears() {
    let with = |mode: Option<DeliveryMode>, endpoint: Option<&str>| {
        let endpoint = endpoint.map(str::to_owned);
        faults(|m| {
            m.grant_types.push(GrantType::Ciba);
            (
                m.backchannel_token_delivery_mode,
                m.backchannel_client_notification_endpoint,
            ) = (mode, endpoint);
        })
    };
    assert_eq!(with(None, None), ["backchannel_token_delivery_mode"]);
    assert!(with(Some(DeliveryMode::Poll), None).is_empty());
    assert!(with(Some(DeliveryMode::Ping), Some("https://app.example/ping")).is_empty());
    let endpoint = ["backchannel_client_notification_endpoint"];
    assert_eq!(with(Some(DeliveryMode::Ping), None), endpoint);
    assert_eq!(
        with(Some(DeliveryMode::Ping), Some("http://app.example/ping")),
        endpoint
    );
    assert_eq!(
        with(Some(DeliveryMode::Poll), Some("https://app.example/ping")),
        endpoint
    );
    assert_eq!(
        faults(|m| m.backchannel_user_code_parameter = true),
        ["backchannel_user_code_parameter"]
    );
    let public = |m: &mut ClientMetadata| {
        m.token_endpoint_auth_method = ClientAuthMethod::None;
        m.grant_types.push(GrantType::Ciba);
        m.backchannel_token_delivery_mode = Some(DeliveryMode::Poll);
    };
    assert_eq!(faults(public), ["grant_types"]);
}

#[test]
fn logout_addresses_belong_to_the_client() {
    let front = |uri: &str| faults(|m| m.frontchannel_logout_uri = Some(uri.to_owned()));
    assert!(front("https://app.example/logout?x=1").is_empty());
    let field = ["frontchannel_logout_uri"];
    assert_eq!(front("https://other.example/logout"), field);
    assert_eq!(front("https://app.example:8443/logout"), field);
    assert_eq!(front("https://app.example/logout#f"), field);
    let back = |uri: &str| faults(|m| m.backchannel_logout_uri = Some(uri.to_owned()));
    assert!(back("https://other.example/logout").is_empty());
    assert_eq!(back("http://other.example/logout"), ["backchannel_logout_uri"]);
    assert_eq!(back("https://other.example/logout#f"), ["backchannel_logout_uri"]);
    assert_eq!(
        faults(|m| m.backchannel_logout_session_required = true),
        ["backchannel_logout_session_required"]
    );
}

#[test]
fn pairwise_subjects_need_one_sector() {
    let with = |uris: &[&str], sector: Option<&str>| {
        faults(|m| {
            m.subject_type = SubjectType::Pairwise;
            m.redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
            m.sector_identifier_uri = sector.map(str::to_owned);
        })
    };
    let two = ["https://a.example/cb", "https://b.example/cb"];
    let field = ["sector_identifier_uri"];
    assert!(with(&["https://a.example/cb", "https://a.example/cb2"], None).is_empty());
    assert_eq!(with(&two, None), field);
    assert!(with(&two, Some("https://c.example/uris.json")).is_empty());
    assert_eq!(with(&two, Some("http://localhost/uris.json")), field);
    assert_eq!(with(&["com.example.app:/cb"], None), field);
}

#[test]
fn the_sector_is_a_host() {
    let mut metadata = web();
    assert_eq!(sector::sector(&metadata).as_deref(), Some("app.example"));
    metadata.sector_identifier_uri = Some("https://sector.example/uris.json".into());
    assert_eq!(sector::sector(&metadata).as_deref(), Some("sector.example"));
    let mut backchannel = ClientMetadata {
        grant_types: vec![GrantType::Ciba],
        jwks_uri: Some("https://keys.example/jwks".into()),
        token_endpoint_auth_method: ClientAuthMethod::PrivateKeyJwt,
        ..ClientMetadata::default()
    };
    assert_eq!(sector::sector(&backchannel).as_deref(), Some("keys.example"));
    backchannel.token_endpoint_auth_method = ClientAuthMethod::ClientSecretBasic;
    assert_eq!(sector::sector(&backchannel), None, "the keys prove nothing");
}

#[test]
fn nobody_joins_a_sector_by_an_address_that_nothing_is_sent_to() {
    let mut metadata = web();
    for foreign in [
        "com.evil.app://bank.example/cb",
        "http://127.0.0.1/cb",
        "http://localhost/cb",
    ] {
        metadata.redirect_uris = vec![foreign.to_owned()];
        assert_eq!(sector::sector(&metadata), None, "{foreign}");
    }
    metadata.redirect_uris = vec!["https://bank.example/cb".to_owned()];
    metadata.grant_types.push(GrantType::DeviceCode);
    assert_eq!(sector::sector(&metadata), None, "tokens come without a redirect");
    // the keys prove who comes back alone, and nobody who is redirected to
    metadata.jwks_uri = Some("https://bank.example/jwks".to_owned());
    metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
    assert_eq!(sector::sector(&metadata).as_deref(), Some("bank.example"));
    metadata.redirect_uris.push("https://evil.example/cb".to_owned());
    assert_eq!(sector::sector(&metadata), None, "the front channel asks for no key");
}
