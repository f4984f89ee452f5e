//! `/end_session`: an app asks to sign the person out (RP-Initiated Logout 1.0 §2), by GET or by POST with a form.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::authorize::fits_an_address;
use crate::{
    flow::end_session::{Confirmed, Outcome, end_session},
    web::{
        error::page,
        extract::{Visitor, form::is_form},
        signed_out::leave,
        view::ErrorKind,
    },
};

/// By GET.
pub async fn get(request: HttpRequest, visitor: Visitor) -> HttpResponse {
    answer(visitor, request.query_string()).await
}

/// By POST; without cookies it is done again by GET, as at the authorization endpoint.
pub async fn post(request: HttpRequest, visitor: Visitor, body: Bytes) -> HttpResponse {
    let Some(encoded) = std::str::from_utf8(&body).ok().filter(|_| is_form(&request)) else {
        return page::show(&visitor, ErrorKind::MalformedRequest, String::new());
    };
    if visitor.session().is_none() && fits_an_address(encoded) {
        return visitor.redirect(&format!("/end_session?{encoded}"));
    }
    answer(visitor, encoded).await
}

async fn answer(mut visitor: Visitor, encoded: &str) -> HttpResponse {
    let origin = visitor.origin();
    let asked = end_session(visitor.core(), encoded, &visitor.browser(), Confirmed::No, &origin).await;
    match asked {
        Ok(Outcome::SignedOut(signed_out)) => leave(&mut visitor, &signed_out).await,
        Ok(Outcome::Confirm(confirm)) => visitor.redirect(&format!("/logout?{}", confirm.parameters)),
        Ok(Outcome::Refused(refused)) => page::show(&visitor, ErrorKind::MalformedRequest, refused.to_string()),
        Err(failure) => page::failure(&visitor, &failure),
    }
}
