//! What stands before every handler: limits on what is sent, an end to waiting, and a net under a panic.

use std::{panic::AssertUnwindSafe, time::Duration};

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{ACCEPT_LANGUAGE, CONNECTION, HeaderValue},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;

use super::{
    error::{oauth_json, page},
    headers,
    view::ErrorKind,
    visitor::locale::of_accept_language,
};
use crate::{
    base::Locale,
    flow::Core,
    spec::{
        oauth::{ErrorCode, OAuthError},
        oidc::discovery::path,
    },
};

/// How much a request may bring and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// All header names and values, and the request target, together.
    pub header_bytes: usize,
    /// From the head of the request to the head of the answer.
    pub patience: Duration,
}

/// Why a request ended before its handler answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// RFC 6585 §5.
    #[error("the request's head is too large")]
    HeadTooLarge,
    /// RFC 9110 §15.5.9: usually a body that does not come.
    #[error("the request took too long")]
    TooSlow,
    /// A defect of ours.
    #[error("a handler panicked")]
    Panicked,
}

impl Why {
    fn kind(self) -> ErrorKind {
        match self {
            Self::HeadTooLarge => ErrorKind::HeadTooLarge,
            Self::TooSlow => ErrorKind::TooSlow,
            Self::Panicked => ErrorKind::Internal,
        }
    }

    fn for_programs(self) -> OAuthError {
        match self {
            Self::HeadTooLarge => OAuthError::new(ErrorCode::InvalidRequest, "the head of the request is too large"),
            Self::TooSlow => OAuthError::new(ErrorCode::InvalidRequest, "the request took too long"),
            Self::Panicked => OAuthError::new(ErrorCode::ServerError, "the server failed; its log says why"),
        }
    }
}

/// A request that ended before its handler answered, with what is known of whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Ended {
    why: Why,
    asker: Asker,
    /// Finds a defect in the log; empty for the rest.
    reference: String,
}

/// What the answer must know of the request, which is gone by then.
#[derive(Debug, Clone)]
struct Asker {
    is_program: bool,
    accept_language: Option<HeaderValue>,
    is_https: bool,
}

impl Asker {
    fn of(request: &ServiceRequest, core: Option<&Core>) -> Self {
        Self {
            is_program: is_for_programs(request.path()),
            accept_language: request.headers().get(ACCEPT_LANGUAGE).cloned(),
            is_https: core.is_some_and(|core| core.policy.issuer.is_https()),
        }
    }

    fn locale(&self) -> Locale {
        let header = self.accept_language.as_ref().and_then(|header| header.to_str().ok());
        header.and_then(of_accept_language).unwrap_or_default()
    }
}

/// Endpoints whose callers read JSON.
const FOR_PROGRAMS: [&str; 11] = [
    path::TOKEN,
    path::PAR,
    path::DEVICE_AUTHORIZATION,
    path::BACKCHANNEL_AUTHENTICATION,
    path::REGISTRATION,
    path::USERINFO,
    path::JWKS,
    path::INTROSPECT,
    path::REVOKE,
    path::OPENID_CONFIGURATION,
    path::OAUTH_METADATA,
];

fn is_for_programs(asked: &str) -> bool {
    // RFC 7592 §2: each registered client has an address of its own below
    let below = asked.strip_prefix(path::REGISTRATION);
    FOR_PROGRAMS.contains(&asked) || below.is_some_and(|rest| rest.starts_with('/'))
}

impl ResponseError for Ended {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.why.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = if self.asker.is_program {
            oauth_json::ended(self.status_code(), &self.why.for_programs())
        } else {
            page::to_anybody(self.asker.locale(), self.why.kind(), self.reference.clone())
        };
        // an error passes by the middleware that completes the headers of answers
        headers::fill(response.headers_mut(), self.asker.is_https);
        if matches!(self.why, Why::HeadTooLarge | Why::TooSlow) {
            // what is left of the request must not be read as the next one
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }
}

/// Middleware: `App::wrap(middleware::from_fn(guard::stand))`, with a [`Guard`] in the app's data.
///
/// # Errors
/// [`Ended`], which answers for itself.
pub async fn stand<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let guard = request.app_data::<web::Data<Guard>>().map(|guard| *guard.get_ref());
    let Some(guard) = guard else {
        return next.call(request).await;
    };
    let core = request.app_data::<web::Data<Core>>().cloned();
    let asker = Asker::of(&request, core.as_ref().map(|core| core.get_ref()));
    let ended = |why, reference| {
        let ended = Ended { why, asker, reference };
        Err(Error::from(ended))
    };
    if head_bytes(&request) > guard.header_bytes {
        return ended(Why::HeadTooLarge, String::new());
    }
    let answering = AssertUnwindSafe(next.call(request)).catch_unwind();
    match tokio::time::timeout(guard.patience, answering).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => {
            let reference = core.map(|core| page::reference(&core)).unwrap_or_default();
            tracing::error!(%reference, "a handler panicked; the request was answered with 500");
            ended(Why::Panicked, reference)
        }
        Err(_) => ended(Why::TooSlow, String::new()),
    }
}

fn head_bytes(request: &ServiceRequest) -> usize {
    let target = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    request
        .headers()
        .iter()
        .fold(target, |sum, (name, value)| sum + name.as_str().len() + value.len())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, body::to_bytes, http::header::HeaderMap, middleware::from_fn, test};

    use super::*;
    use crate::base::Translator;

    async fn answer(path: &str, header: usize) -> (StatusCode, HeaderMap, String) {
        let guard = Guard {
            header_bytes: 1000,
            patience: Duration::from_millis(50),
        };
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            HttpResponse::Ok().finish()
        };
        let panic = || async {
            assert!(std::hint::black_box(false), "on purpose");
            HttpResponse::Ok().finish()
        };
        let app = test::init_service(
            App::new()
                .app_data(web::Data::new(guard))
                .wrap(from_fn(stand))
                .route("/fine", web::get().to(HttpResponse::Ok))
                .route("/slow", web::get().to(slow))
                .route(path::TOKEN, web::get().to(slow))
                .route("/panic", web::get().to(panic))
                .route(path::USERINFO, web::get().to(panic)),
        )
        .await;
        let request = test::TestRequest::get()
            .uri(path)
            .insert_header(("x", "y".repeat(header)))
            .insert_header((ACCEPT_LANGUAGE, "fr, de;q=0.8"))
            .to_request();
        let response = match test::try_call_service(&app, request).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn a_request_within_the_limits_passes() {
        assert_eq!(answer("/fine", 10).await.0, StatusCode::OK);
    }

    #[actix_web::test]
    async fn people_read_a_page_in_their_language() {
        for (path, header, status, title) in [
            ("/fine", 2000, 431, "failure-head"),
            ("/slow", 1, 408, "failure-slow"),
            ("/panic", 1, 500, "failure-internal"),
        ] {
            let (answered, headers, html) = answer(path, header).await;
            assert_eq!(answered.as_u16(), status, "{path}");
            assert!(html.contains("<html lang=\"de\""), "{html}");
            assert!(
                html.contains(&Translator::new(Locale::De).t(title).to_string()),
                "{html}"
            );
            assert!(!html.contains("ui_locales"), "no link asks for this again");
            let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
            assert!(policy.contains("style-src 'self'"), "{policy}");
            assert_eq!(headers.get("cache-control").unwrap(), "no-store");
            assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff");
            assert_eq!(headers.contains_key(CONNECTION), status != 500, "{path}");
        }
    }

    #[actix_web::test]
    async fn programs_read_json_wherever_they_ask() {
        for asked in FOR_PROGRAMS.into_iter().chain(["/clients/an-app"]) {
            let (status, _, body) = answer(asked, 2000).await;
            assert_eq!(status.as_u16(), 431, "{asked}");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], "invalid_request", "{asked}");
        }
        for asked in ["/clientsx", "/device", "/approve"] {
            assert!(answer(asked, 2000).await.2.contains("<html"), "{asked}");
        }
    }

    #[actix_web::test]
    async fn programs_read_json() {
        for (path, header, status, code) in [
            (path::JWKS, 2000, 431, "invalid_request"),
            (path::TOKEN, 1, 408, "invalid_request"),
            (path::USERINFO, 1, 500, "server_error"),
        ] {
            let (answered, headers, body) = answer(path, header).await;
            assert_eq!(answered.as_u16(), status, "{path}");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], code, "{path}");
            assert_eq!(headers.get("cache-control").unwrap(), "no-store");
        }
    }
}
