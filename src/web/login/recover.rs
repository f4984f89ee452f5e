//! `/recover`: a link for a new password, by mail.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, load, waiting},
    view::{Recover, RecoverSent},
};
use crate::{
    base::Text,
    flow::login::recover::{self, Outcome},
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        steps::Waiting,
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    show(&visitor, waiting, FieldErrors::none(), StatusCode::OK).await
}

async fn show(visitor: &Visitor, waiting: Waiting, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let pending = match load(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let hint = pending
        .as_ref()
        .and_then(|pending| pending.request.parameters.login_hint.clone());
    let view = Recover {
        page: visitor.layout_at(&waiting.at("/recover")),
        request: waiting.value(),
        app: app_of(pending.as_ref(), visitor.locale),
        identifier: hint.unwrap_or_default(),
        errors,
        sign_in_href: waiting.at("/login"),
    };
    visitor.page_with(status, &view, &[])
}

/// The form. Its answer is shown here and now: an address to lead to would have to carry what was typed, and could be
/// made to say anything.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    let identifier = form.field("identifier").trim().to_owned();
    if identifier.is_empty() {
        let errors = FieldErrors::field("identifier", Text::new("error-required"));
        return show(visitor, waiting, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    // Before anything else: a request that does not exist must be answered alike for those who have an account and those
    // who have none.
    let pending = match load(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    match recover::recover(visitor.core(), &visitor.visit(waiting.request()), &identifier).await {
        Ok(Outcome::Sent) => {}
        Ok(Outcome::Wait { until }) => return page::slow_down(visitor, until),
        Err(failure) => return page::failure(visitor, &failure),
    }
    let valid = visitor.core().policy.sign_up.recovery.whole_minutes();
    let view = RecoverSent {
        page: visitor.layout_at(&waiting.at("/recover")),
        app: app_of(pending.as_ref(), visitor.locale),
        identifier,
        valid_minutes: u64::try_from(valid).unwrap_or(0),
        recover_href: waiting.at("/recover"),
        sign_in_href: waiting.at("/login"),
    };
    visitor.page(&view)
}

/// Somebody comes back to the address of the answer.
pub async fn back(visitor: Visitor) -> HttpResponse {
    visitor.redirect("/recover")
}
