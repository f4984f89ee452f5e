//! `/account/apps/withdraw`: an app loses its access.

use actix_web::HttpResponse;

use super::{done::Done, owner::Owner};
use crate::{
    flow::account::apps,
    web::{error::page, extract::Form},
};

/// The form. Pressing twice says the same twice.
pub async fn withdraw(owner: Owner, form: Form) -> HttpResponse {
    let visitor = &owner.visitor;
    match apps::withdraw(
        visitor.core(),
        &owner.visit(),
        &owner.signed_in,
        form.field("client_id"),
    )
    .await
    {
        Ok(_) => visitor.redirect(&Done::Withdrawn.address()),
        Err(failure) => page::failure(visitor, &failure),
    }
}
