//! The account centre: what people see and change of their own. One file per page, views under `view/`.
//!
//! Every page wants somebody who is signed in; others are sent to sign in and come back to `/account`. Forms lead on by a
//! redirect (303); what they did is said at the top of the next page ([`done::Done`]).

mod apps;
mod confirm;
mod done;
mod email;
mod index;
mod owner;
mod password;
mod profile;
mod sessions;
pub mod view;

use actix_web::web::{self, ServiceConfig};

use super::error::page::method_not_allowed;

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    macro_rules! page {
        ($path:literal, $get:expr, $post:expr) => {
            config.service(
                web::resource($path)
                    .route(web::get().to($get))
                    .route(web::post().to($post))
                    .default_service(web::to(method_not_allowed)),
            )
        };
    }
    config.service(
        web::resource("/account")
            .route(web::get().to(index::get))
            .default_service(web::to(method_not_allowed)),
    );
    page!("/account/profile", profile::get, profile::post);
    page!("/account/email", email::get, email::post);
    page!("/account/email/verify", email::get_link, email::post_link);
    page!("/account/password", password::get, password::post);
    page!("/account/confirm", confirm::get, confirm::post);
    page!("/account/apps/withdraw", index::back, apps::withdraw);
    page!("/account/sessions/end", index::back, sessions::end);
    page!("/account/sessions/end-others", index::back, sessions::end_others);
}
