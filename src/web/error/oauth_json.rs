//! Errors as OAuth JSON (RFC 6749 §5.2), and as a challenge (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3). A cause is logged here, once.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde::Serialize;

use crate::{
    flow::{Core, Refusal, discovery, refusal::Challenge, sender},
    spec::oauth::{
        ErrorCode, OAuthError,
        bearer::{BearerError, Scheme},
    },
};

/// How long a client should wait when the database or the keys are away, in seconds.
const RETRY_AFTER: &str = "1";

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// The answer to a request at a back-channel endpoint.
pub fn refuse(core: &Core, refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::Protocol(error) => json(&mut builder(error.code), error),
        Refusal::Client { error, challenge } => {
            let mut response = builder(error.code);
            // RFC 6749 §5.2: the scheme that the client used
            if *challenge == Challenge::Basic && error.code == ErrorCode::InvalidClient {
                let value = format!("Basic realm=\"{}\", charset=\"UTF-8\"", core.policy.issuer.as_str());
                response.insert_header((header::WWW_AUTHENTICATE, value));
            }
            json(&mut response, error)
        }
        // RFC 6585 §4
        Refusal::TooMany { until } => {
            let why = OAuthError::new(ErrorCode::TemporarilyUnavailable, "too many requests from this address");
            let seconds = (*until - core.now()).whole_seconds().max(1);
            let mut response = HttpResponse::TooManyRequests();
            json(
                no_store(&mut response).insert_header((header::RETRY_AFTER, seconds)),
                &why,
            )
        }
        failure if failure.is_outage() => {
            tracing::warn!(cause = %failure, "a request cannot be answered now");
            let why = OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment");
            json(
                builder(why.code).insert_header((header::RETRY_AFTER, RETRY_AFTER)),
                &why,
            )
        }
        failure => {
            tracing::error!(cause = %failure, "a request failed");
            let why = OAuthError::new(ErrorCode::ServerError, "the server failed; its log says why");
            json(&mut builder(why.code), &why)
        }
    }
}

/// The answer to a request with an access token that was sent in this way.
pub fn refuse_access(core: &Core, scheme: Scheme, refusal: &Refusal) -> HttpResponse {
    let Refusal::Protocol(error) = refusal else {
        return refuse(core, refusal);
    };
    let mut why = format!(
        ", error=\"{}\", error_description=\"{}\"",
        error.code.as_str(),
        error.description()
    );
    if error.code == ErrorCode::InsufficientScope {
        why.push_str(", scope=\"openid\"");
    }
    // RFC 9470 §3: what the client asks for next
    if error.code == ErrorCode::InsufficientUserAuthentication
        && let Some(max_age) = core.policy.security.userinfo_max_age
    {
        why.push_str(&format!(", max_age=\"{}\"", max_age.whole_seconds()));
    }
    let mut response = match error.code {
        // RFC 9449 §7.1, §9: 401, for the client may try again
        ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => builder(ErrorCode::InvalidToken),
        code => builder(code),
    };
    challenge(core, &mut response, scheme, &why);
    json(&mut response, error)
}

/// The answer to a request whose access token could not be read.
pub fn refuse_token(core: &Core, error: BearerError) -> HttpResponse {
    match error {
        BearerError::Refused(error) => refuse_access(core, Scheme::Bearer, &error.into()),
        // RFC 6750 §3.1: no error code, for the client may not have known that a token is needed
        BearerError::Missing => {
            let mut response = HttpResponse::Unauthorized();
            no_store(&mut response);
            challenge(core, &mut response, Scheme::Bearer, "");
            response.finish()
        }
    }
}

/// Both schemes are welcome (RFC 9449 §7.2); the one that was used comes first and says what is wrong.
fn challenge(core: &Core, response: &mut HttpResponseBuilder, used: Scheme, why: &str) {
    let issuer = core.policy.issuer.as_str();
    let bearer = |why: &str| format!("Bearer realm=\"{issuer}\"{why}");
    // RFC 9449 §7.1: what is supported, as the server's metadata has it
    let algs = discovery::client_algs(core).join(" ");
    let dpop = |why: &str| format!("DPoP realm=\"{issuer}\"{why}, algs=\"{algs}\"");
    let [first, second] = match used {
        Scheme::Bearer => [bearer(why), dpop("")],
        Scheme::Dpop => [dpop(why), bearer("")],
    };
    response
        .append_header((header::WWW_AUTHENTICATE, first))
        .append_header((header::WWW_AUTHENTICATE, second));
}

/// The answer with the nonce for the next proof, where proofs need one (RFC 9449 §8.2).
pub fn with_nonce(core: &Core, mut response: HttpResponse) -> HttpResponse {
    match sender::next_nonce(core) {
        Ok(Some(nonce)) => {
            if let Ok(value) = HeaderValue::from_str(&nonce) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static("dpop-nonce"), value);
            }
        }
        Ok(None) => {}
        Err(cause) => tracing::error!(%cause, "no nonce can be made"),
    }
    response
}

/// The answer to a request that ended before its handler answered; its status is HTTP's own.
pub fn ended(status: StatusCode, error: &OAuthError) -> HttpResponse {
    json(no_store(&mut HttpResponse::build(status)), error)
}

fn builder(code: ErrorCode) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = HttpResponse::build(status);
    no_store(&mut response);
    response
}

fn json(response: &mut HttpResponseBuilder, error: &OAuthError) -> HttpResponse {
    response.json(Body {
        error: error.code.as_str(),
        error_description: error.description(),
    })
}

/// RFC 6749 §5.1: tokens, and what is said about them, are nobody's to keep.
pub fn no_store(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
}
