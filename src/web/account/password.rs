//! `/account/password`: another password.

use actix_web::{HttpResponse, http::StatusCode};

use super::{done::Done, owner::Owner, view::Password};
use crate::{
    base::Text,
    flow::account::password::{self, Outcome},
    web::{
        FieldErrors,
        error::page,
        extract::Form,
        words::{identifier_of, too_many, weakness},
    },
};

/// The page.
pub async fn get(owner: Owner) -> HttpResponse {
    show(&owner, FieldErrors::none(), StatusCode::OK).await
}

async fn show(owner: &Owner, errors: FieldErrors, status: StatusCode) -> HttpResponse {
    let core = owner.visitor.core();
    let has_password = match password::has_password(core, &owner.signed_in).await {
        Ok(has_password) => has_password,
        Err(error) => return page::failure(&owner.visitor, &error.into()),
    };
    let view = Password {
        page: owner.layout_at("/account/password"),
        identifier: identifier_of(&owner.signed_in.user),
        has_password,
        password_min_length: core.policy.passwords.min_length(),
        errors,
    };
    owner.visitor.page_with(status, &view, &[])
}

/// The form.
pub async fn post(mut owner: Owner, form: Form) -> HttpResponse {
    let (core, visit) = (owner.visitor.core(), owner.visit());
    let (current, new) = (form.secret("current_password"), form.secret("password"));
    if form.field("password").is_empty() {
        let errors = FieldErrors::field("password", Text::new("error-required"));
        return show(&owner, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let (errors, status) = match password::change(core, &visit, &owner.signed_in, &current, &new).await {
        Ok(Outcome::Changed(welcome)) => {
            owner.visitor.renew(&welcome.session, welcome.device.as_ref());
            return owner.visitor.redirect(&Done::Password.address());
        }
        Ok(Outcome::SignedOut) => return owner.visitor.redirect("/login"),
        Ok(Outcome::ProofNeeded) => return owner.visitor.redirect("/recover"),
        Ok(Outcome::Wrong) => {
            let text = Text::new("error-password-wrong");
            (
                FieldErrors::field("current_password", text),
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Ok(Outcome::Wait { until }) => {
            let text = too_many((until - core.now()).whole_seconds());
            (FieldErrors::form(text), StatusCode::TOO_MANY_REQUESTS)
        }
        Ok(Outcome::Same) => {
            let text = Text::new("error-password-same");
            (FieldErrors::field("password", text), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Ok(Outcome::Weak(weak)) => (
            FieldErrors::field("password", weakness(weak)),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        Err(failure) => return page::failure(&owner.visitor, &failure),
    };
    show(&owner, errors, status).await
}
