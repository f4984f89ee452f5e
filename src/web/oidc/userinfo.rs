//! `GET` and `POST /userinfo` (OIDC Core §5.3.1).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};

use super::back_channel::{authorization, form, is_form};
use crate::{
    flow::{Core, userinfo},
    spec::oauth::{Params, bearer},
    web::error::oauth_json::{no_store, refuse_bearer, refuse_token},
};

/// With the token in the header.
pub async fn get(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    answer(&core, &request, &Params::default()).await
}

/// With the token in the header or in a form body.
pub async fn post(core: Data<Core>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    // RFC 6750 §2.2: only a form can carry a token
    if !is_form(request.headers().get(header::CONTENT_TYPE)) {
        return answer(&core, &request, &Params::default()).await;
    }
    match form(&request, body) {
        Ok(params) => answer(&core, &request, &params).await,
        Err(error) => refuse_bearer(&core, &error.into()),
    }
}

async fn answer(core: &Core, request: &HttpRequest, params: &Params) -> HttpResponse {
    let header = match authorization(request) {
        Ok(header) => header,
        Err(error) => return refuse_bearer(core, &error.into()),
    };
    let token = match bearer::token(header, params, request.query_string()) {
        Ok(token) => token,
        Err(error) => return refuse_token(core, error),
    };
    match userinfo::userinfo(core, token).await {
        Ok(claims) => no_store(&mut HttpResponse::Ok()).json(claims),
        Err(refusal) => refuse_bearer(core, &refusal),
    }
}
