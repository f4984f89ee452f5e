//! The protocol's endpoints.

pub mod authorize;
mod back_channel;
pub mod discovery;
pub mod end_session;
pub mod introspect;
pub mod jwks;
pub mod revoke;
pub mod token;
pub mod userinfo;

use actix_web::web::{self, ServiceConfig};

use super::error::page::method_not_allowed;

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    back_channel::configure(config);
    config.service(
        web::resource("/authorize")
            .route(web::get().to(authorize::get))
            .route(web::post().to(authorize::post))
            .default_service(web::to(method_not_allowed)),
    );
    config.service(
        web::resource("/end_session")
            .route(web::get().to(end_session::get))
            .route(web::post().to(end_session::post))
            .default_service(web::to(method_not_allowed)),
    );
}
