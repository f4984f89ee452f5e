//! Where somebody goes who has just signed out.

use actix_web::HttpResponse;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::extract::Visitor;
use crate::{domain::logout::Target, model::Client};

/// Takes the session cookie away and sends the browser back to the app, or to the page that says it is done.
pub fn leave(visitor: &mut Visitor, target: Option<&Target>, client: Option<&Client>) -> HttpResponse {
    visitor.sign_out();
    match (target, client) {
        (Some(target), _) => visitor.redirect(&target.location()),
        (None, Some(client)) => {
            let client_id = utf8_percent_encode(&client.client_id, NON_ALPHANUMERIC);
            visitor.redirect(&format!("/logout/done?client_id={client_id}"))
        }
        (None, None) => visitor.redirect("/logout/done"),
    }
}
