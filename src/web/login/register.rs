//! `/register`: somebody asks for an account.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, form_origins, load, waiting},
    view::Register,
    words,
};
use crate::{
    domain::{account::registration::asked_claims, authorize::Step},
    flow::{
        authorize::Pending,
        login::register::{self, Outcome},
    },
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        profile_field::ProfileField,
        steps::{self, Waiting},
        view::ErrorKind,
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    if !visitor.core().policy.sign_up.enabled {
        return page::show(&visitor, ErrorKind::NotFound, String::new());
    }
    let pending = match load(&visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let is_done = |pending: &Pending| matches!(pending.step, Step::Finish | Step::Refuse(_) | Step::Consent(_));
    if pending.as_ref().is_some_and(is_done) {
        return steps::go_on(&visitor, waiting).await;
    }
    let hint = pending
        .as_ref()
        .and_then(|pending| pending.request.parameters.login_hint.clone());
    let form = register::Form {
        email: hint.filter(|hint| hint.contains('@')).unwrap_or_default(),
        username: String::new(),
        password: String::new().into(),
        claims: asked(pending.as_ref())
            .into_iter()
            .map(|name| (name, String::new()))
            .collect(),
    };
    show(
        &visitor,
        waiting,
        pending.as_ref(),
        &form,
        FieldErrors::none(),
        StatusCode::OK,
    )
}

fn asked(pending: Option<&Pending>) -> Vec<&'static str> {
    pending.map_or_else(Vec::new, |pending| asked_claims(&pending.request.parameters.claims))
}

fn show(
    visitor: &Visitor,
    waiting: Waiting,
    pending: Option<&Pending>,
    form: &register::Form,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    let policy = &visitor.core().policy;
    let view = Register {
        page: visitor.layout_at(&waiting.at("/register")),
        request: waiting.value(),
        app: app_of(pending, visitor.locale),
        email: form.email.clone(),
        username: policy.sign_up.ask_username.then(|| form.username.clone()),
        fields: form
            .claims
            .iter()
            .map(|(name, value)| ProfileField::required(*name, value.clone()))
            .collect(),
        password_min_length: policy.passwords.min_length(),
        errors,
        sign_in_href: waiting.at("/login"),
    };
    visitor.page_with(status, &view, &form_origins(pending))
}

/// The form.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    let pending = match load(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let typed = register::Form {
        email: form.field("email").to_owned(),
        username: form.field("username").to_owned(),
        password: form.secret("password"),
        claims: asked(pending.as_ref())
            .into_iter()
            .map(|name| (name, form.field(name).to_owned()))
            .collect(),
    };
    let visit = visitor.visit(waiting.request());
    match register::register(visitor.core(), &visit, &typed).await {
        Ok(Outcome::Sent(id)) => visitor.redirect(&format!("/register/verify?registration={id}")),
        Ok(Outcome::Problems(problems)) => {
            let errors = words::problems(&problems);
            show(
                visitor,
                waiting,
                pending.as_ref(),
                &typed,
                errors,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Ok(Outcome::Wait { until }) => page::slow_down(visitor, until),
        Ok(Outcome::Closed) => page::show(visitor, ErrorKind::NotFound, String::new()),
        Err(failure) => page::failure(visitor, &failure),
    }
}
