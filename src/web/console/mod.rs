//! The console: where administrators manage people, apps and keys. One file per page, views under `view/`.
//!
//! Every form carries the version of the record that its page showed; a stale one is answered with the page as it is now.
//! Pages that change something want an administrator who proved lately who they are ([`admin::FreshAdmin`]), and the next
//! page says what was done ([`done::Done`]).

mod admin;
mod api;
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

use actix_web::web::ServiceConfig;

use super::page_resource::{form_page, page};

/// The routes of this wing.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(page("/console", overview::get))
        .service(form_page("/console/users", users::list, users::create))
        .service(page("/console/users/new", users::new))
        .service(form_page("/console/users/{id}", user::get, user::post))
        .service(form_page("/console/users/{id}/password", user::back, user::password))
        .service(form_page("/console/users/{id}/status", user::back, user::status))
        .service(form_page(
            "/console/users/{id}/sessions/end",
            user::back,
            user::end_session,
        ))
        .service(form_page(
            "/console/users/{id}/sessions/end-all",
            user::back,
            user::end_sessions,
        ))
        .service(form_page("/console/users/{id}/delete", user::delete_page, user::delete))
        .service(form_page("/console/apps", apps::list, apps::create))
        .service(page("/console/apps/new", apps::new))
        .service(form_page("/console/apps/{client_id}", app::get, app::post))
        .service(form_page("/console/apps/{client_id}/secret", app::back, app::secret))
        .service(form_page(
            "/console/apps/{client_id}/secret/end",
            app::back,
            app::end_secret,
        ))
        .service(form_page("/console/apps/{client_id}/status", app::back, app::status))
        .service(form_page(
            "/console/apps/{client_id}/delete",
            app::delete_page,
            app::delete,
        ))
        .service(form_page("/console/apis", overview::apis, api::create))
        .service(page("/console/apis/new", api::new))
        .service(form_page("/console/apis/{id}", api::get, api::post))
        .service(page("/console/audit", overview::trail))
        .service(page("/console/keys", overview::keys))
        .service(form_page("/console/keys/rotate", overview::keys, overview::rotate));
}
