//! `/account/sessions/…`: sessions in other browsers end.

use actix_web::HttpResponse;

use super::{done::Done, owner::Owner};
use crate::{
    base::id::SessionId,
    flow::account::sessions,
    web::{error::page, extract::Form},
};

/// One of them.
pub async fn end(owner: Owner, form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    let Some(id) = form.id::<SessionId>("session") else {
        return visitor.redirect("/account");
    };
    match sessions::end(visitor.core(), &owner.visit(), &owner.signed_in, id).await {
        Ok(true) => visitor.redirect(&Done::SessionEnded.address()),
        Ok(false) => visitor.redirect("/account"),
        Err(failure) => page::failure(visitor, &failure),
    }
}

/// All of them.
pub async fn end_others(owner: Owner, _form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    match sessions::end_others(visitor.core(), &owner.visit(), &owner.signed_in).await {
        Ok(_) => visitor.redirect(&Done::SessionsEnded.address()),
        Err(failure) => page::failure(visitor, &failure),
    }
}
