//! The ordered checks of the authorization endpoint. Each reads one parameter and writes what it means into the draft.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    ACR_VALUES_SUPPORTED, Ask, Hint, MAX_NONCE, MAX_STATE, RESPONSE_TYPES, Registration, details, invalid,
    known_scopes, named_resources, profile,
};
use crate::{
    base::id::UserId,
    domain::subject,
    model::{AuthorizationParameters, Client},
    spec::{
        oauth::{
            CodeChallenge, ErrorCode, OAuthError, Prompt, PromptSet, ResponseMode, ResponseType, ScopeSet,
            response_mode::Carrier, scope::OPENID,
        },
        oidc::{ClaimsRequest, Display},
    },
};

/// Longest hint about languages or a person that is looked at, in bytes; longer ones are ignored, as hints may be.
const MAX_HINT: usize = 512;
/// Most `acr_values` that are looked at.
const MAX_ACR_VALUES: usize = 20;
/// Ages beyond this many seconds (ten years) are all the same.
const LONGEST_AGE: i64 = 315_360_000;

/// One check.
pub struct Check {
    /// The parameter that it reads.
    pub parameter: &'static str,
    /// Writes what the parameter means, or says why it is refused.
    pub rule: fn(&Ask<'_>, &Client, &mut AuthorizationParameters) -> Result<(), OAuthError>,
}

const fn check(
    parameter: &'static str,
    rule: fn(&Ask<'_>, &Client, &mut AuthorizationParameters) -> Result<(), OAuthError>,
) -> Check {
    Check { parameter, rule }
}

/// Every check, in the order in which refusals win: first what makes the request unreadable, then what this server
/// does not do, then each parameter after those that it depends on.
pub const TABLE: &[Check] = &[
    check("(encoding)", encoding),
    check("(client)", profile::client_auth),
    check("(way)", profile::way),
    check("registration", registration),
    check("response_type", profile::response_type),
    check("response_type", response_type),
    check("response_mode", response_mode),
    check("state", state),
    check("nonce", nonce),
    check("code_challenge", code_challenge),
    check("dpop_jkt", dpop_jkt),
    check("resource", resource),
    check("authorization_details", authorization_details),
    check("scope", profile::scope),
    check("scope", scope),
    check("prompt", prompt),
    check("max_age", max_age),
    check("display", display),
    check("ui_locales", ui_locales),
    check("acr_values", acr_values),
    check("claims", claims),
    check("login_hint", login_hint),
    check("id_token_hint", id_token_hint),
    check("(profile)", profile::contents),
];

type Outcome = Result<(), OAuthError>;

// RFC 6749 §3.1: parameters must not be included more than once.
fn encoding(ask: &Ask<'_>, _: &Client, _: &mut AuthorizationParameters) -> Outcome {
    ask.fault.map_or(Ok(()), |error| Err(error.clone()))
}

// OIDC Core §7.2.1
fn registration(ask: &Ask<'_>, _: &Client, _: &mut AuthorizationParameters) -> Outcome {
    match ask.params.get("registration") {
        None => Ok(()),
        Some(_) => Err(OAuthError::new(
            ErrorCode::RegistrationNotSupported,
            "parameter registration is not supported",
        )),
    }
}

pub(super) fn may_use(client: &Client, response_type: ResponseType) -> bool {
    let mut needed = response_type.grant_types();
    needed.all(|grant| client.allows_grant(grant)) && client.metadata.response_types.contains(&response_type)
}

// RFC 6749 §4.1.1, §4.1.2.1
fn response_type(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let sent = ask.params.require("response_type")?;
    let known = ResponseType::parse(sent).filter(|known| RESPONSE_TYPES.contains(known));
    draft.response_type = known.ok_or(OAuthError::new(
        ErrorCode::UnsupportedResponseType,
        "response_type is not supported",
    ))?;
    if !may_use(client, draft.response_type) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "the client may not use this response_type",
        ));
    }
    // A token that goes through the browser is tied to no key, so whoever must have such tokens gets none there.
    let tied = client.metadata.dpop_bound_access_tokens || client.metadata.tls_client_certificate_bound_access_tokens;
    if tied && draft.response_type.has_token() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "access tokens of this client are tied to a key: get them at the token endpoint",
        ));
    }
    Ok(())
}

// OAuth 2.0 Multiple Response Type Encoding Practices §2.1, §3, JARM §2.3: the draft already has the mode, or the type's
// own, or if the client may not be answered in that (FAPI 2.0 Message Signing §5.3.3) one in which it may.
fn response_mode(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let default = draft.response_type.default_mode();
    let mode = match ask.params.get("response_mode") {
        Some(sent) => ResponseMode::parse(sent, default).ok_or(invalid("response_mode is not supported"))?,
        None => default,
    };
    if !client.allows_mode(mode, default) {
        return Err(invalid("the client may not be answered in this response_mode"));
    }
    if mode.carrier() == Carrier::Query && default.carrier() != Carrier::Query {
        // JARM §2.3.1: "MUST NOT be used in conjunction with response types that contain token or id_token unless the
        // response JWT is encrypted"
        if !mode.is_signed() || client.metadata.authorization_encrypted_response_alg.is_none() {
            if client.allows_mode(default, default) {
                draft.response_mode = default;
            }
            return Err(invalid("tokens do not travel in a query"));
        }
    }
    Ok(())
}

fn state(ask: &Ask<'_>, _: &Client, _: &mut AuthorizationParameters) -> Outcome {
    if ask.params.get("state").is_some_and(|state| state.len() > MAX_STATE) {
        return Err(invalid("state is too long"));
    }
    Ok(())
}

fn nonce(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.nonce = ask.params.get("nonce").map(str::to_owned);
    if draft.nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE) {
        return Err(invalid("nonce is too long"));
    }
    // OIDC Core §3.2.2.1, §3.3.2.11
    if draft.nonce.is_none() && draft.response_type.has_id_token() {
        return Err(invalid("nonce is required where an ID token goes through the browser"));
    }
    Ok(())
}

// RFC 7636 §4.4.1, RFC 9700 §2.1.1
fn code_challenge(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let method = ask.params.get("code_challenge_method");
    match ask.params.get("code_challenge") {
        Some(challenge) => draft.code_challenge = Some(CodeChallenge::parse(challenge, method)?),
        None if method.is_some() => return Err(invalid("code_challenge is missing")),
        None if client.needs_pkce() && draft.response_type.has_code() => {
            return Err(invalid("code_challenge is required of this client"));
        }
        None => {}
    }
    Ok(())
}

// RFC 9449 §10: the SHA-256 thumbprint of the key that the code is to be bound to.
fn dpop_jkt(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    if let Some(sent) = ask.params.get("dpop_jkt") {
        if !URL_SAFE_NO_PAD.decode(sent).is_ok_and(|bytes| bytes.len() == 32) {
            return Err(invalid("dpop_jkt is not a SHA-256 thumbprint"));
        }
        draft.dpop_jkt = Some(sent.to_owned());
    }
    Ok(())
}

// RFC 8707 §2: absolute URIs without fragments; unknown or forbidden ones are invalid_target.
fn resource(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.resource = named_resources(ask.params, client, ask.resources)?;
    Ok(())
}

// RFC 9396 §2, §3
fn authorization_details(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let declared = |name: &str| details::declared(ask.declaring.iter().copied(), name);
    draft.authorization_details = details::read(ask.params, client, declared, &mut draft.resource)?;
    Ok(())
}

// RFC 6749 §3.3. Without openid the request is plain OAuth (OIDC Core §3.1.2.1).
fn scope(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let sent = ask.params.get("scope");
    if let Some(sent) = sent {
        // Each of them passed the check before this one.
        draft.scope = known_scopes(&ScopeSet::parse(sent)?, client, ask.resources, ask.claim_scopes);
    }
    // OIDC Core §3.2.2.1: an ID token is OpenID Connect's
    if draft.response_type.has_id_token() && !draft.scope.contains(OPENID) {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "an ID token needs the scope openid",
        ));
    }
    if sent.is_some() && draft.scope.is_empty() {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "scope has nothing that this client may ask for",
        ));
    }
    Ok(())
}

fn prompt(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    if let Some(sent) = ask.params.get("prompt") {
        draft.prompt = PromptSet::parse(sent)?;
    }
    // Initiating User Registration 1.0 §4.1: a value that the server does not offer is an error.
    if draft.prompt.contains(Prompt::Create) && ask.registration == Registration::Closed {
        return Err(invalid("prompt=create is not supported"));
    }
    Ok(())
}

fn max_age(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.max_age = match ask.params.get("max_age") {
        None => client.metadata.default_max_age.filter(|seconds| *seconds >= 0),
        Some(text) if text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok().map(|seconds: i64| seconds.min(LONGEST_AGE))
        }
        Some(_) => return Err(invalid("max_age is not a number of seconds")),
    };
    Ok(())
}

// Unknown values are no error: the pages fit every display.
fn display(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.display = ask.params.get("display").and_then(Display::parse);
    Ok(())
}

// OIDC Core §3.1.2.1: "An error SHOULD NOT result if some or all of the requested locales are not supported".
fn ui_locales(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.ui_locales = short_hint(ask, "ui_locales");
    Ok(())
}

// OIDC Core §3.1.2.1: a wish; only an essential acr claim is a demand.
fn acr_values(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.acr_values = match ask.params.get("acr_values") {
        Some(sent) => sent
            .split(' ')
            .filter(|value| !value.is_empty() && value.len() <= MAX_HINT)
            .take(MAX_ACR_VALUES)
            .map(str::to_owned)
            .collect(),
        None => client.metadata.default_acr_values.clone(),
    };
    Ok(())
}

// OIDC Core §5.5, §5.5.1.1
fn claims(ask: &Ask<'_>, client: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    let Some(sent) = ask.params.get("claims") else {
        return Ok(());
    };
    draft.claims = ClaimsRequest::parse(sent)?;
    if let Some(acr) = draft.claims.id_token.get("acr").filter(|acr| acr.essential) {
        let reached = ACR_VALUES_SUPPORTED
            .iter()
            .any(|value| acr.accepts(&Value::from(*value)));
        if !reached {
            return Err(OAuthError::new(
                ErrorCode::UnmetAuthenticationRequirements,
                "no acr that is essential to the client is reached here",
            ));
        }
    }
    // §5.5.1: a `sub` with a value asks for this person and nobody else; so does one with a list of one.
    let sub = draft.claims.id_token.get("sub");
    let listed = match sub.and_then(|sub| sub.values.as_deref()) {
        None => None,
        Some([only]) => Some(only),
        // whoever is signed in must not answer as if nobody had been named
        Some(_) => return Err(invalid("claims asks for none or several people by their sub")),
    };
    if let Some(value) = sub.and_then(|sub| sub.value.as_ref()).or(listed) {
        let wanted = value.as_str().and_then(|text| match ask.pseudonyms {
            Some(pseudonyms) => subject::read(pseudonyms, client, text),
            None => text.parse::<UserId>().ok(),
        });
        draft.hinted_user = Some(wanted.ok_or(OAuthError::new(
            ErrorCode::LoginRequired,
            "nobody has the sub that claims asks for",
        ))?);
    }
    Ok(())
}

fn login_hint(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    draft.login_hint = short_hint(ask, "login_hint");
    Ok(())
}

// OIDC Core §3.1.2.1
fn id_token_hint(ask: &Ask<'_>, _: &Client, draft: &mut AuthorizationParameters) -> Outcome {
    match ask.hint {
        Hint::Absent => {}
        Hint::Refused => return Err(invalid("id_token_hint is not a token of this server for this client")),
        Hint::User(user) if draft.hinted_user.is_some_and(|other| other != user) => {
            return Err(invalid("id_token_hint and claims ask for different people"));
        }
        Hint::User(user) => draft.hinted_user = Some(user),
    }
    Ok(())
}

fn short_hint(ask: &Ask<'_>, parameter: &str) -> Option<String> {
    ask.params
        .get(parameter)
        .filter(|value| value.len() <= MAX_HINT)
        .map(str::to_owned)
}
