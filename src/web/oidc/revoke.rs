//! `POST /revoke` (RFC 7009 §2).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data},
};

use super::back_channel::caller;
use crate::{
    flow::{Core, Refusal, revoke},
    spec::oidc::discovery::path,
    web::error::oauth_json::{no_store, refuse},
};

/// Revokes a token. The answer has no body (RFC 7009 §2.2).
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match revoke(&core, &request, body).await {
        Ok(()) => no_store(&mut HttpResponse::Ok()).finish(),
        Err(refusal) => refuse(&core, &refusal),
    }
}

async fn revoke(core: &Core, request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<(), Refusal> {
    revoke::revoke(core, &caller(core, request, body, path::REVOKE)?).await
}
