//! `GET /jwks` (RFC 7517 §5).

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::back_channel::document;
use crate::{flow::Core, web::error::oauth_json::refuse};

/// The public keys, with how long they may be kept.
pub async fn get(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    match core.keys.jwks(core.now()) {
        Ok(jwks) => document(&request, &jwks.body, &jwks.etag, jwks.max_age),
        Err(error) => refuse(&core, &error.into()),
    }
}
