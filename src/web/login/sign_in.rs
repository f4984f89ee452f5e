//! `/login`: identifier and password; also the way out, back to the app.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, form_origins, load, parameter, waiting},
    view::SignIn,
};
use crate::{
    base::Text,
    domain::authorize::{Step, next_step::SignInReason},
    flow::{
        authorize::{self, Pending},
        login::sign_in::{self, Credentials, Outcome, Refused, Then},
        session,
    },
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        view::ErrorKind,
        words::{self, identifier_of},
    },
};

/// The page. Whoever has nothing to do here is sent on.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    // "Not you?" on another page: then somebody else may sign in although nobody has to.
    let switch = !parameter(&query, "switch").is_empty();
    let pending = match load(&visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    match &pending {
        Some(pending) if !(switch || is_for(&pending.step)) => return steps::go_on(&visitor, waiting).await,
        Some(_) => {}
        None => match session::current(visitor.core(), visitor.session()).await {
            Ok(Some(_)) if !switch => return steps::go_on(&visitor, waiting).await,
            Ok(_) => {}
            Err(error) => return page::failure(&visitor, &error.into()),
        },
    }
    let identifier = first_identifier(pending.as_ref(), switch);
    show(
        &visitor,
        waiting,
        pending.as_ref(),
        identifier,
        FieldErrors::none(),
        StatusCode::OK,
    )
}

/// Whether somebody may sign in at this step: they must, or they may instead of what is asked.
fn is_for(step: &Step) -> bool {
    matches!(step, Step::SignIn(_) | Step::SelectAccount | Step::Register)
}

/// What stands in the identifier field at first: the app's hint, else who must sign in again.
fn first_identifier(pending: Option<&Pending>, switch: bool) -> String {
    let Some(pending) = pending.filter(|_| !switch) else {
        return String::new();
    };
    let again = match &pending.step {
        Step::SignIn(SignInReason::Asked | SignInReason::TooLongAgo) => pending.signed_in.as_ref(),
        _ => None,
    };
    let known = again.map(|signed_in| identifier_of(&signed_in.user));
    pending
        .request
        .parameters
        .login_hint
        .clone()
        .or(known)
        .unwrap_or_default()
}

fn show(
    visitor: &Visitor,
    waiting: Waiting,
    pending: Option<&Pending>,
    identifier: String,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    let again = pending.is_some_and(|pending| {
        matches!(
            pending.step,
            Step::SignIn(SignInReason::Asked | SignInReason::TooLongAgo)
        ) && pending.signed_in.is_some()
    });
    let view = SignIn {
        page: visitor.layout_at(&waiting.at("/login")),
        request: waiting.value(),
        app: app_of(pending, visitor.locale),
        identifier,
        notice: again.then(|| Text::new("sign-in-again")),
        errors,
        register_href: visitor.core().policy.sign_up.enabled.then(|| waiting.at("/register")),
        recover_href: waiting.at("/recover"),
    };
    visitor.page_with(status, &view, &form_origins(pending))
}

/// The form.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    if form.decision() == "cancel" {
        return cancel(visitor, waiting).await;
    }
    let credentials = Credentials {
        identifier: form.field("identifier").to_owned(),
        password: form.secret("password"),
    };
    let mut errors = FieldErrors::none();
    for name in ["identifier", "password"] {
        if form.field(name).trim().is_empty() {
            errors.add(name, Text::new("error-required"));
        }
    }
    if !errors.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return again(visitor, waiting, credentials.identifier, errors, status).await;
    }
    let visit = visitor.visit(waiting.request());
    match sign_in::sign_in(visitor.core(), &visit, &credentials).await {
        Ok(Outcome::Welcome(welcome, then)) => {
            let mut visitor = form.visitor;
            visitor.sign_in(&welcome.session, welcome.device.as_ref());
            match then {
                Then::Answered(next) => steps::go(&visitor, Ok(*next)),
                Then::Request(request, signed_in) => {
                    let next = authorize::proceed_as(visitor.core(), *request, *signed_in).await;
                    steps::go(&visitor, next)
                }
                Then::Nothing => steps::go_on(&visitor, waiting).await,
            }
        }
        Ok(Outcome::Refused(refused)) => refuse(visitor, waiting, credentials.identifier, refused).await,
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// The page again, with what is wrong. What waits is looked up only now: whoever is let in does not wait for it.
async fn again(
    visitor: &Visitor,
    waiting: Waiting,
    identifier: String,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    match load(visitor, waiting).await {
        Ok(pending) => show(visitor, waiting, pending.as_ref(), identifier, errors, status),
        Err(answer) => answer,
    }
}

async fn refuse(visitor: &Visitor, waiting: Waiting, identifier: String, refused: Refused) -> HttpResponse {
    let unlike = StatusCode::UNPROCESSABLE_ENTITY;
    let (text, status) = match refused {
        Refused::Wrong => (Text::new("error-sign-in"), unlike),
        Refused::Suspended => (Text::new("error-suspended"), unlike),
        Refused::Wait { until } => {
            let seconds = page::seconds_until(visitor, until);
            let errors = FieldErrors::form(words::too_many(i64::try_from(seconds).unwrap_or(i64::MAX)));
            let mut answer = again(visitor, waiting, identifier, errors, StatusCode::TOO_MANY_REQUESTS).await;
            page::retry_after(&mut answer, seconds);
            return answer;
        }
    };
    again(visitor, waiting, identifier, FieldErrors::form(text), status).await
}

/// The person turns back: the app learns that they would not (RFC 6749 §4.1.2.1).
async fn cancel(visitor: &Visitor, waiting: Waiting) -> HttpResponse {
    match waiting {
        Waiting::App(id) => {
            let next = authorize::cancel(visitor.core(), id, &visitor.browser()).await;
            steps::go(visitor, next)
        }
        Waiting::Page(_) | Waiting::Nothing => page::show(visitor, ErrorKind::ExpiredRequest, String::new()),
    }
}
