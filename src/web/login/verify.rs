//! `/register/verify`: the mailed code, or the mailed link, confirms the address.
//!
//! The link's page only asks; a press of its button confirms. Whatever opens links in mails to look at them makes no
//! accounts that way.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, form_origins, load, parameter},
    view::{RegisterVerify, RegisterVerifyLink},
};
use crate::{
    base::{Secret, Text, id::RegistrationId},
    flow::{
        Failure,
        authorize::Pending,
        login::{
            Visit,
            register::{self, Resent},
            verify::{self, Outcome},
        },
    },
    model::Registration,
    web::{
        FieldErrors, Layout, Tone,
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        view::ErrorKind,
    },
};

fn waiting(registration: &Registration) -> Waiting {
    registration
        .authorization_request_id
        .map_or(Waiting::Nothing, Waiting::App)
}

/// The app that waits, if it still does: an account is worth making without it.
async fn app_behind(visitor: &Visitor, registration: &Registration) -> Option<Pending> {
    load(visitor, waiting(registration)).await.ok().flatten()
}

/// The page: with `token` for the link, with `registration` for the code.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let visit = visitor.visit(None);
    let token = parameter(&query, "token");
    if !token.is_empty() {
        return by_link(&visitor, &visit, &Secret::new(token.to_owned())).await;
    }
    let Ok(id) = parameter(&query, "registration").parse::<RegistrationId>() else {
        return page::show(&visitor, ErrorKind::ExpiredRequest, String::new());
    };
    let layout = match parameter(&query, "resent") {
        "" => visitor.layout(),
        _ => visitor.layout().with_flash(Tone::Good, Text::new("verify-resent")),
    };
    by_code(&visitor, &visit, id, layout, FieldErrors::none(), StatusCode::OK).await
}

async fn by_link(visitor: &Visitor, visit: &Visit, token: &Secret<String>) -> HttpResponse {
    match verify::find_by_link(visitor.core(), visit, token).await {
        Ok(Some(registration)) => {
            let pending = app_behind(visitor, &registration).await;
            let view = RegisterVerifyLink {
                page: visitor.layout(),
                app: app_of(pending.as_ref(), visitor.locale),
                token: token.expose().clone(),
                email: registration.email,
            };
            visitor.page_to(&view, &form_origins(pending.as_ref()))
        }
        Ok(None) => page::show(visitor, ErrorKind::ExpiredLink, String::new()),
        Err(error) => page::failure(visitor, &error.into()),
    }
}

async fn by_code(
    visitor: &Visitor,
    visit: &Visit,
    id: RegistrationId,
    page: Layout,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    match register::open(visitor.core(), visit, id).await {
        Ok(Some(registration)) => {
            let pending = app_behind(visitor, &registration).await;
            let waiting = waiting(&registration);
            let valid = registration.expires_at - visitor.core().now();
            let view = RegisterVerify {
                page,
                request: waiting.value(),
                app: app_of(pending.as_ref(), visitor.locale),
                registration: id.to_string(),
                email: registration.email,
                valid_minutes: u64::try_from(valid.whole_minutes()).unwrap_or(0).max(1),
                errors,
                register_href: waiting.at("/register"),
            };
            visitor.page_with(status, &view, &form_origins(pending.as_ref()))
        }
        Ok(None) => page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
        Err(error) => page::failure(visitor, &error.into()),
    }
}

/// The code, or the press of the link's button.
pub async fn post(form: Form) -> HttpResponse {
    let visit = form.visitor.visit(None);
    if !form.field("token").is_empty() {
        let outcome = verify::by_link(form.visitor.core(), &visit, &form.secret("token")).await;
        return answer(form, &visit, None, outcome).await;
    }
    let Some(id) = form.id::<RegistrationId>("registration") else {
        return page::show(&form.visitor, ErrorKind::ExpiredRequest, String::new());
    };
    let outcome = verify::by_code(form.visitor.core(), &visit, id, form.field("code")).await;
    answer(form, &visit, Some(id), outcome).await
}

async fn answer(
    form: Form,
    visit: &Visit,
    id: Option<RegistrationId>,
    outcome: Result<Outcome, Failure>,
) -> HttpResponse {
    let mut visitor = form.visitor;
    let wrong = match outcome {
        Ok(Outcome::Welcome(welcome, registration)) => {
            visitor.sign_in(&welcome.session, welcome.device.as_ref());
            let waiting = waiting(&registration);
            // The app may have stopped waiting; the account is there all the same.
            return match load(&visitor, waiting).await {
                Ok(_) => steps::go_on(&visitor, waiting).await,
                Err(_) => steps::go_on(&visitor, Waiting::Nothing).await,
            };
        }
        Ok(Outcome::WrongCode) => "error-code-wrong",
        Ok(Outcome::TooManyTries) => "error-code-tries",
        Ok(Outcome::UsernameTaken) => "error-username-taken",
        Ok(Outcome::Over) => return page::show(&visitor, ErrorKind::ExpiredLink, String::new()),
        Err(failure) => return page::failure(&visitor, &failure),
    };
    let Some(id) = id else {
        return page::show(&visitor, ErrorKind::ExpiredLink, String::new());
    };
    let errors = FieldErrors::field("code", Text::new(wrong));
    let page = visitor.layout_at(&format!("/register/verify?registration={id}"));
    by_code(&visitor, visit, id, page, errors, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Another mail.
pub async fn resend(form: Form) -> HttpResponse {
    let visitor = &form.visitor;
    let Some(id) = form.id::<RegistrationId>("registration") else {
        return page::show(visitor, ErrorKind::ExpiredRequest, String::new());
    };
    match register::resend(visitor.core(), &visitor.visit(None), id).await {
        Ok(Resent::Sent) => visitor.redirect(&format!("/register/verify?registration={id}&resent=1")),
        Ok(Resent::Wait { until }) => page::slow_down(visitor, until),
        Ok(Resent::Over) => page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// Somebody reloads the address of a form that only takes.
pub async fn back(visitor: Visitor) -> HttpResponse {
    visitor.redirect("/register")
}
