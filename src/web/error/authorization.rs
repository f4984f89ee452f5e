//! The authorization response on its way through the browser: a redirect, or a form that posts itself.

use actix_web::{HttpResponse, http::StatusCode};

use crate::{
    domain::{
        authorize::{Fault, Response, response::form_action_source},
        departure::place,
    },
    flow::authorize::Answered,
    web::{
        error::page,
        view::{ErrorKind, FormPost, Leave, Onward},
        visitor::Visitor,
    },
};

/// Sends the answer, a code or an error, to the client.
pub fn respond(visitor: &Visitor, answered: &Answered) -> HttpResponse {
    let mut answer = carry(visitor, answered);
    if let Some(state) = &answered.browser_state {
        visitor.set_browser_state(&mut answer, state);
    }
    answer
}

fn carry(visitor: &Visitor, answered: &Answered) -> HttpResponse {
    let issuer = visitor.core().policy.issuer.as_str();
    let response = &answered.response;
    if let Some(location) = response.location(issuer) {
        return visitor.redirect(&location);
    }
    let view = FormPost {
        page: visitor.layout().without_languages(),
        app: answered.client_name.clone(),
        redirect_uri: response.redirect_uri.clone(),
        parameters: fields(response, issuer),
    };
    let target: Vec<String> = form_action_source(&response.redirect_uri).into_iter().collect();
    visitor.page_with(StatusCode::OK, &view, &target)
}

fn fields(response: &Response, issuer: &str) -> Vec<(String, String)> {
    let wire = response.wire(issuer).into_iter();
    wire.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Says where the answer leads, and sends it only when the person goes there.
pub fn tell(visitor: &Visitor, answered: &Answered) -> HttpResponse {
    let issuer = visitor.core().policy.issuer.as_str();
    let response = &answered.response;
    let onward = match response.location(issuer) {
        Some(location) => Onward::Link(location),
        None => Onward::Form {
            action: response.redirect_uri.clone(),
            parameters: fields(response, issuer),
        },
    };
    tell_of(visitor, &response.redirect_uri, onward)
}

/// The same for any way to a registered address.
pub fn tell_of(visitor: &Visitor, address: &str, onward: Onward) -> HttpResponse {
    let view = Leave {
        page: visitor.layout_anywhere(),
        place: place(address),
        onward,
    };
    let target: Vec<String> = form_action_source(address).into_iter().collect();
    visitor.page_with(StatusCode::OK, &view, &target)
}

/// The page for a request that may not be answered to anybody but the person (RFC 6749 §4.1.2.1).
pub fn refuse(visitor: &Visitor, fault: &Fault) -> HttpResponse {
    let kind = match fault {
        Fault::ClientIdMissing | Fault::Framed | Fault::Malformed(_) => ErrorKind::MalformedRequest,
        Fault::ClientUnknown | Fault::ClientDisabled => ErrorKind::UnknownApp,
        Fault::PushedRequestGone => ErrorKind::ExpiredRequest,
        Fault::RedirectUriMissing | Fault::RedirectUriMismatch | Fault::RedirectUriOpen => {
            ErrorKind::RedirectUriMismatch
        }
    };
    page::show(visitor, kind, fault.to_string())
}
