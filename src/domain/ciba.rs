//! Backchannel authentication requests (CIBA Core §7.1, FAPI-CIBA §5.2): which are good, and what they ask for.
//!
//! A client registers whether it signs its requests; one that is held to a profile with signed requests always does. What
//! is signed counts alone: nothing of the request may stand outside.

use serde_json::Value;
use time::Duration;

use super::{
    deferred,
    security_profile::{Backchannel, Rules},
};
use crate::{
    base::{Secret, Time, TokenHash},
    model::{Client, DeliveryMode},
    spec::{
        jose::{
            Expect, JwsAlg, VerifiedJwt,
            jwt::{Audience, Expiry, TokenError, Typ},
        },
        oauth::{ErrorCode, OAuthError, Params, scope::OPENID},
    },
};

/// Everything that makes up a request and so stands either in the signed request or outside (CIBA Core §7.1.1).
const PARAMETERS: [&str; 12] = [
    "scope",
    "client_notification_token",
    "acr_values",
    "login_hint_token",
    "id_token_hint",
    "login_hint",
    "binding_message",
    "user_code",
    "requested_expiry",
    "resource",
    "authorization_details",
    "request_uri",
];

/// The longest time between `nbf` and `exp`, and since `nbf` (FAPI-CIBA §5.2.2).
const MAX_AGE: Duration = Duration::minutes(60);

/// RFC 6750 §2.1 has no bound; CIBA Core §7.1 allows 1024 characters.
const MAX_NOTIFICATION_TOKEN: usize = 1024;

/// Both ends must be able to show it, and a person to compare it (CIBA Core §7.1).
const MAX_BINDING_MESSAGE: usize = 60;

/// The longest `jti`, in bytes.
const MAX_JTI: usize = 512;

/// What a good request asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is to be permitted; `openid` is among its scopes.
    pub what: deferred::Asked,
    /// Who is asked.
    pub hint: Hint,
    /// Words that both ends show.
    pub binding_message: Option<String>,
    /// How long it waits.
    pub lifetime: Duration,
    /// The bearer token of the client's notification endpoint (ping).
    pub notification_token: Option<Secret<String>>,
}

/// Who is asked, as the client says it.
#[derive(Debug, Clone, PartialEq)]
pub enum Hint {
    /// By a name that they could sign in with.
    Name(String),
    /// By an ID token.
    IdToken(String),
}

/// Whether the request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form<'a> {
    /// It is; this is the JWT.
    Signed(&'a str),
    /// It is not.
    Plain,
}

/// How the request came.
///
/// # Errors
/// `invalid_request` for parameters beside a signed request, and for an unsigned one of a client that signs.
pub fn form<'a>(params: &'a Params, client: &Client, rules: &Rules) -> Result<Form<'a>, OAuthError> {
    let Some(request) = params.get("request") else {
        let alg = &client.metadata.backchannel_authentication_request_signing_alg;
        // FAPI-CIBA §5.2.2: under every one of its profiles
        if alg.is_some() || rules.backchannel == Backchannel::Fapi {
            return Err(invalid("the request of this client must be signed"));
        }
        return Ok(Form::Plain);
    };
    // CIBA Core §7.1.1
    if let Some(name) = PARAMETERS.into_iter().find(|name| params.sent(name)) {
        let why = format!("parameter {name} stands beside a signed request");
        return Err(OAuthError::named(ErrorCode::InvalidRequest, &why));
    }
    Ok(Form::Signed(request))
}

/// The algorithms that a client may sign its requests with: the one that it registered, as far as its profile allows it.
pub fn signing_algs(client: &Client, rules: &Rules) -> Vec<JwsAlg> {
    let registered = client
        .metadata
        .backchannel_authentication_request_signing_alg
        .as_deref();
    let mut allowed = rules.client_algs.to_vec();
    if let Some(name) = registered {
        allowed.retain(|alg| alg.name() == name);
    }
    allowed
}

/// What a signed request must be (CIBA Core §7.1.1).
pub fn expected<'a>(
    client: &'a Client,
    algs: &'a [JwsAlg],
    audience: &'a [&'a str],
    now: Time,
    skew: Duration,
) -> Expect<'a> {
    Expect {
        algs,
        typ: Typ::AbsentOr(&["JWT", "oauth-authz-req+jwt"]),
        iss: Some(&client.client_id),
        aud: Audience::AnyOf(audience),
        expiry: Expiry::Within(MAX_AGE),
        now,
        skew,
    }
}

/// The one use of a signed request; a second one is a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// SHA-256 of client_id and `jti`.
    pub jti_hash: TokenHash,
    /// When it could not be used anyway.
    pub expires_at: Time,
}

/// What a verified request says, as if it had been sent in parameters, and its one use.
///
/// # Errors
/// `invalid_request` for a missing or unreasonable claim.
pub fn read(jwt: &VerifiedJwt, client: &Client, now: Time, skew: Duration) -> Result<(Params, Use), OAuthError> {
    let missing = |name: &str| {
        OAuthError::named(
            ErrorCode::InvalidRequest,
            &format!("request: {name} is missing or out of bounds"),
        )
    };
    let expires = jwt.time("exp").ok_or_else(|| missing("exp"))?;
    let issued = jwt.time("iat").ok_or_else(|| missing("iat"))?;
    let begins = jwt.time("nbf").ok_or_else(|| missing("nbf"))?;
    if issued > now + skew {
        return Err(missing("iat"));
    }
    // FAPI-CIBA §5.2.2
    if expires - begins > MAX_AGE || now - begins > MAX_AGE + skew {
        return Err(missing("nbf"));
    }
    let jti = jwt.text("jti").filter(|jti| (1..=MAX_JTI).contains(&jti.len()));
    let jti = jti.ok_or_else(|| missing("jti"))?;
    let mut pairs = Vec::new();
    for name in PARAMETERS {
        match jwt.claims.get(name) {
            None => {}
            Some(Value::String(text)) => pairs.push((name.to_owned(), text.clone())),
            // CIBA Core §7.1: requested_expiry may be a number here or a string
            Some(Value::Number(number)) => pairs.push((name.to_owned(), number.to_string())),
            Some(Value::Array(values)) if name == "resource" => {
                for value in values {
                    let text = value.as_str().ok_or_else(|| missing(name))?;
                    pairs.push((name.to_owned(), text.to_owned()));
                }
            }
            // RFC 9396 §3: in a signed request it is JSON, not a text
            Some(details @ Value::Array(_)) if name == "authorization_details" => {
                pairs.push((name.to_owned(), details.to_string()));
            }
            Some(_) => return Err(missing(name)),
        }
    }
    let once = Use {
        jti_hash: TokenHash::of(&format!("ciba:{}:{}{jti}", client.client_id.len(), client.client_id)),
        expires_at: expires + skew + Duration::SECOND,
    };
    Ok((Params::from_pairs(pairs)?, once))
}

/// The refusal of a signed request that does not verify.
pub fn refused(error: TokenError) -> OAuthError {
    OAuthError::named(ErrorCode::InvalidRequest, &format!("request: {error}"))
}

/// What the request asks for.
///
/// # Errors
/// Any of CIBA Core §13 that needs no person to be known.
pub fn asked(params: &Params, client: &Client, offer: &deferred::Offer<'_>) -> Result<Asked, OAuthError> {
    if params.sent("request_uri") {
        return Err(invalid("request_uri is not supported at this endpoint"));
    }
    params.require("scope")?;
    let what = deferred::asked(params, client, offer)?;
    // CIBA Core §7.1
    if !what.scope.contains(OPENID) {
        return Err(OAuthError::new(ErrorCode::InvalidScope, "scope must contain openid"));
    }
    if params.get("user_code").is_some() {
        return Err(invalid("user_code is not supported"));
    }
    Ok(Asked {
        what,
        hint: hint(params)?,
        binding_message: binding_message(params)?,
        lifetime: lifetime(params)?,
        notification_token: notification_token(params, client)?,
    })
}

/// FAPI-CIBA §5.2.2-2: each request is one of a kind to the person who approves it. This server knows that by the binding
/// message alone.
///
/// # Errors
/// `invalid_binding_message`.
pub fn check_binding(asked: &Asked, rules: &Rules) -> Result<(), OAuthError> {
    if rules.backchannel == Backchannel::Fapi && asked.binding_message.is_none() {
        let why = "a request of this client needs a binding_message";
        return Err(OAuthError::new(ErrorCode::InvalidBindingMessage, why));
    }
    Ok(())
}

/// CIBA Core §7.1: exactly one.
fn hint(params: &Params) -> Result<Hint, OAuthError> {
    let sent = |name| params.get(name).map(str::to_owned);
    match (sent("login_hint"), sent("id_token_hint"), sent("login_hint_token")) {
        (Some(name), None, None) => Ok(Hint::Name(name)),
        (None, Some(token), None) => Ok(Hint::IdToken(token)),
        // nothing says what such a token looks like, and this server has no kind of its own
        (None, None, Some(_)) => Err(invalid("login_hint_token is not supported")),
        (None, None, None) => Err(invalid("login_hint or id_token_hint must say who is asked")),
        _ => Err(invalid("only one hint may say who is asked")),
    }
}

/// Letters, digits and what stands between words: it is shown to a person who trusts this page, and must look like
/// nothing else, above all not like an address to go to.
fn binding_message(params: &Params) -> Result<Option<String>, OAuthError> {
    let Some(sent) = params.get("binding_message") else {
        return Ok(None);
    };
    let plain = |c: char| c.is_alphanumeric() || " -_+#,€$£%".contains(c);
    if sent.chars().count() > MAX_BINDING_MESSAGE || !sent.chars().all(plain) {
        let why = "binding_message is too long or has other characters than letters, digits and blanks";
        return Err(OAuthError::new(ErrorCode::InvalidBindingMessage, why));
    }
    Ok(Some(sent.to_owned()))
}

fn lifetime(params: &Params) -> Result<Duration, OAuthError> {
    let Some(sent) = params.get("requested_expiry") else {
        return Ok(deferred::LIFETIME);
    };
    match sent.parse::<u32>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::seconds(i64::from(seconds)).min(deferred::LIFETIME)),
        _ => Err(invalid("requested_expiry is not a positive number of seconds")),
    }
}

/// CIBA Core §7.1: required of clients that are told, a bearer token (RFC 6750 §2.1).
fn notification_token(params: &Params, client: &Client) -> Result<Option<Secret<String>>, OAuthError> {
    if client.metadata.backchannel_token_delivery_mode != Some(DeliveryMode::Ping) {
        return Ok(None);
    }
    let token = params.require("client_notification_token")?;
    let is_bearer = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.len() > MAX_NOTIFICATION_TOKEN || !token.bytes().all(is_bearer) {
        return Err(invalid("client_notification_token is not a bearer token"));
    }
    Ok(Some(Secret::new(token.to_owned())))
}

const fn invalid(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            security_profile,
            token::fixture::{client, public_client},
        },
        model::SecurityProfile,
    };

    fn ask(text: &str, client: &Client) -> Result<Asked, OAuthError> {
        let offer = deferred::Offer {
            named: &[],
            declaring: &[],
            claim_scopes: &[],
        };
        asked(&Params::parse(text).unwrap(), client, &offer)
    }

    #[test]
    fn one_hint_says_who_is_asked() {
        let client = client();
        assert_eq!(
            ask("scope=openid&login_hint=ada", &client).unwrap().hint,
            Hint::Name("ada".to_owned())
        );
        for bad in [
            "scope=openid",
            "scope=openid&login_hint=ada&id_token_hint=x.y.z",
            "scope=openid&login_hint_token=x",
            "scope=openid&login_hint=ada&login_hint_token=x",
            "login_hint=ada",
            "scope=openid&login_hint=ada&user_code=1234",
            "scope=openid&login_hint=ada&request_uri=urn:x",
        ] {
            assert_eq!(ask(bad, &client).unwrap_err().code, ErrorCode::InvalidRequest, "{bad}");
        }
        assert_eq!(
            ask("scope=email&login_hint=ada", &client).unwrap_err().code,
            ErrorCode::InvalidScope
        );
    }

    #[test]
    fn a_binding_message_is_short_and_plain() {
        let client = client();
        let message = |text: &str| {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            ask(
                &format!("scope=openid&login_hint=ada&binding_message={encoded}"),
                &client,
            )
            .map(|asked| asked.binding_message)
        };
        assert_eq!(
            message("Zahlung 20 € #42").unwrap().as_deref(),
            Some("Zahlung 20 € #42")
        );
        for bad in ["https://evil.example", "a.b", "<b>", "x\ny", &"x".repeat(61)] {
            assert_eq!(
                message(bad).unwrap_err().code,
                ErrorCode::InvalidBindingMessage,
                "{bad}"
            );
        }
    }

    #[test]
    fn it_waits_as_long_as_it_asks_for_but_not_for_ever() {
        let client = client();
        let seconds = |sent: &str| {
            let asked = ask(&format!("scope=openid&login_hint=ada&requested_expiry={sent}"), &client);
            asked.map(|asked| asked.lifetime.whole_seconds()).ok()
        };
        assert_eq!((seconds("10"), seconds("86400")), (Some(10), Some(600)));
        for bad in ["0", "-1", "ten", "1.5", "99999999999"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_client_that_is_told_brings_the_token_for_it() {
        let mut client = client();
        client.metadata.backchannel_token_delivery_mode = Some(DeliveryMode::Ping);
        assert!(ask("scope=openid&login_hint=ada", &client).is_err());
        assert!(ask("scope=openid&login_hint=ada&client_notification_token=a%20b", &client).is_err());
        let asked = ask(
            "scope=openid&login_hint=ada&client_notification_token=8d67dc78",
            &client,
        )
        .unwrap();
        assert_eq!(asked.notification_token.unwrap().expose(), "8d67dc78");
        client.metadata.backchannel_token_delivery_mode = Some(DeliveryMode::Poll);
        let asked = ask(
            "scope=openid&login_hint=ada&client_notification_token=8d67dc78",
            &client,
        )
        .unwrap();
        assert!(asked.notification_token.is_none());
    }

    #[test]
    fn who_signs_always_signs_and_says_nothing_beside_it() {
        let open = security_profile::rules(None);
        let fapi = security_profile::rules(Some(SecurityProfile::Fapi1Advanced));
        let mut signing = public_client();
        signing.metadata.backchannel_authentication_request_signing_alg = Some("PS256".to_owned());
        let plain = Params::parse("scope=openid&login_hint=ada").unwrap();
        assert_eq!(form(&plain, &client(), open), Ok(Form::Plain));
        assert!(form(&plain, &signing, open).is_err());
        assert!(form(&plain, &client(), fapi).is_err());
        for profile in [SecurityProfile::Fapi2Security, SecurityProfile::Fapi2MessageSigning] {
            let rules = security_profile::rules(Some(profile));
            assert!(form(&plain, &client(), rules).is_err(), "{profile:?}");
        }
        let signed = Params::parse("request=x.y.z&client_id=web&client_assertion=a").unwrap();
        assert_eq!(form(&signed, &signing, open), Ok(Form::Signed("x.y.z")));
        for name in PARAMETERS {
            let both = Params::parse(&format!("request=x.y.z&{name}=1")).unwrap();
            assert!(form(&both, &signing, open).is_err(), "{name}");
        }
        assert_eq!(signing_algs(&signing, fapi), [JwsAlg::PS256]);
        signing.metadata.backchannel_authentication_request_signing_alg = Some("RS256".to_owned());
        assert!(
            signing_algs(&signing, fapi).is_empty(),
            "what the profile forbids is forbidden"
        );
    }
}
