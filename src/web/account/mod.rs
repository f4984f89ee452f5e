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

use actix_web::web::ServiceConfig;

use super::page_resource::{form_page, page};

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(page("/account", index::get))
        .service(form_page("/account/profile", profile::get, profile::post))
        .service(form_page("/account/email", email::get, email::post))
        .service(form_page("/account/email/verify", email::get_link, email::post_link))
        .service(form_page("/account/password", password::get, password::post))
        .service(form_page("/account/confirm", confirm::get, confirm::post))
        .service(form_page("/account/apps/withdraw", index::back, apps::withdraw))
        .service(form_page("/account/sessions/end", index::back, sessions::end))
        .service(form_page(
            "/account/sessions/end-others",
            index::back,
            sessions::end_others,
        ));
}
