//! What the client's security profile demands of an authorization request, and the client's own registration with it.
//! Checks like the others of [`super::TABLE`]; the numbers are in [`security_profile`](super::super::security_profile).

use super::{Ask, Door, invalid};
use crate::{
    domain::security_profile::{Jarm, Nonce, Pkce, RedirectUri, Scope},
    model::{AuthorizationParameters, Client},
    spec::oauth::{ErrorCode, OAuthError, ResponseType, scope::OPENID},
};

type Outcome = Result<(), OAuthError>;

/// FAPI 1.0 Advanced §5.2.2-14, -16: who could not prove itself at the token endpoint gets nothing before it either, such
/// as the ID token that comes beside a code.
pub(super) fn client_auth(ask: &Ask<'_>, client: &Client, _: &mut AuthorizationParameters) -> Outcome {
    if ask
        .rules
        .client_auth
        .contains(&client.metadata.token_endpoint_auth_method)
    {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        "the security profile does not allow how this client authenticates",
    ))
}

/// RFC 9126 §5 and §6, RFC 9101 §10.5: how the request must have come.
pub(super) fn way(ask: &Ask<'_>, client: &Client, _: &mut AuthorizationParameters) -> Outcome {
    let (rules, metadata) = (ask.rules, &client.metadata);
    let must_be_pushed = rules.requests.must_be_pushed() || metadata.require_pushed_authorization_requests;
    if must_be_pushed && ask.way.door != Door::Pushed {
        return Err(invalid("this client must push its authorization requests"));
    }
    let must_be_signed = rules.requests.must_be_signed() || metadata.require_signed_request_object;
    if must_be_signed && !ask.way.signed {
        return Err(invalid("this client must sign its authorization requests"));
    }
    Ok(())
}

/// A type that the profile allows in no answer at all. Before the client's registration is looked at: the type is not
/// supported for it, whatever it registered.
pub(super) fn response_type(ask: &Ask<'_>, _: &Client, _: &mut AuthorizationParameters) -> Outcome {
    let asked = ask.params.get("response_type").and_then(ResponseType::parse);
    if asked.is_some_and(|asked| !ask.rules.responses.allow(asked, Jarm::Yes)) {
        return Err(OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "the security profile of this client does not allow this response_type",
        ));
    }
    Ok(())
}

/// Whether it says what it is for. Before the scopes are looked at, for that they are missing is no fault of theirs.
pub(super) fn scope(ask: &Ask<'_>, _: &Client, _: &mut AuthorizationParameters) -> Outcome {
    if ask.rules.scope == Scope::Required && ask.params.get("scope").is_none() {
        return Err(invalid("scope is required of this client"));
    }
    Ok(())
}

/// What the request must say.
pub(super) fn contents(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let rules = ask.rules;
    // FAPI 1.0 Advanced §5.2.2-2: `code` alone only in a signed answer
    let jarm = if draft.response_mode.is_signed() {
        Jarm::Yes
    } else {
        Jarm::No
    };
    if !rules.responses.allow(draft.response_type, jarm) {
        return Err(invalid(
            "this client needs a signed answer: response_mode jwt, or response_type code id_token",
        ));
    }
    // FAPI 1.0 Baseline §5.2.2-9, FAPI 2.0 Security Profile §5.3.2.2-6
    if rules.redirect_uri == RedirectUri::Required && !draft.redirect_uri_given {
        return Err(invalid("redirect_uri is required of this client"));
    }
    let needs_pkce = match rules.pkce {
        Pkce::AsRegistered => false,
        Pkce::WhenPushed => ask.way.door == Door::Pushed,
        Pkce::Always => true,
    };
    if needs_pkce && draft.code_challenge.is_none() {
        return Err(invalid("code_challenge is required of this client"));
    }
    if rules.nonce == Nonce::Required {
        return told_apart(draft);
    }
    Ok(())
}

/// FAPI 1.0 Baseline §5.2.2.2, §5.2.2.3.
fn told_apart(draft: &AuthorizationParameters) -> Outcome {
    let is_openid = draft.scope.contains(OPENID);
    if is_openid && draft.nonce.is_none() {
        return Err(invalid("nonce is required of this client"));
    }
    if !is_openid && draft.state.is_none() {
        return Err(invalid(
            "state is required of this client where it does not ask for openid",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Fault, Hint, Refusal, Registration, Way, decide};
    use super::*;
    use crate::{
        domain::security_profile,
        model::{ApplicationType, SecurityProfile, sample::client},
        spec::oauth::{ClientAuthMethod, Params},
    };

    const GOOD: &str =
        "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid&state=s";

    fn refusal(outcome: Result<AuthorizationParameters, Refusal>) -> ErrorCode {
        match outcome {
            Err(Refusal::Respond(response)) => match response.answer {
                Answer::Error(error) => error.code,
                answer => panic!("{answer:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// A request of a client of this profile, pushed or not.
    fn under(profile: SecurityProfile, way: Way, request: &str) -> Result<AuthorizationParameters, Refusal> {
        of(profile, |_| {}, way, request)
    }

    /// The same of another client.
    fn of(
        profile: SecurityProfile,
        change: impl FnOnce(&mut Client),
        way: Way,
        request: &str,
    ) -> Result<AuthorizationParameters, Refusal> {
        let (mut client, params) = (client(), Params::parse(request).unwrap());
        client.metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        change(&mut client);
        decide(&Ask {
            params: &params,
            fault: None,
            client: Some(&client),
            resources: &[],
            declaring: &[],
            claim_scopes: &[],
            rules: security_profile::of(&client, Some(profile)),
            hint: Hint::Absent,
            pseudonyms: None,
            registration: Registration::Open,
            way,
        })
    }

    const PUSHED: Way = Way {
        door: Door::Pushed,
        signed: false,
    };

    #[test]
    fn fapi_2_wants_requests_pushed_complete_and_for_a_code() {
        let fapi = |way, request: &str| under(SecurityProfile::Fapi2Security, way, request);
        let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
        let good = format!("{GOOD}{challenge}");
        assert!(fapi(PUSHED, &good).is_ok());
        assert_eq!(refusal(fapi(Way::PLAIN, &good)), ErrorCode::InvalidRequest);
        assert_eq!(refusal(fapi(PUSHED, GOOD)), ErrorCode::InvalidRequest, "PKCE");
        let without = good.replace("redirect_uri=https%3A%2F%2Fapp.example%2Fcb&", "");
        assert_eq!(refusal(fapi(PUSHED, &without)), ErrorCode::InvalidRequest);
        for other in ["code+id_token", "token", "id_token+token"] {
            let other = good.replace("response_type=code&", &format!("response_type={other}&"));
            assert_eq!(refusal(fapi(PUSHED, &other)), ErrorCode::UnsupportedResponseType);
        }
        let signing = under(SecurityProfile::Fapi2MessageSigning, PUSHED, &good);
        assert_eq!(refusal(signing), ErrorCode::InvalidRequest);
    }

    #[test]
    fn fapi_1_wants_the_scope_in_the_signed_request() {
        let request = GOOD.replace("&scope=openid", "") + "&response_mode=jwt";
        let fapi = under(SecurityProfile::Fapi1Advanced, SIGNED, &request);
        assert_eq!(refusal(fapi), ErrorCode::InvalidRequest);
        assert!(
            under(SecurityProfile::OAuth21, SIGNED, &request)
                .is_err_and(|refusal| format!("{refusal:?}").contains("code_challenge"))
        );
    }

    const SIGNED: Way = Way {
        door: Door::Front,
        signed: true,
    };

    #[test]
    fn fapi_1_tells_answers_apart_by_nonce_or_state() {
        let fapi = |request: &str| under(SecurityProfile::Fapi1Advanced, SIGNED, request);
        let openid = GOOD.replace("&state=s", "") + "&response_mode=jwt";
        assert_eq!(refusal(fapi(&openid)), ErrorCode::InvalidRequest);
        assert!(fapi(&format!("{openid}&nonce=n")).is_ok());
        let plain = openid.replace("openid", "profile");
        assert_eq!(
            refusal(fapi(&format!("{plain}&nonce=n"))),
            ErrorCode::InvalidRequest,
            "a nonce is of use in ID tokens only"
        );
        assert!(fapi(&format!("{plain}&state=s")).is_ok());
    }

    #[test]
    fn the_profile_of_the_server_holds_for_who_registered_without_one() {
        let request = format!("{GOOD}&response_mode=jwt&nonce=n");
        let fapi = |change: fn(&mut Client)| of(SecurityProfile::Fapi1Advanced, change, SIGNED, &request);
        assert!(fapi(|_| {}).is_ok());
        for method in [ClientAuthMethod::None, ClientAuthMethod::ClientSecretBasic] {
            let changed = of(
                SecurityProfile::Fapi1Advanced,
                |client| client.metadata.token_endpoint_auth_method = method,
                SIGNED,
                &request,
            );
            assert_eq!(refusal(changed), ErrorCode::UnauthorizedClient);
        }
        // nothing goes to an address without encryption, not even that refusal
        let request = request.replace("https%3A%2F%2Fapp.example", "http%3A%2F%2Flocalhost");
        let near = |change: fn(&mut Client), profile| of(profile, change, SIGNED, &request);
        let web = |client: &mut Client| client.metadata.redirect_uris = vec!["http://localhost/cb".to_owned()];
        let native = |client: &mut Client| {
            client.metadata.redirect_uris = vec!["http://localhost/cb".to_owned()];
            client.metadata.application_type = ApplicationType::Native;
        };
        let refused = near(web, SecurityProfile::Fapi1Advanced);
        assert_eq!(refused, Err(Refusal::Page(Fault::RedirectUriOpen)));
        assert!(near(native, SecurityProfile::Fapi1Advanced).is_ok());
        assert!(!matches!(near(web, SecurityProfile::OAuth21), Err(Refusal::Page(_))));
    }

    #[test]
    fn what_the_client_registered_is_demanded_without_a_profile() {
        let mut client = client();
        client.metadata.require_pushed_authorization_requests = true;
        let params = Params::parse(GOOD).unwrap();
        let ask = |client: &Client, way| {
            let rules = security_profile::of(client, None);
            decide(&Ask {
                params: &params,
                fault: None,
                client: Some(client),
                resources: &[],
                declaring: &[],
                claim_scopes: &[],
                rules,
                hint: Hint::Absent,
                pseudonyms: None,
                registration: Registration::Open,
                way,
            })
        };
        assert_eq!(refusal(ask(&client, Way::PLAIN)), ErrorCode::InvalidRequest);
        assert!(ask(&client, PUSHED).is_ok());
        client.metadata.require_signed_request_object = true;
        assert_eq!(refusal(ask(&client, PUSHED)), ErrorCode::InvalidRequest);
    }
}
