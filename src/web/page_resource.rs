//! How a page is reached: looked at by GET, its form sent to the same address by POST, and any other method told so.

use actix_web::{FromRequest, Handler, Resource, Responder, web};

use super::error::page::method_not_allowed;

/// A page that is only looked at.
pub fn page<G, A>(path: &str, get: G) -> Resource
where
    G: Handler<A>,
    A: FromRequest + 'static,
    G::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(get))
        .default_service(web::to(method_not_allowed))
}

/// A page with a form that is sent to where it stands.
pub fn form_page<G, A, P, B>(path: &str, get: G, post: P) -> Resource
where
    G: Handler<A>,
    A: FromRequest + 'static,
    G::Output: Responder + 'static,
    P: Handler<B>,
    B: FromRequest + 'static,
    P::Output: Responder + 'static,
{
    page(path, get).route(web::post().to(post))
}
