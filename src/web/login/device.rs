//! `/device`: a person types in the code that a device shows, and decides about the device (RFC 8628 §3.3).
//!
//! Also who came by a link with the code in it is shown the code and asked to compare it (§3.3.1, §5.4): a link proves
//! nothing about who has the device.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use super::{
    consent::{Asks, asks, details},
    pending::{Parameters, app, parameter},
    view::{Decide, Decided, Device, Occasion},
};
use crate::{
    base::Text,
    domain::user_code::UserCode,
    flow::{
        device_authorization::complete_uri,
        login::deferred::{self, Found, Waiting},
        session::{self, SignedIn},
    },
    model::deferred_authorization::DeferredKind,
    spec::oauth::scope::OFFLINE_ACCESS,
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        qr,
        return_to::ReturnTo,
        steps,
        when::When,
        words::{identifier_of, too_many},
    },
};

/// Where it is shown that all is done.
const DONE: &str = "/device/done";

/// The page: for the code, or with a code for the decision.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let typed = parameter(&query, "user_code");
    if typed.is_empty() {
        return show(&visitor, "", None, FieldErrors::none(), StatusCode::OK);
    }
    let Some(user_code) = UserCode::parse(typed) else {
        return wrong(&visitor, typed);
    };
    match signed_in(&visitor, user_code).await {
        Ok(Some(signed_in)) => ask(&visitor, &signed_in, user_code).await,
        Ok(None) => show(
            &visitor,
            &user_code.to_string(),
            Some(user_code),
            FieldErrors::none(),
            StatusCode::OK,
        ),
        Err(answer) => answer,
    }
}

/// The code, or the decision.
pub async fn post(form: Form) -> HttpResponse {
    let visitor = &form.visitor;
    let Some(user_code) = UserCode::parse(form.field("user_code")) else {
        return wrong(visitor, form.field("user_code"));
    };
    let signed_in = match signed_in(visitor, user_code).await {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => return visitor.redirect(&back_to(user_code).at("/login")),
        Err(answer) => return answer,
    };
    if !matches!(form.decision(), "allow" | "deny") {
        return visitor.redirect(&ReturnTo::Device(user_code).address());
    }
    let visit = visitor.visit(None);
    let waiting = match deferred::find_device(visitor.core(), &visit, &signed_in, user_code).await {
        Ok(Found::Waiting(waiting)) => waiting,
        found => return not_there(visitor, user_code, found),
    };
    let (decided, name) = match form.decision() {
        "allow" => (
            deferred::allow(visitor.core(), &visit, &signed_in, &waiting).await,
            "allowed",
        ),
        _ => (
            deferred::deny(visitor.core(), &visit, &signed_in, &waiting).await,
            "denied",
        ),
    };
    match decided {
        Ok(true) => visitor.redirect(&format!("{DONE}?decision={name}")),
        Ok(false) => not_there(visitor, user_code, Ok(Found::Unknown)),
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// That it is done.
pub async fn done(visitor: Visitor, query: Parameters) -> HttpResponse {
    let view = Decided::device(visitor.layout(), parameter(&query, "decision") == "allowed");
    visitor.page(&view)
}

/// The address for a code as a picture, for devices that cannot draw one. It tells nothing about whether the code is good.
pub async fn picture(visitor: Visitor, query: Parameters) -> HttpResponse {
    let Some(user_code) = UserCode::parse(parameter(&query, "user_code")) else {
        return visitor.answer(StatusCode::NOT_FOUND).finish();
    };
    match qr::svg(&complete_uri(visitor.core(), user_code)) {
        Some(svg) => visitor
            .answer(StatusCode::OK)
            .insert_header((header::CONTENT_TYPE, "image/svg+xml"))
            .body(svg),
        None => visitor.answer(StatusCode::NOT_FOUND).finish(),
    }
}

fn back_to(user_code: UserCode) -> steps::Waiting {
    steps::Waiting::Page(ReturnTo::Device(user_code))
}

/// Who is signed in, with a password that is theirs.
async fn signed_in(visitor: &Visitor, user_code: UserCode) -> Result<Option<SignedIn>, HttpResponse> {
    match session::current(visitor.core(), visitor.session()).await {
        Ok(Some(signed_in)) if signed_in.user.password_expired_at.is_some() => {
            Err(visitor.redirect(&back_to(user_code).at("/login/new-password")))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(page::failure(visitor, &error.into())),
    }
}

async fn ask(visitor: &Visitor, signed_in: &SignedIn, user_code: UserCode) -> HttpResponse {
    match deferred::find_device(visitor.core(), &visitor.visit(None), signed_in, user_code).await {
        Ok(Found::Waiting(waiting)) => {
            let occasion = Occasion::Device {
                user_code: user_code.to_string(),
            };
            visitor.page(&decide(visitor, signed_in, occasion, back_to(user_code), &waiting))
        }
        found => not_there(visitor, user_code, found),
    }
}

/// The page that asks about what waits.
pub(super) fn decide(
    visitor: &Visitor,
    signed_in: &SignedIn,
    occasion: Occasion,
    back: steps::Waiting,
    waiting: &Waiting,
) -> Decide {
    let Waiting {
        deferred,
        client,
        resources,
        wanted,
        told,
    } = waiting;
    let user = &signed_in.user;
    let Asks {
        values,
        later,
        mut apis,
    } = asks(wanted, user, told, resources, visitor.locale.tag());
    apis.extend(details(&deferred.authorization_details, resources));
    let page = visitor.layout();
    Decide {
        by_itself: client.registered_itself,
        asked_at: When::new(deferred.created_at, visitor.core().now(), page.translator()),
        page,
        app: Some(app(client, visitor.locale)),
        occasion,
        identifier: identifier_of(user),
        values,
        later,
        apis,
        stays_connected: wanted.scopes.iter().any(|scope| scope == OFFLINE_ACCESS),
        // behind the scenes it is a server that asks, whose address tells people nothing
        asked_from: deferred
            .origin
            .address
            .clone()
            .filter(|_| deferred.kind == DeferredKind::Device),
        switch_href: format!("{}&switch=1", back.at("/login")),
    }
}

fn wrong(visitor: &Visitor, typed: &str) -> HttpResponse {
    let errors = FieldErrors::field("user_code", Text::new("error-user-code-format"));
    let shown: String = typed.chars().take(40).collect();
    show(visitor, &shown, None, errors, StatusCode::UNPROCESSABLE_ENTITY)
}

fn not_there(visitor: &Visitor, user_code: UserCode, found: Result<Found, crate::flow::Failure>) -> HttpResponse {
    let shown = user_code.to_string();
    match found {
        Ok(Found::Wait { until }) => {
            let seconds = page::seconds_until(visitor, until);
            let errors = FieldErrors::form(too_many(i64::try_from(seconds).unwrap_or(i64::MAX)));
            let mut answer = show(visitor, &shown, None, errors, StatusCode::TOO_MANY_REQUESTS);
            page::retry_after(&mut answer, seconds);
            answer
        }
        Ok(_) => {
            let errors = FieldErrors::field("user_code", Text::new("error-user-code"));
            show(visitor, &shown, None, errors, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(failure) => page::failure(visitor, &failure),
    }
}

fn show(
    visitor: &Visitor,
    typed: &str,
    elsewhere: Option<UserCode>,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    let view = Device {
        page: visitor.layout_at("/device"),
        user_code: typed.to_owned(),
        picture_href: elsewhere.map(|user_code| format!("/device/qr?user_code={user_code}")),
        errors,
    };
    visitor.page_with(status, &view, &[])
}
