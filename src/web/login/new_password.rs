//! `/login/new-password`: a one-time password is replaced before anything else.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    pending::{Parameters, app_of, form_origins, load, waiting},
    view::NewPassword,
};
use crate::{
    flow::{
        login::new_password::{self, Outcome},
        session::{self, SignedIn},
    },
    web::{
        FieldErrors,
        error::page,
        extract::{Form, Visitor},
        steps::{self, Waiting},
        words::{self, identifier_of},
    },
};

/// The page.
pub async fn get(visitor: Visitor, query: Parameters) -> HttpResponse {
    let waiting = waiting(&query);
    match must_change(&visitor, waiting).await {
        Ok(Some(signed_in)) => show(&visitor, waiting, &signed_in, FieldErrors::none(), StatusCode::OK).await,
        Ok(None) => steps::go_on(&visitor, waiting).await,
        Err(answer) => answer,
    }
}

/// Who is signed in, if they must replace their password.
async fn must_change(visitor: &Visitor, waiting: Waiting) -> Result<Option<SignedIn>, HttpResponse> {
    match session::current(visitor.core(), visitor.session()).await {
        Ok(Some(signed_in)) => Ok(Some(signed_in).filter(|one| one.user.password_expired_at.is_some())),
        Ok(None) => Err(visitor.redirect(&waiting.at("/login"))),
        Err(error) => Err(page::failure(visitor, &error.into())),
    }
}

async fn show(
    visitor: &Visitor,
    waiting: Waiting,
    signed_in: &SignedIn,
    errors: FieldErrors,
    status: StatusCode,
) -> HttpResponse {
    let pending = match load(visitor, waiting).await {
        Ok(pending) => pending,
        Err(answer) => return answer,
    };
    let view = NewPassword {
        page: visitor.layout_at(&waiting.at("/login/new-password")),
        request: waiting.value(),
        app: app_of(pending.as_ref(), visitor.locale),
        identifier: identifier_of(&signed_in.user),
        password_min_length: visitor.core().policy.passwords.min_length(),
        errors,
    };
    visitor.page_with(status, &view, &form_origins(pending.as_ref()))
}

/// The new password.
pub async fn post(form: Form) -> HttpResponse {
    let waiting = Waiting::parse(form.field("request"));
    let visitor = &form.visitor;
    let signed_in = match must_change(visitor, waiting).await {
        Ok(Some(signed_in)) => signed_in,
        Ok(None) => return steps::go_on(visitor, waiting).await,
        Err(answer) => return answer,
    };
    let visit = visitor.visit(waiting.request());
    match new_password::replace(visitor.core(), &visit, &signed_in, &form.secret("password")).await {
        // to the sign-in page, that is
        Ok(Outcome::Changed | Outcome::SignedOut) => steps::go_on(visitor, waiting).await,
        Ok(Outcome::Weak(weakness)) => {
            let errors = FieldErrors::field("password", words::weakness(weakness));
            show(visitor, waiting, &signed_in, errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(failure) => page::failure(visitor, &failure),
    }
}
