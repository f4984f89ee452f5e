//! `POST /device_authorization` (RFC 8628 §3.1).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data},
};
use serde::Serialize;

use super::back_channel::caller;
use crate::{
    flow::{
        Core, Refusal,
        device_authorization::{self, DeviceAuthorization},
    },
    spec::oidc::discovery::path,
    web::error::oauth_json::{no_store, refuse},
};

#[derive(Serialize)]
struct Answer<'a> {
    device_code: &'a str,
    user_code: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: &'a str,
    expires_in: i64,
    interval: i32,
}

/// Begins an authorization that the owner of the device gives elsewhere.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match begin(&core, &request, body).await {
        // RFC 8628 §3.2
        Ok(begun) => no_store(&mut HttpResponse::Ok()).json(Answer {
            device_code: begun.device_code.expose(),
            user_code: &begun.user_code,
            verification_uri: &begun.verification_uri,
            verification_uri_complete: &begun.verification_uri_complete,
            expires_in: begun.expires_in,
            interval: begun.interval,
        }),
        Err(refusal) => refuse(&core, &refusal),
    }
}

async fn begin(
    core: &Core,
    request: &HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<DeviceAuthorization, Refusal> {
    device_authorization::begin(core, &caller(core, request, body, path::DEVICE_AUTHORIZATION)?).await
}
