//! `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server` (OIDC Discovery §4, RFC 8414 §3).

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::back_channel::document;
use crate::{
    flow::{Core, discovery},
    web::error::oauth_json::refuse,
};

/// The metadata of this server.
pub async fn get(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    match discovery::document(&core).await {
        Ok(found) => document(&request, &found.body, &found.etag, core.policy.jwks_max_age),
        Err(refusal) => refuse(&core, &refusal),
    }
}
