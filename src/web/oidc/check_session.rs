//! `/check_session`: the page that apps load in a frame to learn whether their person is still signed in (OpenID Connect
//! Session Management 1.0 §3). It holds nothing and says one of three words; so anybody may frame it.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType},
    web::Data,
};

use crate::{
    flow::Core,
    web::{cookie::Name, headers::FRAMED_BY_ANYBODY, static_files},
};

/// The page; its script does the work.
pub async fn get(core: Data<Core>) -> HttpResponse {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\" data-cookie=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<title>Session</title>\n\
         <script src=\"{}\"></script>\n</head>\n<body></body>\n</html>\n",
        Name::BrowserState.as_str(core.policy.issuer.is_https()),
        static_files::url("js/check_session.js"),
    );
    HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((CONTENT_SECURITY_POLICY, FRAMED_BY_ANYBODY))
        .body(html)
}
