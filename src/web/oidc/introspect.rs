//! `POST /introspect` (RFC 7662 §2), answered in JSON or as a JWT (RFC 9701 §4).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType, HeaderMap},
    web::{Bytes, Data},
};

use super::back_channel::caller;
use crate::{
    flow::{
        Core, Refusal,
        introspect::{self, Form, Introspected},
    },
    spec::oidc::discovery::path,
    web::error::oauth_json::{no_store, refuse},
};

/// The media type of an answer that is a JWT.
const JWT: &str = "application/token-introspection+jwt";

/// Says what a token is.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match answer(&core, &request, body).await {
        Ok(Introspected::Json(json)) => no_store(&mut HttpResponse::Ok())
            .insert_header(ContentType::json())
            .body(json),
        Ok(Introspected::Jwt(jwt)) => no_store(&mut HttpResponse::Ok())
            .insert_header((header::CONTENT_TYPE, JWT))
            .body(jwt),
        Err(refusal) => refuse(&core, &refusal),
    }
}

async fn answer(
    core: &Core,
    request: &HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Introspected, Refusal> {
    let caller = caller(core, request, body, path::INTROSPECT)?;
    introspect::introspect(core, &caller, form(request.headers())).await
}

/// RFC 9701 §4: whoever wants a JWT names it. `*/*` means what RFC 7662 has.
fn form(headers: &HeaderMap) -> Form {
    let mut wanted = (Form::Json, 0.0);
    let ranges = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let form = match parts.next() {
            Some(name) if name.eq_ignore_ascii_case(JWT) => Form::Jwt,
            Some(name) if name.eq_ignore_ascii_case("application/json") => Form::Json,
            _ => continue,
        };
        // RFC 9110 §12.4.2
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Ok(1.0), str::parse);
        let weight: f32 = weight.unwrap_or(0.0);
        if weight > wanted.1 {
            wanted = (form, weight);
        }
    }
    wanted.0
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_jwt_is_for_whoever_names_it() {
        let asked = |accept: &str| {
            let request = TestRequest::post().insert_header((header::ACCEPT, accept));
            form(request.to_http_request().headers())
        };
        for accept in [
            "application/token-introspection+jwt",
            "Application/Token-Introspection+JWT",
            "application/token-introspection+jwt, application/json",
            "application/json;q=0.5, application/token-introspection+jwt;q=0.9",
        ] {
            assert_eq!(asked(accept), Form::Jwt, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/jwt",
            "application/json",
            "application/json, application/token-introspection+jwt;q=0.1",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt;q=x",
        ] {
            assert_eq!(asked(accept), Form::Json, "{accept}");
        }
        assert_eq!(form(TestRequest::post().to_http_request().headers()), Form::Json);
    }
}
