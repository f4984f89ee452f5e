//! The tests of `super`.

use super::*;

fn server() -> Map<String, Value> {
    let document = json!({
        "grant_types_supported": ["authorization_code", "refresh_token", "implicit"],
        "response_types_supported": ["code", "code id_token"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "private_key_jwt"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "request_parameter_supported": false,
        "response_modes_supported": ["query", "form_post", "jwt"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "pushed_authorization_request_endpoint": "https://op.example/par",
    });
    document.as_object().unwrap().clone()
}

fn open() -> RegistrationPolicy {
    RegistrationPolicy {
        grant_types: GrantType::ALL.to_vec(),
        response_types: ResponseType::ALL.to_vec(),
        ..RegistrationPolicy::default()
    }
}

fn ask(changes: Value) -> Result<ClientMetadata, OAuthError> {
    ask_with(changes, &open())
}

fn ask_with(changes: Value, policy: &RegistrationPolicy) -> Result<ClientMetadata, OAuthError> {
    let mut wanted = json!({ "redirect_uris": ["https://app.example/cb"] });
    for (name, value) in changes.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let (server, keys) = (server(), KeyPolicy::default());
    read(wanted.as_object().unwrap(), policy, (&server, &keys), &Held::default())
}

fn refused(changes: Value) -> (ErrorCode, String) {
    let error = ask(changes).unwrap_err();
    (error.code, error.description().to_owned())
}

#[test]
fn what_means_nothing_here_is_passed_over_and_null_is_nothing() {
    let metadata = ask(json!({ "unheard_of": [1], "logo_uri": null, "client_name#de": "Hafenbuch" })).unwrap();
    assert_eq!(metadata.logo_uri, None);
    assert_eq!(metadata.localized.find("client_name", "de"), Some("Hafenbuch"));
    assert!(metadata.require_consent);
    // a member of our own making is no way around the tags
    assert!(
        ask(json!({ "localized": { "redirect_uris#de": "x" } }))
            .unwrap()
            .localized
            .is_empty()
    );
}

#[test]
fn a_wrong_type_is_refused_by_name() {
    for (name, value) in [
        ("client_name", json!(1)),
        ("client_name#de", json!(1)),
        ("contacts", json!("x@y.example")),
        ("grant_types", json!(["password"])),
        ("response_types", json!(["token"])),
        ("token_endpoint_auth_method", json!("magic")),
        ("jwks", json!([])),
        ("client_name", json!("a\0b")),
        ("token_endpoint_auth_signing_alg", json!("\0")),
    ] {
        let (code, why) = refused(json!({ name: value }));
        assert_eq!(code, ErrorCode::InvalidClientMetadata, "{name}");
        assert!(why.starts_with(name.split('#').next().unwrap()), "{name}: {why}");
    }
    let (code, _) = refused(json!({ "redirect_uris": ["https://app.example/#f"] }));
    assert_eq!(code, ErrorCode::InvalidRedirectUri);
}

#[test]
fn strangers_do_not_get_what_only_operators_give() {
    for (name, value) in [
        ("require_consent", json!(false)),
        ("resources", json!(["https://api.example"])),
        (
            "token_exchange",
            json!([{ "subject_clients": ["web"], "audiences": ["https://api.example"] }]),
        ),
        ("access_token_lifetime_seconds", json!(86_400)),
        ("refresh_token_lifetime_seconds", json!(86_400)),
    ] {
        let (code, why) = refused(json!({ name: value }));
        assert_eq!(code, ErrorCode::InvalidClientMetadata);
        assert!(why.contains("administrator"), "{why}");
    }
    assert!(ask(json!({ "require_consent": true })).is_ok());
    let (code, _) = refused(json!({ "software_statement": "x.y.z" }));
    assert_eq!(code, ErrorCode::UnapprovedSoftwareStatement);
}

#[test]
fn grant_types_that_nobody_named_follow_from_the_response_types() {
    let metadata = ask(json!({ "response_types": ["id_token code"] })).unwrap();
    assert_eq!(
        metadata.grant_types,
        [GrantType::AuthorizationCode, GrantType::Implicit]
    );
    assert_eq!(ask(json!({})).unwrap().grant_types, [GrantType::AuthorizationCode]);
    let (_, why) = refused(json!({ "response_types": ["code id_token"], "grant_types": ["authorization_code"] }));
    assert!(why.contains("needs the grant type implicit"), "{why}");
}

#[test]
fn the_policy_bounds_grants_response_types_and_scopes() {
    let narrow = RegistrationPolicy {
        scopes: Some(vec!["openid".to_owned(), "email".to_owned()]),
        ..RegistrationPolicy::default()
    };
    assert!(
        ask_with(
            json!({ "grant_types": ["authorization_code", "refresh_token"] }),
            &narrow
        )
        .is_ok()
    );
    for (name, value) in [
        ("grant_types", json!(["client_credentials"])),
        ("response_types", json!(["code id_token"])),
        ("scope", json!("openid admin")),
    ] {
        let error = ask_with(json!({ name: value }), &narrow).unwrap_err();
        assert!(error.description().contains("may not be registered here"), "{error}");
    }
    let unsaid = ask_with(json!({}), &narrow).unwrap();
    assert_eq!(unsaid.scope.as_deref(), Some("openid email"));
}

#[test]
fn what_the_server_does_not_do_is_refused_and_never_ignored() {
    for (name, value) in [
        ("response_types", json!(["id_token"])),
        (
            "grant_types",
            json!(["urn:ietf:params:oauth:grant-type:device_code", "authorization_code"]),
        ),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("subject_type", json!("pairwise")),
        ("id_token_signed_response_alg", json!("PS256")),
        ("userinfo_signed_response_alg", json!("RS256")),
        ("backchannel_logout_uri", json!("https://app.example/logout")),
        ("request_uris", json!(["https://app.example/request.jwt"])),
        ("tls_client_certificate_bound_access_tokens", json!(true)),
        ("authorization_details_types", json!(["payment"])),
    ] {
        let (code, why) = refused(json!({ name: value }));
        assert_eq!(code, ErrorCode::InvalidClientMetadata, "{name}: {why}");
        assert!(
            why.contains("not supported") || why.contains("needs the grant type"),
            "{name}: {why}"
        );
    }
    assert!(ask(json!({ "dpop_bound_access_tokens": true })).is_ok());
    assert!(ask(json!({ "require_pushed_authorization_requests": true })).is_ok());
}

/// Whoever adds a field decides here whether strangers may set it: it goes into OPERATORS, or this list grows.
#[test]
fn what_strangers_may_set_is_as_reviewed() {
    let free = ClientMetadata::NAMES
        .iter()
        .filter(|name| is_metadata(name) && !OPERATORS.contains(name));
    insta::assert_snapshot!(free.copied().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_field_of_the_table_is_one_of_the_metadata() {
    for (field, _) in ADVERTISED {
        assert!(is_metadata(field), "{field}");
    }
    for field in OPERATORS {
        assert!(is_metadata(field), "{field}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_sent_is_read_or_refused(name in "[a-z_#]{0,20}", at in 0_usize..80, text in "\\PC{0,30}") {
        let known = ClientMetadata::NAMES[at % ClientMetadata::NAMES.len()];
        for value in [json!(text), json!([text]), json!({ text.clone(): text }), json!(-1), json!(true)] {
            let _ = ask(json!({ name.clone(): value, known: value }));
        }
    }
}

#[test]
fn what_an_administrator_set_stays_and_cannot_be_asked_for_otherwise() {
    let before = ClientMetadata {
        require_pkce: true,
        subject_type: crate::model::SubjectType::Pairwise,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scope: Some("openid".to_owned()),
        resources: Some(Vec::new()),
        ..ClientMetadata::default()
    };
    let changed = [
        "require_pkce",
        "subject_type",
        "grant_types",
        "scope",
        "client_name",
        "status",
    ];
    let fields = administered(changed.map(str::to_owned).iter());
    assert_eq!(fields, ["require_pkce", "subject_type", "grant_types", "scope"]);
    let held = Held::of(&before, &fields);
    let mut policy = open();
    policy.grant_types = vec![GrantType::AuthorizationCode];
    policy.scopes = Some(vec!["profile".to_owned()]);
    let ask = |changes: Value| {
        let mut wanted = json!({ "redirect_uris": ["https://app.example/cb"] });
        for (name, value) in changes.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let (server, keys) = (server(), KeyPolicy::default());
        read(wanted.as_object().unwrap(), &policy, (&server, &keys), &held)
    };
    // left out, null, and sent back as it is
    for wish in [
        json!({}),
        json!({ "require_pkce": null, "scope": null }),
        serde_json::to_value(&before).unwrap(),
    ] {
        let mut wish = wish;
        if let Some(members) = wish.as_object_mut() {
            members
                .retain(|name, value| name != "redirect_uris" && value.as_array().is_none_or(|list| !list.is_empty()));
        }
        let metadata = ask(wish).unwrap();
        assert!(metadata.require_pkce);
        assert_eq!(metadata.subject_type, before.subject_type);
        assert_eq!(
            (&metadata.grant_types, &metadata.scope),
            (&before.grant_types, &before.scope)
        );
        assert_eq!(metadata.resources, before.resources);
    }
    assert_eq!(
        ask(json!({ "client_name": "New" })).unwrap().client_name.as_deref(),
        Some("New")
    );
    for (name, value) in [
        ("require_pkce", json!(false)),
        ("subject_type", json!("public")),
        ("grant_types", json!(["authorization_code"])),
        ("scope", json!("openid profile")),
        ("resources", json!(["https://api.example"])),
    ] {
        let error = ask(json!({ name: value })).unwrap_err();
        assert!(
            error.description().contains("administrator"),
            "{name}: {}",
            error.description()
        );
    }
}

#[test]
fn how_it_is_answered_and_where_it_calls_are_kept_or_refused() {
    let metadata = ask(json!({ "response_modes": ["jwt"] })).unwrap();
    assert_eq!(metadata.response_modes, ["jwt"]);
    for modes in [json!(["fragment.jwt"]), json!(["web_message"]), json!("jwt")] {
        assert!(
            refused(json!({ "response_modes": modes })).1.contains("response_modes"),
            "{modes}"
        );
    }
    let wanted = json!({ "use_mtls_endpoint_aliases": true });
    assert!(refused(wanted.clone()).1.contains("mtls_endpoint_aliases"));
    assert!(ask(json!({ "use_mtls_endpoint_aliases": false })).is_ok());
    let mut server = server();
    server.insert(
        "mtls_endpoint_aliases".to_owned(),
        json!({ "token_endpoint": "https://mtls.op.example/token" }),
    );
    let mut wanted = wanted.as_object().unwrap().clone();
    wanted.insert("redirect_uris".to_owned(), json!(["https://app.example/cb"]));
    let known = (&server, &KeyPolicy::default());
    assert!(
        read(&wanted, &open(), known, &Held::default())
            .unwrap()
            .use_mtls_endpoint_aliases
    );
}

#[test]
fn a_stranger_has_no_address_on_this_machine() {
    let near = RegistrationPolicy {
        plain_http: true,
        ..open()
    };
    for (field, address, is_called) in [
        ("jwks_uri", json!("http://localhost/jwks"), true),
        (
            "request_uris",
            json!(["https://app.example/r", "http://127.0.0.1/r"]),
            true,
        ),
        ("backchannel_logout_uri", json!("http://[::1]/out"), true),
        ("initiate_login_uri", json!("http://localhost/start"), false),
    ] {
        let wanted = json!({ field: address });
        let (code, why) = refused(wanted.clone());
        assert_eq!(code, ErrorCode::InvalidClientMetadata);
        assert!(why.contains(field) && why.contains("https"), "{why}");
        let why = ask_with(wanted, &near)
            .err()
            .map(|error| error.description().to_owned());
        let is_refused = why.is_some_and(|why| why.contains("must be an https address"));
        assert_eq!(is_refused, !is_called, "{field}");
    }
}

fn document(changes: &Value) -> Result<ClientMetadata, OAuthError> {
    let mut document = json!({
        "client_id": "https://app.example/client.json",
        "client_name": "App",
        "redirect_uris": ["http://127.0.0.1/callback", "https://app.example/callback"],
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    let policy = RegistrationPolicy {
        scopes: Some(vec!["openid".to_owned(), "orders".to_owned()]),
        ..RegistrationPolicy::default()
    };
    let document = document.as_object().unwrap();
    let (server, keys) = (server(), KeyPolicy::default());
    let client_id = "https://app.example/client.json";
    read_document(document, client_id, &policy, (&server, &keys), &Held::default())
}

#[test]
fn a_document_is_about_its_own_address_and_holds_no_secret() {
    let metadata = document(&json!({})).unwrap();
    assert_eq!(metadata.token_endpoint_auth_method, ClientAuthMethod::None);
    assert!(metadata.require_consent);
    let jwks = json!("https://app.example/jwks");
    let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": jwks });
    assert!(document(&by_key).is_ok());
    for (name, value) in [
        ("client_id", json!("https://app.example/other.json")),
        ("client_id", json!("https://APP.example/client.json")),
        ("client_id", Value::Null),
        ("client_secret", json!("a secret that everybody can read")),
        ("client_secret_expires_at", json!(0)),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", Value::Null),
        ("sector_identifier_uri", json!("https://app.example/sector.json")),
        ("require_consent", json!(false)),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("grant_types", json!(["client_credentials"])),
        ("software_statement", json!("e30.e30.e30")),
    ] {
        let refused = document(&json!({ name: value }));
        assert!(refused.is_err(), "{name}: {value}");
    }
}

#[test]
fn of_what_a_document_says_to_every_server_that_counts_which_may_be_had_here() {
    let metadata = document(&json!({
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code", "code id_token"],
        "scope": "openid mail orders",
    }))
    .unwrap();
    assert_eq!(
        metadata.grant_types,
        [GrantType::AuthorizationCode, GrantType::RefreshToken]
    );
    assert_eq!(metadata.response_types, [ResponseType::Code]);
    assert_eq!(metadata.scope.as_deref(), Some("openid orders"));
}

#[test]
fn a_stranger_has_a_name_and_no_address_for_one() {
    for name in [
        "bank.example",
        " Bank.Example ",
        "bank.example/login",
        "service@bank.example",
        "bank.example:443",
        "Sign in at https://bank.example",
        "Your bank, WWW.bank.example",
    ] {
        for member in ["client_name", "client_name#de"] {
            let (code, why) = refused(json!({ member: name }));
            assert_eq!(code, ErrorCode::InvalidClientMetadata, "{name}");
            assert!(why.contains("client_name"), "{why}");
        }
    }
    for name in ["Self-made", "St. Mary's Choir", "A Node.js demo", "v1.2", "Kasse: Süd"] {
        assert!(ask(json!({ "client_name": name })).is_ok(), "{name}");
    }
}
