//! What the endpoints for programs have in common: their routes, how bodies are read, and who may call from where.
//!
//! None of them looks at a cookie, so pages of any origin may call them (`Access-Control-Allow-Origin: *`), as apps in
//! the browser must. Introspection is not for browsers and says nothing of the kind. Registration is different where it asks
//! for no token: there the address of whoever looks at a page is all that the page's script needs (see [`clients`]).

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Resource,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::DefaultHeaders,
    web::{self, Bytes, PayloadConfig, ServiceConfig},
};

use super::{
    backchannel_authentication, clients, device_authorization, discovery, introspect, jwks, par, revoke, token,
    userinfo,
};
use crate::{
    flow::{Caller, Core},
    model::Origin,
    spec::{
        oauth::{ErrorCode, OAuthError, Params},
        oidc::discovery::path,
        x509::ClientCertificate,
    },
    web::visitor::address::TrustedProxies,
};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

/// For how long browsers may remember that they may call, in seconds.
const PREFLIGHT_MAX_AGE: &str = "7200";

/// The routes.
pub fn configure(config: &mut ServiceConfig) {
    let token = web::resource(path::TOKEN).route(web::post().to(token::post));
    config.service(for_any_origin(token, "POST, OPTIONS"));
    let userinfo = web::resource(path::USERINFO)
        .route(web::get().to(userinfo::get))
        .route(web::post().to(userinfo::post));
    config.service(for_any_origin(userinfo, "GET, POST, OPTIONS"));
    let par = web::resource(path::PAR).route(web::post().to(par::post));
    config.service(for_any_origin(par, "POST, OPTIONS"));
    let revoke = web::resource(path::REVOKE).route(web::post().to(revoke::post));
    config.service(for_any_origin(revoke, "POST, OPTIONS"));
    let device = web::resource(path::DEVICE_AUTHORIZATION).route(web::post().to(device_authorization::post));
    config.service(for_any_origin(device, "POST, OPTIONS"));
    let ciba = web::resource(path::BACKCHANNEL_AUTHENTICATION).route(web::post().to(backchannel_authentication::post));
    config.service(limited(ciba, "POST"));
    let introspect = web::resource(path::INTROSPECT).route(web::post().to(introspect::post));
    config.service(limited(introspect, "POST"));
    let clients = web::resource(path::REGISTRATION).route(web::post().to(clients::post));
    config.service(limited(
        clients.route(web::method(Method::OPTIONS).to(clients::preflight)),
        "POST, OPTIONS",
    ));
    let registered = web::resource(format!("{}/{{client_id}}", path::REGISTRATION))
        .route(web::get().to(clients::get))
        .route(web::put().to(clients::put))
        .route(web::delete().to(clients::delete));
    config.service(for_any_origin(registered, "GET, PUT, DELETE, OPTIONS"));
    let jwks = web::resource(path::JWKS)
        .route(web::get().to(jwks::get))
        .route(web::head().to(jwks::get));
    config.service(for_any_origin(jwks, "GET, HEAD, OPTIONS"));
    for path in [path::OPENID_CONFIGURATION, path::OAUTH_METADATA] {
        let discovery = web::resource(path)
            .route(web::get().to(discovery::get))
            .route(web::head().to(discovery::get));
        config.service(for_any_origin(discovery, "GET, HEAD, OPTIONS"));
    }
}

/// A resource with a bounded body and an answer to other methods (RFC 9110 §15.5.6).
fn limited(resource: Resource, allow: &'static str) -> Resource {
    let not_allowed = move || async move {
        HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, allow))
            .finish()
    };
    resource
        .app_data(PayloadConfig::new(MAX_BODY))
        .default_service(web::to(not_allowed))
}

/// Such a resource that scripts of any origin may call (Fetch, "CORS protocol").
fn for_any_origin(resource: Resource, allow: &'static str) -> impl actix_web::dev::HttpServiceFactory + 'static {
    let preflight = move || async move { preflight(allow).finish() };
    limited(resource, allow)
        .route(web::method(Method::OPTIONS).to(preflight))
        .wrap(
            DefaultHeaders::new()
                .add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
                .add((header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, DPoP-Nonce")),
        )
}

/// What a browser is told that asks whether a script may call.
pub fn preflight(allow: &'static str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::NoContent();
    answer
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, DPoP",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE));
    answer
}

/// A form post of a program to the endpoint at this path, with everything that proves who sends it.
///
/// # Errors
/// `invalid_request` for a body or a header that cannot be read.
pub fn caller(
    core: &Core,
    request: &HttpRequest,
    body: Result<Bytes, actix_web::Error>,
    endpoint: &'static str,
) -> Result<Caller, OAuthError> {
    caller_with(core, request, form(request, body)?, endpoint)
}

/// The same for parameters that were read already.
///
/// # Errors
/// `invalid_request` for a header that cannot be read.
pub fn caller_with(
    core: &Core,
    request: &HttpRequest,
    params: Params,
    endpoint: &'static str,
) -> Result<Caller, OAuthError> {
    Ok(Caller {
        endpoint,
        method: request.method().to_string(),
        params,
        authorization: authorization(request)?.map(str::to_owned),
        dpop: dpop(request)?,
        certificate: certificate(core, request)?,
        origin: origin(core, request),
    })
}

/// The parameters of a form body.
///
/// # Errors
/// `invalid_request` for another type, a body that is too large, or parameters that cannot be read.
pub fn form(request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<Params, OAuthError> {
    let refuse = |why| Err(OAuthError::new(ErrorCode::InvalidRequest, why));
    let Ok(body) = body else {
        return refuse("the body is too large or incomplete");
    };
    // RFC 6749 §3.2: parameters come as a form
    if !is_form(request.headers().get(header::CONTENT_TYPE)) {
        return refuse("Content-Type must be application/x-www-form-urlencoded");
    }
    match std::str::from_utf8(&body) {
        Ok(text) => Params::parse(text),
        Err(_) => refuse("the body is not text"),
    }
}

/// Whether a body is a form; its `charset` says nothing that is not known already.
pub fn is_form(content_type: Option<&HeaderValue>) -> bool {
    let media_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, _) = media_type.split_once(';').unwrap_or((media_type, ""));
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The `Authorization` header.
///
/// # Errors
/// `invalid_request` for more than one, or one that is not text.
pub fn authorization(request: &HttpRequest) -> Result<Option<&str>, OAuthError> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    match (headers.next().map(HeaderValue::to_str), headers.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => {
            let why = "the Authorization header is repeated or not text";
            Err(OAuthError::new(ErrorCode::InvalidRequest, why))
        }
    }
}

/// The `DPoP` header.
///
/// # Errors
/// `invalid_dpop_proof` for more than one (RFC 9449 §4.3 (1)), or one that is not text.
pub fn dpop(request: &HttpRequest) -> Result<Option<String>, OAuthError> {
    let mut headers = request.headers().get_all("dpop");
    match (headers.next().map(HeaderValue::to_str), headers.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value.to_owned())),
        _ => {
            let why = "the DPoP header is repeated or not text";
            Err(OAuthError::new(ErrorCode::InvalidDpopProof, why))
        }
    }
}

/// The certificate of whoever sends the request: of the connection, or what a trusted proxy says about its own
/// (RFC 9440). Where a proxy is asked, the proxy's own certificate says nothing about the client.
///
/// # Errors
/// `invalid_request` for a header that is repeated or holds no certificate.
fn certificate(core: &Core, request: &HttpRequest) -> Result<Option<Arc<ClientCertificate>>, OAuthError> {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let is_proxy = || {
        let proxies = TrustedProxies::parse(&core.policy.trusted_proxies);
        peer.is_some_and(|peer| proxies.trusts(peer))
    };
    let header = core.policy.mtls.certificate_header.as_deref();
    let Some(header) = header.filter(|_| is_proxy()) else {
        return Ok(request.conn_data::<Arc<ClientCertificate>>().cloned());
    };
    let mut values = request.headers().get_all(header);
    let refuse = || OAuthError::new(ErrorCode::InvalidRequest, "the client certificate cannot be read");
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) | (Some(Ok("")), None) => Ok(None),
        (Some(Ok(value)), None) => {
            let read = ClientCertificate::from_header(value).map_err(|_| refuse())?;
            Ok(Some(Arc::new(read)))
        }
        _ => Err(refuse()),
    }
}

/// Where the request came from, for the audit trail.
pub fn origin(core: &Core, request: &HttpRequest) -> Origin {
    let user_agent = request
        .headers()
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    let proxies = TrustedProxies::parse(&core.policy.trusted_proxies);
    let address = proxies.client(request.peer_addr().map(|peer| peer.ip()), request.headers());
    Origin {
        address: address.map(|address| address.to_string()),
        user_agent: user_agent.map(|name| name.chars().take(MAX_USER_AGENT).collect()),
    }
}

/// Whether the client's copy is still the current one (RFC 9110 §13.1.2).
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let known = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// A public JSON document that may be kept for `max_age`.
pub fn document(request: &HttpRequest, body: &str, etag: &str, max_age: time::Duration) -> HttpResponse {
    let cache_control = format!("public, max-age={}", max_age.whole_seconds());
    let mut response = if is_known(request, etag) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::CACHE_CONTROL, cache_control))
        .insert_header((header::ETAG, etag.to_owned()));
    if is_known(request, etag) {
        return response.finish();
    }
    response
        .insert_header(header::ContentType::json())
        .body(Bytes::copy_from_slice(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(content_type: &str, body: &str) -> Result<Params, OAuthError> {
        let request = TestRequest::post()
            .insert_header((header::CONTENT_TYPE, content_type))
            .to_http_request();
        form(&request, Ok(Bytes::copy_from_slice(body.as_bytes())))
    }

    #[test]
    fn only_forms_are_read() {
        assert!(read("application/x-www-form-urlencoded", "a=1").is_ok());
        assert!(read("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "a=1").is_ok());
        for other in ["application/json", "multipart/form-data", "text/plain", ""] {
            assert_eq!(
                read(other, "a=1").unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{other}"
            );
        }
    }

    #[test]
    fn two_authorization_headers_are_refused() {
        let request = |values: &[&str]| {
            let mut request = TestRequest::post();
            for value in values {
                request = request.append_header((header::AUTHORIZATION, *value));
            }
            request.to_http_request()
        };
        assert_eq!(authorization(&request(&[])), Ok(None));
        assert_eq!(authorization(&request(&["Basic a"])), Ok(Some("Basic a")));
        assert!(authorization(&request(&["Basic a", "Basic b"])).is_err());
    }

    #[test]
    fn an_entity_tag_is_compared_weakly_and_in_lists() {
        let known = |value: &str| {
            let request = TestRequest::get()
                .insert_header((header::IF_NONE_MATCH, value))
                .to_http_request();
            is_known(&request, "\"abc\"")
        };
        assert!(known("\"abc\""));
        assert!(known("\"x\", W/\"abc\""));
        assert!(known("*"));
        assert!(!known("\"abd\""));
    }
}
