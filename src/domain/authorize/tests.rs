//! The table of checks, rule by rule.

use super::*;
use crate::{
    base::SeededRng,
    model::sample::{CALLBACK, NOW, client, resource as api},
    spec::oauth::{ClientAuthMethod, GrantType, Prompt, ResponseMode},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn run(client: &Client, query: &str, hint: Hint) -> Result<AuthorizationParameters, Refusal> {
    let (params, fault) = Params::read(query);
    let apis = [
        api("https://api.example", "orders:read"),
        api("https://other.example", "x"),
    ];
    let named: Vec<&Resource> = apis
        .iter()
        .filter(|api| params.all("resource").any(|one| one == api.identifier))
        .chain(meant_resource(&params, client, apis.iter()))
        .collect();
    decide(&Ask {
        params: &params,
        fault: fault.as_ref(),
        client: params.get("client_id").filter(|id| *id == "app").map(|_| client),
        resources: &named,
        declaring: &[],
        claim_scopes: &["plan".to_owned()],
        rules: crate::domain::security_profile::of(client, None),
        hint,
        pseudonyms: None,
        registration: Registration::Open,
        way: Way::PLAIN,
    })
}

const GOOD: &str = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid&state=s";

fn good(more: &str) -> Result<AuthorizationParameters, Refusal> {
    run(&client(), &format!("{GOOD}&{more}"), Hint::Absent)
}

/// The code of a refusal that goes to the client.
fn refusal(result: Result<AuthorizationParameters, Refusal>) -> ErrorCode {
    match result {
        Err(Refusal::Respond(response)) => {
            assert_eq!(response.redirect_uri, CALLBACK);
            match response.answer {
                Answer::Error(error) => error.code,
                given => panic!("{given:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

fn page(result: Result<AuthorizationParameters, Refusal>) -> Fault {
    match result {
        Err(Refusal::Page(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plain_request_passes_and_keeps_what_it_said() {
    let asked = good("nonce=n&foobar=extra&display=popup&ui_locales=se&claims_locales=se&login_hint=ada").unwrap();
    assert_eq!(asked.redirect_uri, CALLBACK);
    assert_eq!(asked.scope.to_string(), "openid");
    assert_eq!((asked.state.as_deref(), asked.nonce.as_deref()), (Some("s"), Some("n")));
    assert_eq!(asked.login_hint.as_deref(), Some("ada"));
    assert_eq!(asked.response_mode, ResponseMode::Query);
}

#[test]
fn without_a_sound_client_and_address_nothing_is_redirected() {
    let app = client();
    let cases = [
        ("response_type=code", Fault::ClientIdMissing),
        (
            "client_id=nobody&redirect_uri=https://app.example/cb",
            Fault::ClientUnknown,
        ),
        (
            "client_id=app&redirect_uri=https://evil.example/cb",
            Fault::RedirectUriMismatch,
        ),
        (
            "client_id=app&redirect_uri=https://app.example/cb/",
            Fault::RedirectUriMismatch,
        ),
        (
            "client_id=app&redirect_uri=https://app.example/cb%3Fx=1",
            Fault::RedirectUriMismatch,
        ),
        (
            "client_id=app&redirect_uri=javascript:alert(1)",
            Fault::RedirectUriMismatch,
        ),
    ];
    for (query, fault) in cases {
        // Whatever else is wrong comes later.
        assert_eq!(
            page(run(&app, &format!("{query}&request=x&prompt=bad"), Hint::Absent)),
            fault
        );
    }
    let mut disabled = client();
    disabled.status = ClientStatus::Disabled;
    assert_eq!(page(run(&disabled, GOOD, Hint::Absent)), Fault::ClientDisabled);
}

#[test]
fn a_single_registered_redirect_uri_may_be_left_out_and_one_of_several_may_not() {
    let mut app = client();
    let asked = run(&app, "client_id=app&response_type=code&scope=openid", Hint::Absent).unwrap();
    assert!(!asked.redirect_uri_given);
    app.metadata.redirect_uris.push("https://app.example/two".to_owned());
    let refused = run(&app, "client_id=app&response_type=code&scope=openid", Hint::Absent);
    assert_eq!(page(refused), Fault::RedirectUriMissing);
}

#[test]
fn a_repeated_parameter_is_told_the_client_unless_it_is_the_client_or_the_address() {
    assert_eq!(refusal(good("nonce=1&nonce=2")), ErrorCode::InvalidRequest);
    assert_eq!(refusal(good("x=%ff")), ErrorCode::InvalidRequest);
    assert!(matches!(page(good("client_id=app")), Fault::Malformed(_)));
    assert!(matches!(
        page(good("redirect_uri=https://app.example/cb")),
        Fault::Malformed(_)
    ));
    // An ambiguous state is not echoed.
    let Err(Refusal::Respond(response)) = good("state=other") else {
        panic!()
    };
    assert_eq!(response.state, None);
}

#[test]
fn what_this_server_does_not_do_is_said_by_name() {
    assert_eq!(
        refusal(good("registration=%7B%7D")),
        ErrorCode::RegistrationNotSupported
    );
}

#[test]
fn response_type_must_be_named_known_and_allowed() {
    let base = "client_id=app&scope=openid";
    let app = client();
    assert_eq!(refusal(run(&app, base, Hint::Absent)), ErrorCode::InvalidRequest);
    let token = format!("{base}&response_type=token");
    assert_eq!(
        refusal(run(&app, &token, Hint::Absent)),
        ErrorCode::UnsupportedResponseType
    );
    let mut machine = client();
    machine.metadata.grant_types = vec![GrantType::ClientCredentials];
    assert_eq!(
        refusal(run(&machine, GOOD, Hint::Absent)),
        ErrorCode::UnauthorizedClient
    );
}

#[test]
fn refusals_travel_in_the_mode_that_was_asked_for() {
    let Err(Refusal::Respond(response)) = good("response_mode=form_post&prompt=bad") else {
        panic!()
    };
    assert_eq!(
        (response.mode, response.state.as_deref()),
        (ResponseMode::FormPost, Some("s"))
    );
    let Err(Refusal::Respond(response)) = good("response_mode=pigeon") else {
        panic!()
    };
    assert_eq!(response.mode, ResponseMode::Query);
}

#[test]
fn long_state_and_nonce_are_kept_whole_or_refused_but_never_cut() {
    let long = "x".repeat(600);
    let query = format!("client_id=app&response_type=code&scope=openid&state={long}&nonce={long}");
    let asked = run(&client(), &query, Hint::Absent).unwrap();
    assert_eq!(
        (asked.state.as_deref(), asked.nonce.as_deref()),
        (Some(&*long), Some(&*long))
    );
    let endless = "x".repeat(MAX_STATE + 1);
    assert_eq!(refusal(good(&format!("nonce={endless}"))), ErrorCode::InvalidRequest);
    let query = format!("client_id=app&response_type=code&scope=openid&state={endless}");
    assert_eq!(refusal(run(&client(), &query, Hint::Absent)), ErrorCode::InvalidRequest);
}

#[test]
fn pkce_is_required_of_public_clients_and_plain_is_refused() {
    let mut public = client();
    public.metadata.token_endpoint_auth_method = ClientAuthMethod::None;
    assert_eq!(refusal(run(&public, GOOD, Hint::Absent)), ErrorCode::InvalidRequest);
    let with = |method: &str| format!("{GOOD}&code_challenge={CHALLENGE}{method}");
    assert!(run(&public, &with("&code_challenge_method=S256"), Hint::Absent).is_ok());
    for method in ["", "&code_challenge_method=plain"] {
        assert_eq!(
            refusal(run(&public, &with(method), Hint::Absent)),
            ErrorCode::InvalidRequest
        );
    }
    assert_eq!(refusal(good("code_challenge_method=S256")), ErrorCode::InvalidRequest);
    let mut strict = client();
    strict.metadata.require_pkce = true;
    assert_eq!(refusal(run(&strict, GOOD, Hint::Absent)), ErrorCode::InvalidRequest);
}

#[test]
fn unknown_and_forbidden_scopes_are_left_out() {
    let query = "client_id=app&response_type=code&scope=email+openid+nonsense+plan+orders:read+offline_access";
    let app = client();
    let asked = run(&app, query, Hint::Absent).unwrap();
    assert_eq!(asked.scope.to_string(), "email openid plan offline_access");
    let with_api = format!("{query}&resource=https%3A%2F%2Fapi.example");
    let asked = run(&app, &with_api, Hint::Absent).unwrap();
    assert_eq!(asked.scope.to_string(), "email openid plan orders:read offline_access");
    let mut limited = client();
    limited.metadata.scope = Some("openid offline_access".to_owned());
    limited.metadata.grant_types = vec![GrantType::AuthorizationCode];
    assert_eq!(run(&limited, query, Hint::Absent).unwrap().scope.to_string(), "openid");
    let nothing = "client_id=app&response_type=code&scope=nonsense";
    assert_eq!(refusal(run(&app, nothing, Hint::Absent)), ErrorCode::InvalidScope);
}

// RFC 9068 §3: "SHOULD use it to infer the value of the default resource indicator"
#[test]
fn scopes_of_one_api_mean_that_api_where_nothing_else_is_meant() {
    let asked = |client: &Client, more: &str| {
        let query = GOOD.replace("scope=openid", more);
        run(client, &query, Hint::Absent).map(|asked| (asked.resource.join(" "), asked.scope.to_string()))
    };
    let app = client();
    let api = |scope: &str| Ok(("https://api.example".to_owned(), scope.to_owned()));
    let none = |scope: &str| Ok((String::new(), scope.to_owned()));
    assert_eq!(asked(&app, "scope=orders:read"), api("orders:read"));
    assert_eq!(asked(&app, "scope=profile+orders:read"), api("profile orders:read"));
    // with openid userinfo is meant
    assert_eq!(asked(&app, "scope=openid+orders:read"), none("openid"));
    // and where something is named, that
    let named = asked(&app, "scope=orders:read+x&resource=https%3A%2F%2Fother.example");
    assert_eq!(named, Ok(("https://other.example".to_owned(), "x".to_owned())));
    // no API has both
    assert_eq!(
        refusal(run(&app, &GOOD.replace("openid", "orders:read+x"), Hint::Absent)),
        ErrorCode::InvalidScope
    );
    assert_eq!(asked(&app, "scope=profile"), none("profile"));
    let mut limited = client();
    limited.metadata.resources = Some(vec!["https://other.example".to_owned()]);
    assert_eq!(asked(&limited, "scope=profile+orders:read"), none("profile"));
}

#[test]
fn two_apis_with_the_same_scope_mean_neither() {
    let twins = [api("https://a.example", "read"), api("https://b.example", "read")];
    let params = Params::parse("scope=read").unwrap();
    let meant = |client: &Client| meant_resource(&params, client, twins.iter()).map(|api| api.identifier.clone());
    assert_eq!(meant(&client()), None);
    let mut limited = client();
    limited.metadata.resources = Some(vec!["https://b.example".to_owned()]);
    assert_eq!(meant(&limited).as_deref(), Some("https://b.example"));
}

#[test]
fn resources_must_be_known_and_allowed() {
    assert_eq!(
        good("resource=https://api.example&resource=https://api.example")
            .unwrap()
            .resource
            .len(),
        1
    );
    for bad in [
        "https://nowhere.example",
        "api",
        "https://api.example%23x",
        "https://api.example/",
    ] {
        assert_eq!(
            refusal(good(&format!("resource={bad}"))),
            ErrorCode::InvalidTarget,
            "{bad}"
        );
    }
    let mut limited = client();
    limited.metadata.resources = Some(vec!["https://other.example".to_owned()]);
    let query = format!("{GOOD}&resource=https://api.example");
    assert_eq!(refusal(run(&limited, &query, Hint::Absent)), ErrorCode::InvalidTarget);
}

#[test]
fn prompt_has_known_values_and_none_stands_alone() {
    assert!(good("prompt=login+consent").unwrap().prompt.contains(Prompt::Consent));
    for bad in ["none+login", "lgoin"] {
        assert_eq!(refusal(good(&format!("prompt={bad}"))), ErrorCode::InvalidRequest);
    }
}

#[test]
fn max_age_is_a_number_of_seconds() {
    assert_eq!(good("max_age=0").unwrap().max_age, Some(0));
    assert_eq!(good("max_age=999999999999999999").unwrap().max_age, Some(315_360_000));
    for bad in ["-1", "1.5", "abc", "1e3", "+1", "99999999999999999999"] {
        assert_eq!(
            refusal(good(&format!("max_age={bad}").replace('+', "%2B"))),
            ErrorCode::InvalidRequest
        );
    }
    let mut app = client();
    app.metadata.default_max_age = Some(300);
    assert_eq!(run(&app, GOOD, Hint::Absent).unwrap().max_age, Some(300));
}

#[test]
fn an_essential_acr_that_is_not_reached_here_is_refused_and_a_wish_is_not() {
    let claims = |acr: &str| format!("claims=%7B%22id_token%22%3A%7B%22acr%22%3A{acr}%7D%7D");
    let essential = |value: &str| {
        claims(&format!(
            "%7B%22essential%22%3Atrue%2C%22values%22%3A%5B%22{value}%22%5D%7D"
        ))
    };
    assert_eq!(
        refusal(good(&essential("gold"))),
        ErrorCode::UnmetAuthenticationRequirements
    );
    assert!(good(&essential("1")).is_ok());
    assert!(good(&claims("%7B%22values%22%3A%5B%22gold%22%5D%7D")).is_ok());
    assert_eq!(good("acr_values=gold+1").unwrap().acr_values, ["gold", "1"]);
    assert_eq!(refusal(good("claims=%5B%5D")), ErrorCode::InvalidRequest);
}

#[test]
fn a_hint_or_a_claim_names_the_only_person_who_may_answer() {
    let ada = UserId::new(NOW, &SeededRng::new(4));
    let asked = run(&client(), GOOD, Hint::User(ada)).unwrap();
    assert_eq!(asked.hinted_user, Some(ada));
    assert_eq!(refusal(run(&client(), GOOD, Hint::Refused)), ErrorCode::InvalidRequest);
    let sub =
        |sub: &str| format!("{GOOD}&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22{sub}%22%7D%7D%7D");
    let asked = run(&client(), &sub(&ada.to_string()), Hint::Absent).unwrap();
    assert_eq!(asked.hinted_user, Some(ada));
    assert_eq!(
        refusal(run(&client(), &sub("248289761001"), Hint::Absent)),
        ErrorCode::LoginRequired
    );
    let other = UserId::new(NOW, &SeededRng::new(5));
    assert_eq!(
        refusal(run(&client(), &sub(&ada.to_string()), Hint::User(other))),
        ErrorCode::InvalidRequest
    );
}

#[test]
fn oversized_hints_are_ignored() {
    let long = "x".repeat(2000);
    let asked = good(&format!("login_hint={long}&ui_locales={long}")).unwrap();
    assert_eq!((asked.login_hint, asked.ui_locales), (None, None));
}

proptest::proptest! {
    // Whatever is sent, an answer goes only to the registered address.
    #[test]
    fn no_request_leads_anywhere_else(pairs in proptest::collection::vec(("(client_id|redirect_uri|state|scope|prompt|x)", "(app|https://app.example/cb|https://evil.example/|\\PC{0,8})"), 0..6)) {
        let query = pairs.iter().map(|(name, value)| format!("{name}={}", url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())).collect::<Vec<_>>().join("&");
        match run(&client(), &query, Hint::Absent) {
            Ok(asked) => proptest::prop_assert_eq!(asked.redirect_uri, CALLBACK),
            Err(Refusal::Respond(response)) => proptest::prop_assert_eq!(response.redirect_uri, CALLBACK),
            Err(Refusal::Page(_)) => {}
        }
    }
}

#[test]
fn a_key_for_the_code_is_named_by_its_thumbprint() {
    let thumbprint = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let asked = good(&format!("dpop_jkt={thumbprint}")).unwrap();
    assert_eq!(asked.dpop_jkt.as_deref(), Some(thumbprint));
    for bad in ["x", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM%3D", "AAAA"] {
        assert_eq!(
            refusal(good(&format!("dpop_jkt={bad}"))),
            ErrorCode::InvalidRequest,
            "{bad}"
        );
    }
}

#[test]
fn a_request_that_could_not_be_had_is_refused_to_whoever_the_address_itself_names() {
    let app = client();
    let refuse = |query: &str| {
        let params = Params::parse(query).unwrap();
        let error = OAuthError::new(ErrorCode::InvalidRequestObject, "bad");
        super::refuse(
            &params,
            Some(&app),
            crate::domain::security_profile::of(&app, None),
            error,
        )
    };
    let named = "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s";
    assert_eq!(refusal(Err(refuse(named))), ErrorCode::InvalidRequestObject);
    // the only registered one is not taken for granted
    assert!(matches!(page(Err(refuse("client_id=app"))), Fault::Malformed(_)));
    let evil = "client_id=app&redirect_uri=https%3A%2F%2Fevil.example%2F";
    assert_eq!(page(Err(refuse(evil))), Fault::RedirectUriMismatch);
}

#[test]
fn a_list_of_one_sub_names_the_person_and_a_longer_one_is_refused() {
    let ada = UserId::new(NOW, &SeededRng::new(4));
    let subs = |list: &str| {
        let claims = format!(r#"{{"id_token":{{"sub":{{"values":{list}}}}}}}"#);
        let encoded: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
        good(&format!("claims={encoded}"))
    };
    assert_eq!(subs(&format!("[\"{ada}\"]")).unwrap().hinted_user, Some(ada));
    assert_eq!(refusal(subs("[]")), ErrorCode::InvalidRequest);
    assert_eq!(
        refusal(subs(&format!("[\"{ada}\",\"other\"]"))),
        ErrorCode::InvalidRequest
    );
    assert_eq!(refusal(subs("[\"nobody\"]")), ErrorCode::LoginRequired);
}
