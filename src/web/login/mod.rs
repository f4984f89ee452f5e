//! The hosted pages of signing in: one file per page, views under `view/`.
//!
//! Every form leads on by a redirect (303) to a stable path; what waits meanwhile travels as the parameter `request`.

mod consent;
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

use super::error::page::method_not_allowed;

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    macro_rules! page {
        ($path:literal, $get:expr) => {
            config.service(
                web::resource($path)
                    .route(web::get().to($get))
                    .default_service(web::to(method_not_allowed)),
            )
        };
        ($path:literal, $get:expr, $post:expr) => {
            config.service(
                web::resource($path)
                    .route(web::get().to($get))
                    .route(web::post().to($post))
                    .default_service(web::to(method_not_allowed)),
            )
        };
    }
    page!("/login", sign_in::get, sign_in::post);
    page!("/login/select", select_account::get, select_account::post);
    page!("/login/new-password", new_password::get, new_password::post);
    page!("/register", register::get, register::post);
    page!("/register/verify", verify::get, verify::post);
    page!("/register/resend", verify::back, verify::resend);
    page!("/recover", recover::get, recover::post);
    page!("/recover/sent", recover::back);
    page!("/recover/reset", reset::get, reset::post);
    page!("/consent", consent::get, consent::post);
    page!("/logout", logout::get, logout::post);
    page!("/logout/done", logout::done);
}
