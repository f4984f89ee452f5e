//! `/account/email`: another e-mail address, and the page behind the link that is mailed to it.
//!
//! The link's page only asks; a press of its button confirms. Whatever opens links in mails to look at them changes
//! nothing that way.

use std::collections::HashMap;

use actix_web::{HttpResponse, http::StatusCode, web::Query};

use super::{
    confirm::Next,
    done::Done,
    owner::Owner,
    view::{Email, EmailSent, EmailVerify},
};
use crate::{
    base::{Secret, Text},
    flow::account::{
        confirm,
        email::{self, Asked, Verified},
    },
    web::{FieldErrors, error::page, extract::Form, view::ErrorKind},
};

/// The page, for somebody who has proved lately who they are.
pub async fn get(owner: Owner) -> HttpResponse {
    if !confirm::is_fresh(owner.visitor.core(), &owner.signed_in.session) {
        return owner.visitor.redirect(&Next::Email.proof());
    }
    show(&owner, String::new(), FieldErrors::none())
}

fn show(owner: &Owner, email: String, errors: FieldErrors) -> HttpResponse {
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let user = &owner.signed_in.user;
    let view = Email {
        page: owner.layout_at("/account/email"),
        current: user.claim("email").map(str::to_owned),
        is_verified: user.is_true("email_verified"),
        email,
        errors,
    };
    owner.visitor.page_with(status, &view, &[])
}

/// The form. Its answer is shown here and now: an address to lead to would have to carry what was typed.
pub async fn post(owner: Owner, form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    let typed = form.field("email").trim().to_owned();
    let fault = match email::ask(visitor.core(), &owner.visit(), &owner.signed_in, &typed).await {
        Ok(Asked::Sent(email)) => {
            let valid = visitor.core().policy.sign_up.verification.whole_minutes();
            let view = EmailSent {
                page: owner.layout_at("/account/email"),
                email,
                valid_minutes: u64::try_from(valid).unwrap_or(0),
            };
            return visitor.page(&view);
        }
        Ok(Asked::ProofNeeded) => return visitor.redirect(&Next::Email.proof()),
        Ok(Asked::Wait { until }) => return page::slow_down(visitor, until),
        Ok(Asked::Malformed) if typed.is_empty() => "error-required",
        Ok(Asked::Malformed) => "error-email-format",
        Ok(Asked::Unchanged) => "error-email-same",
        Err(failure) => return page::failure(visitor, &failure),
    };
    show(&owner, typed, FieldErrors::field("email", Text::new(fault)))
}

/// The page behind the mailed link. Looking at it uses nothing up.
pub async fn get_link(owner: Owner, query: Query<HashMap<String, String>>) -> HttpResponse {
    let visitor = &owner.visitor;
    let token = Secret::new(query.get("token").cloned().unwrap_or_default());
    match email::find(visitor.core(), &owner.signed_in, &token).await {
        Ok(Some(link)) => visitor.page(&EmailVerify {
            page: owner.layout_at(&format!("/account/email/verify?token={}", token.expose())),
            token: token.expose().clone(),
            email: link.email,
        }),
        Ok(None) => page::show(visitor, ErrorKind::ExpiredLink, String::new()),
        Err(error) => page::failure(visitor, &error.into()),
    }
}

/// The press of its button.
pub async fn post_link(owner: Owner, form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    match email::verify(visitor.core(), &owner.visit(), &owner.signed_in, &form.secret("token")).await {
        Ok(Verified::Changed) => visitor.redirect(&Done::Email.address()),
        Ok(Verified::Dead | Verified::Taken) => page::show(visitor, ErrorKind::ExpiredLink, String::new()),
        Err(failure) => page::failure(visitor, &failure),
    }
}
