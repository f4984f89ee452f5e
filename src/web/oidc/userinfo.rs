//! `GET` and `POST /userinfo` (OIDC Core §5.3.1).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};

use super::back_channel::{caller_with, form, is_form};
use crate::{
    flow::{
        Core,
        userinfo::{self, Answer},
    },
    spec::{
        oauth::{
            Params,
            bearer::{self, Scheme},
        },
        oidc::discovery::path,
    },
    web::error::oauth_json::{no_store, refuse_access, refuse_token, with_nonce},
};

/// With the token in the header.
pub async fn get(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    with_nonce(&core, answer(&core, &request, Params::default()).await)
}

/// With the token in the header or in a form body.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    // RFC 6750 §2.2: only a form can carry a token
    let params = if is_form(request.headers().get(header::CONTENT_TYPE)) {
        form(&request, body)
    } else {
        Ok(Params::default())
    };
    match params {
        Ok(params) => with_nonce(&core, answer(&core, &request, params).await),
        Err(error) => refuse_access(&core, Scheme::Bearer, &error.into()),
    }
}

async fn answer(core: &Core, request: &HttpRequest, params: Params) -> HttpResponse {
    let caller = match caller_with(core, request, params, path::USERINFO) {
        Ok(caller) => caller,
        Err(error) => return refuse_access(core, Scheme::Bearer, &error.into()),
    };
    let header = caller.authorization.as_deref();
    let token = match bearer::token(header, &caller.params, request.query_string()) {
        Ok(token) => token,
        Err(error) => return refuse_token(core, error),
    };
    match userinfo::userinfo(core, &caller, token).await {
        Ok(Answer::Claims(claims)) => no_store(&mut HttpResponse::Ok()).json(claims),
        // OIDC Core §5.3.2: signed or encrypted, it is a JWT
        Ok(Answer::Jwt(jwt)) => no_store(&mut HttpResponse::Ok())
            .insert_header((header::CONTENT_TYPE, "application/jwt"))
            .body(jwt),
        Err(refusal) => refuse_access(core, token.0, &refusal),
    }
}
