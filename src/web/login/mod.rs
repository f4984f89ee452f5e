//! The hosted pages of signing in: one file per page, views under `view/`.
//!
//! Every form leads on by a redirect (303) to a stable path; what waits meanwhile travels as the parameter `request`.

mod approve;
mod automated;
mod consent;
mod device;
mod farewell;
mod logout;
mod new_password;
mod pending;
mod recover;
mod register;
mod reset;
mod select_account;
mod sign_in;
mod verify;
pub mod view;
mod words;

use actix_web::web::{self, ServiceConfig};

use super::page_resource::{form_page, page};
use crate::spec::oidc::discovery::path;

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(form_page("/login", sign_in::get, sign_in::post))
        .service(form_page("/login/select", select_account::get, select_account::post))
        .service(form_page("/login/new-password", new_password::get, new_password::post))
        .service(form_page("/register", register::get, register::post))
        .service(form_page("/register/verify", verify::get, verify::post))
        .service(form_page("/register/resend", verify::back, verify::resend))
        .service(form_page("/recover", recover::get, recover::post))
        .service(page("/recover/sent", recover::back))
        .service(form_page("/recover/reset", reset::get, reset::post))
        .service(form_page("/approve", approve::get, approve::post))
        .service(page("/approve/done", approve::done))
        .route(path::TEST_APPROVAL, web::post().to(automated::post))
        .service(form_page("/device", device::get, device::post))
        .service(page("/device/done", device::done))
        .service(page("/device/qr", device::picture))
        .service(form_page("/consent", consent::get, consent::post))
        .service(form_page("/logout", logout::get, logout::post))
        .service(page("/logout/apps", farewell::get))
        .service(page("/logout/done", logout::done));
}
