//! Error pages. A cause is logged here, once, with a reference that the page shows; the page itself says what to do.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderValue, RETRY_AFTER},
    },
};

use crate::{
    base::{Text, Time, id::AuditEventId},
    flow::Failure,
    web::{
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
    let core = visitor.core();
    let reference = AuditEventId::new(core.now(), &*core.rng).to_string();
    if kind == ErrorKind::Internal {
        tracing::error!(%reference, error = %failure, "a request failed");
    } else {
        tracing::warn!(%reference, error = %failure, "a request could not be served");
    }
    respond(visitor, kind, String::new(), reference)
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

fn respond(visitor: &Visitor, kind: ErrorKind, detail: String, reference: String) -> HttpResponse {
    let view = ErrorPage {
        page: visitor.layout_at("/"),
        kind,
        detail,
        reference,
        way_out: Some(("/account".to_owned(), Text::new("failure-to-account"))),
    };
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = visitor.page_with(status, &view, &[]);
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
