//! Which response types and modes may be asked for, and by whom.

use super::*;
use crate::{
    model::sample::client,
    spec::oauth::{GrantType, ResponseMode},
};

fn run(client: &Client, query: &str) -> Result<AuthorizationParameters, Refusal> {
    let params = Params::parse(&format!("client_id=app&state=s&{query}")).unwrap();
    decide(&Ask {
        params: &params,
        fault: None,
        client: Some(client),
        resources: &[],
        declaring: &[],
        claim_scopes: &[],
        rules: crate::domain::security_profile::of(client, None),
        hint: Hint::Absent,
        pseudonyms: None,
        registration: Registration::Open,
        way: Way::PLAIN,
    })
}

fn refused(client: &Client, query: &str) -> (ErrorCode, ResponseMode) {
    match run(client, query) {
        Err(Refusal::Respond(response)) => {
            assert_eq!(response.state.as_deref(), Some("s"));
            match response.answer {
                Answer::Error(error) => (error.code, response.mode),
                given => panic!("{given:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// A client that may have everything.
fn generous() -> Client {
    let mut client = client();
    client.metadata.grant_types.push(GrantType::Implicit);
    client.metadata.response_types = ResponseType::ALL.to_vec();
    client
}

const TOKENS: &str = "response_type=code+id_token+token&scope=openid&nonce=n";

#[test]
fn each_type_is_given_to_whom_it_is_registered_and_to_nobody_else() {
    for response_type in ResponseType::ALL {
        let query = format!(
            "response_type={}&scope=openid&nonce=n",
            response_type.as_str().replace(' ', "+")
        );
        let asked = run(&generous(), &query).unwrap();
        assert_eq!(asked.response_type, response_type);
        assert_eq!(asked.response_mode, response_type.default_mode());
        let mut narrow = generous();
        narrow.metadata.response_types.retain(|one| *one != response_type);
        assert_eq!(refused(&narrow, &query).0, ErrorCode::UnauthorizedClient);
        if response_type != ResponseType::Code {
            let mut without = generous();
            without.metadata.grant_types.retain(|one| *one != GrantType::Implicit);
            assert_eq!(refused(&without, &query).0, ErrorCode::UnauthorizedClient);
        }
    }
    // whoever registered nothing has the code alone
    let refusal = refused(&client(), TOKENS);
    assert_eq!(refusal, (ErrorCode::UnauthorizedClient, ResponseMode::Fragment));
}

#[test]
fn tokens_and_refusals_of_them_never_travel_in_the_query() {
    let refusal = refused(&generous(), &format!("{TOKENS}&response_mode=query"));
    assert_eq!(refusal, (ErrorCode::InvalidRequest, ResponseMode::Fragment));
    let refusal = refused(&generous(), &format!("{TOKENS}&response_mode=query.jwt"));
    assert_eq!(refusal, (ErrorCode::InvalidRequest, ResponseMode::Fragment));
    let unknown = refused(&generous(), "response_type=token&scope=openid");
    assert_eq!(unknown, (ErrorCode::UnsupportedResponseType, ResponseMode::Fragment));
    // JARM §2.3.1: an encrypted JWT may
    let mut encrypting = generous();
    encrypting.metadata.authorization_encrypted_response_alg = Some("ECDH-ES".to_owned());
    let asked = run(&encrypting, &format!("{TOKENS}&response_mode=query.jwt")).unwrap();
    assert_eq!(asked.response_mode, ResponseMode::QueryJwt);
}

#[test]
fn a_code_may_travel_in_every_mode_and_jwt_follows_the_type() {
    for mode in ResponseMode::ALL {
        let query = format!("response_type=code&scope=openid&response_mode={}", mode.as_str());
        assert_eq!(run(&client(), &query).unwrap().response_mode, mode);
    }
    let code = run(&client(), "response_type=code&scope=openid&response_mode=jwt").unwrap();
    assert_eq!(code.response_mode, ResponseMode::QueryJwt);
    let tokens = run(&generous(), &format!("{TOKENS}&response_mode=jwt")).unwrap();
    assert_eq!(tokens.response_mode, ResponseMode::FragmentJwt);
}

#[test]
fn a_refusal_in_a_signed_mode_is_to_be_signed_too() {
    for (sent, mode) in [
        ("jwt", ResponseMode::QueryJwt),
        ("form_post.jwt", ResponseMode::FormPostJwt),
    ] {
        let query = format!("response_type=code&scope=nonsense&response_mode={sent}");
        assert_eq!(refused(&client(), &query), (ErrorCode::InvalidScope, mode));
    }
}

#[test]
fn an_id_token_through_the_browser_needs_a_nonce_and_openid() {
    for response_type in ["id_token", "id_token+token", "code+id_token", "code+id_token+token"] {
        let base = format!("response_type={response_type}");
        assert_eq!(
            refused(&generous(), &format!("{base}&scope=openid")).0,
            ErrorCode::InvalidRequest
        );
        assert_eq!(
            refused(&generous(), &format!("{base}&scope=email&nonce=n")).0,
            ErrorCode::InvalidScope
        );
        assert_eq!(
            refused(&generous(), &format!("{base}&nonce=n")).0,
            ErrorCode::InvalidScope
        );
    }
    assert!(run(&generous(), "response_type=code+token&scope=openid").is_ok());
}

#[test]
fn whose_tokens_are_tied_to_a_key_gets_none_through_the_browser() {
    let mut dpop = generous();
    dpop.metadata.dpop_bound_access_tokens = true;
    let mut mtls = generous();
    mtls.metadata.tls_client_certificate_bound_access_tokens = true;
    for client in [dpop, mtls] {
        assert_eq!(refused(&client, TOKENS).0, ErrorCode::UnauthorizedClient);
        assert!(run(&client, "response_type=code+id_token&scope=openid&nonce=n").is_ok());
    }
}

#[test]
fn without_a_code_there_is_nothing_to_prove_and_with_one_there_is() {
    let mut public = generous();
    public.metadata.token_endpoint_auth_method = crate::spec::oauth::ClientAuthMethod::None;
    assert!(run(&public, "response_type=id_token&scope=openid&nonce=n").is_ok());
    assert_eq!(refused(&public, TOKENS).0, ErrorCode::InvalidRequest);
}
