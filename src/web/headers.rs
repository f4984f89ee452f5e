//! The headers that every answer carries unless its handler said otherwise.
//!
//! `Referrer-Policy` is `same-origin`, not `no-referrer`: nothing of an address leaves to others either way, but under
//! `no-referrer` browsers send `Origin: null` with this server's own forms (Fetch, "append a request `Origin` header"),
//! and the check of where a form comes from would have nothing to look at. `Cross-Origin-Opener-Policy` is absent on
//! purpose: it would cut the thread between an app and the popup in which somebody signs in to it.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    web,
};

use crate::flow::Core;

/// Nothing may be fetched or run, nobody may frame it, and forms stay here: right for JSON and for plain pages; the
/// handlers of pages send a policy of their own.
const TIGHT_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// For a page that any other may frame; it still runs only a script of ours.
pub const FRAMED_BY_ANYBODY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors *";

/// What is set where the handler set nothing.
const DEFAULTS: [(HeaderName, &str); 5] = [
    // RFC 6749 §5.1, §4.1.2: codes, tokens and pages about people are nobody's to keep.
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, TIGHT_POLICY),
    (REFERRER_POLICY, "same-origin"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Middleware that completes the headers: `App::wrap(middleware::from_fn(headers::complete))`. It also lets every
/// address that answers GET answer HEAD: with the same headers and without the body (RFC 9110 §9.3.2), which the server
/// leaves out by itself because it remembers how it was asked.
///
/// # Errors
/// Whatever the service answers.
pub async fn complete<B: MessageBody>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let is_https = request
        .app_data::<web::Data<Core>>()
        .is_some_and(|core| core.policy.issuer.is_https());
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let mut response = next.call(request).await?;
    fill(response.headers_mut(), is_https);
    Ok(response)
}

/// Adds what is missing.
pub(super) fn fill(headers: &mut HeaderMap, is_https: bool) {
    // There is no value of that header that lets everybody frame.
    let is_framed = headers
        .get(CONTENT_SECURITY_POLICY)
        .is_some_and(|policy| policy == FRAMED_BY_ANYBODY);
    for (name, value) in DEFAULTS {
        let is_waived = is_framed && name == X_FRAME_OPTIONS;
        if !is_waived && !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if is_https && !headers.contains_key(STRICT_TRANSPORT_SECURITY) {
        // RFC 6797; without includeSubDomains: the issuer's neighbours are not ours to decide about.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_set_stays_and_the_rest_is_filled_in() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=900"));
        fill(&mut headers, false);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "public, max-age=900");
        assert_eq!(headers.get(X_FRAME_OPTIONS).unwrap(), "DENY");
        assert!(
            headers
                .get(CONTENT_SECURITY_POLICY)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        fill(&mut headers, true);
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn only_the_page_that_is_made_for_it_may_be_framed() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED_BY_ANYBODY));
        fill(&mut headers, true);
        assert!(!headers.contains_key(X_FRAME_OPTIONS));
        let mut others = HeaderMap::new();
        others.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'self'"));
        fill(&mut others, true);
        assert_eq!(others.get(X_FRAME_OPTIONS).unwrap(), "DENY");
    }
}
