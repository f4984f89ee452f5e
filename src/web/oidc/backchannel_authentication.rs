//! `POST /backchannel_authentication` (CIBA Core §7).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data},
};
use serde::Serialize;

use super::back_channel::caller;
use crate::{
    flow::{
        Core, Refusal,
        backchannel_authentication::{self, Acknowledged},
    },
    spec::oidc::discovery::path,
    web::error::oauth_json::{no_store, refuse},
};

#[derive(Serialize)]
struct Answer<'a> {
    auth_req_id: &'a str,
    expires_in: i64,
    interval: i32,
}

/// Asks a person for a client.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match begin(&core, &request, body).await {
        // CIBA Core §7.3
        Ok(begun) => no_store(&mut HttpResponse::Ok()).json(Answer {
            auth_req_id: begun.auth_req_id.expose(),
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
) -> Result<Acknowledged, Refusal> {
    backchannel_authentication::begin(core, &caller(core, request, body, path::BACKCHANNEL_AUTHENTICATION)?).await
}
