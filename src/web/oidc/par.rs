//! `POST /par` (RFC 9126 §2).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data},
};
use serde::Serialize;

use super::back_channel::caller;
use crate::{
    flow::{
        Core, Refusal,
        par::{self, Pushed},
    },
    spec::{
        oauth::{ErrorCode, OAuthError},
        oidc::discovery::path,
    },
    web::error::oauth_json::{ended, no_store, refuse, with_nonce},
};

#[derive(Serialize)]
struct Kept<'a> {
    request_uri: &'a str,
    expires_in: i64,
}

/// Keeps an authorization request for the browser that will come with it.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    let response = match push(&core, &request, body).await {
        Ok(Pushed::Kept {
            request_uri,
            expires_in,
        }) => no_store(&mut HttpResponse::Created()).json(Kept {
            request_uri: &request_uri,
            expires_in,
        }),
        // RFC 9126 §2.3
        Ok(Pushed::Wait { until }) => {
            let why = OAuthError::new(ErrorCode::TemporarilyUnavailable, "too many requests from this address");
            let mut response = ended(StatusCode::TOO_MANY_REQUESTS, &why);
            let seconds = (until - core.now()).whole_seconds().max(1);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
            response
        }
        Err(refusal) => refuse(&core, &refusal),
    };
    with_nonce(&core, response)
}

async fn push(core: &Core, request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<Pushed, Refusal> {
    par::push(core, &caller(core, request, body, path::PAR)?).await
}
