//! `POST /clients` (RFC 7591 §3) and `GET`, `PUT`, `DELETE /clients/ID` (RFC 7592 §2).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{Bytes, Data, Path},
};
use serde_json::{Map, Value, json};

use super::back_channel::{self, authorization, origin};
use crate::{
    base::Secret,
    domain::policy::{Admission, Origins, RegistrationPolicy},
    flow::{
        Core, Refusal,
        client_registration::{self, Registered, Request},
    },
    spec::{
        oauth::{
            ErrorCode, OAuthError, Params,
            bearer::{self, BearerError, Scheme},
        },
        oidc::discovery::path,
    },
    web::error::oauth_json::{ended, no_store, refuse},
};

/// Registers a client.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    let outcome = async {
        let body = json_body(&request, body)?;
        let asked = asked(&core, &request, &body)?;
        client_registration::register(&core, &asked).await
    };
    let mut answer = answer(&core, StatusCode::CREATED, outcome.await);
    let allowed = allowed_origin(&core.policy.registration, &request);
    if allowed.is_some() {
        let exposed = HeaderValue::from_static("WWW-Authenticate");
        answer
            .headers_mut()
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    allow_origin(&mut answer, allowed);
    answer
}

/// Whether a script may register a client. It needs no secret where everybody may, so any page on the web could do it
/// through the browser of whoever looks at it, and use up what their address and all apps together may have: there only
/// pages that the operator names may. The body is JSON, so that no browser sends it without asking here first.
pub async fn preflight(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    let mut answer = back_channel::preflight("POST, OPTIONS").finish();
    allow_origin(&mut answer, allowed_origin(&core.policy.registration, &request));
    answer
}

/// What `Access-Control-Allow-Origin` says to this page.
fn allowed_origin(policy: &RegistrationPolicy, request: &HttpRequest) -> Option<HeaderValue> {
    let any = Some(HeaderValue::from_static("*"));
    match (policy.admission, &policy.origins) {
        // who brings a token has been let in by somebody
        (Admission::Token, _) | (_, Origins::Any) => any,
        (_, Origins::Listed(listed)) => {
            let origin = request.headers().get(header::ORIGIN)?;
            listed
                .iter()
                .any(|one| one.as_bytes() == origin.as_bytes())
                .then(|| origin.clone())
        }
    }
}

fn allow_origin(answer: &mut HttpResponse, allowed: Option<HeaderValue>) {
    let headers = answer.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
}

/// What is registered.
pub async fn get(core: Data<Core>, request: HttpRequest, client_id: Path<String>) -> HttpResponse {
    let outcome = async {
        let asked = asked(&core, &request, &[])?;
        client_registration::find(&core, &client_id, &asked).await
    };
    answer(&core, StatusCode::OK, outcome.await)
}

/// Replaces it.
pub async fn put(
    core: Data<Core>,
    request: HttpRequest,
    client_id: Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let outcome = async {
        let body = json_body(&request, body)?;
        let asked = asked(&core, &request, &body)?;
        client_registration::replace(&core, &client_id, &asked).await
    };
    answer(&core, StatusCode::OK, outcome.await)
}

/// Deletes it.
pub async fn delete(core: Data<Core>, request: HttpRequest, client_id: Path<String>) -> HttpResponse {
    let outcome = async {
        let asked = asked(&core, &request, &[])?;
        client_registration::delete(&core, &client_id, &asked).await
    };
    match outcome.await {
        Ok(()) => no_store(&mut HttpResponse::NoContent()).finish(),
        Err(refusal) => refused(&core, &refusal),
    }
}

/// Whether the routes are there at all.
fn is_off(core: &Core) -> bool {
    core.policy.registration.admission == Admission::Off
}

fn asked<'a>(core: &Core, request: &HttpRequest, body: &'a [u8]) -> Result<Request<'a>, OAuthError> {
    let token = match bearer::token(authorization(request)?, &Params::default(), request.query_string()) {
        Ok((Scheme::Bearer, token)) => Some(Secret::new(token.to_owned())),
        Ok((Scheme::Dpop, _)) => {
            let why = "this endpoint takes plain bearer tokens";
            return Err(OAuthError::new(ErrorCode::InvalidRequest, why));
        }
        Err(BearerError::Missing) => None,
        Err(BearerError::Refused(error)) => return Err(error),
    };
    Ok(Request {
        token,
        body,
        origin: origin(core, request),
    })
}

fn json_body(request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<Bytes, OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why));
    let content_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::to_str);
    let media_type = content_type.and_then(Result::ok).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return refuse("Content-Type must be application/json");
    }
    body.or_else(|_| refuse("the body is too large or incomplete"))
}

fn answer(core: &Core, status: StatusCode, outcome: Result<Registered, Refusal>) -> HttpResponse {
    match outcome {
        Ok(registered) => no_store(&mut HttpResponse::build(status)).json(document(core, &registered)),
        Err(refusal) => refused(core, &refusal),
    }
}

fn refused(core: &Core, refusal: &Refusal) -> HttpResponse {
    if is_off(core) {
        return HttpResponse::NotFound().finish();
    }
    match refusal {
        Refusal::Protocol(error) if error.code == ErrorCode::InvalidToken => challenge(core, error),
        // RFC 7592 §2.1
        Refusal::Protocol(error) if error.code == ErrorCode::AccessDenied => ended(StatusCode::FORBIDDEN, error),
        _ => refuse(core, refusal),
    }
}

// RFC 6750 §3
fn challenge(core: &Core, error: &OAuthError) -> HttpResponse {
    let (issuer, code) = (core.policy.issuer.as_str(), error.code.as_str());
    let challenge = format!("Bearer realm=\"{issuer}\", error=\"{code}\"");
    let mut response = ended(StatusCode::UNAUTHORIZED, error);
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// RFC 7591 §3.2.1, RFC 7592 §3
fn document(core: &Core, registered: &Registered) -> Map<String, Value> {
    let client = &registered.client;
    let mut document = match serde_json::to_value(&client.metadata) {
        Ok(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    if let Some(Value::Object(localized)) = document.remove("localized") {
        document.extend(localized);
    }
    document.retain(|name, value| name == "response_types" || value.as_array().is_none_or(|list| !list.is_empty()));
    let issued_at = client.created_at.unix_timestamp();
    document.insert("client_id".to_owned(), json!(client.client_id));
    document.insert("client_id_issued_at".to_owned(), json!(issued_at));
    if let Some(secret) = &registered.secret {
        document.insert("client_secret".to_owned(), json!(secret.expose()));
    }
    let end = client.secrets.first().and_then(|newest| newest.expires_at);
    if end.is_some() || registered.secret.is_some() {
        // RFC 7591 §3.2.1: 0 is never
        let end = end.map_or(0, |end| end.unix_timestamp());
        document.insert("client_secret_expires_at".to_owned(), json!(end));
    }
    let address = format!("{}/{}", core.policy.issuer.at(path::REGISTRATION), client.client_id);
    document.insert("registration_client_uri".to_owned(), json!(address));
    let token = registered.registration_access_token.expose();
    document.insert("registration_access_token".to_owned(), json!(token));
    document
}
