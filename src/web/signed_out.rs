//! Where somebody goes who has just signed out.

use actix_web::HttpResponse;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    error::{authorization, page},
    extract::Visitor,
    view::Onward,
};
use crate::{
    domain::departure::Way,
    flow::{end_session::SignedOut, logout::front_channel},
};

/// Takes the session cookie away and sends the browser back to the app, or to the page that says it is done; by way of the
/// page that signs out of other apps, if some want that.
pub async fn leave(visitor: &mut Visitor, signed_out: &SignedOut) -> HttpResponse {
    visitor.sign_out();
    if let (Some(target), Way::Told) = (&signed_out.target, signed_out.way) {
        return authorization::tell_of(visitor, &target.uri, Onward::Link(target.location()));
    }
    let location = match (&signed_out.target, &signed_out.client) {
        (Some(target), _) => target.location(),
        (None, Some(client)) => {
            let client_id = utf8_percent_encode(&client.client_id, NON_ALPHANUMERIC);
            format!("/logout/done?client_id={client_id}")
        }
        (None, None) => "/logout/done".to_owned(),
    };
    let Some(session_id) = signed_out.session_id else {
        return visitor.redirect(&location);
    };
    match front_channel::errand(visitor.core(), session_id, &location, &visitor.browser().hash).await {
        Ok(Some(errand)) => visitor.redirect(&format!("/logout/apps?errand={errand}")),
        Ok(None) => visitor.redirect(&location),
        Err(failure) => page::failure(visitor, &failure),
    }
}
