//! Every address of this server, wing by wing.

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};

use super::{account, console, error::page, login, oidc, static_files, visitor::Visitor};

/// Largest body that is read, in bytes: forms and protocol requests are small.
pub const MAX_BODY: usize = 64 * 1024;

/// The routes of every wing. `app` wires the [`crate::flow::Core`] and [`super::headers::complete`] around them.
pub fn configure(config: &mut ServiceConfig) {
    config.app_data(web::PayloadConfig::new(MAX_BODY));
    static_files::configure(config);
    oidc::configure(config);
    login::configure(config);
    account::configure(config);
    console::configure(config);
    config.route("/", web::get().to(home));
    config.default_service(web::to(page::not_found));
}

async fn home(visitor: Visitor) -> HttpResponse {
    visitor.redirect("/account")
}
