//! The console: where administrators manage people, apps and keys. One file per page, views under `view/`.
//!
//! Every form carries the version of the record that its page showed; a stale one is answered with the page as it is now.
//! Pages that change something want an administrator who proved lately who they are ([`admin::FreshAdmin`]), and the next
//! page says what was done ([`done::Done`]).

mod admin;
mod app;
mod apps;
mod done;
mod overview;
mod profile_form;
mod rows;
mod user;
mod users;
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
    page!("/console", overview::get);
    page!("/console/users", users::list, users::create);
    page!("/console/users/new", users::new);
    page!("/console/users/{id}", user::get, user::post);
    page!("/console/users/{id}/password", user::back, user::password);
    page!("/console/users/{id}/status", user::back, user::status);
    page!("/console/users/{id}/sessions/end", user::back, user::end_session);
    page!("/console/users/{id}/sessions/end-all", user::back, user::end_sessions);
    page!("/console/users/{id}/delete", user::delete_page, user::delete);
    page!("/console/apps", apps::list, apps::create);
    page!("/console/apps/new", apps::new);
    page!("/console/apps/{client_id}", app::get, app::post);
    page!("/console/apps/{client_id}/secret", app::back, app::secret);
    page!("/console/apps/{client_id}/status", app::back, app::status);
    page!("/console/apps/{client_id}/delete", app::delete_page, app::delete);
    page!("/console/apis", overview::apis);
    page!("/console/audit", overview::trail);
    page!("/console/keys", overview::keys);
    page!("/console/keys/rotate", overview::keys, overview::rotate);
}
