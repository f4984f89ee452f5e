//! `POST /introspect` (RFC 7662 §2).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ContentType,
    web::{Bytes, Data},
};

use super::back_channel::caller;
use crate::{
    flow::{Core, Refusal, introspect},
    spec::oidc::discovery::path,
    web::error::oauth_json::{no_store, refuse},
};

/// Says what a token is.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match answer(&core, &request, body).await {
        Ok(json) => no_store(&mut HttpResponse::Ok())
            .insert_header(ContentType::json())
            .body(json),
        Err(refusal) => refuse(&core, &refusal),
    }
}

async fn answer(core: &Core, request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<Vec<u8>, Refusal> {
    introspect::introspect(core, &caller(core, request, body, path::INTROSPECT)?).await
}
