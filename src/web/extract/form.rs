//! Forms of our own pages: read only when they come from this server's own page in this browser.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::InternalError,
    http::header::{CONTENT_TYPE, HeaderName, ORIGIN},
    web::Bytes,
};

use super::Visitor;
use crate::{
    base::Secret,
    spec::oauth::Params,
    web::{error::page, view::ErrorKind},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A form that was filled in on a page of this server: its CSRF token is this browser's, and nothing says that it was
/// sent from elsewhere.
pub struct Form {
    /// Whoever sent it.
    pub visitor: Visitor,
    params: Params,
}

impl Form {
    /// A field's value; empty if it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    /// A field's value, to be hidden.
    pub fn secret(&self, name: &str) -> Secret<String> {
        Secret::new(self.field(name).to_owned())
    }

    /// Which button was pressed.
    pub fn decision(&self) -> &str {
        self.field("decision")
    }

    /// A field that holds an id; `None` unless it does.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.field(name).parse().ok()
    }

    /// All fields.
    pub fn params(&self) -> &Params {
        &self.params
    }
}

impl FromRequest for Form {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload);
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let visitor = visitor.await?;
            let Ok(body) = body.await else {
                return Err(refusal(page::show(&visitor, ErrorKind::TooLarge, String::new())));
            };
            let stale = |visitor: &Visitor| refusal(page::show(visitor, ErrorKind::StaleForm, String::new()));
            if !is_form(&request) || !comes_from_here(&request, &visitor) {
                return Err(stale(&visitor));
            }
            let params = std::str::from_utf8(&body)
                .ok()
                .and_then(|text| Params::parse(text).ok());
            match params {
                Some(params) if visitor.accepts_csrf(params.get("csrf").unwrap_or_default()) => {
                    Ok(Self { visitor, params })
                }
                Some(_) => Err(stale(&visitor)),
                None => Err(refusal(page::show(
                    &visitor,
                    ErrorKind::MalformedRequest,
                    String::new(),
                ))),
            }
        })
    }
}

fn refusal(response: HttpResponse) -> actix_web::Error {
    InternalError::from_response("the form is refused", response).into()
}

/// Whether the body is what forms send.
pub fn is_form(request: &HttpRequest) -> bool {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// What the browser says about where a form was sent from. Old browsers say nothing; then the token alone decides.
pub fn comes_from_here(request: &HttpRequest, visitor: &Visitor) -> bool {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (header(SEC_FETCH_SITE), header(ORIGIN)) {
        // "none": the person did it themselves (a reload, a bookmark).
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == visitor.core().policy.issuer.origin(),
        (None, None) => true,
    }
}
