//! The protocol's endpoints.

pub mod authorize;
mod back_channel;
pub mod backchannel_authentication;
pub mod check_session;
pub mod clients;
pub mod device_authorization;
pub mod discovery;
pub mod end_session;
pub mod introspect;
pub mod jwks;
pub mod par;
pub mod revoke;
pub mod token;
pub mod userinfo;

use actix_web::web::ServiceConfig;

use super::page_resource::{form_page, page};
use crate::spec::oidc::discovery::path;

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    back_channel::configure(config);
    config
        .service(form_page("/authorize", authorize::get, authorize::post))
        .service(page(path::CHECK_SESSION, check_session::get))
        .service(form_page("/end_session", end_session::get, end_session::post));
}
