//! What stands before every handler: limits on what is sent, an end to waiting, and a net under a panic.

use std::{panic::AssertUnwindSafe, time::Duration};

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;

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
pub enum Ended {
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

impl ResponseError for Ended {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let sentence = match self {
            Self::HeadTooLarge => "This request is too large. Please clear the cookies of this site and try again.",
            Self::TooSlow => "This request took too long. Please try again.",
            Self::Panicked => "Something went wrong on our side. Please try again in a moment.",
        };
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"));
        response.insert_header((CACHE_CONTROL, "no-store"));
        if matches!(self, Self::HeadTooLarge | Self::TooSlow) {
            // what is left of the request must not be read as the next one
            response.insert_header((CONNECTION, HeaderValue::from_static("close")));
        }
        response.body(sentence)
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
    if head_bytes(&request) > guard.header_bytes {
        return Err(Ended::HeadTooLarge.into());
    }
    let answering = AssertUnwindSafe(next.call(request)).catch_unwind();
    match tokio::time::timeout(guard.patience, answering).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => {
            tracing::error!("a handler panicked; the request was answered with 500");
            Err(Ended::Panicked.into())
        }
        Err(_) => Err(Ended::TooSlow.into()),
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
    use actix_web::{App, HttpResponse, middleware::from_fn, test};

    use super::*;

    async fn status(path: &str, header: usize) -> StatusCode {
        let guard = Guard {
            header_bytes: 1000,
            patience: Duration::from_millis(50),
        };
        let app = test::init_service(
            App::new()
                .app_data(web::Data::new(guard))
                .wrap(from_fn(stand))
                .route("/fine", web::get().to(HttpResponse::Ok))
                .route(
                    "/slow",
                    web::get().to(|| async {
                        tokio::time::sleep(Duration::from_secs(5)).await;
                        HttpResponse::Ok().finish()
                    }),
                )
                .route(
                    "/panic",
                    web::get().to(|| async {
                        assert!(std::hint::black_box(false), "on purpose");
                        HttpResponse::Ok().finish()
                    }),
                ),
        )
        .await;
        let request = test::TestRequest::get()
            .uri(path)
            .insert_header(("x", "y".repeat(header)))
            .to_request();
        match test::try_call_service(&app, request).await {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        }
    }

    #[actix_web::test]
    async fn a_request_within_the_limits_passes() {
        assert_eq!(status("/fine", 10).await, StatusCode::OK);
    }

    #[actix_web::test]
    async fn a_large_head_a_slow_handler_and_a_panic_are_answered() {
        assert_eq!(status("/fine", 2000).await, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(status("/slow", 1).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(status("/panic", 1).await, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
