//! Error pages. A cause is logged here, once, with a reference that the page shows; the page itself says what to do.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_SECURITY_POLICY, ContentType, HeaderValue, RETRY_AFTER},
    },
};
use askama::Template;

use crate::{
    base::{Locale, Text, Time, id::AuditEventId},
    flow::{Core, Failure},
    web::{
        Layout,
        layout::content_security_policy,
        view::{ErrorKind, ErrorPage},
        visitor::Visitor,
    },
};

/// The page for `kind`. `detail` is the protocol's own word for it, for the person who helps; it may be empty.
pub fn show(visitor: &Visitor, kind: ErrorKind, detail: String) -> HttpResponse {
    respond(visitor, kind, detail, String::new())
}

/// The page for a failure of the machinery.
pub fn failure(visitor: &Visitor, failure: &Failure) -> HttpResponse {
    let kind = match failure {
        Failure::Busy { retry_after } => ErrorKind::Busy {
            retry_after_seconds: retry_after.as_secs().max(1),
        },
        failure if failure.is_outage() => ErrorKind::DatabaseUnavailable,
        _ => ErrorKind::Internal,
    };
    let reference = reference(visitor.core());
    if kind == ErrorKind::Internal {
        tracing::error!(%reference, error = %failure, "a request failed");
    } else {
        tracing::warn!(%reference, error = %failure, "a request could not be served");
    }
    respond(visitor, kind, String::new(), reference)
}

/// What finds a moment in the log again.
pub fn reference(core: &Core) -> String {
    AuditEventId::new(core.now(), &*core.rng).to_string()
}

/// The page for somebody who tries too often.
pub fn slow_down(visitor: &Visitor, until: Time) -> HttpResponse {
    let kind = ErrorKind::TooManyAttempts {
        retry_after_seconds: seconds_until(visitor, until),
    };
    show(visitor, kind, String::new())
}

/// How many seconds it is until then, at least one.
pub fn seconds_until(visitor: &Visitor, until: Time) -> u64 {
    let wait = (until - visitor.core().now()).whole_seconds().saturating_add(1);
    u64::try_from(wait).unwrap_or(1).max(1)
}

/// Nothing is here.
pub async fn not_found(visitor: Visitor) -> HttpResponse {
    show(&visitor, ErrorKind::NotFound, String::new())
}

/// Something is here, but not for this method.
pub async fn method_not_allowed(visitor: Visitor) -> HttpResponse {
    show(&visitor, ErrorKind::MethodNotAllowed, String::new())
}

/// Says when to come back (RFC 9110 §10.2.3).
pub fn retry_after(response: &mut HttpResponse, seconds: u64) {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
}

fn way_out() -> Option<(String, Text)> {
    Some(("/account".to_owned(), Text::new("failure-to-account")))
}

fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The page for a request that ended before anybody read who asks: no cookie is looked at and none is set, and there are
/// no language links, for the address may be what was wrong.
pub fn to_anybody(locale: Locale, kind: ErrorKind, reference: String) -> HttpResponse {
    let view = ErrorPage {
        page: Layout::new(locale, "", "/").without_languages(),
        kind,
        detail: String::new(),
        reference,
        way_out: way_out(),
    };
    let mut response = HttpResponse::build(status_of(kind));
    match view.render() {
        Ok(html) => response
            .content_type(ContentType::html())
            .insert_header((CONTENT_SECURITY_POLICY, content_security_policy(&[])))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            response.finish()
        }
    }
}

fn respond(visitor: &Visitor, kind: ErrorKind, detail: String, reference: String) -> HttpResponse {
    let view = ErrorPage {
        page: visitor.layout_anywhere(),
        kind,
        detail,
        reference,
        way_out: way_out(),
    };
    let mut response = visitor.page_with(status_of(kind), &view, &[]);
    let seconds = match kind {
        ErrorKind::TooManyAttempts { retry_after_seconds } | ErrorKind::Busy { retry_after_seconds } => {
            Some(retry_after_seconds)
        }
        ErrorKind::DatabaseUnavailable => Some(5),
        _ => None,
    };
    if let Some(seconds) = seconds {
        retry_after(&mut response, seconds);
    }
    response
}
