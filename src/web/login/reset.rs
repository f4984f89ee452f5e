//! `/recover/reset`: the page behind the mailed link.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, form_origins, load, parameter},
    view::Reset,
};
use crate::{
    base::{Secret, id::AuthorizationRequestId},
    flow::login::reset::{self, Outcome},
    model::User,
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        view::ErrorKind,
        words::{self, identifier_of},
    },
};

/// The page. Looking at it uses nothing up.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let token = Secret::new(parameter(&query, "token").to_owned());
    match reset::find(visitor.core(), &token).await {
        Ok(Some((link, user))) => {
            let request = link.authorization_request_id;
            show(&visitor, &token, &user, request, FieldErrors::none(), StatusCode::OK).await
        }
        Ok(None) => page::show(&visitor, ErrorKind::ExpiredLink, String::new()),
        Err(error) => page::failure(&visitor, &error.into()),
    }
}

async fn show(
    visitor: &Visitor,
    token: &Secret<String>,
    user: &User,
    request: Option<AuthorizationRequestId>,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    // In another browser, or after a while, no app waits any more; the password can be changed all the same.
    let waiting = request.map_or(Waiting::Nothing, Waiting::App);
    let pending = load(visitor, waiting).await.ok().flatten();
    let view = Reset {
        page: visitor.layout_at(&format!("/recover/reset?token={}", token.expose())),
        app: app_of(pending.as_ref(), visitor.locale),
        token: token.expose().clone(),
        identifier: identifier_of(user),
        password_min_length: visitor.core().policy.passwords.min_length(),
        errors,
    };
    visitor.page_with(status, &view, &form_origins(pending.as_ref()))
}

/// The new password.
pub async fn post(form: Form) -> HttpResponse {
    let (token, new) = (form.secret("token"), form.secret("password"));
    let visit = form.visitor.visit(None);
    let mut visitor = form.visitor;
    match reset::reset(visitor.core(), &visit, &token, &new).await {
        Ok(Outcome::Welcome(welcome, link)) => {
            visitor.sign_in(&welcome.session, welcome.device.as_ref());
            let waiting = link.authorization_request_id.map_or(Waiting::Nothing, Waiting::App);
            match load(&visitor, waiting).await {
                Ok(_) => steps::go_on(&visitor, waiting).await,
                Err(_) => steps::go_on(&visitor, Waiting::Nothing).await,
            }
        }
        Ok(Outcome::Weak(weakness, user)) => {
            let errors = FieldErrors::field("password", words::weakness(weakness));
            show(&visitor, &token, &user, None, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Ok(Outcome::Dead) => page::show(&visitor, ErrorKind::ExpiredLink, String::new()),
        Err(failure) => page::failure(&visitor, &failure),
    }
}
