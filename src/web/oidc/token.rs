//! `POST /token` (RFC 6749 §3.2, OIDC Core §3.1.3).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data},
};
use serde::Serialize;

use super::back_channel::caller;
use crate::{
    flow::{
        Core, Refusal,
        token::{self, Tokens},
    },
    spec::{oauth::AuthorizationDetails, oidc::discovery::path},
    web::error::oauth_json::{no_store, refuse, with_nonce},
};

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    authorization_details: &'a AuthorizationDetails,
}

/// Exchanges a grant for tokens.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    match exchange(&core, &request, body).await {
        Ok(tokens) => with_nonce(&core, answer(&tokens)),
        Err(refusal) => with_nonce(&core, refuse(&core, &refusal)),
    }
}

async fn exchange(
    core: &Core,
    request: &HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<Tokens, Refusal> {
    token::exchange(core, &caller(core, request, body, path::TOKEN)?).await
}

/// RFC 6749 §5.1
fn answer(tokens: &Tokens) -> HttpResponse {
    no_store(&mut HttpResponse::Ok()).json(Answer {
        access_token: tokens.access_token.expose(),
        token_type: tokens.token_type,
        expires_in: tokens.expires_in,
        scope: tokens.scope.to_string(),
        id_token: tokens.id_token.as_ref().map(|token| token.expose().as_str()),
        refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose().as_str()),
        issued_token_type: tokens.issued_token_type,
        authorization_details: &tokens.authorization_details,
    })
}
